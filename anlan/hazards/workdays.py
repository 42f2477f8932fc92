"""Working days in China: official holidays and worked weekends, with corrections as data. Pure.

Three sources, the later wins: the weekday; the published arrangements of the State Council as the package
`chinesecalendar` carries them (the years in `KNOWN`); rows of `Holiday` that somebody entered with their source
(`overrides`). For a year that no arrangement is known for, only the statutory days with a fixed date of the Gregorian
calendar count as holidays (全国年节及纪念日放假办法, as revised for 2025): Spring Festival and the other lunar days,
and the exchanged weekends, are missing until they are entered; `lacking` says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Final

import chinese_calendar
from chinese_calendar import constants

FIXED: Final = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
"""Month and day of the statutory holidays that need no moon."""
KNOWN: Final = range(min(constants.holidays).year, max(constants.holidays).year + 1)
Overrides = Mapping[date, bool]
NONE: Final[Overrides] = {}


def is_workday(day: date, overrides: Overrides = NONE) -> bool:
    """Whether offices work on `day`."""
    if day in overrides:
        return overrides[day]
    if day.year in KNOWN:
        return bool(chinese_calendar.is_workday(day))
    return day.weekday() < 5 and (day.month, day.day) not in FIXED


def on_or_after(day: date, overrides: Overrides = NONE) -> date:
    """`day` itself if it is worked, else the next day that is."""
    while not is_workday(day, overrides):
        day += timedelta(days=1)
    return day


def add(day: date, n: int, overrides: Overrides = NONE) -> date:
    """The n-th working day after `day` (n ≥ 0; 0 gives `day` itself)."""
    for _ in range(n):
        day = on_or_after(day + timedelta(days=1), overrides)
    return day


def back(day: date, n: int, overrides: Overrides = NONE) -> date:
    """The latest day d with `between(d, day) >= n`: whatever was due on d or before is late by n working days on `day`."""
    while n > 0:
        n -= is_workday(day, overrides)
        day -= timedelta(days=1)
    return day


def between(start: date, end: date, overrides: Overrides = NONE) -> int:
    """Working days after `start` up to and including `end`; 0 when `end` is not later."""
    return sum(is_workday(start + timedelta(days=n), overrides) for n in range(1, (end - start).days + 1))


def lacking(years: Iterable[int], overrides: Overrides = NONE) -> list[int]:
    """The years of `years` that have neither a published arrangement nor a single entered day."""
    entered = {day.year for day in overrides}
    return [year for year in years if year not in KNOWN and year not in entered]
