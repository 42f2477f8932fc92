"""Who is meant: from "everyone in the forging shop" to a queryset of workers. Pure reading, never a list of ids in memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.enterprises.models import Enterprise, Worker
from anlan.enterprises.models.workers import WorkerQuerySet
from anlan.training import plan
from anlan.training.models import Enrolment, TrainingClass

ALL, DEPARTMENTS, JOBS, CATEGORIES, LACKING, NEWCOMERS, PICKED = (
    "all", "departments", "jobs", "categories", "lacking", "newcomers", "picked",
)  # fmt: skip
WAYS = (
    (ALL, _("全体员工")),
    (DEPARTMENTS, _("按部门")),
    (JOBS, _("按岗位")),
    (CATEGORIES, _("按人员类别")),
    (LACKING, _("今年还差学时的人")),
    (NEWCOMERS, _("今年新来、上岗培训没满的人")),
    (PICKED, _("点名")),
)


@dataclass(frozen=True, slots=True)
class Selection:
    """A way to choose people, and its values. `categories` narrows LACKING too; `workers` are keys of employments."""

    way: str = ALL
    departments: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    workers: tuple[int, ...] = ()

    def of(self, enterprises: QuerySet[Enterprise]) -> WorkerQuerySet:
        """Return the people employed now in these enterprises that are meant."""
        workers: WorkerQuerySet = Worker.objects.filter(enterprise__in=enterprises).working()
        today = timezone.localdate()
        match self.way:
            case "departments":
                return workers.filter(department__in=self.departments)
            case "jobs":
                return workers.filter(job_title__in=self.jobs)
            case "categories":
                return workers.filter(category__in=self.categories)
            case "lacking":
                wanted = workers.filter(category__in=self.categories) if self.categories else workers
                workers = plan.lacking(wanted, today)
            case "newcomers":
                workers = plan.lacking(plan.newcomers(workers, today), today)
            case "picked":
                return workers.filter(pk__in=self.workers)
        return workers


def having(workers: QuerySet[Worker, Any], courses: list[int], now: datetime) -> QuerySet[Worker, Any]:
    """Return those who already have every one of these courses: in a running class, or learnt this year."""
    met = Q()
    for number, course in enumerate(courses):
        mine = (
            Enrolment.objects.filter(
                user=OuterRef("user_id"),
                enterprise_id=OuterRef("enterprise_id"),
                training_class__class_courses__course=course,
            )
            .exclude(training_class__state=TrainingClass.State.CANCELLED)
            .filter(
                Q(learnt_at__gte=_new_year(now))
                | Q(training_class__state=TrainingClass.State.OPEN, state__in=["assigned", "learning"])
            )
        )
        workers = workers.annotate(**{f"has_{number}": ExpressionWrapper(Exists(mine), output_field=BooleanField())})
        met &= Q(**{f"has_{number}": True})
    return workers.filter(met) if courses else workers.none()


def _new_year(now: datetime) -> datetime:
    day = date(timezone.localtime(now).year, 1, 1)
    return timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001  # made aware here


@dataclass(frozen=True, slots=True)
class Preview:
    """What a form would do, before it does it."""

    people: int
    already: int
    classes: list[tuple[str, int]]
    more_classes: int
    names: list[str]
    problem: str = ""


SHOWN = 12


def preview_of(
    enterprises: QuerySet[Enterprise], selection: Selection, courses: list[int], *, split: str, again: bool
) -> Preview:
    """Count who would be enrolled, per class; a handful of queries whatever the number of people."""
    people = selection.of(enterprises)
    already = having(people, courses, timezone.now())
    had = already.count()
    if had and not again:
        people = people.exclude(pk__in=already.values("pk"))
    label = {"department": "department", "job_title": "job_title"}.get(split, "enterprise__organisation__name")
    groups = list(people.order_by(label).values_list(label).annotate(n=Count("pk")))
    return Preview(
        people=sum(n for _label, n in groups),
        already=had,
        classes=[(str(name or _("没有填写")), n) for name, n in groups[:SHOWN]],
        more_classes=max(0, len(groups) - SHOWN),
        names=list(people.order_by("pk").values_list("user__name", flat=True)[:SHOWN]),
    )
