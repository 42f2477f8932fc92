"""The inbox: one row per message and person."""

from __future__ import annotations

from django.db import models

from anlan.accounts.models import User
from anlan.lib.prepared import Prepared


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Reads over notices."""

    def visible_to(self, user: User) -> NoticeQuerySet:
        """Return the person's own notices."""
        return self.filter(user=user)

    def unread(self) -> NoticeQuerySet:
        """Return those not yet read."""
        return self.filter(read_at__isnull=True)


class Notice(models.Model):
    """A message to one person. `key` makes a repeated reason harmless: one open notice per person and key."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=120)
    text = models.TextField(blank=True)
    url = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_notice_per_reason")]
        indexes = [
            models.Index(fields=["user", "-id"]),
            models.Index(fields=["key"]),
            models.Index(fields=["created_at"]),
            models.Index(fields=["user"], condition=models.Q(read_at__isnull=True), name="notice_unread"),
        ]

    def __str__(self) -> str:
        return self.title


_unread: Prepared[tuple[int]] = Prepared(
    lambda user: (
        Notice.objects.filter(user=user).unread().values("user").annotate(n=models.Count("pk")).values_list("n")
    ),
    user=models.BigIntegerField(),
)


def unread_of(user: User) -> int:
    """Return how many notices a person has not read; asked on every page."""
    found = _unread.first(user=user.pk)
    return found[0] if found else 0
