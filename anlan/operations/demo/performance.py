"""Two past months and the running one of the performance, from the demo's own records and some of their own; one appeal."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

from django.utils import timezone

from anlan.accounts.models import Post, User
from anlan.accounts.models.regions import inside
from anlan.enterprises.models import Enterprise
from anlan.hazards.models import Hazard, HazardStep, Inspection
from anlan.hazards.planning import period_of
from anlan.operations.demo.cast import Cast
from anlan.supervision.actions import compute_month, make_appeal
from anlan.supervision.models import Appeal, Score, Snapshot
from anlan.supervision.performance.cases import months_back

COUNTY: Final = "410105"
BEGUN: Final = date(2025, 3, 1)
"""Since when the demo's officers are in office."""
PLACES: Final = ("东侧安全出口", "配电间", "空压机房", "原料库", "打磨间", "办公楼二层", "装卸平台", "锅炉房")


def lay_performance(cast: Cast) -> None:
    """Lay them once: a house that has a published month is left as it is."""
    if Snapshot.objects.filter(version__gt=0).exists():
        return
    Post.objects.filter(inside(COUNTY), role="grid_officer").update(since=BEGUN)
    now = timezone.localdate().replace(day=1)
    months = [months_back(now, 2), months_back(now, 1)]
    for n, month in enumerate(months):
        _work(cast, cast.grid, "410105018G07", month, late=2 - n, missed=2 - n)
        _work(cast, cast.other_grid, "410105018G08", month, late=1 + n, missed=n)
        compute_month(COUNTY, month)
    compute_month(COUNTY, now)
    _object(cast, months[-1])


def _at(day: date, hour: int) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(hour, 20)))


def _work(cast: Cast, officer: User, grid: str, month: date, *, late: int, missed: int) -> None:
    """Eight planned patrols and six hazards of a month: some late, some not made, some not closed in time."""
    forge = cast.enterprise("forge")  # which has its own story, so others come first
    others = Enterprise.objects.active().filter(organisation__region_code=grid).exclude(pk=forge.pk)
    firms = list(others.select_related("organisation").order_by("pk")[:8]) or [forge]
    firm = firms[0]
    for n in range(8):
        due = month + timedelta(days=5 + 2 * n)
        done = None if n < missed else due + timedelta(days=3 if n < missed + late else -1)
        one_firm = firms[n % len(firms)]
        Inspection.objects.create(
            enterprise=one_firm, region_code=grid, industry=one_firm.trade, kind="patrol", due_on=due,
            period=period_of(month, 31).key if n < len(firms) else "",
            inspector=officer if done else None, state="done" if done else "planned", done_at=_at(done, 10) if done else None,
            started_at=_at(done, 9) if done else None, plan="每月巡查",
        )  # fmt: skip
    for n in range(6):
        found = month + timedelta(days=1 + n)
        closed = found + timedelta(days=9 + n) if n >= missed else None
        one = Hazard.objects.create(
            number=f"YH-{COUNTY}-{month:%y%m}9{grid[-2:]}{n}", enterprise=firm, region_code=grid, industry=firm.trade, source="patrol",
            title=f"{PLACES[n]}堆放杂物，通道变窄", place=PLACES[n], kind="fire", measure="清走杂物，划线", responsible="车间主任",
            found_by=officer, found_at=_at(found, 10), deadline=found + timedelta(days=15), state="closed" if closed else "cured",
            cured_at=_at(found + timedelta(days=7), 15), verified_by=officer if closed else None, closed_at=_at(closed, 11) if closed else None,
        )  # fmt: skip
        HazardStep.objects.create(hazard=one, verb="find", after="found", by=officer, at=_at(found, 10))
        HazardStep.objects.create(
            hazard=one, verb="cure", before="curing", after="cured", at=_at(found + timedelta(days=7), 15)
        )
        if closed:
            HazardStep.objects.create(
                hazard=one, verb="pass", before="cured", after="closed", by=officer, at=_at(closed, 11)
            )


def _object(cast: Cast, month: date) -> None:
    """The officer of the seventh grid objects to a patrol that could not be made."""
    score = Score.objects.filter(
        user=cast.grid, snapshot__month=month, snapshot__version=1, subject_kind="officer"
    ).first()
    if score is None or Appeal.objects.filter(by=cast.grid).exists():
        return
    # The month may have been over for long when a demo is laid late in the next one.
    Snapshot.objects.filter(month=month).update(published_at=timezone.now() - timedelta(days=4))
    score.refresh_from_db()
    missed = [pk for pk, value in score.evidence.cases.get("patrol", []) if not value]
    if missed:
        words = "这家企业当月停产搬设备，大门上锁，到过两次都没有人，第二个月已补查。"
        make_appeal(score, by=cast.grid, indicator="patrol", cases=missed[:1], words=words)
