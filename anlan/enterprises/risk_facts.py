"""The facts that risk rules look at, for many firms at once: seven queries whatever their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.db.models import Count, Max, Q, Sum
from django.utils import timezone

from anlan.enterprises.models import Chemical, Enterprise, Equipment, FileValue, Permit, Worker
from anlan.tallies.models import Tally

ELEMENTS: Final = (
    "has_chemicals", "has_special_equipment", "has_special_operations", "has_dust", "has_confined_space", "has_dormitory",
)  # fmt: skip
SAID: Final = (*ELEMENTS, "industry", "high_risk_industry")
"""Facts of the file that an officer confirms one by one."""
STOCKS: Final = {"hazards_open": "hazards_open", "hazards_open_major": "major_open"}
FLOWS: Final = {
    "hazards_overdue": "overdue_year", "rechecks_failed": "rechecks_failed", "accidents": "accidents_year", "enrolled": "enrolled",
    "learnt": "learnt", "hours_ms": "hours_ms",
}  # fmt: skip
HOUR_MS: Final = 3_600_000


@dataclass(slots=True)
class Bundle:
    """What is known of one firm: {fact: value}, None where nobody said; and which of them no officer has confirmed."""

    seen: dict[str, Any]
    unsure: set[str] = field(default_factory=set)


def facts_of(firms: Sequence[Enterprise], today: date | None = None) -> dict[int, Bundle]:
    """{id: bundle} of these firms as they stand today."""
    day = today or timezone.localdate()
    ids = [firm.pk for firm in firms]
    found = {firm.pk: Bundle(_own(firm, day)) for firm in firms}
    for pk, n, most in _grouped(Chemical, ids).annotate(n=Count("pk"), most=Max("most")):
        found[pk].seen |= {"chemicals": n, "chemicals_most": float(most) if most is not None else None}
        found[pk].seen["has_chemicals"] = True  # whatever the answer was, it stands in the list
    late = Count("pk", filter=Q(inspect_by__lt=day))
    for pk, n, overdue in _grouped(Equipment, ids).annotate(n=Count("pk"), overdue=late):
        found[pk].seen |= {"equipment": n, "equipment_overdue": overdue, "has_special_equipment": True}
    expired = Permit.objects.held().filter(until__lt=day, enterprise__in=ids)
    for pk, n in expired.order_by().values_list("enterprise").annotate(n=Count("pk")):
        found[pk].seen["permits_expired"] = n
    people = dict(
        Worker.objects.working().filter(enterprise__in=ids).order_by().values_list("enterprise").annotate(n=Count("pk"))
    )
    for pk, sums in _tallies(ids, day).items():
        found[pk].seen |= _figures(sums, people.get(pk, 0))
    for pk, n in people.items():
        found[pk].seen["people"] = max(n, found[pk].seen["people"])
        found[pk].seen.setdefault("hours_each", 0.0)
    said = FileValue.objects.filter(enterprise__in=ids, field__in=SAID).order_by("pk")
    for pk, name, verified in said.values_list("enterprise", "field", "verified_at"):  # the newest comes last
        (found[pk].unsure.discard if verified else found[pk].unsure.add)(name)
    return found


def _own(firm: Enterprise, day: date) -> dict[str, Any]:
    """Facts of the firm's own row, and zero for what is counted."""
    elements = {name: getattr(firm, name) for name in ELEMENTS}
    return {
        **elements, "industry": firm.industry, "high_risk_industry": firm.high_risk_industry, "people": firm.headcount,
        "file_old": firm.verified_at is None or (firm.verify_by is not None and firm.verify_by < day),
        "unsaid": sum(value is None for value in elements.values()), "chemicals": 0, "equipment": 0, "equipment_overdue": 0,
        "permits_expired": 0, "hazards_open": 0, "major_open": 0, "overdue_year": 0, "rechecks_failed": 0,
    }  # fmt: skip


def _grouped(model: Any, ids: list[int]) -> Any:
    return model.objects.filter(enterprise__in=ids).order_by().values_list("enterprise")


def _tallies(ids: list[int], day: date) -> dict[int, dict[str, int]]:
    """{id: {fact: sum}}: stocks from the beginning of time, flows of this month and the eleven before."""
    since = date(day.year - 1, day.month, 1)
    since = date(since.year + since.month // 12, since.month % 12 + 1, 1)
    rows = (
        Tally.objects.filter(
            Q(measure__in=STOCKS) | Q(measure__in=FLOWS, month__gte=since),
            subject_kind="enterprise",
            subject_id__in=ids,
        )
        .order_by()
        .values_list("subject_id", "measure")
        .annotate(n=Sum("amount"))
    )
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for pk, measure, n in rows:
        found[pk][STOCKS.get(measure) or FLOWS[measure]] = n
    return found


def _figures(sums: dict[str, int], people: int) -> dict[str, Any]:
    """Facts from the counters. Accidents stay unknown where nothing was ever counted: the platform has no such records yet."""
    names = ("hazards_open", "major_open", "overdue_year", "rechecks_failed")
    facts: dict[str, Any] = {name: sums.get(name, 0) for name in names}
    if "accidents_year" in sums:
        facts["accidents_year"] = sums["accidents_year"]
    if sums.get("enrolled"):
        facts["completion"] = min(100, 100 * sums.get("learnt", 0) // sums["enrolled"])
    if people:
        facts["hours_each"] = int(sums.get("hours_ms", 0) * 10 / people / HOUR_MS) / 10
    return facts
