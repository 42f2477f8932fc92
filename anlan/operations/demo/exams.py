"""Questions, blueprints, exams and a few results of the demo."""

from __future__ import annotations

import json
import tomllib
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from anlan.accounts.models import User
from anlan.exams.actions.appeals import make_appeal
from anlan.exams.actions.bank import import_questions
from anlan.exams.actions.blueprints import save_blueprint
from anlan.exams.actions.exams import new_seed, open_exam
from anlan.exams.actions.sittings import submit_sitting
from anlan.exams.models import Answer, Blueprint, Exam, Question, Sitting, SittingEvent
from anlan.exams.papers import Dice, Rule, option_order
from anlan.exams.questions import Draft
from anlan.exams.stock import Card, stock_of
from anlan.exams.tasks import count_items
from anlan.operations.demo.cast import Cast
from anlan.training.models import Course, Enrolment, TrainingClass

COURSES: Final = Path(__file__).parent / "courses"
ONE_COURSE: Final[list[Rule]] = [
    {"kind": "single", "count": 10, "points": 3},
    {"kind": "true_false", "count": 5, "points": 2},
    {"kind": "multiple", "count": 6, "points": 5},
    {"kind": "fill", "count": 2, "points": 5},
    {"kind": "case", "count": 2, "points": 10},
]
"""25 questions, 100 points."""
WHOLE_BANK: Final[list[Rule]] = [
    {"kind": "single", "count": 20, "points": 2},
    {"kind": "true_false", "count": 12, "points": 1},
    {"kind": "multiple", "count": 10, "points": 2},
    {"kind": "fill", "count": 4, "points": 2},
    {"kind": "case", "count": 4, "points": 5},
]
"""50 questions, 100 points."""


def lay_exams(cast: Cast) -> None:
    """A bank and a mock exam per course, one paper over the whole bank, exams for the open classes, some results."""
    courses = list(Course.objects.filter(owner=cast.school).order_by("pk"))
    blueprints = [blueprint for course in courses if (blueprint := _of_course(cast, course)) is not None]
    if not blueprints:
        return
    _mock(cast, _blueprint(cast, "whole", "安全生产综合考试", WHOLE_BANK, None, 60), "安全生产综合模拟（50 题）")
    _class_exams(cast, blueprints)
    if not Sitting.objects.exists():
        _results(cast)
        _finals(cast, blueprints)
        count_items()


def _of_course(cast: Cast, course: Course) -> Blueprint | None:
    path = COURSES / course.slug / "questions.toml"
    if not path.exists():
        return None
    if not Question.objects.filter(owner=cast.school, course=course).exists():
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["questions"]
        import_questions([Draft.from_toml(row) for row in rows], course=course, by=None, owner=cast.school)
    blueprint = _blueprint(cast, f"course-{course.slug}", f"{course.title}考试", ONE_COURSE, course, 40)
    _mock(cast, blueprint, f"{course.title}模拟考试")
    return blueprint


def _blueprint(cast: Cast, code: str, title: str, rules: list[Rule], course: Course | None, minutes: int) -> Blueprint:
    found = Blueprint.objects.filter(owner=cast.school, code=code).order_by("-version").first()
    return found or save_blueprint(
        title=title, rules=rules, minutes=minutes, pass_mark=80, is_public=True, course=course, by=None, owner=cast.school, code=code
    )  # fmt: skip


def _mock(cast: Cast, blueprint: Blueprint, title: str) -> Exam:
    now = timezone.now()
    exam, _created = Exam.objects.get_or_create(
        kind=Exam.Kind.MOCK, blueprint=blueprint,
        defaults={
            "organisation": cast.school, "region_code": cast.school.region_code, "course": blueprint.course, "title": title,
            "opens_at": now - timedelta(days=60), "closes_at": now + timedelta(days=3650), "minutes": blueprint.minutes,
            "pass_mark": blueprint.pass_mark, "needs_learnt": False,
        },
    )  # fmt: skip
    return exam


def _class_exams(cast: Cast, blueprints: list[Blueprint]) -> None:
    """A pre-test, a post-test and a final for each open class of the forge that has a course with questions."""
    by_course = {blueprint.course_id: blueprint for blueprint in blueprints}
    now = timezone.now()
    for one in TrainingClass.objects.filter(organisation=cast.forge, state=TrainingClass.State.OPEN).order_by("pk")[:6]:
        course = one.class_courses.filter(course__in=list(by_course)).values_list("course_id", flat=True).first()
        if course is None or Exam.objects.filter(training_class=one).exists():
            continue
        blueprint = by_course[course]
        opens = now - timedelta(days=6)
        closes = max(one.deadline, now + timedelta(days=14))
        for kind, name, attempts in (("pre", "训前测试", 1), ("post", "训后测试", 2), ("final", "结业考试", 3)):
            open_exam(
                one, blueprint, kind=kind, title=f"{one.title} {name}", opens_at=opens, closes_at=closes, minutes=blueprint.minutes,
                pass_mark=80, attempts=attempts, by=cast.manager,
            )  # fmt: skip


def _results(cast: Cast) -> None:
    """Sittings of the cast over the last weeks: enough for statistics, mastery and one appeal."""
    people: list[User] = [cast.worker, cast.other_worker, cast.far_worker, cast.manager, cast.boss, cast.grid]
    now, dice = timezone.now(), Dice(41)
    for at, exam in enumerate(Exam.objects.filter(kind=Exam.Kind.MOCK).select_related("blueprint").order_by("pk")):
        for place, person in enumerate(people):
            if (at + place) % 3 == 0 or at == 0:
                skill = 55 + (7 * place + 13 * at) % 42
                _sit(exam, person, skill, now - timedelta(days=20 - 2 * place, hours=at), dice)
    pre = (
        Exam.objects.filter(kind=Exam.Kind.PRE, training_class__enrolments__user=cast.worker)
        .select_related("blueprint")
        .order_by("pk")
        .first()
    )
    if pre is not None:
        _sit(pre, cast.worker, 52, now - timedelta(days=5), dice)
        for enrolment in (
            Enrolment.objects.filter(training_class=pre.training_class)
            .exclude(user=cast.worker)
            .select_related("user")[:20]
        ):
            _sit(pre, enrolment.user, 35 + dice.roll() % 45, now - timedelta(days=5, hours=dice.roll() % 9), dice)
    failed = Sitting.objects.filter(user=cast.other_worker, passed=False).order_by("pk").first()
    if failed is not None:
        make_appeal(
            failed, "第 3 题里的“值班室”没有写清楚在不在罐区里，两个选项都说得通。", number=3, by=cast.other_worker
        )


def _finals(cast: Cast, blueprints: list[Blueprint]) -> None:
    """Finals of those who have learnt: in the open classes some, and one that is over for each closed class."""
    by_course, now, dice = {blueprint.course_id: blueprint for blueprint in blueprints}, timezone.now(), Dice(4101)
    for one in TrainingClass.objects.filter(organisation=cast.forge).order_by("pk")[:8]:
        exam = Exam.objects.filter(training_class=one, kind=Exam.Kind.FINAL).select_related("blueprint").first()
        course = one.class_courses.filter(course__in=list(by_course)).values_list("course_id", flat=True).first()
        if exam is None and course is not None and one.state == TrainingClass.State.CLOSED:
            blueprint, closed = by_course[course], min(one.deadline, now - timedelta(days=1))
            exam = Exam.objects.create(
                organisation_id=one.organisation_id, region_code=one.region_code, blueprint=blueprint, training_class=one, course_id=course,
                title=f"{one.title} 结业考试", kind=Exam.Kind.FINAL, opens_at=closed - timedelta(days=10), closes_at=closed,
                minutes=blueprint.minutes, pass_mark=80, created_by=cast.manager,
            )  # fmt: skip
        if exam is None:
            continue
        learnt = one.enrolments.filter(state=Enrolment.State.LEARNT).select_related("user").order_by("pk")[:30]
        for place, enrolment in enumerate(learnt):
            skill = 97 if enrolment.user_id == cast.worker.pk else 76 + dice.roll() % 24
            _sit(exam, enrolment.user, skill, min(exam.closes_at, now) - timedelta(days=2, hours=place), dice)


@transaction.atomic
def _sit(exam: Exam, person: User, skill: int, at: datetime, dice: Dice) -> Sitting:
    """One finished sitting in which each question is right with `skill` percent, handed in 20 to 35 minutes after `at`."""
    enterprise = (
        Enrolment.objects.filter(training_class=exam.training_class_id, user=person)
        .values_list("enterprise_id", flat=True)
        .first()
    )
    done = at + timedelta(minutes=20 + dice.roll() % 16)
    sitting = Sitting.objects.create(
        exam=exam, user=person, seed=new_seed(), state=Sitting.State.RUNNING, started_at=at, ends_at=timezone.now() + timedelta(minutes=5),
        attempt=Sitting.objects.filter(exam=exam, user=person).count() + 1, enterprise_id=enterprise,
    )  # fmt: skip
    stock = stock_of(exam.blueprint)
    answers = []
    for item in stock.paper(sitting.seed).items:
        value = invented_answer(stock.cards[item.question], item.mix, dice.roll() % 100 < skill, dice)
        answers.append(
            Answer(
                sitting_id=sitting.pk,
                client_id=str(uuid.uuid4()),
                seq=item.number,
                number=item.number,
                value=json.dumps(value),
                received_at=done,
            )
        )
    Answer.objects.bulk_create(answers)
    submit_sitting(sitting, by=person)
    Sitting.objects.filter(pk=sitting.pk).update(submitted_at=done, ends_at=at + timedelta(minutes=exam.minutes))
    SittingEvent.objects.filter(sitting=sitting).update(at=done)
    return sitting


def invented_answer(card: Card, mix: int, right: bool, dice: Dice) -> Any:
    """An answer as the page sends it, right or not."""
    if card.kind == "fill":
        return [accepted[0] if right else "18" for accepted in card.key["blanks"]]
    if card.kind == "case":
        return [
            _choice(part["kind"], part, key, mix, at, right or dice.roll() % 2 == 0)
            for at, (part, key) in enumerate(zip(card.body["parts"], card.key["parts"], strict=True), 1)
        ]
    return _choice(card.kind, card.body, card.key, mix, 0, right)


def _choice(kind: str, body: dict[str, Any], key: dict[str, Any], mix: int, part: int, right: bool) -> list[Any]:
    if kind == "true_false":
        return [key["right"][0] is right]
    order = option_order(mix, len(body["options"]), part)
    places = [place for place, written in enumerate(order) if written in key["right"]]
    if right:
        return places
    return places[:-1] if kind == "multiple" else [next(place for place in range(len(order)) if place not in places)]
