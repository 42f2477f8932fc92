"""Mock exams for anyone: chosen, answered and judged without an account, and no key before the result."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from anlan.accounts.models import User
from anlan.exams import practice
from anlan.exams.actions.sittings import start_sitting
from anlan.exams.models import Answer, Exam, Question, Sitting
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]


@pytest.fixture
def mock(cast: Cast, final: Exam) -> Exam:
    """A mock exam open to all, over the bank of the course of the final one."""
    now = timezone.now()
    return Exam.objects.create(
        organisation=cast.school, region_code=cast.school.region_code, blueprint=final.blueprint, course=final.course, title="模拟一套",
        kind="mock", opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=30), minutes=20, pass_mark=80, needs_learnt=False,
    )  # fmt: skip


def right_form(one: practice.Practice) -> dict[str, object]:
    """The form of a paper with every answer right."""
    from anlan.exams.papers import option_order

    said: dict[str, object] = {}
    for item in one.paper.items:
        card = one.stock.cards[item.question]

        def places(body: dict, key: dict, kind: str, part: int) -> list[str]:  # type: ignore[type-arg]
            if kind == "true_false":
                return ["true" if key["right"][0] else "false"]
            order = option_order(item.mix, len(body["options"]), part)  # noqa: B023
            return [str(order.index(written)) for written in key["right"]]

        if card.kind == "fill":
            for at, accepted in enumerate(card.key["blanks"], 1):
                said[f"q{item.number}b{at}"] = accepted[0]
        elif card.kind == "case":
            for at, (body, key) in enumerate(zip(card.body["parts"], card.key["parts"], strict=True), 1):
                said[f"q{item.number}p{at}"] = places(body, key, body["kind"], at)
        else:
            said[f"q{item.number}"] = places(card.body, card.key, card.kind, 0)
    return said


def draw(client: Client, **said: object) -> practice.Practice:
    answer = client.post("/mock/start/", said)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    found = practice.read(answer["Location"].rstrip("/").rpartition("/")[2])
    assert found is not None
    return found


def test_the_list_is_open_to_all_and_offers_the_topics(mock: Exam) -> None:
    text = Client().get("/mock/").content.decode()
    assert mock.title in text
    assert "自己抽一份" in text
    assert mock.course.title in text  # type: ignore[union-attr]


def test_no_key_leaves_the_server_before_the_result(mock: Exam) -> None:
    client = Client()
    one = draw(client, exam=mock.pk)
    text = client.get(f"/mock/{one.token}/").content.decode()
    assert "秘密理由" not in text
    assert '"right"' not in text
    assert "安全生产法" not in text
    assert not any(f"秘密理由{n}" in one.token for n in range(6))


def test_a_right_paper_is_full_marks_and_nothing_is_stored(mock: Exam) -> None:
    client = Client()
    one = draw(client, exam=mock.pk)
    result = client.post(f"/mock/{one.token}/", right_form(one))["Location"]
    page = client.get(result)
    assert page.context["percent"] == 100
    assert "每一题都拿了满分" in page.content.decode()
    assert not Sitting.objects.exists()
    assert not Answer.objects.exists()


def test_an_empty_paper_shows_reasons_weak_points_and_the_course(mock: Exam) -> None:
    client = Client()
    one = draw(client, exam=mock.pk)
    page = client.get(client.post(f"/mock/{one.token}/", {})["Location"])
    text = page.content.decode()
    assert page.context["percent"] == 0
    assert "秘密理由" in text
    assert "接下来看这些" in text
    assert f"/courses/{mock.course.slug}/" in text  # type: ignore[union-attr]
    assert "第二十八条" in text or "第四十一条" in text


def test_only_what_went_wrong_is_practised_again(mock: Exam) -> None:
    client = Client()
    one = draw(client, exam=mock.pk)
    said = right_form(one)
    said.pop("q1")
    packed = client.post(f"/mock/{one.token}/", said)["Location"].rpartition("a=")[2]
    again = draw(client, again=one.token, a=packed)
    assert [item.question for item in again.paper.items] == [one.paper.items[0].question]
    assert again.title.endswith("错题")


def test_a_topic_draws_from_its_course_only(mock: Exam) -> None:
    client = Client()
    one = draw(client, course=mock.course.slug, count="10")  # type: ignore[union-attr]
    assert len(one.paper.items) == 10
    assert {card.course_id for card in one.stock.cards.values()} == {mock.course_id}
    assert client.post("/mock/start/", {"course": "nothing"}).status_code == 404
    assert client.post("/mock/start/", {"industry": "没有的行业"}).status_code == 404


def test_a_closed_mock_exam_opens_no_bank(mock: Exam) -> None:
    Exam.objects.filter(pk=mock.pk).update(closes_at=timezone.now() - timedelta(minutes=1))
    client = Client()
    assert client.post("/mock/start/", {"exam": mock.pk}).status_code == 404
    assert client.post("/mock/start/", {}).status_code == 404


def test_a_final_exam_cannot_be_drawn_as_a_mock(final: Exam, mock: Exam) -> None:
    assert Client().post("/mock/start/", {"exam": final.pk}).status_code == 404


def test_a_forged_or_stale_token_is_refused_kindly(mock: Exam) -> None:
    client = Client()
    answer = client.get("/mock/forged/")
    assert answer.status_code == 404
    assert "重新抽一份" in answer.content.decode()
    one = draw(client, exam=mock.pk)
    assert client.get(f"/mock/{one.token}x/").status_code == 404


@pytest.mark.parametrize(
    "packed", ["", "!!!", "x" * 20_000, "eJwDAAAAAAE", practice.pack({1: [99], 2: ["x"], 77: None})]
)
def test_answers_that_cannot_be_read_count_as_none(mock: Exam, packed: str) -> None:
    client = Client()
    one = draw(client, exam=mock.pk)
    page = client.get(f"/mock/{one.token}/result/", {"a": packed})
    assert page.status_code == 200
    assert page.context["percent"] == 0


def test_a_bomb_of_answers_unpacks_to_nothing() -> None:
    import base64
    import zlib

    bomb = base64.urlsafe_b64encode(zlib.compress(b"[" * 50_000_000, 9)).decode()
    assert practice.unpack(bomb) == {}


def test_packing_and_unpacking_are_inverse() -> None:
    answers = {1: [0, 2], 2: [True], 3: ["十九点五", ""], 4: [[1], [False]]}
    assert practice.unpack(practice.pack(answers)) == answers


def test_whoever_sits_a_paper_that_counts_practises_afterwards(
    cast: Cast, final: Exam, mock: Exam, sign_in: SignIn
) -> None:
    client = sign_in(cast.worker)
    one = draw(client, exam=mock.pk)
    start_sitting(final, by=cast.worker)
    for answer in (
        client.post("/mock/start/", {"exam": mock.pk}), client.get(f"/mock/{one.token}/"), client.get(f"/mock/{one.token}/result/"),
    ):  # fmt: skip
        assert answer.status_code == 409


def test_a_retired_question_is_not_drawn(mock: Exam) -> None:
    Question.objects.filter(kind="single").update(state="retired")
    one = draw(Client(), course=mock.course.slug, count="20")  # type: ignore[union-attr]
    assert "single" not in {card.kind for card in one.stock.cards.values()}
