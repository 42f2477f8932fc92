"""What the clock does: overdue once per deadline, one step up per cause, reminders once; and counters that agree."""

from datetime import timedelta

import pytest
from django.utils import timezone

from anlan.hazards import actions, deadlines, workdays
from anlan.hazards.actions.escalation import escalate_late, note_overdue, remind_deadlines
from anlan.hazards.models import Hazard
from anlan.hazards.tasks.hazards import escalate_overdue
from anlan.hazards.tests.making import after, cured, curing, found, make_late
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.supervision.recount import drift, swap
from anlan.tallies.models import Rollup
from anlan.tallies.tasks import fold_all

pytestmark = pytest.mark.django_db


def reread(hazard: Hazard) -> Hazard:
    hazard.refresh_from_db()
    return hazard


def test_overdue_begins_the_day_after_and_is_noted_once_per_deadline(cast: Cast) -> None:
    hazard, today = curing(cast), timezone.localdate()
    make_late(hazard, 0)
    assert note_overdue(today) == 0
    make_late(hazard, 1)
    assert (note_overdue(today), note_overdue(today)) == (1, 0)
    assert hazard.steps.filter(verb="overdue", by=None).count() == 1
    assert Notice.objects.filter(user=cast.manager, title="一条隐患超过整改期限").count() == 1


def test_what_waits_for_the_inspector_is_not_overdue(cast: Cast) -> None:
    hazard = cured(cast)
    make_late(hazard, 9)
    assert escalate_overdue() == 0


def test_a_general_hazard_rises_to_the_town_after_a_working_day_and_to_the_county_after_five_more(cast: Cast) -> None:
    hazard = curing(cast)
    assert hazard.deadline is not None
    deadline = hazard.deadline
    assert escalate_late(deadline) == 0
    first = workdays.add(deadline, deadlines.TO_TOWN["general"])
    assert escalate_late(first - timedelta(days=1)) == 0
    assert (escalate_late(first), escalate_late(first)) == (1, 0)
    assert reread(hazard).level == 2
    assert Notice.objects.filter(user=cast.town, text=hazard.title).exists()
    Hazard.objects.filter(pk=hazard.pk).update(
        level_since=timezone.make_aware(timezone.datetime(first.year, first.month, first.day, 9))
    )
    last = workdays.add(first, deadlines.TO_COUNTY["general"])
    assert escalate_late(last - timedelta(days=1)) == 0
    assert (escalate_late(last), escalate_late(last)) == (1, 0)
    assert reread(hazard).level == 3
    assert escalate_late(last + timedelta(days=60)) == 0
    assert hazard.steps.filter(verb="escalate").count() == 2


def test_a_hazard_just_sent_to_the_town_gets_its_days_there(cast: Cast) -> None:
    hazard, today = curing(cast), timezone.localdate()
    make_late(hazard, 60)
    assert escalate_late(today) == 1
    assert reread(hazard).level == 2
    assert escalate_late(today) == 0


def test_a_cured_hazard_stops_the_clock_and_a_returned_one_starts_it_anew(cast: Cast) -> None:
    hazard, today = curing(cast), timezone.localdate()
    make_late(hazard, 3)
    note_overdue(today)
    after(hazard, cast.manager)
    actions.cure_hazard(reread(hazard), by=cast.manager, words="好了")
    actions.fail_hazard(hazard, by=cast.grid if hazard.level == 1 else cast.town, words="没好")
    assert note_overdue(today) == 0
    make_late(hazard, 1)
    assert note_overdue(today) == 1


def test_reminders_come_before_on_and_after_the_deadline_once_each(cast: Cast) -> None:
    hazard, today = curing(cast), timezone.localdate()
    for left, title, officer in (
        (11, "", False),
        (10, "还有 10 天", False),  # the firm is orange: its grade asks for ten days
        (4, "", False),
        (3, "还有 3 天", False),
        (2, "", False),
        (1, "还有 1 天", False),
        (0, "今天到期", True),
        (-3, "逾期 3 天", True),
    ):
        Hazard.objects.filter(pk=hazard.pk).update(deadline=today + timedelta(days=9))
        day = today + timedelta(days=9 - left)
        before = Notice.objects.filter(user=cast.manager, key__startswith="hazard-due").count()
        told = Notice.objects.filter(user=cast.grid, key__startswith="hazard-due").count()
        remind_deadlines(day)
        remind_deadlines(day)
        assert Notice.objects.filter(user=cast.manager, key__startswith="hazard-due").count() - before == bool(title), (
            left
        )
        assert Notice.objects.filter(user=cast.grid, key__startswith="hazard-due").count() - told == officer, left


def test_a_reminder_missed_while_the_machine_was_off_is_made_up(cast: Cast) -> None:
    hazard = curing(cast)
    assert hazard.deadline is not None
    remind_deadlines(hazard.deadline - timedelta(days=2))
    assert "还有 2 天" in Notice.objects.get(user=cast.manager, key__startswith="hazard-due").title


def test_the_counters_equal_the_facts_after_every_turn_of_life(cast: Cast) -> None:
    swap()
    void = found(cast, grade="major", criterion="粉尘")
    actions.void_hazard(void, by=cast.grid, words="错了")
    failed = cured(cast)
    actions.fail_hazard(failed, by=cast.grid, words="不行")
    make_late(failed, 9)
    major = cured(cast, grade="major")
    actions.pass_hazard(major, by=cast.grid)
    actions.close_hazard(major, by=cast.town, words="看过")
    again = cured(cast)
    actions.pass_hazard(again, by=cast.grid)
    actions.reopen_hazard(again, by=cast.grid, words="又来了")
    regraded = curing(cast)
    actions.regrade_hazard(regraded, by=cast.grid, words="第四条")
    own = cured(cast, source="self")
    actions.self_close_hazard(own, by=cast.boss, words="好")
    escalate_overdue()
    fold_all()
    assert {key: value for key, value in drift().items() if "hazard" in key[0] or "recheck" in key[0]} == {}
    sums = dict(Rollup.objects.filter(region_code="410105", industry="").values_list("measure", "amount"))
    assert (sums["hazards_found"], sums["hazards_major"], sums["hazards_closed"]) == (5, 2, 2)
    assert (sums["hazards_open"], sums["hazards_open_major"]) == (3, 1)
    assert (sums["hazards_overdue"], sums["rechecks_passed"], sums["rechecks_failed"]) == (1, 2, 1)
