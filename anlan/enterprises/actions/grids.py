"""Splitting and merging grids: the tree of regions changes, the firms move, the officers are told (P-02).

The old grid of a split keeps its code and whatever nobody chose; the new ones get the next codes. Of merged grids one
stays. Past figures keep their old grid (`enterprises.Placement`); what exists now moves with the firm.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from anlan.accounts.actions.grids import add_grid, check_manager, lock, named, record_change, shut_grid
from anlan.accounts.models import Region, RegionChange, User
from anlan.accounts.models.regions import inside
from anlan.audit.actions import record
from anlan.enterprises.actions.moving import move_enterprises
from anlan.enterprises.models import Enterprise
from anlan.enterprises.rings import Geometry, together
from anlan.lib.errors import Refused

Part = tuple[str, QuerySet[Enterprise], Geometry | None]
"""The name of a new grid, the firms that go there (only those inside the grid that is split are moved), and its border as
GeoJSON where somebody drew it."""


def firms_in(grid: Region) -> QuerySet[Enterprise]:
    """The firms inside a grid and the 小网格 below it."""
    return Enterprise.objects.filter(inside(grid.code, "organisation__region_code"))


def _reason(because: str) -> str:
    if not because.strip():
        raise Refused(_("请写明理由，以后查得到。"), code="no_reason", status=422, field="because")
    return because.strip()


@transaction.atomic
def split_grid(grid: Region, parts: Sequence[Part], *, by: User, because: str) -> list[Region]:
    """Open a grid beside `grid` for each part and move its firms there; return the new grids.

    Raises `Refused`: as `check_manager` and `add_grid`; no reason, no part, a part without firms, all firms taken out
    (422); one firm in two parts (409: it has moved already).
    """
    reason = _reason(because)
    grid = lock([grid.code, grid.parent_id or grid.code]).get(grid.code, grid)
    check_manager(grid, by)
    if grid.level != Region.Level.GRID or grid.parent is None:
        raise Refused(_("只有网格可以拆分。"), code="not_a_grid", status=422)
    if not parts:
        raise Refused(_("请写新网格的名称，再选划入的企业。"), code="no_parts", status=422, field="name")
    before, opened, moved = named(grid), [], 0
    for name, chosen, border in parts:
        # the keys are read now: the query itself would follow the firms as they move
        keys = list(chosen.filter(inside(grid.code, "organisation__region_code")).values_list("pk", flat=True))
        if not keys:
            raise Refused(
                _("没有企业要划入“%(name)s”，没有拆分。请先选企业。") % {"name": name}, code="empty_part", status=422, field="firms"
            )  # fmt: skip
        new = add_grid(grid.parent, name, by=by)
        moved += move_enterprises(Enterprise.objects.filter(pk__in=keys), new.code, by=by, because=reason)
        Region.objects.filter(pk=new.pk).update(boundary=border)
        opened.append(new)
    if not firms_in(grid).exists():
        raise Refused(
            _("原来的网格一家企业也不剩，这不是拆分。请留下一些企业，或者把网格更名。"), code="nothing_left", status=422, field="firms"
        )  # fmt: skip
    Region.objects.filter(pk=grid.pk).update(boundary=None)  # what was taken out no longer lies inside its old border
    record_change(
        RegionChange.Kind.SPLIT, grid.town_code, by=by, before=before, after=named(grid, *opened), because=reason
    )
    record(
        "split_grid", grid, by=by, region_code=grid.code, after="、".join(new.name for new in opened), count=moved, reason=reason
    )  # fmt: skip
    return opened


@transaction.atomic
def merge_grids(into: Region, others: Sequence[Region], *, by: User, because: str) -> int:
    """Move the firms of the others into `into` and close the others; return how many firms moved.

    Open inspections and hazards go with their firms. The officers of the closed grids lose that post and are told.
    Raises `Refused`: as `check_manager` for each, no reason, nothing to merge, not of one town, a grid that holds `into` (422).
    """
    reason = _reason(because)
    held = lock([into.code, *(other.code for other in others)])
    into = held.get(into.code, into)
    others = [held.get(other.code, other) for other in others if other.code != into.code]
    for grid in (into, *others):
        check_manager(grid, by)
        if grid.level != Region.Level.GRID or grid.town_code != into.town_code:
            raise Refused(_("只能合并同一个镇街的网格。"), code="not_one_town", status=422, field="others")
        if grid.code != into.code and into.code.startswith(grid.code):
            raise Refused(
                _("%(name)s包含要保留的网格，不能并入自己里面的小网格。") % {"name": grid.name}, code="holds_it", status=422, field="others"
            )  # fmt: skip
    if not others:
        raise Refused(_("请选要并入的网格。"), code="no_grids", status=422, field="others")
    before, moved = named(into, *others), 0
    beside = [grid.boundary for grid in others if not grid.code.startswith(into.code)]
    Region.objects.filter(pk=into.pk).update(boundary=together([into.boundary, *beside]))
    for grid in others:
        keys = list(firms_in(grid).values_list("pk", flat=True))
        for start in range(0, len(keys), 20_000):
            some = Enterprise.objects.filter(pk__in=keys[start : start + 20_000])
            moved += move_enterprises(some, into.code, by=by, because=reason)
        shut_grid(grid, by=by, instead=into)
    record_change(RegionChange.Kind.MERGE, into.town_code, by=by, before=before, after=named(into), because=reason)
    record(
        "merge_grids", into, by=by, region_code=into.code, before="、".join(grid.name for grid in others), count=moved, reason=reason
    )  # fmt: skip
    return moved
