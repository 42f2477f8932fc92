"""The region tree from the official table."""

from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from anlan.accounts.divisions import read_divisions
from anlan.accounts.models import Region
from anlan.accounts.models.regions import inside
from anlan.audit.actions import record


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did: rows per level, and how many were new, renamed (or moved, or opened again) and closed."""

    levels: dict[int, int]
    created: int
    changed: int
    closed: int


@transaction.atomic
def load_regions(folder: Path, province: str = "") -> Loaded:
    """Bring the tree of a province (empty: of the country) into line with the official table in `folder`.

    Renames update, divisions that vanished are closed on today, grids and villages are ours and stay; their full names
    follow. Running it again changes nothing. Raises `FileNotFoundError`, `LookupError` as `read_divisions`.
    """
    table = read_divisions(folder, province)
    official = Region.objects.filter(inside(province, "code"), level__lte=Region.Level.TOWN)
    held = {row[0]: row for row in official.values_list("code", "name", "full_name", "level", "parent_id", "closed_on")}
    stale = [
        row
        for row in table
        if held.get(row.code) != (row.code, row.name, row.full_name, row.level, row.parent or None, None)
    ]
    Region.objects.bulk_create(
        [
            Region(code=row.code, name=row.name, full_name=row.full_name, level=row.level, parent_id=row.parent or None)
            for row in stale
        ],
        batch_size=2000,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name", "full_name", "level", "parent", "closed_on"],
    )
    created = sum(row.code not in held for row in stale)
    codes = {row.code for row in table}
    vanished = [code for code, row in held.items() if row[5] is None and code not in codes]
    closed = sum(
        Region.objects.filter(code__in=vanished[n : n + 500]).update(closed_on=timezone.localdate())
        for n in range(0, len(vanished), 500)
    )
    _rename_below(province)
    loaded = Loaded(
        {level: sum(row.level == level for row in table) for level in range(1, 5)},
        created,
        len(stale) - created,
        closed,
    )
    if stale or closed:
        subject = ("accounts.region", province, table[0].name if province else "全国")
        record(
            "load_regions", subject, by=None, region_code=province, count=created, changed=loaded.changed, closed=closed
        )
    return loaded


def _rename_below(province: str) -> None:
    """Full names of villages and grids follow the names above them."""
    below = (
        Region.objects.filter(inside(province, "code"), level__gt=Region.Level.TOWN)
        .select_related("parent")
        .order_by("level")
    )
    renamed = []
    for region in below:
        full_name = (region.parent.full_name if region.parent else "") + region.name
        if region.full_name != full_name:
            region.full_name = full_name
            renamed.append(region)
    Region.objects.bulk_update(renamed, ["full_name"], batch_size=500)
