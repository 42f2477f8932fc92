"""Starting, answering, handing in, sweeping: nothing is lost, nothing counts twice."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anlan.accounts.models import User
from anlan.audit.models import Record
from anlan.exams.actions.exams import cancel_exam, prepare_sittings
from anlan.exams.actions.sittings import (
    GRACE,
    answer_token,
    extend_sitting,
    parse_items,
    received,
    start_sitting,
    submit_sitting,
    warn_sitting,
)
from anlan.exams.models import Answer, Exam, Sitting, SittingEvent
from anlan.exams.tasks import sweep
from anlan.exams.tests.conftest import arrive, right_answers
from anlan.lib.crypto import read
from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.tallies.models import Delta
from anlan.training.models import Enrolment


def measures() -> dict[str, int]:
    return {row.measure: row.amount for row in Delta.objects.filter(measure__in=["sittings", "passed", "failed"])}


def test_starting_twice_is_one_sitting(cast: Cast, final: Exam) -> None:
    first = start_sitting(final, by=cast.worker)
    again = start_sitting(final, by=cast.worker)
    assert first.pk == again.pk
    assert Sitting.objects.filter(exam=final, user=cast.worker).count() == 1
    assert first.enterprise_id == cast.forge.pk


def test_a_prepared_sitting_keeps_its_seed_when_it_starts(cast: Cast, final: Exam) -> None:
    assert prepare_sittings(final) == 1
    assert prepare_sittings(final) == 0
    seed = Sitting.objects.get(exam=final).seed
    assert start_sitting(final, by=cast.worker).seed == seed
    assert Sitting.objects.filter(exam=final).count() == 1


def test_time_ends_with_the_minutes_or_with_the_window_whichever_is_first(
    cast: Cast, open_for: Callable[..., Exam]
) -> None:
    whole = start_sitting(open_for(), by=cast.worker)
    assert whole.ends_at is not None and whole.started_at is not None
    assert whole.ends_at - whole.started_at == timedelta(minutes=30)
    late = open_for(title="快截止的", opens_at=timezone.now() - timedelta(hours=3))
    Exam.objects.filter(pk=late.pk).update(closes_at=timezone.now() + timedelta(minutes=5))
    late.refresh_from_db()
    assert start_sitting(late, by=cast.worker).ends_at == late.closes_at


@pytest.mark.parametrize("who", ["other_worker", "manager", "teacher", "county"])
def test_who_is_not_in_the_class_cannot_start(cast: Cast, final: Exam, who: str) -> None:
    with pytest.raises(Refused) as refused:
        start_sitting(final, by=getattr(cast, who))
    assert refused.value.code == "cannot_start"


def test_who_has_not_learnt_cannot_sit_the_final_but_can_sit_the_pre_test(
    cast: Cast, open_for: Callable[..., Exam]
) -> None:
    Enrolment.objects.filter(user=cast.worker).update(state=Enrolment.State.LEARNING)
    with pytest.raises(Refused):
        start_sitting(open_for(), by=cast.worker)
    assert start_sitting(open_for(kind="pre"), by=cast.worker).state == "running"


def test_attempts_run_out_and_a_passed_exam_is_not_sat_again(cast: Cast, open_for: Callable[..., Exam]) -> None:
    exam = open_for(attempts=2)
    for _ in range(2):
        submit_sitting(start_sitting(exam, by=cast.worker), by=cast.worker)
    with pytest.raises(Refused):
        start_sitting(exam, by=cast.worker)
    other = open_for(title="另一场")
    sitting = start_sitting(other, by=cast.worker)
    arrive(sitting, right_answers(sitting))
    assert submit_sitting(sitting, by=cast.worker).passed
    with pytest.raises(Refused):
        start_sitting(other, by=cast.worker)


def test_a_cancelled_exam_cannot_be_started_and_running_sittings_finish(cast: Cast, final: Exam) -> None:
    running = start_sitting(final, by=cast.worker)
    cancel_exam(final, by=cast.manager)
    cancel_exam(final, by=cast.manager)
    assert Record.objects.filter(verb="cancel_exam").count() == 1
    assert submit_sitting(running, by=cast.worker).state == "scored"
    final.refresh_from_db()
    with pytest.raises(Refused):
        start_sitting(final, by=cast.worker)


def test_right_answers_score_full_marks_pass_the_class_and_are_counted_once(cast: Cast, final: Exam) -> None:
    sitting = start_sitting(final, by=cast.worker)
    arrive(sitting, right_answers(sitting))
    done = submit_sitting(sitting, by=cast.worker)
    assert (done.score, done.full_score, done.passed) == (26, 26, True)
    again = submit_sitting(sitting, by=cast.worker)
    assert again.submitted_at == Sitting.objects.get(pk=sitting.pk).submitted_at
    assert measures() == {"sittings": 1, "passed": 1}
    assert Delta.objects.filter(measure="sittings").count() == 1
    enrolment = Enrolment.objects.get(user=cast.worker)
    assert enrolment.state == "passed"
    assert enrolment.passed_at is not None


def test_a_class_with_two_finals_is_passed_with_the_second(cast: Cast, open_for: Callable[..., Exam]) -> None:
    for at, exam in enumerate([open_for(title="理论"), open_for(title="案例")]):
        sitting = start_sitting(exam, by=cast.worker)
        arrive(sitting, right_answers(sitting))
        submit_sitting(sitting, by=cast.worker)
        assert (Enrolment.objects.get(user=cast.worker).state == "passed") is bool(at)


def test_pre_and_mock_tests_are_not_counted_and_pass_nothing(
    cast: Cast, open_for: Callable[..., Exam], mock: Exam
) -> None:
    for exam in (open_for(kind="pre"), mock):
        sitting = start_sitting(exam, by=cast.worker)
        arrive(sitting, right_answers(sitting))
        assert submit_sitting(sitting, by=cast.worker).passed
    assert measures() == {}
    assert Enrolment.objects.get(user=cast.worker).state == "learnt"


def test_a_late_retry_of_an_older_answer_changes_nothing(cast: Cast, final: Exam) -> None:
    sitting = start_sitting(final, by=cast.worker)
    right = right_answers(sitting)
    arrive(sitting, {1: right[1]}, seq=50)
    arrive(sitting, {1: [9]}, seq=20)
    assert received([sitting.pk])[sitting.pk][1] == (50, right[1])
    done = submit_sitting(sitting, by=cast.worker)
    assert done.result["questions"][0]["error"] == ""


def test_answers_carried_with_the_paper_are_kept_and_merged_by_seq(cast: Cast, final: Exam) -> None:
    sitting = start_sitting(final, by=cast.worker)
    right = right_answers(sitting)
    arrive(sitting, {1: right[1], 2: [9]}, seq=10)
    carried = [
        {"client_id": str(uuid.uuid4()), "seq": 11, "number": number, "value": value}
        for number, value in right.items()
        if number > 1
    ]
    stale = {"client_id": str(uuid.uuid4()), "seq": 3, "number": 1, "value": [9]}
    items = parse_items(json.dumps([*carried, stale, {"number": "x"}, None, 5]))
    done = submit_sitting(sitting, items, by=cast.worker)
    assert done.score == 26
    assert submit_sitting(sitting, items, by=cast.worker).score == 26
    assert Answer.objects.filter(sitting_id=sitting.pk).count() == 2 + len(carried) + 1


def test_what_is_carried_within_the_grace_counts_and_after_it_does_not(
    cast: Cast, open_for: Callable[..., Exam]
) -> None:
    for over, score in ((GRACE - timedelta(seconds=20), 26), (GRACE + timedelta(seconds=20), 0)):
        sitting = start_sitting(open_for(title=str(over)), by=cast.worker)
        Sitting.objects.filter(pk=sitting.pk).update(ends_at=timezone.now() - over)
        items = parse_items(
            json.dumps(
                [
                    {"client_id": str(uuid.uuid4()), "seq": 1, "number": n, "value": v}
                    for n, v in right_answers(sitting).items()
                ]
            )
        )
        assert submit_sitting(sitting, items, by=cast.worker).score == score
        Enrolment.objects.filter(user=cast.worker).update(state="learnt")


def test_the_sweep_closes_what_is_overdue_with_everything_that_arrived(cast: Cast, final: Exam) -> None:
    sitting = start_sitting(final, by=cast.worker)
    arrive(sitting, right_answers(sitting))
    assert sweep() == 0
    Sitting.objects.filter(pk=sitting.pk).update(ends_at=timezone.now() - GRACE + timedelta(seconds=5))
    assert sweep() == 0
    ended = timezone.now() - GRACE - timedelta(seconds=5)
    Sitting.objects.filter(pk=sitting.pk).update(ends_at=ended)
    assert sweep() == 1
    assert sweep() == 0
    sitting.refresh_from_db()
    assert (sitting.state, sitting.closed_by_sweep, sitting.score) == ("scored", True, 26)
    assert sitting.submitted_at == ended
    assert Notice.objects.filter(user=cast.worker, key__startswith=f"exam-closed:{final.pk}:").exists()


def test_the_sweep_needs_no_more_queries_for_twenty_sittings_than_for_two(cast: Cast, mock: Exam) -> None:
    counts = []
    for size in (1, 2, 20):  # the first fills the stock
        for n in range(size):
            person = User.objects.create_user(name=f"人{size}-{n}")
            arrive(start_sitting(mock, by=person), {1: [0]})
        Sitting.objects.filter(state="running").update(ends_at=timezone.now() - timedelta(hours=1))
        with CaptureQueriesContext(connection) as queries:
            assert sweep() == size
        counts.append(len(queries))
    assert counts[1] == counts[2]


def test_the_token_names_sitting_person_and_questions_and_lives_through_the_grace(cast: Cast, final: Exam) -> None:
    sitting = start_sitting(final, by=cast.worker)
    assert sitting.ends_at is not None
    token = answer_token(sitting)
    last = sitting.ends_at + GRACE - timedelta(seconds=1)
    assert read(token, purpose="answer", now=last) == {"s": sitting.pk, "u": cast.worker.pk, "n": 10}
    with pytest.raises(ValueError):
        read(token, purpose="answer", now=sitting.ends_at + GRACE)


def test_the_invigilator_extends_warns_and_ends_and_every_step_is_recorded(cast: Cast, final: Exam) -> None:
    sitting = start_sitting(final, by=cast.worker)
    arrive(sitting, right_answers(sitting))
    before = sitting.ends_at
    assert before is not None
    assert extend_sitting(sitting, 10, "停电", by=cast.teacher) == before + timedelta(minutes=10)
    warn_sitting(sitting, "请不要切换窗口", by=cast.manager)
    done = submit_sitting(sitting, by=cast.manager)
    assert (done.state, done.score) == ("scored", 26)
    assert list(SittingEvent.objects.filter(sitting=sitting).values_list("kind", "by_name")) == [
        ("started", ""), ("extended", "何立新"), ("warned", "周敏"), ("ended", "周敏"),
    ]  # fmt: skip
    assert set(Record.objects.filter(verb__endswith="_sitting").values_list("verb", flat=True)) == {
        "extend_sitting",
        "warn_sitting",
        "end_sitting",
    }
    with pytest.raises(Refused):
        extend_sitting(sitting, 10, "太晚了", by=cast.teacher)


@pytest.mark.parametrize("who", ["worker", "other_boss", "county", "operator"])
def test_who_does_not_invigilate_can_do_none_of_it(cast: Cast, final: Exam, who: str) -> None:
    sitting = start_sitting(final, by=cast.worker)
    person = getattr(cast, who)
    for act in (lambda: extend_sitting(sitting, 5, "x", by=person), lambda: warn_sitting(sitting, "x", by=person)):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.status == 403
    if who != "worker":
        with pytest.raises(Refused):
            submit_sitting(sitting, by=person)
