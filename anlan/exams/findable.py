"""What search may show of the bank: stems that anyone meets in an open mock exam; never options, keys or reasons."""

from collections.abc import Iterator

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone

from anlan.exams.models import Exam, Question
from anlan.search.actions import Found


def documents() -> Iterator[Found]:
    """Every live question of a course that has a mock exam open to all. One query."""
    open_to_all = Exam.objects.filter(
        kind=Exam.Kind.MOCK, cancelled_at=None, closes_at__gt=timezone.now(), course=OuterRef("course")
    )
    live = Question.objects.filter(Exists(open_to_all), state=Question.State.LIVE).select_related("course")
    for question in live.order_by("pk").iterator():
        title = question.course.title if question.course else ""
        yield Found(
            key=f"{question.owner_id}-{question.code}", title=question.stem[:300], text=f"{question.stem}\n{question.point}",
            heading=title, url=f"{reverse('exams:mocks')}?q={title}",
        )  # fmt: skip
