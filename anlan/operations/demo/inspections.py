"""Patrols planned, overdue and done, a visit of an agency, and safety reports of three months in every state. All invented."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from PIL import Image, ImageDraw

from anlan.accounts.models import User
from anlan.enterprises.models import Enterprise, Mandate
from anlan.hazards.actions.checklists import load_checklists
from anlan.hazards.actions.evidence import add_photo
from anlan.hazards.actions.hazards import register_hazard
from anlan.hazards.actions.inspections import (
    answer_item,
    finish_inspection,
    note_inspection,
    open_inspection,
    sign_inspection,
    start_inspection,
)
from anlan.hazards.actions.planning import plan_patrols
from anlan.hazards.actions.reports import open_reports
from anlan.hazards.models import Checklist, Finding, Inspection, ReportRound, SafetyReport
from anlan.operations.demo.cast import Cast
from anlan.operations.demo.drawings import draw

DISTRICT: Final = "410105"
MONTHS: Final = 3
WRONG: Final = "一台砂轮机的托架松了，已停用，配件周三到"
AGAIN: Final = "灭火器那一项请写清楚是哪几具、换没换。"


def lay_inspections(cast: Cast) -> None:
    """Lay checklists, plan and records. Safe to run again: what is there stays."""
    load_checklists()
    if Inspection.objects.filter(kind=Inspection.Kind.PATROL, enterprise_id=cast.forge.pk).exists():
        return
    today = timezone.localdate()
    plan_patrols(today, DISTRICT)
    _make_patrols(cast, today)
    _visit_of_agency(cast, today)
    _reports(cast, today)


@transaction.atomic
def _make_patrols(cast: Cast, today: date) -> None:
    planned = Inspection.objects.filter(
        region_code__startswith=cast.grid.post.region_code, kind=Inspection.Kind.PATROL
    ).open()
    rows = list(
        planned.exclude(enterprise_id=cast.forge.pk).select_related("enterprise__organisation").order_by("pk")[:12]
    )
    for n, visit in enumerate(rows[:4]):
        _record(visit, cast.grid, failed=n % 3, at=timezone.now() - timedelta(days=3 + 5 * n, hours=2))
    for n, visit in enumerate(rows[4:7]):
        Inspection.objects.filter(pk=visit.pk).update(due_on=today - timedelta(days=2 + 3 * n))
    for visit in rows[7:9]:
        Inspection.objects.filter(pk=visit.pk).update(due_on=today + timedelta(days=2))
    # The forge: last quarter's record is there, this quarter's patrol is half way.
    half = planned.get(enterprise_id=cast.forge.pk)
    last = Inspection.objects.create(
        enterprise_id=cast.forge.pk, region_code=cast.forge.region_code, industry="C33", kind=Inspection.Kind.PATROL,
        period="", due_on=today - timedelta(days=60), plan="上一季度巡查",
    )  # fmt: skip
    last.checklists.add(*half.checklists.all())
    _record(last, cast.grid, failed=1, at=timezone.now() - timedelta(days=64), photo="guard")
    start_inspection(
        half, by=cast.grid, latitude=34.8301, longitude=113.7204, accuracy=12, at=timezone.now() - timedelta(minutes=20)
    )
    version: Any = half.checklists.first()
    for n, item in enumerate(version.items[:5]):
        bad = n == 3
        answer_item(half, version, item["key"], result="fail" if bad else "ok", note=WRONG if bad else "", by=cast.grid)


def _record(visit: Inspection, officer: User, *, failed: int, at: datetime, photo: str = "cabinet") -> None:
    """Make a visit from the door to the signatures."""
    firm = visit.enterprise
    place: dict[str, Any] = {"latitude": firm.latitude or 34.83, "longitude": firm.longitude or 113.72, "accuracy": 9.0}
    start_inspection(visit, by=officer, at=at, **place)
    left = failed
    findings, bad = [], []
    for version in visit.checklists.all():
        for n, item in enumerate(version.items):
            fails = left > 0 and n % 4 == 2
            left -= fails
            findings.append(
                Finding(
                    inspection=visit,
                    checklist=version,
                    item=item["key"],
                    result="fail" if fails else "na" if n % 7 == 5 else "ok",
                    by=officer,
                    at=at,
                )
            )
            if fails:
                bad.append((version, item))
    Finding.objects.bulk_create(findings)
    for version, item in bad:
        shot = add_photo(
            visit, by=officer, content=draw(photo), name="现场.jpg", item=item["key"], taken_at=at, **place
        )
        hazard = item["hazard"]
        register_hazard(
            firm, by=officer, source="patrol", title=hazard["title"][:80], place=version.checklist.place or "车间", kind=hazard["kind"],
            grade="general", cite=item["cite"], measure=hazard["measure"], responsible=firm.legal_person, inspection=visit,
            checklist=version, item=item["key"], photos=[shot], at=at,
        )  # fmt: skip
    note_inspection(
        visit,
        by=officer,
        accompanied_by=firm.legal_person,
        words="已当面说明，请按期整改。" if bad else "现场情况良好。",
    )
    sign_inspection(visit, who="officer", by=officer, name=officer.name, content=scrawl(len(officer.name)))
    sign_inspection(visit, who="firm", by=officer, name=firm.legal_person or "负责人", content=scrawl(5))
    finish_inspection(visit, by=officer, at=at + timedelta(minutes=38))


def scrawl(seed: int) -> BytesIO:
    """A line that looks like a signature and is nobody's."""
    image = Image.new("RGBA", (640, 220), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    points = [(60 + 26 * n, 110 + ((n * seed * 37) % 90 - 45)) for n in range(20)]
    pen.line(points, fill="#17262b", width=5, joint="curve")
    file = BytesIO()
    image.save(file, "PNG")
    file.seek(0)
    return file


def _visit_of_agency(cast: Cast, today: date) -> None:
    forge = Enterprise.objects.select_related("organisation").get(pk=cast.forge.pk)
    Mandate.objects.get_or_create(
        enterprise=forge, organisation=cast.anhe, kind=Mandate.Kind.CONTRACT, reason="演示合同",
        defaults={"since": today - timedelta(days=120)},
    )  # fmt: skip
    lists = [
        one.current for one in Checklist.objects.in_use().filter(code__in=["machining", "charging"]) if one.current
    ]
    visit = open_inspection(
        forge, by=cast.agency, checklists=lists, plan="按服务合同做本季度现场检查，重点看冲压和充电区", due_on=today + timedelta(days=6),
        inspector=cast.engineer,
    )  # fmt: skip
    start_inspection(visit, by=cast.engineer)
    version = lists[0]
    for item in version.items[:2]:
        answer_item(visit, version, item["key"], result="ok", by=cast.engineer)


@transaction.atomic
def _reports(cast: Cast, today: date) -> None:
    for n in range(MONTHS - 1, -1, -1):
        months = today.year * 12 + today.month - 1 - n
        open_reports(date(months // 12, months % 12 + 1, 1))
    rows = SafetyReport.objects.filter(region_code__startswith=DISTRICT).select_related(
        "checklist", "enterprise__organisation"
    )
    rounds = []
    for n, report in enumerate(rows.order_by("period", "pk")):
        fate = _fate(report, n, today, cast)
        if fate != "open":
            rounds += _write(report, fate, n, cast)
    ReportRound.objects.bulk_create(rounds)


def _fate(report: SafetyReport, n: int, today: date, cast: Cast) -> str:
    """What became of it: earlier months are nearly all passed, this month is in the middle."""
    if report.enterprise_id == cast.forge.pk:
        return "open" if report.period.month == today.month else "returned once"
    if report.due_on < today.replace(day=1):
        return "open" if n % 11 == 7 else "late" if n % 9 == 4 else "passed"
    return ("submitted", "passed", "open", "submitted", "returned")[n % 5]


def _write(report: SafetyReport, fate: str, n: int, cast: Cast) -> list[ReportRound]:
    managers = {cast.forge.pk: cast.manager, cast.bakery.pk: cast.other_boss}
    author, officer = managers.get(report.enterprise_id, cast.boss), cast.grid
    items = report.checklist.items
    answers = {item["key"]: {"result": "na" if (n + k) % 6 == 5 else "ok", "note": ""} for k, item in enumerate(items)}
    if n % 4 == 1:
        answers[items[n % len(items)]["key"]] = {"result": "fail", "note": WRONG}
    day = report.due_on + timedelta(days=3 if fate == "late" else -2 - n % 5)
    moment = timezone.make_aware(datetime.combine(min(day, timezone.localdate()), time(8 + n % 9, 12)))
    moment = min(moment, timezone.now())
    rounds = 2 if fate == "returned once" else 1
    state = {"submitted": "submitted", "returned": "returned"}.get(fate, "passed")
    report.answers, report.rounds, report.state = answers, rounds, state
    report.submitted_by, report.submitted_at, report.first_submitted_at, report.saved_at = (
        author,
        moment,
        moment,
        moment,
    )
    history = []
    for number in range(1, rounds + 1):
        last = number == rounds
        passed = {"submitted": None, "returned": False}.get(fate, True) if last else False
        seen = moment + timedelta(hours=5) if passed is not None else None
        history.append(
            ReportRound(
                report=report, number=number, answers=answers if last else answers | {items[3]["key"]: {"result": "fail", "note": "有两具"}},
                submitted_by=author, submitted_at=moment, passed=passed, reviewed_by=officer if seen else None,
                reviewed_at=seen, words=AGAIN if passed is False else "",
            )
        )  # fmt: skip
        if seen:
            report.reviewed_by, report.reviewed_at = officer, seen
        moment += timedelta(hours=20)
    report.save()
    return history
