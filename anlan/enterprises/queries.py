"""The board of enterprises: what its conditions mean, and the figures beside its rows. Reads only."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.core.cache import cache
from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Substr
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import Region, User
from anlan.accounts.models.regions import inside
from anlan.enterprises.industries import name_of, sections
from anlan.enterprises.models import Enterprise, Worker
from anlan.lib.errors import Text
from anlan.tallies.models import Tally

RISK_ORDER: Final = {"red": 0, "orange": 1, "yellow": 2, "blue": 3}
PERMIT_DAYS: Final = 60
COMPLETE: Final = {"under60": (0, 60), "under80": (0, 80), "over80": (80, 101), "none": None}
SUMMARY_SECONDS: Final = 30
REGION_LENGTHS: Final = (2, 4, 6, 9, 12)


@dataclass(slots=True)
class Conditions:
    """What the address of the board asks for; everything unknown is dropped."""

    words: str = ""
    region: str = ""
    section: str = ""
    risk: str = ""
    size: str = ""
    training: str = ""
    view: str = ""
    order: str = "risk"
    chips: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def read(cls, query: QueryDict, scope: str) -> Conditions:
        """From a query string; a region outside `scope` (the post's territory) is the scope itself."""
        region = query.get("region", "")
        known: dict[str, Mapping[str, Text]] = {
            "section": dict(sections()),
            "risk": dict(Enterprise.Risk.choices) | {"high": _("重大、较大风险")},
            "size": dict(Enterprise.Size.choices),
            "training": {"under60": _("完成率低于 60%"), "under80": _("完成率低于 80%"), "over80": _("完成率 80% 以上"), "none": _("今年没有培训")},
            "view": {"watch": _("要盯住的"), "permits": _("许可 60 天内到期"), "idle": _("今年没有培训")},
            "order": {"risk": "", "name": "", "size": "", "permit": ""},
        }  # fmt: skip
        found = cls(
            words=query.get("q", "").strip()[:60],
            region=region if region.startswith(scope) and region.isalnum() else scope,
        )
        for key, choices in known.items():
            value = query.get(key, "")
            if value in choices:
                setattr(found, key, value)
                if key not in ("view", "order"):
                    found.chips.append((key, str(choices[value])))
        if found.words:
            found.chips.insert(0, ("q", f"“{found.words}”"))
        return found

    def apply(self, firms: QuerySet[Enterprise]) -> QuerySet[Enterprise]:
        """The firms that meet the conditions, not yet ordered."""
        if self.region:
            firms = firms.filter(inside(self.region, "organisation__region_code"))
        if self.words:
            plain = unicodedata.normalize("NFKC", self.words)
            firms = firms.filter(
                Q(organisation__name__icontains=plain)
                | Q(organisation__credit_code__istartswith=plain)
                | Q(legal_person__icontains=plain)
            )
        if self.section:
            firms = firms.filter(inside(self.section, "industry"))
        if self.risk:
            firms = firms.filter(risk__in=["red", "orange"] if self.risk == "high" else [self.risk])
        if self.size:
            firms = firms.filter(size=self.size)
        if self.training or self.view == "idle":
            firms = _by_training(firms, self.training or "none")
        if self.view == "watch":
            firms = firms.filter(risk__in=["red", "orange"])
        elif self.view == "permits":
            firms = firms.filter(permits_ending())
        return firms

    def sorted(self, firms: QuerySet[Enterprise]) -> QuerySet[Enterprise]:
        """The firms in the order asked for; the id makes pages stable."""
        if self.order == "name":
            return firms.order_by("organisation__name", "pk")
        if self.order == "size":
            return firms.order_by("-headcount", "pk")
        if self.order == "permit":
            return firms.order_by(F("permit_until").asc(nulls_last=True), "pk")
        grade = Case(*[When(risk=key, then=Value(n)) for key, n in RISK_ORDER.items()], output_field=IntegerField())
        return firms.order_by(grade, "-headcount", "pk")


def permits_ending() -> Q:
    """Firms whose permit has ended or ends within 60 days."""
    return Q(permit_until__isnull=False, permit_until__lte=timezone.localdate() + timedelta(days=PERMIT_DAYS))


def _year() -> Q:
    today = timezone.localdate()
    return Q(month__gte=date(today.year, 1, 1), month__lte=date(today.year, 12, 31))


def _sum(measure: str) -> Any:
    rows = Tally.objects.filter(_year(), subject_kind="enterprise", subject_id=OuterRef("pk"), measure=measure)
    return Coalesce(Subquery(rows.values("subject_id").annotate(n=Sum("amount")).values("n")[:1]), 0)


def _by_training(firms: QuerySet[Enterprise], choice: str) -> QuerySet[Enterprise]:
    firms = firms.annotate(n_enrolled=_sum("enrolled"), n_learnt=_sum("learnt"))
    bounds = COMPLETE[choice]
    if bounds is None:
        return firms.filter(n_enrolled__lte=0)
    low, high = bounds
    return firms.filter(
        n_enrolled__gt=0,
        n_learnt__gte=F("n_enrolled") * low / Value(100.0),
        n_learnt__lt=F("n_enrolled") * high / Value(100.0),
    )


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
    rows = Tally.objects.filter(_year(), subject_kind="enterprise", subject_id__in=list(found)).filter(
        measure__in=["enrolled", "learnt", "passed", "certificates", "hours_ms"]
    )
    for pk, measure, amount in rows.values_list("subject_id", "measure").annotate(n=Sum("amount")):
        setattr(found[pk], measure, amount)
    return found


def workers_of(firms: Iterable[int]) -> dict[int, int]:
    """Open jobs by firm, in one query."""
    rows = Worker.objects.working().filter(enterprise_id__in=list(firms))
    return dict(rows.values_list("enterprise_id").annotate(n=Count("pk")).order_by())


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
    """Figures of a scope, at most 30 seconds old."""

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


def summary_of(user: User, region: str) -> Summary:
    """Figures of the region for this user, from the cache when fresh. Three queries."""
    post = user.post
    key = f"enterprises:summary:{post.pk if post else 0}:{region}"
    found: Summary | None = cache.get(key)
    if found is None:
        found = _summary(user, region)
        cache.set(key, found, SUMMARY_SECONDS)
    return found


def _summary(user: User, region: str) -> Summary:
    firms = Enterprise.objects.visible_to(user)
    if region:
        firms = firms.filter(inside(region, "organisation__region_code"))
    deeper = next((n for n in REGION_LENGTHS if n > len(region)), None)
    part = Substr("organisation__region_code", 1, deeper) if deeper else F("organisation__region_code")
    risks: dict[str, int] = {}
    parts: dict[str, dict[str, int]] = {}
    permits = total = 0
    for code, risk, n, ending in (
        firms.annotate(part=part)
        .values_list("part", "risk")
        .annotate(n=Count("pk"), p=Count("pk", filter=permits_ending()))
        .order_by("part")
    ):
        parts.setdefault(code, {})[risk] = n
        risks[risk] = risks.get(risk, 0) + n
        total, permits = total + n, permits + ending
    training, busy = _training_of_scope(region)
    return Summary(timezone.now(), total, risks, permits, max(0, total - busy), training, sorted(parts.items()))


def _training_of_scope(region: str) -> tuple[Training, int]:
    rows = Tally.objects.filter(_year(), subject_kind="enterprise", measure__in=["enrolled", "learnt"])
    if region:
        rows = rows.filter(inside(region))
    sums = dict(rows.values_list("measure").annotate(n=Sum("amount")))
    busy = rows.filter(measure="enrolled", amount__gt=0).aggregate(n=Count("subject_id", distinct=True))["n"]
    return Training(enrolled=sums.get("enrolled", 0), learnt=sums.get("learnt", 0)), busy


def parts_of(summary: Summary, region: str) -> tuple[list[Region], list[Part]]:
    """The child regions to choose from, and those that have firms with their counts by risk. One query."""
    children = list(Region.objects.children_of(region))
    names = {child.code: child.name for child in children}
    parts = [Part(code, names.get(code, code), counts) for code, counts in summary.parts if code in names]
    return children, sorted(
        parts, key=lambda part: (-part.counts.get("red", 0), -part.counts.get("orange", 0), -part.total)
    )


def trade_name(code: str) -> str:
    """The division of an industry in words, for second lines."""
    return name_of(code[:3]) if len(code) > 2 else name_of(code)
