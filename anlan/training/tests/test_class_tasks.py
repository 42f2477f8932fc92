"""Reminders before and after the deadline, and what managers have to do."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.training.due_managers import due_for_manager
from anlan.training.models import Enrolment, TrainingClass
from anlan.training.tasks.classes import is_reminder_day, remind_due
from anlan.training.tests.making import hire, make_class

TEN = timezone.localtime().replace(hour=10, minute=0, second=0, microsecond=0)


def ends_in(one: TrainingClass, days: int) -> None:
    TrainingClass.objects.filter(pk=one.pk).update(deadline=TEN.replace(hour=23, minute=59) + timedelta(days=days))


@pytest.mark.parametrize("days", [14, 7, 3, 1, 0, -7, -14])
def test_people_are_reminded_on_the_day(cast: Cast, days: int) -> None:
    one = make_class(cast)
    ends_in(one, days)
    assert remind_due(TEN) == 3
    assert Notice.objects.filter(kind="class-deadline").count() == 3


@pytest.mark.parametrize("days", [30, 15, 13, 2, -1, -6, -8])
def test_other_days_are_quiet(cast: Cast, days: int) -> None:
    ends_in(make_class(cast), days)
    assert remind_due(TEN) == 0
    assert not Notice.objects.filter(kind__in=["class-deadline", "class-digest"]).exists()
    assert not is_reminder_day(days)


def test_a_second_run_and_a_later_hour_repeat_nothing(cast: Cast) -> None:
    ends_in(make_class(cast), 3)
    assert remind_due(TEN) == 3
    assert remind_due(TEN) == remind_due(TEN + timedelta(hours=3)) == 0
    assert Notice.objects.filter(kind="class-deadline").count() == 3
    assert Notice.objects.filter(kind="class-digest").count() == 2


def test_nobody_is_woken_at_night(cast: Cast) -> None:
    ends_in(make_class(cast), 3)
    assert remind_due(TEN.replace(hour=3)) == 0


def test_who_has_learnt_or_left_is_not_reminded(cast: Cast) -> None:
    ends_in(make_class(cast), 3)
    Enrolment.objects.filter(user=cast.worker).update(state="learnt")
    Enrolment.objects.filter(user=cast.boss).update(state="withdrawn")
    assert remind_due(TEN) == 1
    assert set(Notice.objects.filter(kind="class-deadline").values_list("user__name", flat=True)) == {"周敏"}


def test_closed_classes_are_quiet(cast: Cast) -> None:
    one = make_class(cast)
    ends_in(one, 3)
    TrainingClass.objects.filter(pk=one.pk).update(state="closed")
    assert remind_due(TEN) == 0


def test_managers_get_one_digest_per_class(cast: Cast) -> None:
    hire(cast.enterprise("forge"), 20)
    one = make_class(cast, title="甲班")
    ends_in(one, 1)
    remind_due(TEN)
    digest = Notice.objects.get(user=cast.manager, kind="class-digest")
    assert digest.title == "甲班：还有 23 人没学完"
    assert digest.url == f"/classes/{one.pk}/?state=lagging"
    assert not Notice.objects.filter(user=cast.worker, kind="class-digest").exists()


def test_more_classes_do_not_mean_more_statements(cast: Cast) -> None:
    ends_in(make_class(cast), 3)
    with CaptureQueriesContext(connection) as one:
        remind_due(TEN)
    for _n in range(5):
        ends_in(make_class(cast), 3)
    with CaptureQueriesContext(connection) as six:
        remind_due(TEN + timedelta(days=0, hours=1))
    assert len(six) == len(one)


# --- what is due ----------------------------------------------------------------------------------


def test_a_manager_is_told_of_laggards_and_of_people_without_a_class(cast: Cast) -> None:
    one = make_class(cast, title="甲班")
    ends_in(one, 2)
    hire(cast.enterprise("forge"), 1, hired_on=timezone.localdate())
    hire(cast.enterprise("forge"), 2)
    due = due_for_manager(cast.manager)
    assert [str(d.title) for d in due] == [
        "甲班：3 人没学完", "1 名今年新来的人还没安排上岗培训", "2 人今年学时没满，也没有班",
    ]  # fmt: skip
    assert due[0].url == f"/classes/{one.pk}/?state=lagging" and due[0].at is not None
    assert str(due[0].action) == "去催 3 人"


def test_only_managers_of_a_firm_have_that_to_do(cast: Cast) -> None:
    ends_in(make_class(cast), 2)
    for who in ("worker", "county", "other_worker", "operator", "teacher"):
        assert due_for_manager(getattr(cast, who)) == []
    assert all("年度再培训" not in str(d.title) for d in due_for_manager(cast.other_boss))


def test_what_is_due_costs_the_same_for_many_classes(cast: Cast) -> None:
    ends_in(make_class(cast), 2)
    cast.manager.post  # noqa: B018  # read once per request
    with CaptureQueriesContext(connection) as one:
        due_for_manager(cast.manager)
    for _n in range(4):
        ends_in(make_class(cast), 2)
    with CaptureQueriesContext(connection) as five:
        due_for_manager(cast.manager)
    assert len(one) == len(five) <= 6
