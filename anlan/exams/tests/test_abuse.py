"""What a dishonest candidate might try."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from anlan.accounts.models import User
from anlan.audit.models import Record
from anlan.exams.actions import sittings
from anlan.exams.actions.appeals import answer_appeal, make_appeal
from anlan.exams.actions.sittings import close_overdue, extend_sitting, parse_items, start_sitting, submit_sitting
from anlan.exams.models import Exam, Sitting
from anlan.exams.stock import as_written, stock_of
from anlan.exams.tests.conftest import arrive
from anlan.lib.errors import Refused
from anlan.operations.demo.cast import Cast
from anlan.training.models import Enrolment, TrainingClass

SignIn = Callable[[User], Client]
SECRETS = ("秘密理由", "秘密空", "r-why")


def shows_keys(page: str) -> bool:
    return any(secret in page for secret in SECRETS)


def test_a_mock_exam_tells_no_answers_while_the_real_one_runs(
    cast: Cast, final: Exam, mock: Exam, sign_in: SignIn
) -> None:
    """Both draw from one bank: in a second tab a mock paper, handed in empty, would give the answers."""
    client = sign_in(cast.worker)
    practice = submit_sitting(start_sitting(mock, by=cast.worker), by=cast.worker)
    url = f"/sittings/{practice.uid}/result/"
    assert shows_keys(client.get(url).content.decode())
    real = start_sitting(final, by=cast.worker)
    assert not shows_keys(client.get(url).content.decode())
    submit_sitting(real, by=cast.worker)
    assert shows_keys(client.get(url).content.decode())


def test_a_manager_who_is_to_sit_the_exam_sees_no_answers_of_others_before(
    cast: Cast, training_class: TrainingClass, final: Exam, sign_in: SignIn
) -> None:
    Enrolment.objects.create(
        training_class=training_class, user=cast.manager, enterprise_id=cast.forge.pk, state="learnt"
    )
    other = submit_sitting(start_sitting(final, by=cast.worker), by=cast.worker)
    client, url = sign_in(cast.manager), f"/sittings/{other.uid}/result/"
    assert not shows_keys(client.get(url).content.decode())
    assert shows_keys(sign_in(cast.boss).get(url).content.decode())
    submit_sitting(start_sitting(final, by=cast.manager), by=cast.manager)
    assert shows_keys(client.get(url).content.decode())


def test_nobody_gives_time_to_themselves_or_answers_their_own_appeal(
    cast: Cast, training_class: TrainingClass, final: Exam
) -> None:
    Enrolment.objects.create(
        training_class=training_class, user=cast.manager, enterprise_id=cast.forge.pk, state="learnt"
    )
    own = start_sitting(final, by=cast.manager)
    with pytest.raises(Refused) as refused:
        extend_sitting(own, 60, "再来一小时", by=cast.manager)
    assert refused.value.status == 403
    appeal = make_appeal(submit_sitting(own, by=cast.manager), "应该给分", number=None, by=cast.manager)
    with pytest.raises(Refused):
        answer_appeal(appeal, "同意", by=cast.manager)


def test_a_start_that_was_slow_does_not_exceed_the_attempts(
    cast: Cast, open_for: Callable[..., Exam], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the write of one request, another starts and hands in the last attempt."""
    exam, real, raced = open_for(attempts=1), sittings.standing, []

    def slow(exam: Exam, user: User) -> Any:
        found = real(exam, user)
        if not raced:
            raced.append(True)
            submit_sitting(start_sitting(exam, by=user), by=user)
        return found

    monkeypatch.setattr(sittings, "standing", slow)
    with pytest.raises(Refused):
        start_sitting(exam, by=cast.worker)
    assert Sitting.objects.filter(exam=exam, user=cast.worker).count() == 1


def test_an_answer_that_no_database_takes_does_not_stop_the_sweep(cast: Cast, final: Exam) -> None:
    """PostgreSQL refuses NUL and halves of characters in JSON: one such answer would stop the closing of everybody's."""
    sitting = start_sitting(final, by=cast.worker)
    stock = stock_of(final.blueprint)
    hostile = {item.number: ["\x00\x01甲\ud800", {"a": [float("nan")]}] for item in stock.paper(sitting.seed).items}
    written = as_written(stock, stock.paper(sitting.seed), hostile)
    text = json.dumps(written)
    assert "\\u0000" not in text and "\\ud800" not in text and "NaN" not in text
    arrive(sitting, {number: ["\x00甲", "x"] for number in hostile})
    Sitting.objects.filter(pk=sitting.pk).update(ends_at=timezone.now() - timedelta(minutes=5))
    assert close_overdue() == 1
    sitting.refresh_from_db()
    assert sitting.state == Sitting.State.SCORED


@pytest.mark.parametrize(
    "item",
    [
        {"client_id": "a", "seq": 2**63, "number": 1, "value": [0]},
        {"client_id": "a", "seq": -1, "number": 1, "value": [0]},
        {"client_id": "\x00", "seq": 1, "number": 1, "value": [0]},
        {"client_id": "", "seq": 1, "number": 1, "value": [0]},
        {"client_id": "a", "seq": True, "number": 1, "value": [0]},
    ],
)
def test_carried_answers_that_cannot_be_stored_are_left_out(item: dict[str, Any]) -> None:
    good = {"client_id": "b", "seq": 2, "number": 2, "value": [1]}
    assert parse_items(json.dumps([item, good])) == [good]
    assert parse_items("[" * 100_000) == []


def test_taking_results_or_keys_away_is_recorded(cast: Cast, final: Exam, sign_in: SignIn) -> None:
    assert sign_in(cast.manager).get(f"/exams/{final.pk}/export/").status_code == 200
    assert sign_in(cast.teacher).get("/bank/export/").status_code == 200
    assert set(Record.objects.filter(verb__startswith="export_").values_list("verb", "actor_id")) == {
        ("export_exam", cast.manager.pk), ("export_bank", cast.teacher.pk),
    }  # fmt: skip
