"""Checklists by industry and place, in versions that never change once published."""

from __future__ import annotations

from itertools import groupby
from typing import Any, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.accounts.models.regions import inside

PROVINCE: Final = 2
"""Digits of a province's code."""


class ChecklistQuerySet(models.QuerySet["Checklist"]):
    """Reads over checklists. Published ones are open to everybody who is signed in."""

    def visible_to(self, user: User) -> ChecklistQuerySet:
        """Return the published ones, and the drafts of one's own territory."""
        published = self.filter(current__isnull=False)
        if user.post is None or not user.post.is_territorial:
            return published
        return published | self.filter(inside(user.post.region_code))

    def in_use(self) -> ChecklistQuerySet:
        """Return the published ones that are not retired, with their current version."""
        return self.filter(retired_on__isnull=True, current__isnull=False).select_related("current")


class Checklist(models.Model):
    """A list by its stable code; `current` is the version that new inspections use."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    place = models.CharField(max_length=60, blank=True, help_text="where it is walked: 打磨车间")
    industry = models.CharField(
        max_length=120, blank=True, help_text="GB/T 4754 prefixes it is made for, by spaces: C20 C2110; empty: any"
    )
    kind = models.CharField(
        max_length=10,
        default="patrol",
        choices=[("patrol", _("检查")), ("monthly", _("月报审")), ("quarterly", _("季度自查"))],
    )
    element = models.CharField(
        max_length=24, blank=True, help_text="field of the firm's file that calls for it: has_dust, has_dormitory, …"
    )
    region_code = models.CharField(
        max_length=24, blank=True, help_text="territory that keeps it; empty: the platform's"
    )
    instead_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="the platform's list that this one stands for in its territory",
    )  # fmt: skip
    current = models.ForeignKey("ChecklistVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    retired_on = models.DateField(null=True, blank=True)

    objects = ChecklistQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    def can_edit(self, user: User) -> bool:
        """Whether the user may write new versions: SET_RULES over the territory that keeps it; the platform's lists by a province."""
        post = user.post
        if post is None or not post.is_territorial or not user.may(powers.SET_RULES):
            return False
        return self.region_code.startswith(post.region_code) if self.region_code else len(post.region_code) == PROVINCE


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
        constraints = [
            models.UniqueConstraint(fields=["checklist", "number"], name="one_checklist_version"),
            models.UniqueConstraint(
                fields=["checklist"], condition=models.Q(published_at__isnull=True), name="one_draft_per_checklist"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.checklist} 第 {self.number} 版"

    @property
    def groups(self) -> list[tuple[str, list[dict[str, Any]]]]:
        """Items by their group, in order; a group that comes back later is another one."""
        return [(name, list(items)) for name, items in groupby(self.items, key=lambda item: str(item["group"]))]

    def item(self, key: str) -> dict[str, Any] | None:
        """The item with this key."""
        return next((item for item in self.items if item["key"] == key), None)
