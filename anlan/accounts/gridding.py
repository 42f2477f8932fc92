"""Reads for the pages of the grids: counts by counting, officers, what happened last."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Count
from django.utils.translation import gettext as _

from anlan.accounts.models import Organisation, Post, Region, RegionChange, User
from anlan.accounts.models.regions import inside
from anlan.lib.codes import region_prefix_range

RECENT = 500


@dataclass(slots=True)
class GridRow:
    """A grid with what a list shows: firms in it and below, officers, the last change."""

    grid: Region
    firms: int = 0
    officers: list[Post] = field(default_factory=list)
    change: RegionChange | None = None


@dataclass(slots=True)
class TownRows:
    """A town with its grids, and the firms that lie in none."""

    town: Region
    rows: list[GridRow]
    loose: int = 0


def firm_counts(codes: Sequence[str]) -> Counter[str]:
    """Firms inside each of these codes (of grids, sorted), those in 小网格 counted for the 大网格 too. One query."""
    if not codes:
        return Counter()
    low, high = min(codes), max(region_prefix_range(code)[1] for code in codes)
    held = (
        Organisation.objects.filter(kind=Organisation.Kind.ENTERPRISE, region_code__gte=low, region_code__lt=high)
        .order_by()
        .values_list("region_code")
        .annotate(n=Count("pk"))
    )
    wanted, found = set(codes), Counter[str]()
    for code, n in held:
        for end in range(9, len(code) + 1):
            if code[:end] in wanted:
                found[code[:end]] += n
    return found


def rows_of(grids: Iterable[Region], user: User) -> list[GridRow]:
    """The grids of one page, in the order of their codes. Three queries."""
    found = {grid.code: GridRow(grid) for grid in sorted(grids, key=lambda grid: grid.code)}
    if not found:
        return []
    for code, n in firm_counts(list(found)).items():
        found[code].firms = n
    for post in Post.objects.officers(found):
        found[post.region_code].officers.append(post)
    towns = {code[:9] for code in found}
    changes = RegionChange.objects.visible_to(user).filter(region_code__in=towns).select_related("by").order_by("-pk")
    for change in changes[:RECENT]:
        for code, _name in (*change.before, *change.after):
            if code in found and found[code].change is None:
                found[code].change = change
    return list(found.values())


def towns_of(rows: Iterable[GridRow]) -> list[TownRows]:
    """The rows under their towns, with the firms of each town that lie in no grid. Two queries."""
    held: dict[str, list[GridRow]] = defaultdict(list)
    for row in rows:
        held[row.grid.town_code].append(row)
    towns = Region.objects.filter(pk__in=held).order_by("code")
    loose = Counter(
        dict(
            Organisation.objects.filter(kind=Organisation.Kind.ENTERPRISE, region_code__in=held)
            .order_by().values_list("region_code").annotate(n=Count("pk"))
        )
    )  # fmt: skip
    return [TownRows(town, held[town.code], loose[town.code]) for town in towns]


def history_of(grid: Region, user: User) -> list[RegionChange]:
    """What became of this grid, newest first."""
    changes = (
        RegionChange.objects.visible_to(user).filter(region_code=grid.town_code).select_related("by").order_by("-pk")
    )
    return [change for change in changes[:RECENT] if change.concerns(grid.code)]


def say(change: RegionChange) -> str:
    """What happened, as one sentence: the words of another language stand in another order."""
    before, after = (_("、").join(name for _code, name in rows) for rows in (change.before, change.after))
    kind = RegionChange.Kind
    if change.kind == kind.REASSIGN:
        sentence = _("网格员由%(before)s换为%(after)s") if before else _("网格员定为%(after)s")
    else:
        sentence = {
            kind.OPEN: _("新建网格：%(after)s"), kind.RENAME: _("%(before)s更名为%(after)s"), kind.SPLIT: _("%(before)s拆分为%(after)s"),
            kind.MERGE: _("%(before)s合并为%(after)s"), kind.CLOSE: _("撤销网格"),
        }.get(kind(change.kind), change.get_kind_display())  # fmt: skip
    return sentence % {"before": before, "after": after}


def officers_nearby(grid: Region) -> list[tuple[Post, str]]:
    """The officers of the same town who do not hold this grid, one post for each person, with the name of their grid."""
    held = set(Post.objects.officers([grid.code]).values_list("user_id", flat=True))
    posts = (
        Post.objects.open().filter(inside(grid.town_code), role="grid_officer", organisation=None)
        .exclude(user__in=held).select_related("user", "role").with_region_names().order_by("region_code", "pk")
    )  # fmt: skip
    found = list({post.user_id: post for post in reversed(posts)}.values())[::-1]
    names = dict(Region.objects.filter(pk__in={post.region_code for post in found}).values_list("code", "name"))
    return [(post, names.get(post.region_code, post.region_code)) for post in found]
