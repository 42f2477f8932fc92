"""A year of training in the demo's further firms, so that the overview of the province, its cities and its counties is true.

The rows are those that learning and exams would have left: enrolments with their outcome, the ledger of hours, scored
finals. `lay_demo` counts them afterwards, all at once.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from anlan.enterprises.models import Enterprise, Worker
from anlan.exams.models import Blueprint, Exam, Sitting
from anlan.exams.papers import Dice
from anlan.exams.scoring import score
from anlan.exams.stock import Stock, as_written, rows_of, stock_of
from anlan.lib.dates import SHANGHAI
from anlan.operations.demo.cast import Cast
from anlan.operations.demo.exams import invented_answer
from anlan.training.models import ClassCourse, Course, Enrolment, HourEntry, Lesson, TrainingClass

MARK = "安全月课"


@dataclass(slots=True)
class Rows:
    """What is written at the end, all firms together."""

    people: list[Enrolment] = field(default_factory=list)
    hours: list[HourEntry] = field(default_factory=list)
    sittings: list[Sitting] = field(default_factory=list)


@transaction.atomic
def lay_province(cast: Cast) -> None:
    """Lay two to four finished classes in most further firms. Safe to run again. The recount that follows counts them."""
    if TrainingClass.objects.filter(title__endswith=MARK).exists():
        return
    courses = list(Course.objects.filter(owner=cast.school, state=Course.State.PUBLISHED).order_by("pk"))
    blueprint = Blueprint.objects.filter(owner=cast.school, course__in=courses).order_by("pk").first()
    if not courses or blueprint is None:
        return
    lessons = {c.pk: list(Lesson.objects.filter(course=c, duration_ms__gt=0).order_by("position")[:3]) for c in courses}
    staff: dict[int, list[int]] = defaultdict(list)
    for firm_id, user_id in Worker.objects.working().order_by("pk").values_list("enterprise_id", "user_id"):
        staff[firm_id].append(user_id)
    firms = Enterprise.objects.filter(organisation__is_demo=True).select_related("organisation")
    rows = Rows()
    for number, firm in enumerate(firms.exclude(pk__in=[cast.forge.pk, cast.bakery.pk]).order_by("pk")):
        chance = random.Random(number)  # noqa: S311 — the same invented year on every machine
        if chance.random() < 0.12:
            continue  # some firms train nobody, and the overview shows it
        for month in sorted(chance.sample(range(1, 11), chance.randint(2, 3))):
            course = chance.choice(courses)
            exam = _class(cast, firm, course, blueprint, month)
            _outcome(rows, exam, staff[firm.pk], lessons[course.pk], chance)
    Enrolment.objects.bulk_create(rows.people)
    _backdate()
    HourEntry.objects.bulk_create(rows.hours)
    Sitting.objects.bulk_create(rows.sittings)


def _backdate() -> None:
    """People were enrolled when their class began: the one thing that `auto_now_add` does not let anyone say."""
    began = TrainingClass.objects.filter(pk=OuterRef("training_class_id")).values("created_at")
    Enrolment.objects.filter(training_class__title__endswith=MARK).update(created_at=Subquery(began))


def _class(cast: Cast, firm: Enterprise, course: Course, blueprint: Blueprint, month: int) -> Exam:
    begun = timezone.localdate() - timedelta(days=30 * month)
    one = TrainingClass.objects.create(
        organisation=firm.organisation, region_code=firm.organisation.region_code, title=f"{begun.year} 年 {begun.month} 月{MARK}", kind="annual",
        starts_on=begun, deadline=_at(begun + timedelta(days=28), 18), state=TrainingClass.State.CLOSED, certificate=False, created_by=cast.teacher,
    )  # fmt: skip
    TrainingClass.objects.filter(pk=one.pk).update(created_at=_at(begun, 8))
    ClassCourse.objects.create(training_class=one, course=course)
    return Exam.objects.create(
        organisation=firm.organisation, region_code=one.region_code, blueprint=blueprint, training_class=one, course=course, title=f"{one.title} 结业考试",
        kind=Exam.Kind.FINAL, opens_at=_at(begun, 8), closes_at=one.deadline, minutes=40, pass_mark=80,
    )  # fmt: skip


def _outcome(rows: Rows, exam: Exam, workers: list[int], lessons: list[Lesson], chance: random.Random) -> None:
    """Say of every worker how far it went: learnt or not, sat the final or not, passed or not."""
    one = exam.training_class
    if one is None:
        return
    diligence = chance.uniform(0.55, 0.98)
    stock = stock_of(exam.blueprint)
    for user in workers:
        at = _at(one.starts_on + timedelta(days=chance.randint(1, 26)), chance.randint(8, 20))
        learnt = chance.random() < diligence
        seen = lessons if learnt else lessons[: chance.randint(0, max(0, len(lessons) - 1))]
        result = (
            _paper(stock, chance, skill=round(70 + 28 * diligence * chance.random() ** 0.3))
            if learnt
            else {"got": 0, "full": 1}
        )
        passed = learnt and 100 * result["got"] >= exam.pass_mark * result["full"]
        rows.people.append(
            Enrolment(
                training_class=one, user_id=user, enterprise_id=one.organisation_id, lessons_total=len(lessons), lessons_done=len(seen),
                credited_ms=sum(x.duration_ms for x in seen), state="passed" if passed else "learnt" if learnt else "learning" if seen else "assigned",
                last_seen_at=at if seen else None, learnt_at=at if learnt else None, passed_at=at + timedelta(hours=1) if passed else None,
            )
        )  # fmt: skip
        for n, lesson in enumerate(seen):
            until = at - timedelta(minutes=20 * (len(seen) - n))
            rows.hours.append(
                HourEntry(
                    user_id=user, lesson=lesson, training_class=one, enterprise_id=one.organisation_id, region_code=one.region_code,
                    day=until.astimezone(SHANGHAI).date(), from_at=until - timedelta(milliseconds=lesson.duration_ms), to_at=until,
                    covered_ms=lesson.duration_ms, credited_ms=lesson.duration_ms,
                )
            )  # fmt: skip
        if learnt:
            done = at + timedelta(hours=1)
            rows.sittings.append(
                Sitting(
                    exam=exam, user_id=user, enterprise_id=one.organisation_id, seed=result.pop("seed"), result=result, state=Sitting.State.SCORED,
                    started_at=at, ends_at=done, submitted_at=done, score=Decimal(result["got"]) / 100,
                    full_score=Decimal(result["full"]) / 100, passed=passed,
                )
            )  # fmt: skip


def _paper(stock: Stock, chance: random.Random, *, skill: int) -> dict[str, Any]:
    """Draw a paper and answer each question right with `skill` percent; the result as scoring makes it, and the seed."""
    seed = chance.getrandbits(48)
    paper, dice = stock.paper(seed), Dice(seed)
    given = {
        item.number: invented_answer(stock.cards[item.question], item.mix, chance.randrange(100) < skill, dice)
        for item in paper.items
    }
    return {**score(rows_of(stock, paper), as_written(stock, paper, given)), "seed": seed}


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=SHANGHAI)
