"""Lists of inspections and of safety reports: what their conditions mean, distances, progress per territory. Reads only."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from django.db.models import Count, F, Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.accounts.models import Region, User
from anlan.accounts.models.regions import inside
from anlan.hazards.models import Checklist, ChecklistVersion, Inspection, SafetyReport
from anlan.hazards.models.inspections import InspectionQuerySet
from anlan.hazards.models.reports import ReportQuerySet
from anlan.hazards.planning import period_of, proposed
from anlan.lib.asked import number

EARTH_METRES: Final = 6_371_000
NEAREST: Final = 500
"""Open visits among which the nearest are looked for: more than a grid has."""
VIEWS: Final[dict[str, str | Promise]] = {
    "": gettext_lazy("待检查"), "late": gettext_lazy("逾期"), "week": gettext_lazy("七天内"), "doing": gettext_lazy("正在检查"),
    "done": gettext_lazy("已完成"), "all": gettext_lazy("全部"),
}  # fmt: skip


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """The distance between two places given in degrees, on a sphere."""
    (lat1, lng1), (lat2, lng2) = ((math.radians(x), math.radians(y)) for x, y in (a, b))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lng2 - lng1) / 2) ** 2
    return 2 * EARTH_METRES * math.asin(min(1, math.sqrt(h)))


@dataclass(slots=True)
class Asked:
    """What the address of a list asks for; everything unknown is dropped."""

    view: str = ""
    words: str = ""
    kind: str = ""
    region: str = ""
    firm: int | None = None
    here: tuple[float, float] | None = None
    state: str = ""
    period: str = ""

    @classmethod
    def read(cls, query: QueryDict, scope: str) -> Asked:
        """Read a query string; a region outside `scope` is dropped."""
        region = query.get("region", "")
        return cls(
            view=query.get("view", ""), words=query.get("q", "").strip()[:60], kind=query.get("kind", ""),
            region=region if scope and region.startswith(scope) and len(region) <= 24 else "",
            firm=number(query.get("firm")), here=_place(query.get("at", "")), state=query.get("state", ""), period=query.get("period", "")[:10],
        )  # fmt: skip

    def narrow(self, rows: Any) -> Any:
        """The conditions that both lists share."""
        if self.region:
            rows = rows.filter(inside(self.region))
        if self.firm:
            rows = rows.filter(enterprise_id=self.firm)
        if self.words:
            rows = rows.filter(enterprise__organisation__name__icontains=self.words)
        return rows


def _place(text: str) -> tuple[float, float] | None:
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def inspections_of(rows: InspectionQuerySet, asked: Asked) -> InspectionQuerySet:
    """The inspections that the conditions leave, in the order of work."""
    today = timezone.localdate()
    found: InspectionQuerySet = asked.narrow(rows)
    if asked.kind in Inspection.Kind.values:
        found = found.filter(kind=asked.kind)
    if asked.view == "done":
        return found.filter(state=Inspection.State.DONE).order_by("-done_at", "-pk")
    if asked.view == "all":
        return found.order_by("-pk")
    found = found.open()
    if asked.view == "late":
        found = found.filter(due_on__lt=today)
    elif asked.view == "week":
        found = found.filter(due_on__lte=today + timedelta(days=7))
    elif asked.view == "doing":
        found = found.filter(state=Inspection.State.DOING)
    return found.order_by(F("due_on").asc(nulls_last=True), "pk")


def own_work(rows: InspectionQuerySet, user: User) -> InspectionQuerySet:
    """What the user's office has to do itself: a grid sees the visits of agencies and firms, but does not make them."""
    post = user.post
    if post is None or not post.is_territorial:
        return rows
    return rows.filter(kind__in=[Inspection.Kind.PATROL, Inspection.Kind.TOWN])


def inspection_counts(rows: InspectionQuerySet) -> dict[str, int]:
    """The figures on the tabs. One query."""
    today, open_ = timezone.localdate(), Q(state__in=Inspection.OPEN)
    counted: dict[str, int] = rows.filter(open_).aggregate(
        open=Count("pk"), late=Count("pk", Q(due_on__lt=today)), week=Count("pk", Q(due_on__lte=today + timedelta(days=7))),
        doing=Count("pk", Q(state=Inspection.State.DOING)),
    )  # fmt: skip
    return counted


def by_distance(rows: InspectionQuerySet, here: tuple[float, float]) -> list[Inspection]:
    """The open visits with a place, nearest first, each with `.away` in metres; those without a place last."""
    found = list(rows[:NEAREST])
    for visit in found:
        firm = visit.enterprise
        known = firm.latitude is not None and firm.longitude is not None
        visit.away = metres(here, (firm.latitude, firm.longitude)) if known else None  # type: ignore[attr-defined, arg-type]
        visit.kilometres = f"{visit.away / 1000:.1f}" if known else ""  # type: ignore[attr-defined]
    return sorted(found, key=lambda visit: (visit.away is None, visit.away or 0))  # type: ignore[attr-defined]


@dataclass(slots=True)
class Part:
    """One territory with its figures."""

    code: str
    name: str
    total: int = 0
    done: int = 0
    late: int = 0
    on_time: int = 0
    passed: int = 0

    @property
    def percent(self) -> int | None:
        """Share done, 0–100; None when there was nothing to do."""
        return 100 * self.done // self.total if self.total else None

    @property
    def punctual(self) -> int | None:
        """Share handed in on time, 0–100."""
        return 100 * self.on_time // self.total if self.total else None


def parts_of(scope: str, counted: Iterable[Any]) -> tuple[list[Part], Part]:
    """Figures by region code gathered under the children of `scope`, and their sum. What lies in no child goes to "其他"."""
    children = {
        code: Part(code, name) for code, name in Region.objects.open().children_of(scope).values_list("code", "name")
    }
    rest, whole = Part("", _("未划到下级")), Part(scope, _("合计"))
    codes = sorted(children, key=len, reverse=True)
    for row in counted:
        home = next((children[code] for code in codes if row["region_code"].startswith(code)), rest)
        for part in (home, whole):
            for name in ("total", "done", "late", "on_time", "passed"):
                setattr(part, name, getattr(part, name) + row.get(name, 0))
    found = list(children.values()) + ([rest] if rest.total else [])
    return found, whole


def patrol_progress(scope: str, quarter: date) -> tuple[list[Part], Part]:
    """Patrols of the quarter around this day by the territories below `scope`."""
    term, today = period_of(quarter, 90), timezone.localdate()
    rows = Inspection.objects.filter(inside(scope), kind=Inspection.Kind.PATROL, due_on__range=(term.first, term.last))
    counted = (
        rows.exclude(state=Inspection.State.CANCELLED).values("region_code").annotate(
            total=Count("pk"), done=Count("pk", Q(state=Inspection.State.DONE)),
            late=Count("pk", Q(state__in=Inspection.OPEN, due_on__lt=today)),
        )
    )  # fmt: skip
    return parts_of(scope, counted)


def report_progress(scope: str, kind: str, period: date) -> tuple[list[Part], Part]:
    """Reports of a kind and period by the territories below `scope`: due, handed in, on time, passed, late."""
    today = timezone.localdate()
    handed = Q(first_submitted_at__isnull=False)
    counted = (
        SafetyReport.objects.filter(inside(scope), kind=kind, period=period).values("region_code").annotate(
            total=Count("pk"), done=Count("pk", handed), passed=Count("pk", Q(state=SafetyReport.State.PASSED)),
            on_time=Count("pk", handed & Q(first_submitted_at__date__lte=F("due_on"))),
            late=Count("pk", Q(first_submitted_at__isnull=True, due_on__lt=today)),
        )
    )  # fmt: skip
    return parts_of(scope, counted)


def periods_of(rows: ReportQuerySet, kind: str) -> list[date]:
    """The periods there are, newest first; two years at most."""
    return list(rows.filter(kind=kind).order_by("-period").values_list("period", flat=True).distinct()[:24])


@dataclass(slots=True)
class Row:
    """One item of one list as a page shows it."""

    version: ChecklistVersion
    item: dict[str, Any]
    number: int
    finding: Any = None
    seen: str = ""
    photos: list[Any] = field(default_factory=list)
    hazard: Any = None

    @property
    def id(self) -> str:
        """The anchor on the page."""
        return f"i-{self.version.pk}-{self.item['key']}"


def sheet(inspection: Inspection) -> list[tuple[ChecklistVersion, list[tuple[str, list[Row]]]]]:
    """The lists of an inspection by groups, each item with its answer, photos and hazard. Four queries."""
    findings = {(f.checklist_id, f.item): f for f in inspection.findings.select_related("by")}
    photos = defaultdict(list)
    for photo in inspection.photos.order_by("pk"):
        photos[photo.item].append(photo)
    hazards = {(h.checklist_id, h.item): h for h in inspection.hazards.exclude(state="void").order_by("pk")}
    found, count = [], 0
    for version in inspection.checklists.select_related("checklist").order_by("checklist__code", "pk"):
        groups = []
        for name, items in version.groups:
            rows = []
            for item in items:
                count += 1
                key = (version.pk, item["key"])
                answer = findings.get(key)
                rows.append(
                    Row(
                        version,
                        item,
                        count,
                        answer,
                        answer.mark if answer else "",
                        photos[item["key"]],
                        hazards.get(key),
                    )
                )
            groups.append((name, rows))
        found.append((version, groups))
    return found


def rows_in(lists: Sequence[tuple[ChecklistVersion, list[tuple[str, list[Row]]]]]) -> list[Row]:
    """Every row of a sheet, in order."""
    return [row for _version, groups in lists for _name, rows in groups for row in rows]


def lists_for(firm: Any, user: User) -> tuple[list[Checklist], set[int]]:
    """The patrol lists that this person may choose from for a firm, and the keys of those proposed."""
    usable = list(Checklist.objects.in_use().order_by("code"))
    mine = [one for one in usable if one.kind == "patrol" and firm.organisation.region_code.startswith(one.region_code)]
    return mine, {one.pk for one in proposed(firm, usable)}
