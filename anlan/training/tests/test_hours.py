"""Hours: every one explained, to those who may see them; the learner's list, home and dues."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anlan.accounts.models import User
from anlan.enterprises.models import Worker
from anlan.operations.demo.cast import Cast
from anlan.training.due import due_for
from anlan.training.learner import learning_card, my_classes, year_hours
from anlan.training.models import HourEntry, LearningSession, Lesson, LessonProgress
from anlan.training.player import length_of
from anlan.training.tests.learners import MINUTE, lay_class, lay_course

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
HOUR = 60 * MINUTE


def enter(
    cast: Cast, person: User, lesson: Lesson, minutes: int, *, day: date | None = None, firm: int | None = None
) -> HourEntry:
    day = day or timezone.localdate()
    at = timezone.make_aware(timezone.datetime(day.year, day.month, day.day, 19, 30))
    session = LearningSession.objects.create(user=person, lesson=lesson, started_at=at, counted_until=at)
    return HourEntry.objects.create(
        user=person, lesson=lesson, session=session, enterprise_id=firm or cast.forge.pk, region_code="410105018G07", day=day,
        from_at=at, to_at=at + timedelta(minutes=minutes), covered_ms=minutes * MINUTE, credited_ms=minutes * MINUTE,
    )  # fmt: skip


def job(person: User) -> Worker:
    return Worker.objects.get(user=person)


def test_my_hours_say_what_when_and_under_which_rule(cast: Cast, sign_in: SignIn) -> None:
    lesson = lay_course(cast).lessons.get(position=1)
    enter(cast, cast.worker, lesson, 19 * 60 + 30)
    text = sign_in(cast.worker).get("/hours/").content.decode()
    for words in (
        "年还差 4.5 学时",
        "三次检测",
        "19:30",
        "自学",
        "24 学时",
        "本省政策",
        "20 学时",
        "第十三条",
        "二手来源，待核对",
    ):
        assert words in text


def test_who_has_enough_is_told_so_and_last_year_is_another_page(cast: Cast, sign_in: SignIn) -> None:
    lesson = lay_course(cast).lessons.get(position=1)
    last = timezone.localdate().year - 1
    enter(cast, cast.worker, lesson, 24 * 60)
    enter(cast, cast.worker, lesson, 30, day=date(last, 12, 31))
    client = sign_in(cast.worker)
    assert "年学时够了" in client.get("/hours/").content.decode()
    page = client.get(f"/hours/?year={last}")
    assert [row.credited_ms for row in page.context["page"]] == [30 * MINUTE]
    assert client.get("/hours/?year=x&page=99").status_code == 200


def test_managers_and_regulators_of_the_place_see_a_workers_hours_and_outsiders_do_not(
    cast: Cast, sign_in: SignIn
) -> None:
    lesson = lay_course(cast).lessons.get(position=1)
    enter(cast, cast.worker, lesson, 30)
    enter(cast, cast.worker, lesson, 45, firm=cast.bakery.pk)  # earned for another employer: not this firm's business
    for path in (f"/hours/{job(cast.worker).pk}/", f"/hours/{job(cast.worker).pk}/print/"):
        for person in (cast.manager, cast.boss, cast.county, cast.grid, cast.province):
            page = sign_in(person).get(path)
            assert page.status_code == 200
            assert [row.credited_ms for row in page.context["rows"]] == [30 * MINUTE]
        for person in (
            cast.other_boss,
            cast.other_county,
            cast.other_city,
            cast.other_worker,
            cast.worker,
            cast.teacher,
            cast.auditor,
            cast.operator,
        ):
            assert sign_in(person).get(path).status_code == 404
        assert sign_in(cast.manager).post(path).status_code == 405
        assert Client().get(path).status_code == 302


def test_the_training_file_has_time_content_who_and_results_but_no_full_id_number(cast: Cast, sign_in: SignIn) -> None:
    course = lay_course(cast)
    enter(cast, cast.worker, course.lessons.get(position=1), 30)
    lay_class(cast, course, year=timezone.localdate().year)
    text = sign_in(cast.manager).get(f"/hours/{job(cast.worker).pk}/print/").content.decode()
    for words in (
        "安全生产教育和培训档案",
        "李国强",
        "罐区作业：三次检测",
        "年度再培训",
        "没开始",
        "第二十八条",
        cast.worker.id_masked,
    ):
        assert words in text
    assert cast.worker.id_number not in text


def test_hours_take_as_many_queries_for_20_rows_as_for_2(cast: Cast, sign_in: SignIn) -> None:
    lesson = lay_course(cast).lessons.get(position=1)
    client, counts = sign_in(cast.worker), []
    for wanted in (2, 20):
        for _n in range(HourEntry.objects.count(), wanted):
            enter(cast, cast.worker, lesson, 15)
        with CaptureQueriesContext(connection) as caught:
            assert len(client.get("/hours/").context["page"]) == wanted
        counts.append(len(caught))
    assert counts[0] == counts[1] <= 15


def test_who_hired_this_year_owes_the_initial_hours(cast: Cast) -> None:
    Worker.objects.filter(user=cast.worker).update(hired_on=timezone.localdate())
    hours = year_hours(cast.worker)
    assert hours.choice is not None
    assert (hours.choice.rule.need, hours.needed_ms) == ("initial", 72 * HOUR)


def test_without_an_employer_hours_are_kept_and_nothing_is_asked(cast: Cast, sign_in: SignIn) -> None:
    Worker.objects.filter(user=cast.worker).update(left_on=timezone.localdate())
    enter(cast, cast.worker, lay_course(cast).lessons.get(position=1), 30)
    assert year_hours(cast.worker).needed_ms == 0
    assert "您还没有单位" in sign_in(cast.worker).get("/hours/").content.decode()


# ---- my classes, home, due


def test_my_classes_show_where_to_go_on(cast: Cast, sign_in: SignIn) -> None:
    course = lay_course(cast)
    year = timezone.localdate().year
    enrolment = lay_class(cast, course, year=year)
    first, second = course.lessons.order_by("position")[:2]
    LessonProgress.objects.create(
        user=cast.worker, lesson=first, year=year, covered_ms=600_000, completed_at=timezone.now()
    )
    LessonProgress.objects.create(user=cast.worker, lesson=second, year=year, covered_ms=120_000, position_ms=120_000)
    page = sign_in(cast.worker).get("/learn/")
    text = page.content.decode()
    for words in (
        "有 1 个班要学",
        "学完 1 讲，共 3 讲",
        "第 2 讲",
        "2:00 / 4:00",
        "接着学",
        f"/learn/{second.pk}/?class={enrolment.training_class_id}",
    ):
        assert words in text
    card = learning_card(my_classes(cast.worker), year_hours(cast.worker))
    assert (
        card["next"].next.pk == second.pk and card["next"].next_course == "罐区作业" and card["next"].next_number == 2
    )
    assert "没有要学的班" in sign_in(cast.other_worker).get("/learn/").content.decode()


def test_my_classes_take_as_many_queries_for_20_as_for_2(cast: Cast, sign_in: SignIn) -> None:
    client, counts, made = sign_in(cast.worker), [], 0
    for wanted in (2, 20):
        while made < wanted:
            lay_class(cast, lay_course(cast, slug=f"c{made}"), year=timezone.localdate().year)
            made += 1
        with CaptureQueriesContext(connection) as caught:
            assert len(client.get("/learn/").context["going"]) == wanted
        counts.append(len(caught))
    assert counts[0] == counts[1] <= 15


def test_due_lists_classes_by_deadline_and_the_years_hours_of_learners(cast: Cast) -> None:
    enrolment = lay_class(cast, lay_course(cast), year=timezone.localdate().year)
    due = due_for(cast.worker)
    assert [d.title for d in due] == [enrolment.training_class.title, "今年还差 24.0 学时"]
    assert due[0].at == enrolment.training_class.deadline and due[0].count == 3
    assert due[0].url.endswith(f"?class={enrolment.training_class_id}")
    assert due_for(cast.teacher) == []
    enrolment.state = "learnt"
    enrolment.save()
    assert [d.title for d in due_for(cast.worker)] == ["今年还差 24.0 学时"]


def test_the_demo_lays_the_same_year_twice_and_its_sums_agree(cast: Cast) -> None:
    from anlan.operations.demo.learning import lay_learning

    lay_class(cast, lay_course(cast), year=timezone.localdate().year)
    lay_learning(cast)
    before = (HourEntry.objects.count(), year_hours(cast.worker).earned_ms)
    lay_learning(cast)
    assert (HourEntry.objects.count(), year_hours(cast.worker).earned_ms) == before
    assert before[1] <= 19.5 * HOUR
    for progress in LessonProgress.objects.select_related("lesson"):
        assert progress.credited_ms <= progress.covered_ms <= length_of(progress.lesson)
    assert sum(HourEntry.objects.values_list("credited_ms", flat=True)) == sum(
        LessonProgress.objects.values_list("credited_ms", flat=True)
    )
