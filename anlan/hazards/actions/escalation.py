"""What the clock does: notes what has become overdue, moves it up, reminds. All idempotent, a hazard at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.enterprises.models import RiskPolicy
from anlan.enterprises.models.policy import nearest
from anlan.hazards import deadlines, life, people, workdays
from anlan.hazards.actions.steps import take, tell
from anlan.hazards.counting import count
from anlan.hazards.models import Hazard, Holiday
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify

log = logging.getLogger(__name__)
Level = Hazard.Level
AFTER: Final = (3, 7, 14, 30)
"""Days after the deadline on which the firm hears again."""


def ticking() -> QuerySet[Hazard]:
    """Hazards whose deadline runs, with what a message needs."""
    return Hazard.objects.filter(state__in=life.TICKING, deadline__isnull=False).select_related(
        "enterprise__organisation"
    )


def note_overdue(today: date) -> int:
    """Write once per deadline that it has passed; return how many. Overdue begins on the day after."""
    late = (
        ticking().filter(deadline__lt=today).filter(Q(overdue_noted__isnull=True) | Q(overdue_noted__lt=F("deadline")))
    )
    return _each(late, _note)


def escalate_late(today: date) -> int:
    """Move up what is late by working days: grid → town → county (`deadlines`); return how many.

    The level is the guard: each hazard rises once for a cause, however often this runs.
    """
    days, moved = Holiday.objects.overrides(), 0
    for grade in Hazard.Grade.values:
        to_town, to_county = deadlines.TO_TOWN[grade], deadlines.TO_COUNTY[grade]
        late = ticking().filter(grade=grade)
        # The county first: what rises to the town in this run gets its days there.
        rested = _start_of(workdays.back(today, to_county, days) + timedelta(days=1))
        overripe = late.filter(level=Level.TOWN, deadline__lte=workdays.back(today, to_town + to_county, days))
        moved += _each(overripe.filter(Q(level_since__lt=rested) | Q(level_since__isnull=True)), _rise)
        moved += _each(late.filter(level=Level.GRID, deadline__lte=workdays.back(today, to_town, days)), _rise)
    return moved


def remind_deadlines(today: date) -> int:
    """Tell firm and fixer 3 days and 1 day before, on the day and after; the officer on the day and after. The first word
    comes as early as the risk grade of the firm asks for (`RiskPolicy.duties`: remind_days).

    A day missed (the machine was off) is made up by the next run; the same words never reach a person twice.
    """
    policies = RiskPolicy.objects.in_force(today)
    last = max(
        (*deadlines.REMIND_BEFORE, *(_early(policy, risk) for policy in policies.values() for risk in policy.duties))
    )
    told = 0
    near = ticking().filter(
        deadline__lte=today + timedelta(days=last), deadline__gte=today - timedelta(days=AFTER[-1] + 3)
    )
    for hazard in near.order_by("pk").iterator(chunk_size=500):
        assert hazard.deadline is not None  # noqa: S101 (filtered)
        left = (hazard.deadline - today).days
        stage = _stage(left, _early(nearest(policies, hazard.region_code), hazard.enterprise.risk))
        if stage is None:
            continue
        people_told = people.concerned(hazard)
        if left <= 0:
            people_told += people.inspectors(hazard)
        title = _("隐患整改还有 %(n)d 天到期") % {"n": left} if left > 0 else _("隐患整改今天到期")
        if left < 0:
            title = _("隐患整改逾期 %(n)d 天") % {"n": -left}
        told += notify(
            people_told, "hazard_overdue" if left < 0 else "hazard", title, key=f"hazard-due:{hazard.pk}:{hazard.deadline:%Y%m%d}:{stage}", text=hazard.title,
            url=reverse("hazards:detail", args=[hazard.pk]),
        )  # fmt: skip
    return told


def _early(policy: RiskPolicy | None, risk: str) -> int:
    """How many days before a deadline the grade wants the first word; 0 where no policy says."""
    return int((policy.duties.get(risk) or {}).get("remind_days") or 0) if policy else 0


def _stage(left: int, early: int = 0) -> int | None:
    """Which reminder stands for `left` days to go: `early`, 3, 1, 0, -3, -7, … or none."""
    if left < 0:
        passed = [-n for n in AFTER if n <= -left]
        return min(passed) if passed else None
    return next((n for n in sorted({0, early, *deadlines.REMIND_BEFORE}) if left <= n), None)


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _each(rows: QuerySet[Hazard], do: Callable[[Hazard], Any]) -> int:
    """Do it to each row in its own transaction; what somebody changes at the same moment is left to the next run."""
    done = 0
    for hazard in _fresh(rows):
        try:
            with transaction.atomic():
                do(hazard)
            done += 1
        except Refused:
            continue
        except Exception:
            log.exception("hazard %s could not be moved by the clock", hazard.pk)
    return done


def _fresh(rows: QuerySet[Hazard]) -> Iterator[Hazard]:
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), 200):
        yield from ticking().filter(pk__in=keys[start : start + 200]).order_by("pk")


def _note(hazard: Hazard) -> None:
    deadline = hazard.deadline
    assert deadline is not None  # noqa: S101 (filtered)
    step = take(hazard, "overdue", by=None, detail={"deadline": deadline.isoformat()}, overdue_noted=deadline)
    count(hazard, {"hazards_overdue": 1}, step.at)
    tell({*people.concerned(hazard), *people.inspectors(hazard)}, hazard, step, _("一条隐患超过整改期限"), hazard.title)


def _rise(hazard: Hazard) -> None:
    level = hazard.level + 1
    why = _("超过期限没有改好，按时限自动升级。")
    step = take(
        hazard, "escalate", by=None, words=why, detail={"level": [hazard.level, level], "because": "overdue"},
        level=level, level_since=timezone.now(),
    )  # fmt: skip
    told = {*people.officers_of(hazard.region_code, hazard.level), *people.concerned(hazard)}
    tell(told, hazard, step, _("逾期隐患转到%(level)s") % {"level": hazard.get_level_display()}, hazard.title)
