"""What the tests of exams share: a small bank, a class and its exam."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from anlan.exams.actions.bank import import_questions
from anlan.exams.actions.blueprints import save_blueprint
from anlan.exams.actions.exams import open_exam
from anlan.exams.models import Answer, Blueprint, Exam, Sitting
from anlan.exams.papers import Rule, option_order
from anlan.exams.questions import Draft
from anlan.exams.stock import forget, stock_of
from anlan.operations.demo.cast import Cast
from anlan.training.models import ClassCourse, Course, Enrolment, TrainingClass

RULES: list[Rule] = [
    {"kind": "single", "count": 4, "points": 2},
    {"kind": "true_false", "count": 2, "points": 1},
    {"kind": "multiple", "count": 2, "points": 4},
    {"kind": "fill", "count": 1, "points": 2},
    {"kind": "case", "count": 1, "points": 6},
]


def drafts() -> list[Draft]:
    """Six single, three true/false, three multiple, two fill, two case questions over two points."""
    rows = []
    for n in range(6):
        rows.append(
            Draft(
                "single",
                f"单选第{n}问",
                f"知识点{n % 2}",
                1 + n % 3,
                [f"单{n}甲", f"单{n}乙", f"单{n}丙", f"单{n}丁"],
                [n % 4],
                why=f"单选秘密理由{n}",
                cites=["安全生产法:28"],
                code=f"s{n}",
            )
        )
    for n in range(3):
        rows.append(
            Draft(
                "true_false",
                f"判断第{n}问",
                "知识点0",
                1,
                answer=[n % 2 == 0],
                why=f"判断秘密理由{n}",
                cites=["安全生产法:41"],
                code=f"t{n}",
            )
        )
    for n in range(3):
        rows.append(
            Draft(
                "multiple",
                f"多选第{n}问",
                "知识点1",
                2,
                [f"多{n}甲", f"多{n}乙", f"多{n}丙", f"多{n}丁"],
                [0, 1 + n],
                why=f"多选秘密理由{n}",
                cites=["安全生产法:43"],
                code=f"m{n}",
            )
        )
    for n in range(2):
        rows.append(
            Draft(
                "fill",
                f"填空{n}：____%",
                "知识点0",
                3,
                answer=[[f"秘密空{n}", f"ＸＹ{n}"]],
                why=f"填空秘密理由{n}",
                cites=["GB 30871-2022:6.1"],
                code=f"f{n}",
            )
        )
    for n in range(2):
        parts: list[dict[str, Any]] = [
            {
                "kind": "single",
                "stem": "小题一",
                "options": [f"案{n}甲", f"案{n}乙", f"案{n}丙"],
                "answer": [1],
                "why": f"案例秘密理由{n}",
            },
            {"kind": "true_false", "stem": "小题二", "options": [], "answer": [False], "why": ""},
        ]
        rows.append(Draft("case", f"案例第{n}个", "知识点1", 3, parts=parts, cites=["安全生产法:52"], code=f"c{n}"))
    return rows


@pytest.fixture(autouse=True)
def _no_old_stock() -> None:
    """Tests roll rows back and use their ids again."""
    forget()


@pytest.fixture
def course(cast: Cast) -> Course:
    """A published course of the school."""
    return Course.objects.create(owner=cast.school, slug="room", title="有限空间作业安全", state="published")


@pytest.fixture
def blueprint(cast: Cast, course: Course) -> Blueprint:
    """Ten questions, 26 points, over a bank of sixteen."""
    import_questions(drafts(), course=course, by=cast.teacher)
    return save_blueprint(
        title="有限空间考试", rules=RULES, minutes=30, pass_mark=60, is_public=True, course=course, by=cast.teacher
    )


@pytest.fixture
def training_class(cast: Cast, course: Course) -> TrainingClass:
    """A class of the forge; the worker has learnt it."""
    made = TrainingClass.objects.create(
        organisation=cast.forge, region_code=cast.forge.region_code, title="十一月复训", starts_on=timezone.localdate(),
        deadline=timezone.now() + timedelta(days=20), created_by=cast.manager,
    )  # fmt: skip
    ClassCourse.objects.create(training_class=made, course=course)
    Enrolment.objects.create(
        training_class=made, user=cast.worker, enterprise_id=cast.forge.pk, state=Enrolment.State.LEARNT
    )
    return made


@pytest.fixture
def open_for(cast: Cast, training_class: TrainingClass, blueprint: Blueprint) -> Callable[..., Exam]:
    """Open an exam for the class: `open_for(kind="pre")`."""

    def _open(**changes: Any) -> Exam:
        now = timezone.now()
        facts: dict[str, Any] = {
            "kind": "final", "title": "结业考试", "opens_at": now - timedelta(hours=1), "closes_at": now + timedelta(days=2), "minutes": 30,
            "pass_mark": 60, "attempts": 3, "by": cast.manager,
        }  # fmt: skip
        return open_exam(training_class, blueprint, **facts | changes)

    return _open


@pytest.fixture
def final(open_for: Callable[..., Exam]) -> Exam:
    """The final exam of the class."""
    return open_for()


@pytest.fixture
def mock(cast: Cast, blueprint: Blueprint) -> Exam:
    """A mock exam."""
    now = timezone.now()
    return Exam.objects.create(
        organisation=cast.school, region_code=cast.school.region_code, blueprint=blueprint, kind="mock", title="模拟考试甲", minutes=30,
        pass_mark=60, opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=100), needs_learnt=False,
    )  # fmt: skip


def right_answers(sitting: Sitting) -> dict[int, Any]:
    """What the page would send if everything were right: options by the place shown."""
    stock = stock_of(sitting.exam.blueprint)
    found: dict[int, Any] = {}
    for item in stock.paper(sitting.seed).items:
        card = stock.cards[item.question]
        found[item.number] = _right(card.kind, card.body, card.key, item.mix, 0)
    return found


def _right(kind: str, body: dict[str, Any], key: dict[str, Any], mix: int, part: int) -> list[Any]:
    if kind == "case":
        return [
            _right(one["kind"], one, one_key, mix, at)
            for at, (one, one_key) in enumerate(zip(body["parts"], key["parts"], strict=True), 1)
        ]
    if kind == "fill":
        return [accepted[0] for accepted in key["blanks"]]
    if kind == "true_false":
        return list(key["right"])
    order = option_order(mix, len(body["options"]), part)
    return [place for place, written in enumerate(order) if written in key["right"]]


def arrive(sitting: Sitting, answers: dict[int, Any], *, seq: int = 1) -> None:
    """Answers as the receiver stores them."""
    Answer.objects.bulk_create(
        Answer(
            sitting_id=sitting.pk,
            client_id=str(uuid.uuid4()),
            seq=seq,
            number=number,
            value=json.dumps(value),
            received_at=timezone.now(),
        )
        for number, value in answers.items()
    )
