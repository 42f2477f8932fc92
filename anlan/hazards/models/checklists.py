"""Checklists by industry and place, in versions that never change once published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import User
from anlan.accounts.models.regions import inside

if TYPE_CHECKING:
    from collections.abc import Iterable


class ChecklistQuerySet(models.QuerySet["Checklist"]):
    """Reads over checklists. Published ones are open to everybody who is signed in."""

    def visible_to(self, user: User) -> ChecklistQuerySet:
        """Return the published ones, and the drafts of one's own territory."""
        published = self.filter(current__isnull=False)
        if user.post is None or not user.post.is_territorial:
            return published
        return published | self.filter(inside(user.post.region_code))

    def for_industry(self, industry: str) -> ChecklistQuerySet:
        """Return the lists in use that fit an industry (C2110): those of its code or a shorter one, and those for all."""
        prefixes: Iterable[str] = (industry[:n] for n in range(len(industry) + 1))
        return self.filter(retired_on__isnull=True, current__isnull=False, industry__in=list(prefixes))


class Checklist(models.Model):
    """A list by its stable code; `current` is the version that new inspections use."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    place = models.CharField(max_length=60, blank=True, help_text="where it is walked: 打磨车间")
    industry = models.CharField(max_length=6, blank=True, help_text="GB/T 4754 prefix it is made for; empty: any")
    kind = models.CharField(
        max_length=10, default="patrol", choices=[("patrol", _("检查")), ("monthly", _("月报审")), ("quarterly", _("季度自查"))]
    )
    region_code = models.CharField(max_length=24, blank=True, help_text="territory that keeps it; empty: the platform's")
    current = models.ForeignKey("ChecklistVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    retired_on = models.DateField(null=True, blank=True)

    objects = ChecklistQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class ChecklistVersion(models.Model):
    """Items: [{key, group, text, how, cite, photo, major, hazard: {title, kind, grade, measure}}, …]; `major` quotes the
    criterion of a major hazard that a failure meets, empty where there is none."""

    checklist = models.ForeignKey(Checklist, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    items = models.JSONField(default=list)
    note = models.CharField(max_length=200, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["checklist", "number"], name="one_checklist_version")]

    def __str__(self) -> str:
        return f"{self.checklist} 第 {self.number} 版"

    def item(self, key: str) -> dict[str, Any] | None:
        """The item with this key."""
        return next((item for item in self.items if item["key"] == key), None)
