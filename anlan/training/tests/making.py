"""What tests of classes are built from: a published course, more workers, a class."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.utils import timezone

from anlan.accounts.models import User
from anlan.enterprises.models import Enterprise, Worker
from anlan.operations.demo.cast import Cast
from anlan.training.actions.classes import ClassPlan, create_classes
from anlan.training.models import Course, Enrolment, Lesson, TrainingClass
from anlan.training.selection import Selection


def make_course(cast: Cast, slug: str = "hot-work", **extra: Any) -> Course:
    """A published course with two lessons of ten minutes."""
    course = Course.objects.create(
        owner=cast.school, slug=slug, title=extra.pop("title", "动火作业"), state="published", **extra
    )
    for n in range(2):
        Lesson.objects.create(course=course, position=n, title=f"第 {n + 1} 讲", duration_ms=600_000)
    return course


def hire(firm: Enterprise, n: int, start: int = 0, **extra: Any) -> list[Worker]:
    """More people in a firm, without phones."""
    users = User.objects.bulk_create(User(name=f"工友{start + i}", password="!", is_demo=True) for i in range(n))
    return Worker.objects.bulk_create(
        Worker(
            enterprise=firm,
            user=user,
            **{"job_title": "锻工", "department": "锻造车间", "hired_on": date(2020, 1, 1), **extra},
        )
        for user in users
    )


def plan_for(*courses: Course, **changes: Any) -> ClassPlan:
    """A plan for these courses, ending in 30 days."""
    values: dict[str, Any] = {
        "title": "年度再培训", "kind": "annual", "courses": tuple(c.pk for c in courses), "hours": Decimal(0),
        "no_skipping": True, "certificate": True, "starts_on": timezone.localdate(),
        "deadline": timezone.now() + timedelta(days=30),
    }  # fmt: skip
    return ClassPlan(**{**values, **changes})


def make_class(cast: Cast, *, by: User | None = None, **changes: Any) -> TrainingClass:
    """A class of the forge with everyone in it."""
    course = Course.objects.filter(slug="hot-work").first() or make_course(cast)
    selection = changes.pop("selection", Selection())
    by = by or cast.manager
    firms = Enterprise.objects.visible_to(by)
    return create_classes(firms, selection, by=by, plan=plan_for(course, **changes), batch=uuid4(), again=True)[0]


def seat(one: TrainingClass, user: User) -> Enrolment:
    """The enrolment of a person."""
    return Enrolment.objects.get(training_class=one, user=user)
