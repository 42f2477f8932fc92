"""Figures of hazards: what is overdue where, and what was found and closed by kind, industry, region and month."""

from __future__ import annotations

import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.core.cache import cache
from django.db.models import Count, F, Min, Q, QuerySet
from django.db.models.functions import Substr, TruncDate
from django.utils import timezone

from anlan.accounts.models import Region, User
from anlan.accounts.models.regions import inside
from anlan.enterprises.industries import sections
from anlan.hazards.models import Hazard
from anlan.hazards.queries import deeper, late
from anlan.tallies.models import Rollup

MEASURES: Final = (
    "hazards_found",
    "hazards_major",
    "hazards_closed",
    "hazards_overdue",
    "rechecks_passed",
    "rechecks_failed",
)
STOCKS: Final = ("hazards_open", "hazards_open_major")
SAMPLE: Final = 20_000
"""Closed hazards that a median looks at, newest first; said on the page."""
FRESH: Final = 120


@dataclass(slots=True)
class Late:
    """Overdue hazards of one region: by level, and the oldest deadline."""

    code: str
    name: str
    levels: dict[int, int] = field(default_factory=dict)
    oldest: date | None = None

    @property
    def total(self) -> int:
        """All levels."""
        return sum(self.levels.values())

    @property
    def days(self) -> int:
        """How long the oldest has been late."""
        return (timezone.localdate() - self.oldest).days if self.oldest else 0


def overdue(user: User, region: str) -> list[Late]:
    """What is overdue in each division below `region`, most first. Two queries."""
    length = deeper(region)
    hazards = Hazard.objects.visible_to(user).filter(late(timezone.localdate()))
    if region:
        hazards = hazards.filter(inside(region))
    part = Substr("region_code", 1, length) if length else F("region_code")
    found: dict[str, Late] = {}
    rows = hazards.annotate(part=part).values_list("part", "level").annotate(n=Count("pk"), oldest=Min("deadline"))
    for code, level, n, oldest in rows.order_by("part"):
        row = found.setdefault(code, Late(code, code))
        row.levels[level] = n
        row.oldest = min(row.oldest or oldest, oldest)
    for code, name in Region.objects.filter(pk__in=found).values_list("code", "name"):
        found[code].name = name
    return sorted(found.values(), key=lambda row: (-row.total, row.code))


def longest_late(user: User, region: str, n: int = 10) -> list[Hazard]:
    """The hazards that have been overdue for longest."""
    hazards = Hazard.objects.visible_to(user).filter(late(timezone.localdate()))
    if region:
        hazards = hazards.filter(inside(region))
    return list(hazards.select_related("enterprise__organisation").order_by("deadline", "pk")[:n])


@dataclass(slots=True)
class Figures:
    """Found, closed and so on of one row; rates only where there is something to divide by."""

    key: str
    name: str
    found: int = 0
    major: int = 0
    closed: int = 0
    overdue: int = 0
    passed: int = 0
    failed: int = 0
    open: int = 0
    days: float | None = None

    @property
    def cure(self) -> int | None:
        """Closed of found in the period, percent, cut off; what was found before may close in it, so at most 100."""
        return min(100, 100 * self.closed // self.found) if self.found > 0 else None

    @property
    def first_pass(self) -> int | None:
        """Re-inspections passed of those made, percent."""
        made = self.passed + self.failed
        return 100 * self.passed // made if made else None


_NAMES: Final = {
    "hazards_found": "found", "hazards_major": "major", "hazards_closed": "closed", "hazards_overdue": "overdue",
    "rechecks_passed": "passed", "rechecks_failed": "failed", "hazards_open": "open",
}  # fmt: skip


def _filled(key: str, name: str, sums: dict[str, int]) -> Figures:
    return Figures(key, name, **{_NAMES[measure]: n for measure, n in sums.items() if measure in _NAMES})


def by_region(region: str, *, since: date, until: date) -> list[Figures]:
    """The region itself first, then its children in official order; from roll-ups. Two queries."""
    rows = [*Region.objects.filter(pk=region), *Region.objects.open().children_of(region).filter(level__lte=4)]
    sums = Rollup.objects.sums([row.pk for row in rows], since=since, until=until, stocks=STOCKS)
    return [_filled(row.pk, row.name, sums.get(row.pk, {})) for row in rows]


def by_industry(region: str, *, since: date, until: date) -> list[Figures]:
    """Sections of the industry that have any figure, most found first; from roll-ups. One query."""
    rows = (
        Rollup.objects.filter(region_code=region, month__gte=since, month__lte=until, measure__in=MEASURES)
        .exclude(industry="")
        .values_list("industry", "measure", "amount")
    )
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for industry, measure, amount in rows:
        if len(industry) == 1:
            sums[industry][measure] += amount
    names = dict(sections())
    found = [_filled(key, str(names.get(key, key)), dict(figures)) for key, figures in sums.items()]
    return sorted(found, key=lambda row: (-row.found, row.key))


def by_month(region: str, *, since: date, until: date) -> list[Figures]:
    """Month by month; from roll-ups. One query."""
    rows = Rollup.objects.filter(
        region_code=region, industry="", month__gte=since, month__lte=until, measure__in=MEASURES
    ).values_list("month", "measure", "amount")
    sums: dict[date, dict[str, int]] = defaultdict(dict)
    for month, measure, amount in rows:
        sums[month][measure] = amount
    months, month = [], since.replace(day=1)
    while month <= until:
        months.append(_filled(f"{month:%Y-%m}", f"{month.month}", sums.get(month, {})))
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return months


def by_kind(user: User, region: str, *, since: date, until: date) -> list[Figures]:
    """By kind, with the median of days from finding to closing; remembered for two minutes. Three queries."""
    post = user.post
    key = f"hazards:kinds:{post.pk if post else 0}:{region}:{since}:{until}"
    found: list[Figures] | None = cache.get(key)
    if found is None:
        found = _by_kind(user, region, since, until)
        cache.set(key, found, FRESH)
    return found


def _by_kind(user: User, region: str, since: date, until: date) -> list[Figures]:
    hazards = Hazard.objects.visible_to(user).exclude(state=Hazard.State.VOID)
    if region:
        hazards = hazards.filter(inside(region))
    names = dict(Hazard.Kind.choices)
    rows = {key: Figures(key, str(label)) for key, label in names.items()}
    found = hazards.filter(found_at__date__gte=since, found_at__date__lte=until)
    for kind, n, major, open_now in (
        found.order_by()
        .values_list("kind")
        .annotate(n=Count("pk"), m=Count("pk", filter=Q(grade="major")), o=Count("pk", filter=Q(state__in=Hazard.OPEN)))
    ):
        rows[kind].found, rows[kind].major, rows[kind].open = n, major, open_now
    closed = hazards.filter(state=Hazard.State.CLOSED, closed_at__date__gte=since, closed_at__date__lte=until)
    for kind, n in closed.order_by().values_list("kind").annotate(n=Count("pk")):
        rows[kind].closed = n
    for kind, days in _days(closed).items():
        rows[kind].days = statistics.median(days)
    return sorted((row for row in rows.values() if row.found or row.closed), key=lambda row: (-row.found, row.key))


def _days(closed: QuerySet[Hazard]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    rows: Any = closed.annotate(a=TruncDate("found_at"), b=TruncDate("closed_at")).order_by("-closed_at")
    for kind, start, end in rows.values_list("kind", "a", "b")[:SAMPLE]:
        found[kind].append((end - start).days)
    return found
