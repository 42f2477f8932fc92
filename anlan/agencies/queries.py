"""Reads that pages and due cards share: agencies by distance and score."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from anlan.accounts.models.regions import inside
from anlan.agencies.geo import distance_km, within_box
from anlan.agencies.models import Agency, Contract, Engineer, ServicePoint

Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Near:
    """An agency's nearest service point, with its distance in kilometres (None where the seeker has no place)."""

    agency_id: int
    score: float
    km: float | None
    point: str
    latitude: float | None
    longitude: float | None


def find_agencies(
    agencies: QuerySet[Agency],
    *,
    at: Place | None,
    km: float | None = None,
    kind: str = "",
    region: str = "",
    order: str = "near",
) -> list[Near]:
    """Return agencies with their nearest point, by distance or (order "score", or no place) by score. Two queries at most.

    With `km` only what lies within; with `region` only agencies that have a service point there, or their seat when they
    have no point at all.
    """
    found = agencies.filter(kinds__icontains=f'"{kind}"') if kind else agencies
    points = ServicePoint.objects.filter(agency__in=found)
    if region:
        points = points.filter(inside(region))
        found = found.filter(
            Q(pk__in=points.values("agency_id")) | Q(points=None) & inside(region, "organisation__region_code")
        )
    if at and km:
        points = points.filter(within_box(at, km))
    nearest: dict[int, Near] = {}
    scores = dict(found.values_list("pk", "score"))
    for pk, name, lat, lon in points.values_list("agency_id", "name", "latitude", "longitude").order_by("pk"):
        away = distance_km(at, (lat, lon)) if at else None
        known = nearest.get(pk)
        if pk in scores and (known is None or (away is not None and known.km is not None and away < known.km)):
            nearest[pk] = Near(pk, scores[pk], away, name, lat, lon)
    if at and km:
        rows = [near for near in nearest.values() if near.km is not None and near.km <= km]
    else:
        rows = [nearest.get(pk) or Near(pk, value, None, "", None, None) for pk, value in scores.items()]
    far = 1e9
    if order == "near" and at:
        return sorted(rows, key=lambda near: (far if near.km is None else near.km, -near.score, near.agency_id))
    return sorted(rows, key=lambda near: (-near.score, far if near.km is None else near.km, near.agency_id))


def with_counts(agencies: QuerySet[Agency]) -> QuerySet[Agency]:
    """Add verified engineers, running contracts and service points of each agency."""
    today = timezone.localdate()

    def counted(rows: QuerySet[Engineer] | QuerySet[Contract] | QuerySet[ServicePoint]) -> Coalesce:
        of = rows.filter(agency=OuterRef("pk")).order_by().values("agency").annotate(n=Count("pk")).values("n")
        return Coalesce(Subquery(of, output_field=IntegerField()), 0)

    return agencies.select_related("organisation").annotate(
        n_engineers=counted(Engineer.objects.assignable()),
        n_contracts=counted(Contract.objects.running(today)),
        n_points=counted(ServicePoint.objects.all()),
    )


def grouped(rows: list[tuple[str, int]]) -> dict[str, int]:
    """Return counts by state."""
    found: dict[str, int] = defaultdict(int)
    for state, n in rows:
        found[state] += n
    return found
