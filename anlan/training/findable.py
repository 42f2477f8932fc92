"""What search may show of training: the published courses."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone

from anlan.search.actions import Found
from anlan.training.models import Course


def documents() -> Iterator[Found]:
    """Every published course, with the titles of its lessons. Two queries."""
    for course in Course.objects.visible_to(None).prefetch_related("lessons").order_by("pk"):
        lessons = [lesson.title for lesson in course.lessons.all()]
        yield Found(
            key=course.slug, title=course.title, text="\n".join([course.summary, *course.objectives, *lessons]),
            also="\n".join([course.audience, *course.job_titles]), url=reverse("training:course", args=[course.slug]),
            tags=tuple(course.industries), day=timezone.localdate(course.published_at) if course.published_at else None,
        )  # fmt: skip
