"""Classes of the demo: what a manager, a worker and a regulator meet on an ordinary day. Invented people, real actions."""

from __future__ import annotations

import uuid
from datetime import datetime, time, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from anlan.accounts.models import Organisation, User
from anlan.enterprises.models import Enterprise, Worker
from anlan.operations.demo.cast import Cast
from anlan.tallies.actions import tally_many
from anlan.training.actions.class_people import remind_people
from anlan.training.actions.classes import ClassPlan, close_class, create_classes
from anlan.training.models import ClassCourse, Course, Enrolment, HourEntry, Lesson, LessonProgress, TrainingClass
from anlan.training.selection import Selection

SPACE = uuid.UUID("6f2c1d0a-5f0e-4f5b-9d3e-000000000008")
SHIFTS = (0, 0, 1, 1, 1, 2, 0, 1, 2, 2)
"""How far the n-th person of a class is: 0 not begun, 1 half-way, 2 learnt all; repeated over the class."""


def lay_classes(cast: Cast) -> None:
    """Lay the classes that are not there yet; nothing where the catalogue has no published courses."""
    courses = {course.slug: course for course in Course.objects.filter(state=Course.State.PUBLISHED)}
    if not courses:
        return
    forge, bakery = cast.enterprise("forge"), cast.enterprise("bakery")
    basics: list[str] = [c for c in ("new-worker", "electrical-safety") if c in courses] or sorted(courses)[:2]
    everyone = Selection()
    annual = _class(
        cast.manager,
        forge,
        f"{timezone.localdate().year} 年度再培训",
        basics,
        everyone,
        courses,
        days=12,
        hours=Decimal(1),
    )
    if annual is not None:
        _learn(annual, SHIFTS)
        remind_people(annual, by=cast.manager)
    new = _class(
        cast.manager, forge, "新员工上岗培训", [c for c in ("new-worker",) if c in courses] or basics[:1],
        Selection("jobs", jobs=_jobs(forge, 2)), courses, days=25, kind="initial",
    )  # fmt: skip
    if new is not None:
        _learn(new, (0, 1, 1, 0))
    hot = _class(
        cast.manager, forge, "动火作业专项培训", [c for c in ("hot-work",) if c in courses] or basics[:1],
        Selection("departments", departments=("锻造车间",)), courses, days=5, kind="special",
    )  # fmt: skip
    if hot is not None:
        _learn(hot, (2,))
        close_class(hot, by=cast.manager, version=hot.version)
    late = _class(cast.other_boss, bakery, "食品机械安全培训", basics[:1], everyone, courses, days=5)
    if late is not None:
        _learn(late, (0, 1, 0, 2))
        _move(late, days=-14)
    _other_firms(cast, courses, basics)


def _class(
    by: User, firm: Enterprise, title: str, slugs: list[str], selection: Selection, courses: dict[str, Course], *,
    days: int, kind: str = "annual", hours: Decimal = Decimal(0),
) -> TrainingClass | None:  # fmt: skip
    """Make a class through its action; None when it is there already or nobody is meant."""
    if TrainingClass.objects.filter(organisation_id=firm.pk, title=title).exists():
        return None
    firms = Enterprise.objects.filter(pk=firm.pk)
    if not selection.of(firms).exists():
        return None
    today = timezone.localdate()
    deadline = timezone.make_aware(datetime.combine(today + timedelta(days=days), time(23, 59, 59)))
    plan = ClassPlan(
        title, kind, tuple(courses[slug].pk for slug in slugs), hours, True, True, today - timedelta(days=20), deadline
    )
    batch = uuid.uuid5(SPACE, f"{firm.organisation.credit_code}:{title}")
    return create_classes(firms, selection, by=by, plan=plan, batch=batch, again=True)[0]


def _jobs(firm: Enterprise, n: int) -> tuple[str, ...]:
    titles = Worker.objects.filter(enterprise=firm, category="other").working().exclude(job_title="")
    return tuple(titles.order_by("job_title").values_list("job_title", flat=True).distinct()[:n])


@transaction.atomic
def _learn(one: TrainingClass, shifts: tuple[int, ...]) -> None:
    """Let people have learnt: progress, ledger, enrolment and tallies say the same."""
    lessons = list(Lesson.objects.filter(course__in=ClassCourse.objects.filter(training_class=one).values("course")))
    lessons.sort(key=lambda lesson: (lesson.course_id, lesson.position))
    firm = Enterprise.objects.select_related("organisation").get(pk=one.organisation_id)
    now = timezone.now()
    place = (firm.organisation.region_code, firm.industry[:3])
    progress, hours, changed = [], [], []
    for number, row in enumerate(Enrolment.objects.filter(training_class=one, state="assigned").order_by("pk")):
        shift = shifts[number % len(shifts)]
        done = lessons if shift == 2 else lessons[: max(1, len(lessons) // 2)] if shift else []
        if not done:
            continue
        at = now - timedelta(days=1 + number % 9, minutes=number * 7)
        for lesson in done:
            known = LessonProgress.objects.filter(user_id=row.user_id, lesson=lesson, year=one.starts_on.year)
            if known.exists():
                continue
            progress.append(
                LessonProgress(
                    user_id=row.user_id,
                    lesson=lesson,
                    year=one.starts_on.year,
                    covered=f"[0,{lesson.duration_ms}]",
                    covered_ms=lesson.duration_ms,
                    credited_ms=lesson.duration_ms,
                    position_ms=lesson.duration_ms,
                    completed_at=at,
                    updated_at=at,
                )
            )
            hours.append(
                HourEntry(
                    user_id=row.user_id, lesson=lesson, training_class=one, enterprise_id=one.organisation_id,
                    region_code=place[0], day=timezone.localdate(at), to_at=at,
                    from_at=at - timedelta(milliseconds=lesson.duration_ms), covered_ms=lesson.duration_ms,
                    credited_ms=lesson.duration_ms,
                )
            )  # fmt: skip
        row.lessons_done = len(done)
        row.credited_ms = sum(lesson.duration_ms for lesson in done)
        row.last_seen_at = at
        row.state = "learnt" if shift == 2 else "learning"
        row.learnt_at = at if shift == 2 else None
        changed.append(row)
    LessonProgress.objects.bulk_create(progress)
    HourEntry.objects.bulk_create(hours)
    Enrolment.objects.bulk_update(changed, ["lessons_done", "credited_ms", "last_seen_at", "state", "learnt_at"])
    subject = ("enterprise", firm.pk)
    tally_many(("hours_ms", entry.credited_ms, subject, entry.day, *place) for entry in hours)
    tally_many(("learnt", 1, subject, row.learnt_at, *place) for row in changed if row.learnt_at)


def _move(one: TrainingClass, *, days: int) -> None:
    """Move a class into the past: the one thing that no action does."""
    TrainingClass.objects.filter(pk=one.pk).update(deadline=F("deadline") + timedelta(days=days))


def _other_firms(cast: Cast, courses: dict[str, Course], basics: list[str]) -> None:
    """A few of the other demo firms have a class of their own, at every stage."""
    named = [cast.forge.pk, cast.bakery.pk]
    firms = Organisation.objects.filter(is_demo=True, kind="enterprise").exclude(pk__in=named).order_by("pk")[:8]
    for number, organisation in enumerate(firms):
        manager = User.objects.filter(
            posts__organisation=organisation, posts__until__isnull=True,
            posts__role_id__in=["enterprise_admin", "safety_manager"],
        ).first()  # fmt: skip
        firm = Enterprise.objects.filter(pk=organisation.pk).select_related("organisation").first()
        if manager is None or firm is None:
            continue
        made = _class(
            manager, firm, f"{timezone.localdate().year} 年度再培训", basics, Selection(), courses, days=8 + 5 * number
        )
        if made is not None:
            _learn(made, SHIFTS[number:] + SHIFTS[:number])
            if number % 3 == 0:
                _move(made, days=-(12 + 5 * number))
