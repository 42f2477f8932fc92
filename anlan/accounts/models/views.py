"""Filters that a person keeps for a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from anlan.accounts.models.users import User


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    """Reads over saved views."""

    def visible_to(self, user: User) -> SavedViewQuerySet:
        """Return the person's own."""
        return self.filter(user=user)


class SavedView(models.Model):
    """A named query string of one list (`page` is its url name: enterprises:list)."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=60)
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=500)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "page", "name"], name="one_saved_view_per_name")]

    def __str__(self) -> str:
        return self.name
