"""Who is told about a hazard: the firm's managers, the officers of the level it has reached. Reads only."""

from __future__ import annotations

from collections.abc import Iterable

from anlan.accounts import powers
from anlan.accounts.models import Post, Role
from anlan.hazards.models import Hazard

TOWN_DIGITS, COUNTY_DIGITS = 9, 6
Level = Hazard.Level


def holding(power: str) -> list[str]:
    """Codes of the roles that carry a power."""
    # JSON containment is not portable; the roles are two dozen rows.
    return [code for code, held in Role.objects.values_list("code", "powers") if power in held]


def managing() -> list[str]:
    """Codes of the roles that run a firm."""
    return holding(powers.MANAGE_ENTERPRISE)


def managers_of(enterprise_id: int) -> list[int]:
    """Ids of the people who run the firm on this platform."""
    posts = Post.objects.open().filter(organisation_id=enterprise_id, role_id__in=holding(powers.MANAGE_ENTERPRISE))
    return list(posts.values_list("user_id", flat=True).distinct())


def officers_of(region_code: str, level: int) -> list[int]:
    """Ids of those who act for a firm in `region_code` at this level; where a level has nobody, of the next one up."""
    places = [
        (Level.GRID, region_code, powers.INSPECT),
        (Level.TOWN, region_code[:TOWN_DIGITS], powers.COORDINATE),
        (Level.COUNTY, region_code[:COUNTY_DIGITS], powers.COORDINATE),
    ]
    roles = {power: holding(power) for power in (powers.INSPECT, powers.COORDINATE)}
    for at, place, power in places:
        if at < level:
            continue
        posts = Post.objects.open().filter(region_code=place, organisation__isnull=True, role_id__in=roles[power])
        if found := list(posts.values_list("user_id", flat=True).distinct()):
            return found
    return []


def concerned(hazard: Hazard) -> list[int]:
    """Ids of the firm's side: its managers and whoever is to fix it."""
    return sorted({*managers_of(hazard.enterprise_id), *([hazard.fixer_id] if hazard.fixer_id else [])})


def inspectors(hazard: Hazard) -> list[int]:
    """Ids of the inspecting side at the level reached; for what an agency found, of whoever found it as well."""
    finder = [hazard.found_by_id] if hazard.found_for_id and hazard.found_by_id else []
    return sorted({*officers_of(hazard.region_code, hazard.level), *finder})


def coordinators(hazard: Hazard) -> list[int]:
    """Ids of those who lead the joint action: the town's, or the county's once it has got there."""
    return officers_of(hazard.region_code, max(hazard.level, Level.TOWN))


def but(people: Iterable[int], *others: int | None) -> list[int]:
    """The people without the ones named: nobody is told what they have just done."""
    return [pk for pk in people if pk not in others]
