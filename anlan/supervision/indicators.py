"""The indicators of a territory, from roll-ups only: no reporting by hand, one query for all regions shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import Region
from anlan.tallies.models import Rollup

STOCKS = ("workers", "hazards_open", "hazards_open_major")
"""Measures that are counts of what exists now: summed from the beginning of time."""
COMPLETION_YELLOW = 80
PASS_ORANGE = 60
"""Thresholds of S-03, percent; shown as flags beside the figure."""
ENOUGH = 10
"""A rate over fewer cases than this is shown without a flag: three people are not a trend."""


@dataclass(frozen=True, slots=True)
class Indicators:
    """Sums of one region and period, and the rates made from them (percent, None where there is nothing to divide by)."""

    code: str
    name: str
    workers: int = 0
    classes: int = 0
    enrolled: int = 0
    learnt: int = 0
    hours_ms: int = 0
    sittings: int = 0
    passed: int = 0
    failed: int = 0
    certificates: int = 0

    @property
    def completion(self) -> float | None:
        """Places learnt to the end of places assigned."""
        return percent(self.learnt, self.enrolled)

    @property
    def pass_rate(self) -> float | None:
        """Sittings passed of sittings scored."""
        return percent(self.passed, self.passed + self.failed)

    @property
    def hours_each(self) -> float | None:
        """Hours earned per person employed."""
        return round(self.hours_ms / 3_600_000 / self.workers, 1) if self.workers else None

    @property
    def warning(self) -> tuple[str, str | Promise] | None:
        """The flag this region wears: colour and cause."""
        if self.pass_rate is not None and self.passed + self.failed >= ENOUGH and self.pass_rate < PASS_ORANGE:
            return "orange", _("合格率 %(n)s%%") % {"n": self.pass_rate}
        if self.completion is not None and self.enrolled >= ENOUGH and self.completion < COMPLETION_YELLOW:
            return "yellow", _("完成率 %(n)s%%") % {"n": self.completion}
        return None


MEASURES = tuple(name for name in Indicators.__dataclass_fields__ if name not in ("code", "name"))


def percent(part: int, whole: int) -> float | None:
    """Return the share in percent with one decimal."""
    return round(100 * part / whole, 1) if whole > 0 else None


def of_regions(regions: Iterable[Region], *, since: date, until: date, industry: str = "") -> list[Indicators]:
    """Return the indicators of several regions in their order; one query."""
    rows = list(regions)
    sums = Rollup.objects.sums(
        [region.code for region in rows], since=since, until=until, industry=industry, stocks=STOCKS
    )
    return [
        Indicators(region.code, region.name, **{m: n for m, n in sums.get(region.code, {}).items() if m in MEASURES})
        for region in rows
    ]


@dataclass(frozen=True, slots=True)
class Month:
    """One month of the trend."""

    month: date
    completion: float | None
    pass_rate: float | None
    hours: float


def trend(code: str, *, since: date, until: date, industry: str = "") -> list[Month]:
    """Return month by month the rates of the year so far, and the hours earned in that month. One query.

    Rates are cumulative: people assigned in one month learn in the next, so a month alone could exceed 100 percent.
    """
    measures = ("enrolled", "learnt", "passed", "failed", "hours_ms")
    rows = Rollup.objects.filter(
        region_code=code, industry=industry, month__gte=since, month__lte=until, measure__in=measures
    )
    found: dict[date, dict[str, int]] = {}
    for month, measure, amount in rows.values_list("month", "measure", "amount"):
        found.setdefault(month, {})[measure] = amount
    months, month, year = [], since, dict.fromkeys(measures, 0)
    while month <= until:
        for measure, amount in found.get(month, {}).items():
            year[measure] += amount
        hours = round(found.get(month, {}).get("hours_ms", 0) / 3_600_000, 1)
        months.append(
            Month(
                month,
                percent(year["learnt"], year["enrolled"]),
                percent(year["passed"], year["passed"] + year["failed"]),
                hours,
            )
        )
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return months
