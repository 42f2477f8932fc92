"""What a learner's pages read: classes with their next lesson, and the year's hours with the rule behind them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from django.db.models import Avg, BigIntegerField, Count, DateField, F, IntegerField, QuerySet, Sum
from django.db.models.functions import Length
from django.urls import reverse
from django.utils import timezone

from anlan.accounts.models import User
from anlan.enterprises.models import Worker
from anlan.lib.dates import SHANGHAI
from anlan.lib.prepared import Prepared
from anlan.training import coverage
from anlan.training.models import (
    ClassCourse,
    Enrolment,
    HourEntry,
    HourRule,
    Lesson,
    LessonProgress,
    Rating,
    TrainingClass,
)
from anlan.training.rules import Choice, Job, choose, needs_in

HOUR_MS = 3_600_000
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class LessonRow:
    """A lesson as lists show it: its place, length, and how far a person is."""

    pk: int
    course_id: int
    title: str
    kind: str
    length_ms: int
    ready: bool
    covered_ms: int = 0
    position_ms: int = 0
    done: bool = False
    touched_at: datetime | None = None


@dataclass(slots=True)
class ClassRow:
    """A class of the learner: the enrolment, its lessons, and the one to go on with."""

    enrolment: Enrolment
    lessons: list[LessonRow] = field(default_factory=list)
    course_titles: dict[int, str] = field(default_factory=dict)

    @property
    def next(self) -> LessonRow | None:
        """The lesson begun last and not complete, else the first one not complete that can be played."""
        open_ones = [row for row in self.lessons if not row.done and row.ready]
        begun = [row for row in open_ones if row.touched_at is not None]
        return max(begun, key=lambda row: row.touched_at or NEVER) if begun else next(iter(open_ones), None)

    @property
    def next_course(self) -> str:
        """The title of the course of the next lesson."""
        return self.course_titles.get(self.next.course_id, "") if self.next else ""

    @property
    def next_number(self) -> int:
        """The place of the next lesson in its course, from 1."""
        if self.next is None:
            return 0
        return [row.pk for row in self.lessons if row.course_id == self.next.course_id].index(self.next.pk) + 1

    @property
    def next_url(self) -> str:
        """Where to go on."""
        if self.next is None:
            return ""
        return f"{reverse('training:lesson', args=[self.next.pk])}?class={self.enrolment.training_class_id}"

    @property
    def done(self) -> int:
        """How many lessons are complete."""
        return sum(row.done for row in self.lessons)

    @property
    def missing_ms(self) -> int:
        """Media still to be covered."""
        return sum(max(0, row.length_ms - row.covered_ms) for row in self.lessons if not row.done)


@dataclass(frozen=True, slots=True)
class YearHours:
    """A person's hours of one year: earned, asked for, by which rule, and until when."""

    year: int
    earned_ms: int
    choice: Choice | None
    job: Worker | None

    @property
    def needed_ms(self) -> int:
        """What the strictest rule asks for; 0 when none applies."""
        return int(self.choice.rule.hours * HOUR_MS) if self.choice else 0

    @property
    def missing_ms(self) -> int:
        """What is missing, never below 0."""
        return max(0, self.needed_ms - self.earned_ms)

    @property
    def missing_hours(self) -> str:
        """What is missing in hours, rounded up so that nobody stops too early: 4.5."""
        return f"{math.ceil(self.missing_ms / 360_000) / 10:.1f}"

    @property
    def until(self) -> datetime:
        """The end of the year in Asia/Shanghai."""
        return datetime.combine(date(self.year, 12, 31), time(23, 59), tzinfo=SHANGHAI)

    @property
    def half_hours(self) -> int:
        """How many half hours are missing."""
        return math.ceil(self.missing_ms / (HOUR_MS // 2))


def _lesson_columns(lessons: QuerySet[Lesson]) -> QuerySet[Lesson, Any]:
    fields = ("pk", "course_id", "title", "kind", "duration_ms", "text_length", "media_dir")
    return lessons.annotate(text_length=Length("text")).order_by("course_id", "position", "pk").values_list(*fields)


_lessons_of_course: Prepared[tuple[Any, ...]] = Prepared(
    lambda course: _lesson_columns(Lesson.objects.filter(course=course)), course=BigIntegerField()
)
_progress: Prepared[tuple[Any, ...]] = Prepared(
    lambda user, year: LessonProgress.objects.filter(user=user, year=year).values_list(
        "lesson_id", "covered_ms", "position_ms", "completed_at", "updated_at"
    ),
    user=BigIntegerField(),
    year=IntegerField(),
)


def lesson_rows(courses: Iterable[int], *, user: User | None, year: int) -> list[LessonRow]:
    """Return the lessons of courses in order, with the person's progress in that year. Two queries."""
    ids = list(courses)
    if len(ids) == 1:
        return _lesson_rows(_lessons_of_course.rows(course=ids[0]), user, year)
    return _lesson_rows(_lesson_columns(Lesson.objects.filter(course_id__in=ids)), user, year)


def _lesson_rows(columns: Iterable[tuple[Any, ...]], user: User | None, year: int) -> list[LessonRow]:
    rows = [
        LessonRow(pk, course, title, kind, coverage.lesson_length(kind, duration, text), kind == "document" or bool(media))
        for pk, course, title, kind, duration, text, media in columns
    ]  # fmt: skip
    if rows and user is not None and user.is_authenticated:
        found = {lesson: rest for lesson, *rest in _progress.rows(user=user.pk, year=year)}
        for row in rows:
            if row.pk in found:
                row.covered_ms, row.position_ms, completed_at, row.touched_at = found[row.pk]
                row.done = completed_at is not None
    return rows


_enrolments: Prepared[Enrolment] = Prepared(
    lambda user: (
        Enrolment.objects.filter(user=user)
        .exclude(state=Enrolment.State.WITHDRAWN)
        .exclude(training_class__state__in=[TrainingClass.State.DRAFT, TrainingClass.State.CANCELLED])
        .select_related("training_class__organisation")
        .order_by("training_class__state", "training_class__deadline")[:60]
    ),
    user=BigIntegerField(),
)
_taught: Prepared[tuple[Any, ...]] = Prepared(
    lambda user: (
        ClassCourse.objects.filter(training_class__enrolments__user=user)
        .annotate(text_length=Length("course__lessons__text"))
        .order_by("position", "course__lessons__position", "course__lessons__pk")
        .values_list(
            "training_class_id", "course_id", "course__title", "course__lessons__pk", "course__lessons__title",
            "course__lessons__kind", "course__lessons__duration_ms", "text_length", "course__lessons__media_dir",
        )
    ),
    user=BigIntegerField(),
)  # fmt: skip
"""The courses of a person's classes with their lessons; a course without any has one row of nothing."""


def my_classes(user: User) -> list[ClassRow]:
    """Return the classes a person is in and that are open, by deadline, then those of the last year that are over."""
    enrolments = _enrolments.rows(user=user.pk)
    if not enrolments:
        return []
    taught: dict[int, dict[int, None]] = defaultdict(dict)
    titles: dict[int, str] = {}
    columns: dict[int, tuple[Any, ...]] = {}
    for class_id, course_id, course_title, lesson_id, *rest in _taught.rows(user=user.pk):
        taught[class_id][course_id] = None
        titles[course_id] = course_title
        if lesson_id is not None:
            columns[lesson_id] = (lesson_id, course_id, *rest)
    by_year = {
        year: _lesson_rows(columns.values(), user, year)
        for year in {e.training_class.starts_on.year for e in enrolments}
    }
    rows = []
    for enrolment in enrolments:
        lessons = by_year[enrolment.training_class.starts_on.year]
        order = taught[enrolment.training_class_id]
        mine = [row for course in order for row in lessons if row.course_id == course]
        rows.append(ClassRow(enrolment, mine, {course: titles[course] for course in order}))
    return rows


def is_open(row: ClassRow) -> bool:
    """Whether there is still something to learn in it."""
    return (
        row.enrolment.training_class.state == TrainingClass.State.OPEN
        and row.enrolment.state in (Enrolment.State.ASSIGNED, Enrolment.State.LEARNING)
    )  # fmt: skip


_jobs: Prepared[Worker] = Prepared(
    lambda user: Worker.objects.working().filter(user=user).select_related("enterprise__organisation").order_by("pk"),
    user=BigIntegerField(),
)
_rules: Prepared[HourRule] = Prepared(lambda: HourRule.objects.all())
_earned: Prepared[tuple[int]] = Prepared(
    lambda user, first, last: (
        HourEntry.objects.filter(user=user, day__gte=first, day__lte=last)
        .values("user")
        .annotate(sum=Sum("credited_ms"))
        .values_list("sum")
    ),
    user=BigIntegerField(),
    first=DateField(),
    last=DateField(),
)


def jobs_of(user: User) -> list[Worker]:
    """Return the jobs a person holds now, with firm and region."""
    return _jobs.rows(user=user.pk)


def year_hours(
    user: User, year: int | None = None, *, jobs: list[Worker] | None = None, firm: int | None = None
) -> YearHours:
    """Return the hours of a year. `firm` narrows what is earned to one employer, for its managers and regulators.

    With several jobs the strictest rule of all of them is shown.
    """
    year = year or timezone.localdate().year
    first, last = date(year, 1, 1), date(year, 12, 31)
    if firm is None:
        earned = next(iter(_earned.rows(user=user.pk, first=first, last=last)), (0,))[0]
    else:
        entries = HourEntry.objects.filter(user=user, day__range=(first, last), enterprise_id=firm)
        earned = entries.aggregate(sum=Sum("credited_ms"))["sum"] or 0
    held = jobs_of(user) if jobs is None else jobs
    on = min(timezone.localdate(), last)
    rules = _rules.rows() if held else []
    best: tuple[Choice, Worker] | None = None
    for job in held:
        firm_of = job.enterprise
        place = Job(job.category, firm_of.high_risk_industry, firm_of.organisation.region_code, firm_of.risk)
        choice = choose(rules, place, needs_in(year, job.hired_on), on)
        if choice is not None and (best is None or choice.rule.hours > best[0].rule.hours):
            best = (choice, job)
    return YearHours(year, earned, best[0] if best else None, best[1] if best else next(iter(held), None))


def learning_card(classes: list[ClassRow], hours: YearHours) -> dict[str, Any]:
    """Return what the learner's home shows: `hours`, `next` (ClassRow to go on with, or None) and `open` classes."""
    rows = [row for row in classes if is_open(row)]
    going_on = [row for row in rows if row.next is not None]
    # The lesson touched last; where none was begun, max keeps the first row, which is the class due first.
    latest = max(going_on, key=lambda row: (row.next and row.next.touched_at) or NEVER, default=None)
    return {"hours": hours, "next": latest, "open": rows}


def _rating_columns(ratings: QuerySet[Rating]) -> QuerySet[Rating, Any]:
    return (
        ratings.values("course_id")
        .annotate(mean=Avg("score"), count=Count("pk"))
        .values_list("course_id", F("mean"), F("count"))
    )


_rating_of_course: Prepared[tuple[int, float, int]] = Prepared(
    lambda course: _rating_columns(Rating.objects.filter(course=course)), course=BigIntegerField()
)


def rating_of(course_ids: Iterable[int]) -> dict[int, tuple[float, int]]:
    """Return mean and count of the ratings of courses."""
    ids = list(course_ids)
    rows = (
        _rating_of_course.rows(course=ids[0])
        if len(ids) == 1
        else _rating_columns(Rating.objects.filter(course_id__in=ids))
    )
    return {course: (float(mean), count) for course, mean, count in rows}
