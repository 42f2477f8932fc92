"""The counts of hazards: what each fact adds to the tallies, and the same counted again from the rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Count, F, QuerySet
from django.db.models.functions import TruncMonth

from anlan.hazards.models import Hazard, HazardStep
from anlan.tallies.actions import tally_many

STOCKS: Final = ("hazards_open", "hazards_open_major")
STEPS: Final = {"overdue": "hazards_overdue", "pass": "rechecks_passed", "fail": "rechecks_failed"}
"""Measures that count steps; the others count hazards by their present state."""
Key = tuple[str, int, date]
"""Measure, enterprise, first day of the month."""


def count(hazard: Hazard, amounts: dict[str, int], when: datetime) -> None:
    """Add `amounts` (measure → ±n) for this hazard's firm, in the month of `when`, in the caller's transaction."""
    subject, industry = ("enterprise", hazard.enterprise_id), hazard.industry
    tally_many((name, n, subject, when, hazard.region_code, industry) for name, n in amounts.items())


def begun(hazard: Hazard, sign: int = 1) -> dict[str, int]:
    """What a hazard adds while it is open and counts as found; `sign` -1 takes it back."""
    found = {"hazards_found": sign}
    return found | ({"hazards_major": sign} if hazard.is_major else {}) | opened(hazard, sign)


def opened(hazard: Hazard, sign: int = 1) -> dict[str, int]:
    """What an open hazard adds to the stocks."""
    return {"hazards_open": sign} | ({"hazards_open_major": sign} if hazard.is_major else {})


def sources(hazards: QuerySet[Hazard]) -> Iterator[tuple[str, QuerySet[Any], str, str, int]]:
    """What each measure counts again: (measure, rows, field of the firm, field of the moment, sign).

    Stocks are what was found less what was closed, each in its own month; what is void never was.
    """
    real = hazards.exclude(state=Hazard.State.VOID)
    closed = hazards.filter(state=Hazard.State.CLOSED)
    for measure, rows, moment, sign in (
        ("hazards_found", real, "found_at", 1),
        ("hazards_major", real.filter(grade="major"), "found_at", 1),
        ("hazards_closed", closed, "closed_at", 1),
        ("hazards_open", real, "found_at", 1),
        ("hazards_open", closed, "closed_at", -1),
        ("hazards_open_major", real.filter(grade="major"), "found_at", 1),
        ("hazards_open_major", closed.filter(grade="major"), "closed_at", -1),
    ):
        yield measure, rows, "enterprise_id", moment, sign
    for verb, measure in STEPS.items():
        yield measure, HazardStep.objects.filter(verb=verb, hazard__in=hazards), "hazard__enterprise_id", "at", 1


def facts(hazards: QuerySet[Hazard]) -> dict[Key, int]:
    """Every measure of these hazards from the rows, month by month. Ten queries."""
    found: dict[Key, int] = {}
    for measure, rows, firm, moment, sign in sources(hazards):
        counted: Any = rows.order_by().annotate(firm=F(firm), month=TruncMonth(moment)).values_list("firm", "month")
        for subject, month, n in counted.annotate(n=Count("pk")):
            key = measure, subject, month.date()
            found[key] = found.get(key, 0) + sign * n
    return found
