"""What folding passes on: enrolments, tallies, one year's progress, and completion."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from anlan.audit.models import Record
from anlan.operations.demo.cast import Cast
from anlan.tallies.models import Delta
from anlan.training.actions.folding import fold_beats
from anlan.training.actions.learning import answer_prompt, start_session
from anlan.training.models import Beat, Enrolment, HourEntry, LearningSession, Lesson, LessonProgress
from anlan.training.tests.learners import MINUTE, NOON, lay_class, lay_course

pytestmark = pytest.mark.django_db


def watch(
    cast: Cast, lesson: Lesson, enrolment: Enrolment | None, *, at: object = NOON, until: int | None = None
) -> LearningSession:
    """Beats as the receiver would store them, for a whole lesson."""
    session = start_session(lesson, by=cast.worker, enrolment=enrolment, now=at)  # type: ignore[arg-type]
    for n, start in enumerate(range(0, until or lesson.duration_ms or MINUTE, 15_000)):
        Beat.objects.create(
            session_id=session.pk,
            seq=n,
            spans=f"[{start},{start + 15_000}]",
            received_at=session.started_at + timedelta(seconds=15 * (n + 1)),
        )
    return session


def learn_all(cast: Cast, enrolment: Enrolment) -> None:
    lessons = list(Lesson.objects.filter(course__classes=enrolment.training_class_id))
    answer_prompt(lessons[0].prompts.get(), by=cast.worker, choice=0, enrolment=enrolment)
    for n, lesson in enumerate(lessons):
        watch(cast, lesson, enrolment, at=NOON + timedelta(minutes=20 * n))
        fold_beats()


def test_a_class_goes_from_assigned_to_learning_to_learnt(cast: Cast) -> None:
    enrolment = lay_class(cast, lay_course(cast))
    lessons = list(enrolment.training_class.courses.get().lessons.all())
    answer_prompt(lessons[0].prompts.get(), by=cast.worker, choice=0, enrolment=enrolment)
    states = []
    for n, lesson in enumerate(lessons):
        watch(cast, lesson, enrolment, at=NOON + timedelta(minutes=20 * n))
        fold_beats()
        enrolment.refresh_from_db()
        states.append((enrolment.state, enrolment.lessons_done, enrolment.credited_ms // MINUTE))
    assert states == [("learning", 1, 10), ("learning", 2, 14), ("learnt", 3, 15)]
    assert enrolment.learnt_at == NOON + timedelta(minutes=41)
    assert enrolment.last_seen_at == enrolment.learnt_at
    assert Record.objects.filter(verb="complete_class").count() == 1


def test_hours_and_learnt_are_tallied_once_for_the_employer(cast: Cast) -> None:
    learn_all(cast, lay_class(cast, lay_course(cast)))
    assert fold_beats() == 0
    rows = Delta.objects.filter(subject_kind="enterprise", subject_id=cast.forge.pk)
    assert sum(rows.filter(measure="hours_ms").values_list("amount", flat=True)) == 15 * MINUTE
    assert list(rows.filter(measure="learnt").values_list("amount", "region_code", "industry")) == [
        (1, "410105018G07", "C33")
    ]


def test_progress_ledger_session_and_enrolment_agree(cast: Cast) -> None:
    enrolment = lay_class(cast, lay_course(cast))
    learn_all(cast, enrolment)
    enrolment.refresh_from_db()
    sums = [
        sum(LearningSession.objects.values_list("credited_ms", flat=True)),
        sum(LessonProgress.objects.values_list("credited_ms", flat=True)),
        sum(HourEntry.objects.values_list("credited_ms", flat=True)),
        enrolment.credited_ms,
    ]
    assert sums == [15 * MINUTE] * 4
    assert set(HourEntry.objects.values_list("training_class_id", "enterprise_id")) == {
        (enrolment.training_class_id, cast.forge.pk)
    }
    assert not Beat.objects.exists()


def test_a_lesson_learnt_before_the_class_counts_for_it_and_is_not_earned_twice(cast: Cast) -> None:
    course = lay_course(cast)
    film = course.lessons.get(position=2)
    watch(cast, film, None, at=NOON)
    LearningSession.objects.update(year=2026)
    fold_beats()
    enrolment = lay_class(cast, course)
    start_session(film, by=cast.worker, enrolment=enrolment, now=NOON + timedelta(hours=1))
    enrolment.refresh_from_db()
    assert (enrolment.lessons_done, enrolment.state) == (1, "learning")
    assert enrolment.credited_ms == 4 * MINUTE


def test_next_year_the_same_lesson_is_learnt_and_earned_anew(cast: Cast) -> None:
    course = lay_course(cast)
    film = course.lessons.get(position=2)
    watch(cast, film, lay_class(cast, course, year=2026), at=NOON)
    fold_beats()
    following = lay_class(cast, course, year=2027)
    watch(cast, film, following, at=NOON + timedelta(days=365))
    fold_beats()
    assert sorted(LessonProgress.objects.values_list("year", "credited_ms")) == [(2026, 4 * MINUTE), (2027, 4 * MINUTE)]
    following.refresh_from_db()
    assert following.lessons_done == 1


def test_hours_asked_by_a_class_hold_it_back_until_they_are_earned(cast: Cast) -> None:
    """Seen at 1.5× outside the class, the media is covered but two thirds of the time earned: the class is not learnt."""
    course = lay_course(cast)
    enrolment = lay_class(cast, course, hours=1)
    for lesson in course.lessons.all():
        length = lesson.duration_ms or MINUTE
        LessonProgress.objects.create(
            user=cast.worker,
            lesson=lesson,
            year=2026,
            covered_ms=length,
            credited_ms=length * 2 // 3,
            completed_at=NOON,
        )
    start_session(course.lessons.get(position=2), by=cast.worker, enrolment=enrolment, now=NOON)
    enrolment.refresh_from_db()
    assert (enrolment.lessons_done, enrolment.state) == (3, "learning")


def test_the_withdrawn_earn_hours_but_not_the_class(cast: Cast) -> None:
    course = lay_course(cast)
    enrolment = lay_class(cast, course)
    Enrolment.objects.update(state="withdrawn")
    watch(cast, course.lessons.get(position=2), None, at=NOON)
    fold_beats()
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.credited_ms) == ("withdrawn", 0)
    assert sum(HourEntry.objects.values_list("credited_ms", flat=True)) == 4 * MINUTE


def test_beats_of_an_unknown_session_or_unreadable_are_dropped(cast: Cast) -> None:
    session = start_session(lay_course(cast).lessons.get(position=2), by=cast.worker, now=NOON)
    now = timezone.now()
    Beat.objects.create(session_id=999_999, seq=1, spans="[0,15000]", received_at=now)
    for n, spans in enumerate(("nonsense", "[5]", '["a","b"]', "{}", "[9,3]")):
        Beat.objects.create(session_id=session.pk, seq=n, spans=spans, received_at=now)
    assert fold_beats() == 6
    assert not HourEntry.objects.exists()


def test_a_batch_takes_as_many_queries_for_many_people_as_for_few(
    cast: Cast, django_assert_max_num_queries: object
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    course = lay_course(cast)
    lesson = course.lessons.get(position=2)
    counts = []
    for people in ([cast.worker], [cast.worker, cast.manager, cast.boss, cast.other_worker, cast.far_worker]):
        for person in people:
            session = start_session(lesson, by=person, now=NOON)
            Beat.objects.create(
                session_id=session.pk, seq=1, spans="[0,15000]", received_at=NOON + timedelta(seconds=15)
            )
        with CaptureQueriesContext(
            connection,
        ) as caught:
            fold_beats()
        counts.append(len(caught))
        LessonProgress.objects.all().update(covered="[]", covered_ms=0, credited_ms=0)
    assert counts[0] == counts[1] <= 25
