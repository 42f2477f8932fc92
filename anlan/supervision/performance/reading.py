"""What the pages show: a month's ranking, one's own trend, the records behind a figure. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Avg, Count, F, Max, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from anlan.accounts.models import User
from anlan.agencies.models import Rating, Service
from anlan.enterprises.models import Enterprise
from anlan.hazards import life
from anlan.hazards.models import Hazard, HazardStep, Inspection, ReportRound, SafetyReport
from anlan.lib.errors import Text
from anlan.supervision.models import Kind, Score, Snapshot
from anlan.supervision.performance.cases import months_back
from anlan.supervision.performance.indicators import INDICATORS, Indicator, of_kind
from anlan.supervision.performance.ranking import Case

TREND: Final = 6
"""Months of a trend."""


@dataclass(slots=True)
class Figure:
    """One indicator of one score, as a page shows it."""

    indicator: Indicator
    weight: int
    part: int
    whole: int
    value: float | None
    points: float | None

    @property
    def says(self) -> str:
        """The value in its unit: 92.3%, 12 天, 4.3 分."""
        if self.value is None:
            return "—"
        n = f"{self.value:g}"
        return {
            "rate": f"{n}%",
            "days": ngettext("%(n)s 天", "%(n)s 天", round(self.value)) % {"n": n},
            "rating": _("%(n)s 分") % {"n": n},
        }[self.indicator.unit]

    @property
    def counted(self) -> str:
        """From how many records: 12 / 13, or 13 条."""
        if self.indicator.unit == "rate":
            return f"{self.part} / {self.whole}"
        return ngettext("%(n)s 条", "%(n)s 条", self.whole) % {"n": self.whole}

    @property
    def is_short(self) -> bool:
        """Whether there are records, but too few to count."""
        return 0 < self.whole < self.indicator.least


def figures_of(score: Score) -> list[Figure]:
    """Return the figures of a score in the order of its kind."""
    weights = score.snapshot.weights
    empty = {"part": 0, "whole": 0, "value": None, "points": None}
    return [
        Figure(one, weights.get(one.code, 0), **(score.cells.get(one.code) or empty))
        for one in of_kind(score.subject_kind)
    ]


def seen_of(user: User, shot: Snapshot) -> QuerySet[Score]:
    """Return the scores of a snapshot that the user sees: the ranked first, then the rest by name."""
    return Score.objects.visible_to(user).filter(snapshot=shot).order_by(F("rank").asc(nulls_last=True), "name", "pk")


def whole_of(shot: Snapshot) -> dict[str, Any]:
    """Return the anonymous figures of everybody in a snapshot: how many are ranked, and their mean. One query."""
    return shot.scores.filter(rank__isnull=False).aggregate(n=Count("pk"), mean=Avg("total"))


def counties_of(user: User, kind: str) -> list[str]:
    """Return the counties in which the user sees any result of a kind."""
    rows = Snapshot.objects.visible_to(user).filter(kind=kind).order_by("region_code")
    return list(rows.values_list("region_code", flat=True).distinct())


def months_of(user: User, kind: str, region_code: str) -> list[date]:
    """Return the months that have a result, newest first."""
    rows = Snapshot.objects.visible_to(user).filter(kind=kind, region_code=region_code)
    return list(rows.order_by("-month").values_list("month", flat=True).distinct()[:24])


def trend(score: Score, user: User) -> list[Score]:
    """Return the subject's newest results of the six months up to this one, oldest first."""
    shot = score.snapshot
    newest = (
        Snapshot.objects.filter(
            kind=shot.kind, region_code=shot.region_code, month__range=(months_back(shot.month, TREND - 1), shot.month)
        )
        .order_by()
        .values("month")
        .annotate(newest=Max("version"))
    )
    wanted = {row["month"]: row["newest"] for row in newest}
    rows = Score.objects.visible_to(user).filter(
        subject_kind=score.subject_kind, subject_id=score.subject_id, snapshot__kind=shot.kind,
        snapshot__region_code=shot.region_code, snapshot__month__in=wanted,
    )  # fmt: skip
    found = rows.select_related("snapshot").order_by("snapshot__month")
    return [row for row in found if row.snapshot.version == wanted[row.snapshot.month]]


def newest_of(score: Score, user: User) -> Score | None:
    """Return the same subject's score in the newest version of the month, where this one has been replaced."""
    shot = score.snapshot
    last = Snapshot.objects.newest(shot.kind, shot.region_code, shot.month)
    if last is None or last.pk == shot.pk:
        return None
    return Score.objects.visible_to(user).filter(snapshot=last, subject_id=score.subject_id).first()


@dataclass(slots=True)
class Line:
    """One record behind a figure. `url` is empty where the user does not see it (any more)."""

    pk: int
    value: float
    title: str = ""
    note: str = ""
    url: str = ""


def lines_of(code: str, cases: Sequence[Case], user: User) -> list[Line]:
    """Return the records as lines with their addresses, as far as `user` sees them now. One query."""
    keys = [pk for pk, _value in cases]
    found = {pk: (title, note, url) for pk, title, note, url in _READERS[INDICATORS[code].records](keys, user)}
    return [Line(pk, value, *found.get(pk, ("", "", ""))) for pk, value in cases]


_Read = list[tuple[int, str, str, str]]


def _inspections(keys: list[int], user: User) -> _Read:
    rows = (
        Inspection.objects.visible_to(user).filter(pk__in=keys).select_related("enterprise__organisation", "inspector")
    )
    return [
        (
            row.pk, row.enterprise.organisation.name,
            _("期限 %(a)s · %(b)s · %(c)s")
            % {"a": row.due_on, "b": _("%(d)s 做完") % {"d": _day(row.done_at)} if row.done_at else row.get_state_display(), "c": row.inspector or _("没有派人")},
            reverse("hazards:inspection", args=[row.pk]),
        )
        for row in rows
    ]  # fmt: skip


def _rounds(keys: list[int], user: User) -> _Read:
    seen = SafetyReport.objects.visible_to(user).filter(history__in=keys)
    rows = ReportRound.objects.filter(pk__in=keys, report__in=seen).select_related(
        "report__enterprise__organisation", "reviewed_by"
    )
    return [
        (
            row.pk, f"{row.report.enterprise.organisation.name} · {row.report.title}",
            _("%(a)s 提交 · %(b)s")
            % {"a": _day(row.submitted_at), "b": _("%(d)s %(who)s审核") % {"d": _day(row.reviewed_at), "who": row.reviewed_by or ""} if row.reviewed_at else _("没有审核")},
            reverse("hazards:report", args=[row.report_id]),
        )
        for row in rows
    ]  # fmt: skip


def _steps(keys: list[int], user: User) -> _Read:
    rows = HazardStep.objects.filter(pk__in=keys, hazard__in=Hazard.objects.visible_to(user)).select_related(
        "hazard__enterprise__organisation"
    )
    return [
        (
            row.pk, row.hazard.title, f"{row.hazard.enterprise.organisation.name} · {_day(row.at)} {life.say(row.verb)}",
            reverse("hazards:detail", args=[row.hazard_id]),
        )
        for row in rows
    ]  # fmt: skip


def _hazards(keys: list[int], user: User) -> _Read:
    rows = Hazard.objects.visible_to(user).filter(pk__in=keys).select_related("enterprise__organisation")
    return [
        (
            row.pk, row.title,
            _("%(firm)s · %(a)s 发现 · 期限 %(b)s · %(c)s")
            % {"firm": row.enterprise.organisation.name, "a": _day(row.found_at), "b": row.deadline or "—", "c": row.get_state_display()},
            reverse("hazards:detail", args=[row.pk]),
        )
        for row in rows
    ]  # fmt: skip


def _firms(keys: list[int], user: User) -> _Read:
    rows = Enterprise.objects.visible_to(user).filter(pk__in=keys).select_related("organisation")
    return [
        (
            row.pk, row.organisation.name,
            _("核实到 %(d)s 有效") % {"d": row.verify_by} if row.verify_by else _("还没有核实过"),
            reverse("enterprises:detail", args=[row.pk]),
        )
        for row in rows
    ]  # fmt: skip


def _services(keys: list[int], user: User) -> _Read:
    rows = Service.objects.visible_to(user).filter(pk__in=keys).select_related("enterprise__organisation")
    return [
        (
            row.pk, str(row),
            _("计划 %(a)s · %(b)s")
            % {"a": row.planned_on, "b": _("%(d)s 交付") % {"d": _day(row.delivered_at)} if row.delivered_at else row.get_state_display()},
            reverse("agencies:service", args=[row.pk]),
        )
        for row in rows
    ]  # fmt: skip


def _ratings(keys: list[int], user: User) -> _Read:
    rows = (
        Rating.objects.visible_to(user)
        .filter(pk__in=keys, service__in=Service.objects.visible_to(user))
        .select_related("service__enterprise__organisation")
    )
    return [
        (
            row.pk,
            str(row.service),
            " · ".join(filter(None, (_day(row.at), row.words))),
            reverse("agencies:service", args=[row.service_id]),
        )
        for row in rows
    ]


_READERS: Final[dict[str, Any]] = {
    "inspection": _inspections, "round": _rounds, "step": _steps, "hazard": _hazards, "firm": _firms, "service": _services, "rating": _ratings,
}  # fmt: skip


def _day(moment: Any) -> str:
    return f"{timezone.localdate(moment):%Y-%m-%d}" if moment else ""


def kinds_for(user: User) -> list[tuple[str, Text]]:
    """Return the kinds that the user sees anything of: of a territory all of them, of an agency its own two."""
    post = user.post
    if post is not None and post.organisation_id:
        return [(kind.value, kind.label) for kind in (Kind.AGENCY, Kind.ENGINEER)]
    if post is not None and len(post.region_code) > 9:
        return [(Kind.OFFICER.value, Kind.OFFICER.label)]
    if post is not None and len(post.region_code) > 6:
        return [(kind.value, kind.label) for kind in (Kind.OFFICER, Kind.TOWN)]
    return [(kind.value, kind.label) for kind in Kind]
