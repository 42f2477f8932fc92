"""What the cast has learnt: hours of the year so far, and a class half way through.

The rows are those that folding would have written: covered ≤ length, credited ≤ covered, one sitting after the other, and
every sum (progress, enrolment, ledger, tally) agrees with the others.
"""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from anlan.accounts.models import User
from anlan.lib.dates import SHANGHAI
from anlan.operations.demo.cast import Cast
from anlan.tallies.actions import tally_many
from anlan.training import coverage
from anlan.training.actions.classes import tally_enrolled
from anlan.training.actions.enrolments import refresh_enrolments
from anlan.training.learner import LessonRow, lesson_rows
from anlan.training.models import (
    ClassCourse,
    Course,
    Enrolment,
    HourEntry,
    LearningSession,
    Lesson,
    LessonProgress,
    LessonPrompt,
    TrainingClass,
)

QUARTER_MS = 15 * 60_000
TOPICS = (
    "防滑防冻", "复工先查", "锻压设备", "叉车与通道", "吊装和索具", "高温天干活", "防汛和用电", "粉尘和噪声", "动火审批", "消防通道", "冬季取暖", "年终大检查",
)  # fmt: skip
PARTS = (
    "这个月讲什么", "危险在哪里", "规程一条一条讲", "师傅做一遍", "最容易错的三处", "一次没出事的险情", "到现场查一圈", "班组讨论和小结",
)  # fmt: skip
TARGETS = {"worker": 19.5, "manager": 11.0, "boss": 6.25}


@transaction.atomic
def lay_learning(cast: Cast) -> None:
    """Give the people of the forge a year of learning and a class to go on with. What is there stays as it is."""
    today = timezone.localdate()
    going_on = _class_to_go_on_with(cast, today)
    if going_on is not None:
        _learn_some(cast, going_on)
    _monthly_class(cast, today)


def _class_to_go_on_with(cast: Cast, today: date) -> Enrolment | None:
    """The open class of the worker that is due first; made here only when nobody has laid one."""
    mine = Enrolment.objects.filter(user=cast.worker, training_class__state=TrainingClass.State.OPEN)
    found = mine.exclude(state=Enrolment.State.WITHDRAWN).order_by("training_class__deadline").first()
    if found is not None:
        return found
    course = Course.objects.filter(slug="confined-space").first()
    if course is None:
        return None
    deadline = datetime.combine(today + timedelta(days=29), time(18), tzinfo=SHANGHAI)
    made = TrainingClass.objects.create(
        organisation=cast.forge, region_code=cast.forge.region_code, title=f"{today.year} 年有限空间专项培训", kind="special",
        starts_on=today - timedelta(days=9), deadline=deadline, created_by=cast.manager,
    )  # fmt: skip
    ClassCourse.objects.create(training_class=made, course=course)
    tally_enrolled([(cast.forge.pk, today, 1)], classes=1)
    return Enrolment.objects.create(
        training_class=made, user=cast.worker, enterprise_id=cast.forge.pk, lessons_total=course.lessons.count()
    )


def _learn_some(cast: Cast, enrolment: Enrolment) -> None:
    """At least two lessons complete and the next seen to about a half, the evening before yesterday."""
    year = enrolment.training_class.starts_on.year
    courses = enrolment.training_class.class_courses.order_by("position").values_list("course_id", flat=True)
    rows = [row for course in courses for row in lesson_rows([course], user=cast.worker, year=year) if row.length_ms]
    if any(row.covered_ms and not row.done for row in rows):
        return
    at = datetime.combine(timezone.localdate() - timedelta(days=2), time(19, 30), tzinfo=SHANGHAI)
    whole = max(0, 2 - sum(row.done for row in rows))
    for n, row in enumerate([row for row in rows if not row.done][: whole + 1]):
        covered = row.length_ms if n < whole else row.length_ms * 49 // 100
        at = _sit(cast, cast.worker, row, covered, at, enrolment) + timedelta(minutes=3)
    refresh_enrolments([enrolment.pk], at=at)


def _monthly_class(cast: Cast, today: date) -> None:
    """A safety lesson every month, over by now: where most hours of the year come from."""
    months = [date(today.year, month, 1) for month in range(1, today.month)]
    title = f"{today.year} 年每月安全课"
    if not months or TrainingClass.objects.filter(organisation=cast.forge, title=title).exists():
        return
    courses = [_monthly_course(cast, month) for month in months]
    last = datetime.combine(today.replace(day=1) - timedelta(days=1), time(18), tzinfo=SHANGHAI)
    made = TrainingClass.objects.create(
        organisation=cast.forge, region_code=cast.forge.region_code, title=title, certificate=False, starts_on=months[0],
        deadline=last, state=TrainingClass.State.CLOSED, created_by=cast.manager,
    )  # fmt: skip
    ClassCourse.objects.bulk_create(
        ClassCourse(training_class=made, course=course, position=n) for n, course in enumerate(courses)
    )
    tally_enrolled([(cast.forge.pk, months[0], len(TARGETS))], classes=1)
    begun = datetime.combine(months[0], time(8), tzinfo=SHANGHAI)
    for key, hours in TARGETS.items():
        person: User = getattr(cast, key)
        enrolment = Enrolment.objects.create(
            training_class=made, user=person, enterprise_id=cast.forge.pk, lessons_total=len(PARTS) * len(courses)
        )
        Enrolment.objects.filter(pk=enrolment.pk).update(created_at=begun)
        _attend(cast, person, enrolment, courses, int(hours * 3_600_000))


def _monthly_course(cast: Cast, month: date) -> Course:
    course, new = Course.objects.get_or_create(
        slug=f"monthly-{month:%Y-%m}",
        defaults={
            "owner": cast.school, "title": f"{month.month} 月安全课：{TOPICS[month.month - 1]}", "state": Course.State.WITHDRAWN,
            "summary": "当月讲完即下架。", "teacher": cast.teacher,
        },
    )  # fmt: skip
    if new:
        Lesson.objects.bulk_create(
            Lesson(course=course, position=n, title=part, duration_ms=QUARTER_MS)
            for n, part in enumerate(PARTS, start=1)
        )
    return course


def _attend(cast: Cast, person: User, enrolment: Enrolment, courses: list[Course], target_ms: int) -> None:
    """Sit through lessons, two an evening, until the year's hours of the person reach the target."""
    year = enrolment.training_class.starts_on.year
    done = sum(HourEntry.objects.filter(user=person, day__year=year).values_list("credited_ms", flat=True))
    at = enrolment.training_class.starts_on
    for n, course in enumerate(courses):
        for k, row in enumerate(lesson_rows([course.pk], user=None, year=year)):
            if done >= target_ms:
                break
            evening = date(at.year, n + 1, 6 + k // 2 * 5)
            begun = datetime.combine(evening, time(19, 5 + k % 2 * 20), tzinfo=SHANGHAI)
            covered = min(row.length_ms, target_ms - done)
            _sit(cast, person, row, covered, begun, enrolment)
            done += covered
    refresh_enrolments([enrolment.pk], at=enrolment.training_class.deadline)
    Enrolment.objects.filter(pk=enrolment.pk).update(last_seen_at=enrolment.training_class.deadline)


def _sit(cast: Cast, person: User, row: LessonRow, covered_ms: int, begun: datetime, enrolment: Enrolment) -> datetime:
    """One sitting that covered a lesson from its beginning; return when it ended."""
    ended = begun + timedelta(milliseconds=covered_ms)
    year = enrolment.training_class.starts_on.year
    firm = cast.enterprise("forge")
    region, industry = firm.organisation.region_code, firm.industry[:3]
    asked = LessonPrompt.objects.filter(lesson_id=row.pk, at_ms__lte=covered_ms).values_list("pk", flat=True)
    progress = LessonProgress.objects.create(
        user=person, lesson_id=row.pk, year=year, covered=json.dumps([0, covered_ms]), covered_ms=covered_ms,
        credited_ms=covered_ms, position_ms=covered_ms if covered_ms < row.length_ms else 0, prompts_passed=list(asked),
        completed_at=ended if coverage.is_covered(covered_ms, row.length_ms) else None,
    )  # fmt: skip
    LessonProgress.objects.filter(pk=progress.pk).update(updated_at=ended)
    session = LearningSession.objects.create(
        user=person, lesson_id=row.pk, enrolment=enrolment, progress=progress, device="", year=year, enterprise_id=firm.pk,
        region_code=region, industry=industry, started_at=begun, counted_until=ended, credited_ms=covered_ms,
        closed_at=ended,
    )  # fmt: skip
    HourEntry.objects.create(
        user=person, lesson_id=row.pk, session=session, training_class=enrolment.training_class, enterprise_id=firm.pk,
        region_code=region, day=begun.date(), from_at=begun, to_at=ended, covered_ms=covered_ms, credited_ms=covered_ms,
    )  # fmt: skip
    tally_many([("hours_ms", covered_ms, ("enterprise", firm.pk), begun, region, industry)])
    return ended
