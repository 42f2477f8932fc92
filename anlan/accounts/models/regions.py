"""The tree of administrative divisions and grids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from anlan.lib.codes import region_prefix_range

if TYPE_CHECKING:
    from anlan.accounts.models.users import User


def inside(code: str, field: str = "region_code") -> Q:
    """Rows whose `field` is the region `code` or below it: a range test, so any index and collation serves.

    The empty code is the whole country: no restriction.
    """
    if not code:
        return Q()
    low, high = region_prefix_range(code)
    return Q(**{f"{field}__gte": low, f"{field}__lt": high})


class RegionQuerySet(models.QuerySet["Region"]):
    """Reads over the region tree. Regions themselves are public."""

    def visible_to(self, user: User) -> RegionQuerySet:
        """Return the regions inside the territory of the user's post; all of them to those without territory."""
        return self.filter(inside(user.post.region_code, "code")) if user.post and user.post.region_code else self

    def open(self) -> RegionQuerySet:
        """Return the divisions and grids that exist today."""
        return self.filter(closed_on__isnull=True)

    def called(self, words: str) -> RegionQuerySet:
        """Return the regions whose full name holds every word, or whose code begins so; larger ones first.

        "郑州 杨金路" finds the street whatever lies between.
        """
        found = self
        if words.isascii() and words.isalnum():
            found = found.filter(code__startswith=words.upper())
        else:
            for word in words.split()[:5]:
                found = found.filter(full_name__icontains=word)
        return found.order_by("level", "code")

    def children_of(self, code: str) -> RegionQuerySet:
        """Return the divisions directly below `code`, in official order."""
        return self.filter(parent_id=code or None).order_by("code")


class Region(models.Model):
    """A division by its official code (2, 4, 6, 9 or 12 digits); a grid extends its town's code."""

    class Level(models.IntegerChoices):
        PROVINCE = 1, "省"
        CITY = 2, "市"
        COUNTY = 3, "县区"
        TOWN = 4, "乡镇街道"
        VILLAGE = 5, "村社区"
        GRID = 6, "网格"

    code = models.CharField(max_length=24, primary_key=True)
    name = models.CharField(max_length=60)
    full_name = models.CharField(max_length=200, help_text="河南省郑州市金水区")
    level = models.PositiveSmallIntegerField(choices=Level.choices)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    boundary = models.JSONField(null=True, blank=True, help_text="GeoJSON Polygon of a grid, where somebody drew it")
    opened_on = models.DateField(null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)

    objects = RegionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["name"])]

    def __str__(self) -> str:
        return self.name


class RegionChange(models.Model):
    """History of the grids: what became of which codes, when, by whom and why."""

    class Kind(models.TextChoices):
        OPEN = "open", "新建"
        SPLIT = "split", "拆分"
        MERGE = "merge", "合并"
        RENAME = "rename", "更名"
        CLOSE = "close", "撤销"
        REASSIGN = "reassign", "换网格员"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    region_code = models.CharField(max_length=24, help_text="the town, or the division that the grids lie in")
    before = models.JSONField(default=list, help_text="[[code, name], …] that were")
    after = models.JSONField(default=list, help_text="[[code, name], …] that are")
    because = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["region_code", "-at"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.region_code}"
