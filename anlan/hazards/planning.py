"""How often a firm is visited and what is looked at there. Pure."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext as _

from anlan.enterprises.models import Enterprise
from anlan.hazards.models import Checklist

PATROL_DAYS: Final = {"red": 30, "orange": 60, "yellow": 90, "blue": 90}
"""Days between patrols where no policy says otherwise. At least quarterly is the requirement (H-02); twice and three times
as often where the risk grade says that people may die."""
FALLBACK: Final = "general"
"""Code of the list for trades that have none of their own."""


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time in which a firm is visited once. `key` is kept in the plan: 2026Q4, 2026B06, 2026M11."""

    key: str
    first: date
    last: date


def period_of(day: date, days: int) -> Period:
    """The calendar period around `day` for a rhythm of so many days: month up to 31, two months up to 62, else a quarter."""
    length, letter = (1, "M") if days <= 31 else (2, "B") if days <= 62 else (3, "Q")
    n = (day.month - 1) // length
    first, end = n * length + 1, (n + 1) * length
    key = f"{day.year}{letter}{n + 1:02d}" if letter != "Q" else f"{day.year}Q{n + 1}"
    return Period(key, date(day.year, first, 1), date(day.year, end, calendar.monthrange(day.year, end)[1]))


def says(key: str) -> str:
    """A period in words: 2026 年第 4 季度."""
    year, letter, n = key[:4], key[4:5], int(key[5:] or 0)
    if letter == "Q":
        return _("%(y)s 年第 %(n)d 季度") % {"y": year, "n": n}
    if letter == "B":
        return _("%(y)s 年 %(a)d—%(b)d 月") % {"y": year, "a": 2 * n - 1, "b": 2 * n}
    return _("%(y)s 年 %(n)d 月") % {"y": year, "n": n}


def proposed(firm: Enterprise, lists: Sequence[Checklist]) -> list[Checklist]:
    """The lists for a patrol of this firm: of its trade (else the general one), and those that its risk elements call for.

    `lists` are those in use. A territory's own list stands in for the platform's.
    """
    patrol = [one for one in _standing(firm, lists) if one.kind == "patrol"]
    trade = [one for one in patrol if _fits(firm.industry, one.industry)]
    if not trade:
        trade = [one for one in patrol if _origin(one) == FALLBACK]
    called = [one for one in patrol if one.element and getattr(firm, one.element, None) and one not in trade]
    return [*trade, *called]


def _standing(firm: Enterprise, lists: Iterable[Checklist]) -> list[Checklist]:
    """Lists of the platform and of the firm's territory, without those that a local one replaces."""
    place = firm.organisation.region_code
    here = [one for one in lists if place.startswith(one.region_code)]
    replaced = {one.instead_of_id for one in here if one.instead_of_id}
    return [one for one in here if one.pk not in replaced]


def _fits(industry: str, prefixes: str) -> bool:
    """Every list that names the trade counts: a plating shop is looked at as a plating shop and as a metal works."""
    return any(industry.startswith(prefix) for prefix in prefixes.split())


def _origin(one: Checklist) -> str:
    return one.code.split("-", 1)[0] if one.instead_of_id else one.code


def report_list(firm: Enterprise, kind: str, lists: Iterable[Checklist]) -> Any:
    """The list of a report (monthly, quarterly) for this firm; None when there is none."""
    return next((one for one in _standing(firm, lists) if one.kind == kind), None)
