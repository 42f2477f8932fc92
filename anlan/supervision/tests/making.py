"""Records of a month that is over, counted by hand in the tests."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from anlan.accounts.models import Post, User
from anlan.hazards.models import Checklist, ChecklistVersion, Hazard, HazardStep, Inspection, ReportRound, SafetyReport
from anlan.operations.demo.cast import Cast
from anlan.supervision.performance.cases import months_back

GRID = "410105018G07"


def last_month() -> date:
    """The first day of the month before this one."""
    return months_back(timezone.localdate().replace(day=1), 1)


def at(day: date, hour: int = 10) -> datetime:
    """A moment of a day."""
    return timezone.make_aware(datetime.combine(day, time(hour)))


def in_office(*people: User, since: date = date(2024, 1, 1)) -> None:
    """Their posts began long ago: `since` is otherwise the day of the test."""
    Post.objects.filter(user__in=people).update(since=since)


def patrol(
    cast: Cast, due: date, *, done: date | None = None, by: User | None = None, firm: str = "forge", **given: Any
) -> Inspection:
    """A planned patrol of a firm."""
    given.setdefault("period", uuid4().hex[:12])
    return Inspection.objects.create(
        enterprise=cast.enterprise(firm), region_code=cast.enterprise(firm).organisation.region_code, kind="patrol",
        due_on=due, inspector=by, **({"state": "done" if done else "planned", "done_at": at(done) if done else None} | given),
    )  # fmt: skip


def hazard(
    cast: Cast, deadline: date, *, found: date, closed: date | None = None, verified: User | None = None, **given: Any
) -> Hazard:
    """A hazard of the forge's grid."""
    fields: dict[str, Any] = {
        "number": uuid4().hex[:20], "enterprise": cast.enterprise("forge"), "region_code": GRID, "source": "patrol", "title": "通道堵塞",
        "place": "车间", "kind": "fire", "found_at": at(found), "found_by": cast.grid, "deadline": deadline,
        "state": "closed" if closed else "curing", "closed_at": at(closed) if closed else None, "verified_by": verified,
    }  # fmt: skip
    return Hazard.objects.create(**(fields | given))


def step(one: Hazard, verb: str, day: date, by: User | None, **given: Any) -> HazardStep:
    """One step of its life."""
    return HazardStep.objects.create(hazard=one, verb=verb, after=one.state, by=by, at=at(day), **given)


def submission(
    cast: Cast, day: date, *, reviewed: date | None = None, by: User | None = None, n: int = 1
) -> ReportRound:
    """A report of the forge that was sent on a day."""
    made, _new = Checklist.objects.get_or_create(code="t-monthly", defaults={"name": "月度", "kind": "monthly"})
    version = ChecklistVersion.objects.filter(checklist=made).first() or ChecklistVersion.objects.create(
        checklist=made, number=1
    )
    report = SafetyReport.objects.create(
        enterprise=cast.enterprise("forge"), region_code=GRID, kind="monthly", period=date(2000 + n, 1, 1), due_on=day, checklist=version,
    )  # fmt: skip
    return ReportRound.objects.create(
        report=report, number=1, answers={}, submitted_by=cast.manager, submitted_at=at(day), reviewed_by=by,
        reviewed_at=at(reviewed) if reviewed else None, passed=True if reviewed else None,
    )  # fmt: skip


def enough(
    cast: Cast, month: date, *, missed: int = 2, done: int = 8, by: User | None = None, firm: str = "forge"
) -> list[Inspection]:
    """Patrols enough to count: `done` on time, `missed` not made."""
    officer = by or cast.grid
    day = month + timedelta(days=9)
    made = [patrol(cast, day, done=day, by=officer, firm=firm) for _n in range(done)]
    return made + [patrol(cast, day, by=officer, firm=firm) for _n in range(missed)]
