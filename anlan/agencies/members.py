"""What an association reads of its members: this year's figures of each firm, from the counters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from django.db.models import Q, Sum

from anlan.tallies.models import Tally

STOCKS = ("hazards_open", "workers")
"""Counters that go up and down: their sum over all time is what is there now."""
FLOWS = ("reports_due", "reports_on_time", "hazards_closed", "passed")


def member_figures(enterprise_ids: Iterable[int], today: date) -> dict[int, dict[str, int]]:
    """Return {enterprise: {measure: amount}}: stocks as of now, everything else of this year. One query."""
    rows = (
        Tally.objects.filter(subject_kind="enterprise", subject_id__in=list(enterprise_ids))
        .filter(Q(measure__in=STOCKS) | Q(measure__in=FLOWS, month__gte=today.replace(month=1, day=1)))
        .order_by()
        .values_list("subject_id", "measure")
        .annotate(n=Sum("amount"))
    )
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for firm, measure, amount in rows:
        found[firm][measure] = amount
    return dict(found)
