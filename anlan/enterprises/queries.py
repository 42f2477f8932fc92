"""The figures beside the rows of the list of enterprises, from the cache where they are fresh. Reads only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from django.core.cache import cache
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Substr
from django.http import QueryDict
from django.utils import timezone

from anlan.accounts.models import Region, SavedView, User
from anlan.accounts.models.regions import inside
from anlan.enterprises.conditions import Conditions, of_this_year, permits_ending
from anlan.enterprises.industries import name_of
from anlan.enterprises.models import Enterprise, Worker
from anlan.tallies.models import Tally

FRESH: Final = 30
"""Seconds that figures are shown without counting again."""
KEPT: Final = 600
"""Seconds that older figures stand in while one request counts anew: twenty at once must not count twenty times."""
MOST: Final = 10_000
"""Rows that are counted and paged through; who has more names another condition."""
T = TypeVar("T")
RISKS: Final = ("red", "orange", "yellow", "blue")
"""By `Enterprise.rank`."""
REGION_LENGTHS: Final = (2, 4, 6, 9, 12)


@dataclass(slots=True)
class Training:
    """Enrolled and finished this year, people counted once for each class."""

    enrolled: int = 0
    learnt: int = 0
    passed: int = 0
    certificates: int = 0
    hours_ms: int = 0

    @property
    def percent(self) -> int | None:
        """Of the enrolled, those who finished; None where nobody is enrolled. Cut off, never rounded up."""
        return min(100, 100 * self.learnt // self.enrolled) if self.enrolled > 0 else None

    @property
    def flag(self) -> str:
        """Colour of the training warning: below 60 % orange, below 80 % yellow, else none."""
        return "" if self.percent is None or self.percent >= 80 else "orange" if self.percent < 60 else "yellow"


def training_of(firms: Iterable[int]) -> dict[int, Training]:
    """This year's training by firm, in one query."""
    found = {pk: Training() for pk in firms}
    rows = Tally.objects.filter(of_this_year(), subject_kind="enterprise", subject_id__in=list(found)).filter(
        measure__in=["enrolled", "learnt", "passed", "certificates", "hours_ms"]
    )
    for pk, measure, amount in rows.values_list("subject_id", "measure").annotate(n=Sum("amount")):
        setattr(found[pk], measure, amount)
    return found


def workers_of(firms: Iterable[int]) -> dict[int, int]:
    """Open jobs by firm, in one query."""
    rows = Worker.objects.working().filter(enterprise_id__in=list(firms))
    return dict(rows.values_list("enterprise_id").annotate(n=Count("pk")).order_by())


def with_row(firms: QuerySet[Enterprise]) -> QuerySet[Enterprise]:
    """The firms with what a row of the list names: `region_name`, and `n_workers`, the open jobs."""
    place = Region.objects.filter(code=OuterRef("region_code"))
    jobs = Worker.objects.working().filter(enterprise=OuterRef("pk")).order_by().values("enterprise")
    return firms.select_related("organisation").annotate(
        region_name=Subquery(place.values("full_name")[:1]),
        n_workers=Coalesce(Subquery(jobs.annotate(n=Count("pk")).values("n")), 0),
    )


@dataclass(slots=True)
class Part:
    """One child region's firms by risk."""

    code: str
    name: str
    counts: dict[str, int]

    @property
    def total(self) -> int:
        """All firms of the part."""
        return sum(self.counts.values())


@dataclass(slots=True)
class Summary:
    """Figures of a scope, half a minute old at most while somebody looks."""

    at: datetime
    total: int
    risks: dict[str, int]
    permits: int
    idle: int
    training: Training
    parts: list[tuple[str, dict[str, int]]]

    @property
    def watched(self) -> int:
        """Firms of the two upper grades."""
        return self.risks.get("red", 0) + self.risks.get("orange", 0)


def _cached(key: str, count: Callable[[], T]) -> T:
    """The value under `key` when it is fresh; else counted by one request, while others still get the last one."""
    found: tuple[float, T] | None = cache.get(key)
    now = timezone.now().timestamp()
    if found is not None and (now - found[0] < FRESH or not cache.add(f"{key}:busy", 1, FRESH)):
        return found[1]
    value = count()
    cache.set(key, (now, value), KEPT)
    cache.delete(f"{key}:busy")
    return value


def _territory(user: User) -> str:
    """Whose figures they are: all regulators of a territory see the same, everybody else has their own."""
    post = user.post
    return f"in-{post.region_code}" if post is not None and post.is_territorial else f"post-{post.pk if post else 0}"


def summary_of(user: User, region: str) -> Summary:
    """Figures of the active firms of the region for this user. Three queries, none when fresh."""
    return _cached(f"enterprises:summary:{_territory(user)}:{region}", lambda: _summary(user, region))


def count_of(user: User, asked: Conditions, firms: QuerySet[Enterprise]) -> int:
    """How many firms meet the conditions, at most MOST + 1; from the cache when fresh."""
    key = f"enterprises:count:{_territory(user)}:{asked.region}:{asked.query(order='')}"
    return _cached(hashed(key), lambda: firms.order_by().values("pk")[: MOST + 1].count())


def hashed(key: str) -> str:
    """A key short and plain enough for any cache."""
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved view of the list with the number of firms it shows now; None while that is not counted."""

    view: SavedView
    count: int | None


def saved_views(user: User, page: str, *, counted: bool) -> list[Saved]:
    """The person's own saved views of `page`, by name, with counts when asked for: a query each, unless fresh."""
    scope = user.post.region_code if user.post else ""
    found = []
    for view in SavedView.objects.visible_to(user).filter(page=page).order_by("name")[:20]:
        asked = Conditions.read(QueryDict(view.query.lstrip("?")), scope)
        firms = asked.apply(Enterprise.objects.visible_to(user)) if counted else None
        found.append(Saved(view, count_of(user, asked, firms) if firms is not None else None))
    return found


def _summary(user: User, region: str) -> Summary:
    firms = Enterprise.objects.visible_to(user).active()
    if region:
        firms = firms.filter(inside(region))
    deeper = next((n for n in REGION_LENGTHS if n > len(region)), None)
    part = Substr("region_code", 1, deeper) if deeper else F("region_code")
    risks: dict[str, int] = {}
    parts: dict[str, dict[str, int]] = {}
    # By rank, not by risk: it stands in the index with the place, so no row of a firm is read.
    counted = firms.annotate(part=part).values_list("part", "rank").annotate(n=Count("pk")).order_by("part")
    for code, rank, n in counted:
        risk = RISKS[rank]
        parts.setdefault(code, {})[risk] = n
        risks[risk] = risks.get(risk, 0) + n
    total, permits = sum(risks.values()), firms.filter(permits_ending()).count()
    training, busy = _training_of_scope(region)
    return Summary(timezone.now(), total, risks, permits, max(0, total - busy), training, sorted(parts.items()))


def _training_of_scope(region: str) -> tuple[Training, int]:
    rows = Tally.objects.filter(of_this_year(), subject_kind="enterprise", measure__in=["enrolled", "learnt"])
    if region:
        rows = rows.filter(inside(region))
    enrolled = Q(measure="enrolled")
    sums = rows.aggregate(
        enrolled=Sum("amount", filter=enrolled), learnt=Sum("amount", filter=Q(measure="learnt")),
        busy=Count("subject_id", filter=enrolled & Q(amount__gt=0), distinct=True),
    )  # fmt: skip
    return Training(enrolled=sums["enrolled"] or 0, learnt=sums["learnt"] or 0), sums["busy"]


def around(code: str) -> tuple[Region | None, list[Region]]:
    """A region with the one above it, and those directly below it in official order. One query."""
    rows = Region.objects.filter(Q(pk=code) | Q(parent_id=code or None)).select_related("parent").order_by("code")
    found = list(rows)
    return next((row for row in found if row.pk == code), None), [row for row in found if row.pk != code]


def parts_of(summary: Summary, children: list[Region]) -> list[Part]:
    """Those of the child regions that have firms, with their counts by risk, the most dangerous first."""
    names = {child.code: child.name for child in children}
    parts = [Part(code, names[code], counts) for code, counts in summary.parts if code in names]
    return sorted(parts, key=lambda part: (-part.counts.get("red", 0), -part.counts.get("orange", 0), -part.total))


def trade_name(code: str) -> str:
    """The division of an industry in words, for second lines."""
    return name_of(code[:3]) if len(code) > 2 else name_of(code)
