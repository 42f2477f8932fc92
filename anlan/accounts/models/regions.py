"""The tree of administrative divisions and grids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts.powers import MANAGE_GRIDS
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


COUNTY_DIGITS: Final = 6


def is_narrow(code: str) -> bool:
    """Whether a territory is a county or less: so few rows that finding them by place and sorting them beats walking an
    index of the whole province in the order asked for. Databases guess this wrong, so such lists sort by expressions.
    """
    return len(code) >= COUNTY_DIGITS


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

    @property
    def is_open(self) -> bool:
        """Whether it exists today."""
        return self.closed_on is None

    @property
    def town_code(self) -> str:
        """The town that a grid lies in; for anything above, its own code."""
        return self.code[:9]

    @property
    def is_small(self) -> bool:
        """Whether this is a 小网格, inside a 大网格."""
        return self.level == self.Level.GRID and len(self.code) > 12

    def can_manage(self, user: User) -> bool:
        """Whether `user` may change the grids here: a town or grid of today, inside the territory of their post."""
        return (
            self.is_open
            and self.level in (self.Level.TOWN, self.Level.GRID)
            and user.may(MANAGE_GRIDS)
            and user.post is not None
            and user.post.is_territorial
            and self.code.startswith(user.post.region_code)
        )


class RegionChangeQuerySet(models.QuerySet["RegionChange"]):
    """Reads over the history of the grids."""

    def visible_to(self, user: User) -> RegionChangeQuerySet:
        """Return what happened in the towns that the territory of the post holds, or (to a grid) in its own town."""
        if user.post is None or not user.post.is_territorial:
            return self.none()
        return self.filter(inside(user.post.region_code[:9]))


class RegionChange(models.Model):
    """History of the grids: what became of which codes, when, by whom and why."""

    class Kind(models.TextChoices):
        OPEN = "open", _("新建")
        SPLIT = "split", _("拆分")
        MERGE = "merge", _("合并")
        RENAME = "rename", _("更名")
        CLOSE = "close", _("撤销")
        REASSIGN = "reassign", _("换网格员")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    region_code = models.CharField(max_length=24, help_text="the town, or the division that the grids lie in")
    before = models.JSONField(default=list, help_text="[[code, name], …] that were")
    after = models.JSONField(default=list, help_text="[[code, name], …] that are")
    because = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects = RegionChangeQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["region_code", "-at"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.region_code}"

    def concerns(self, code: str) -> bool:
        """Whether the grid `code` is among what was or what came of it."""
        return any(code == named[0] for named in (*self.before, *self.after))
