"""Lists of exams, opening, cancelling, watching, exporting; what is due."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anlan.accounts.models import User
from anlan.exams.actions.sittings import start_sitting, submit_sitting
from anlan.exams.due import due_for
from anlan.exams.models import Blueprint, Exam, Sitting
from anlan.exams.tests.conftest import arrive
from anlan.lib.xlsx import read_rows
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.training.models import Enrolment, TrainingClass

SignIn = Callable[[User], Client]


def form(one: TrainingClass, paper: Blueprint, **changes: Any) -> dict[str, Any]:
    now = timezone.localtime()
    facts = {
        "training_class": one.pk, "blueprint": paper.pk, "kind": "final", "title": "", "opens_at": f"{now:%Y-%m-%dT%H:%M}",
        "closes_at": f"{now + timedelta(days=3):%Y-%m-%dT%H:%M}", "minutes": 30, "pass_mark": 80, "attempts": 3, "needs_learnt": "on", "show_key": "on",
    }  # fmt: skip
    return facts | changes


def test_opening_an_exam_tells_the_class(
    cast: Cast, training_class: TrainingClass, blueprint: Blueprint, sign_in: SignIn
) -> None:
    client = sign_in(cast.manager)
    assert client.get(f"/exams/new/?class={training_class.pk}").status_code == 200
    response = client.post("/exams/new/", form(training_class, blueprint))
    exam = Exam.objects.get()
    assert response.headers["Location"] == f"/exams/{exam.pk}/"
    assert (exam.title, exam.region_code, exam.needs_learnt) == ("有限空间考试", cast.forge.region_code, True)
    assert Notice.objects.filter(user=cast.worker, key=f"exam-open:{exam.pk}").count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"closes_at": "2020-01-01T10:00"},
        {"minutes": 0},
        {"pass_mark": 101},
        {"kind": "mock"},
        {"training_class": 0},
        {"minutes": 600, "closes_at": ""},
    ],
)
def test_a_wrong_form_is_refused_and_keeps_what_was_written(
    cast: Cast, training_class: TrainingClass, blueprint: Blueprint, sign_in: SignIn, changes: dict[str, Any]
) -> None:
    response = sign_in(cast.manager).post("/exams/new/", form(training_class, blueprint, title="我写的名称", **changes))
    assert response.status_code == 422
    assert "我写的名称" in response.text
    assert not Exam.objects.exists()


def test_who_does_not_assign_training_cannot_open_one_and_nobody_for_another_firm(
    cast: Cast, training_class: TrainingClass, blueprint: Blueprint, sign_in: SignIn
) -> None:
    for who in ("worker", "teacher", "county", "operator"):
        assert sign_in(getattr(cast, who)).get("/exams/new/").status_code == 403
        assert sign_in(getattr(cast, who)).post("/exams/new/", form(training_class, blueprint)).status_code == 403
    assert sign_in(cast.other_boss).post("/exams/new/", form(training_class, blueprint)).status_code == 422
    assert not Exam.objects.exists()


def test_the_list_shows_each_their_own(cast: Cast, final: Exam, sign_in: SignIn) -> None:
    for who in ("manager", "boss", "teacher", "county", "town", "grid", "city", "province"):
        assert "结业考试" in sign_in(getattr(cast, who)).get("/exams/").text, who
        assert sign_in(getattr(cast, who)).get(f"/exams/{final.pk}/").status_code == 200
    for who in ("other_county", "other_city", "other_boss"):
        assert "十一月复训" not in sign_in(getattr(cast, who)).get("/exams/").text, who
        for tail in ("", "export/", "watch/"):
            assert sign_in(getattr(cast, who)).get(f"/exams/{final.pk}/{tail}").status_code == 404
    worker = sign_in(cast.worker)
    assert worker.get("/exams/").headers["Location"] == "/exams/mine/"
    assert worker.get(f"/exams/{final.pk}/").status_code == 404


def test_the_list_and_the_detail_cost_the_same_for_many(
    cast: Cast, open_for: Callable[..., Exam], training_class: TrainingClass, sign_in: SignIn
) -> None:
    client, counts = sign_in(cast.manager), []
    exam = open_for()
    for size in (2, 18):
        for n in range(size):
            open_for(title=f"第{size}-{n}场")
            person = User.objects.create_user(name=f"工人{size}-{n}")
            Enrolment.objects.create(
                training_class=training_class, user=person, enterprise_id=cast.forge.pk, state="learnt"
            )
            submit_sitting(start_sitting(exam, by=person), by=person)
            arrive(start_sitting(exam, by=person), {1: [0]})
        for path in ("/exams/", f"/exams/{exam.pk}/", f"/exams/{exam.pk}/watch/"):
            client.get(path)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            counts.append(len(queries))
    assert counts[:3] == counts[3:]


def test_cancelling_needs_the_organisation_and_is_told(cast: Cast, final: Exam, sign_in: SignIn) -> None:
    assert sign_in(cast.teacher).post(f"/exams/{final.pk}/cancel/").status_code == 403
    assert sign_in(cast.county).post(f"/exams/{final.pk}/cancel/").status_code == 403
    assert sign_in(cast.other_boss).post(f"/exams/{final.pk}/cancel/").status_code == 404
    assert sign_in(cast.manager).get(f"/exams/{final.pk}/cancel/").status_code == 405
    assert sign_in(cast.manager).post(f"/exams/{final.pk}/cancel/").status_code == 302
    assert Notice.objects.filter(user=cast.worker, key=f"exam-cancelled:{final.pk}").exists()
    assert (
        "结业考试"
        not in sign_in(cast.worker)
        .get("/exams/mine/")
        .text.split("</nav>")[-1]
        .split("<main")[-1]
        .split("现在要做")[-1][:2000]
    )


def test_results_are_exported_with_every_sitting(cast: Cast, final: Exam, sign_in: SignIn) -> None:
    submit_sitting(start_sitting(final, by=cast.worker), by=cast.worker)
    answer = sign_in(cast.manager).get(f"/exams/{final.pk}/export/")
    rows = list(read_rows(io.BytesIO(answer.content), "x.xlsx"))
    assert rows[1][:3] == ["李国强", "没通过", 0]


def test_the_invigilator_sees_who_sits_and_acts_from_the_page(cast: Cast, final: Exam, sign_in: SignIn) -> None:
    sitting = start_sitting(final, by=cast.worker)
    arrive(sitting, {1: [0], 2: [1]})
    client = sign_in(cast.teacher)
    page = client.get(f"/exams/{final.pk}/watch/").text
    assert "李国强" in page
    assert "2 / 10" in page
    assert "<html" not in client.get(f"/exams/{final.pk}/watch/", headers={"HX-Request": "true"}).text
    assert client.post(f"/sittings/{sitting.uid}/extend/", {"minutes": "0", "words": ""}).status_code == 422
    assert client.post(f"/sittings/{sitting.uid}/end/").status_code == 302
    sitting.refresh_from_db()
    assert sitting.state == "scored"
    assert sign_in(cast.county).get(f"/exams/{final.pk}/watch/").status_code == 403
    assert sign_in(cast.worker).post(f"/sittings/{sitting.uid}/end/").status_code == 403
    assert sign_in(cast.other_boss).post(f"/sittings/{sitting.uid}/end/").status_code == 404


def test_ones_own_exams_stand_under_now_later_and_done(
    cast: Cast, open_for: Callable[..., Exam], sign_in: SignIn
) -> None:
    open_for(title="现在的")
    open_for(title="以后的", opens_at=timezone.now() + timedelta(days=1))
    done = open_for(title="考过的")
    submit_sitting(start_sitting(done, by=cast.worker), by=cast.worker)
    page = sign_in(cast.worker).get("/exams/mine/").text
    assert (
        page.index("现在要做")
        < page.index("现在的")
        < page.index("以后要考")
        < page.index("以后的")
        < page.rindex("考过的")
    )
    assert "现在的" not in sign_in(cast.other_worker).get("/exams/mine/").text


def test_mock_exams_are_for_everybody_and_as_often_as_one_likes(cast: Cast, mock: Exam, sign_in: SignIn) -> None:
    for who in ("worker", "other_worker", "manager", "county", "operator"):
        client = sign_in(getattr(cast, who))
        assert "模拟考试甲" in client.get("/mock/").text
        for _ in range(4):
            response = client.post(f"/exams/{mock.pk}/start/")
            uid = response.headers["Location"].split("/")[2]
            assert client.post(f"/sittings/{uid}/submit/", {"carried": "[]"}).status_code == 302
    assert Sitting.objects.filter(exam=mock, user=cast.worker).count() == 4


def test_due_names_the_running_sitting_then_what_may_be_started(cast: Cast, open_for: Callable[..., Exam]) -> None:
    open_for(title="甲")
    second = open_for(title="乙")
    assert {str(due.title) for due in due_for(cast.worker)} == {"甲", "乙"}
    start_sitting(second, by=cast.worker)
    assert [str(due.title) for due in due_for(cast.worker)] == ["正在考：乙", "甲"]
    Enrolment.objects.filter(user=cast.worker).update(state="learning")
    assert [str(due.title) for due in due_for(cast.worker)] == ["正在考：乙"]
    assert due_for(cast.other_worker) == []
