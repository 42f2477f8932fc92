"""Working days of the reviews: official holidays and worked weekends where they are published. Pure."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

import chinese_calendar

from anlan.lib.dates import SHANGHAI

STAGE_DAYS: Final = 2
"""Working days that each stage of a review may take."""
_END: Final = time(18, 0)
_FIXED: Final = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})


def is_workday(day: date) -> bool:
    """Whether editors work on `day`; a year whose arrangement is not published knows weekends and fixed holidays only."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5 and (day.month, day.day) not in _FIXED


def stage_due(now: datetime, days: int = STAGE_DAYS) -> datetime:
    """18:00 in Shanghai on the `days`-th working day after the day of `now`."""
    day = now.astimezone(SHANGHAI).date()
    left = days
    while left:
        day += timedelta(days=1)
        left -= is_workday(day)
    return datetime.combine(day, _END, tzinfo=SHANGHAI)
