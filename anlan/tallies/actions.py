"""The verb `tally()`, and folding what it appended."""

from collections.abc import Iterable
from datetime import date, datetime

from django.utils import timezone

from anlan.tallies.models import Delta


def month_of(when: datetime | date) -> date:
    """Return the first day of the month in Asia/Shanghai."""
    day = timezone.localtime(when).date() if isinstance(when, datetime) else when
    return day.replace(day=1)


def tally(
    measure: str, amount: int, *, subject: tuple[str, int], when: datetime | date, region_code: str, industry: str = ""
) -> None:
    """Add `amount` (may be negative) to a counter of `subject` (kind, id) in the month of `when`, in the caller's transaction."""
    tally_many([(measure, amount, subject, when, region_code, industry)])


def tally_many(rows: Iterable[tuple[str, int, tuple[str, int], datetime | date, str, str]]) -> None:
    """Add many counts at once: (measure, amount, (kind, id), when, region_code, industry)."""
    Delta.objects.bulk_create(
        Delta(
            subject_kind=subject[0],
            subject_id=subject[1],
            measure=measure,
            month=month_of(when),
            region_code=region,
            industry=industry,
            amount=amount,
        )
        for measure, amount, subject, when, region, industry in rows
        if amount
    )
