"""Which articles the cases of the courses rest on, for the law to show and to watch."""

from collections.abc import Iterator

from django.urls import reverse

from anlan.law.actions.citing import Cite
from anlan.training.models import Course, CourseCase


def citations() -> Iterator[Cite]:
    """Every course of the catalogue, with what its cases cite."""
    cited: dict[int, tuple[Course, dict[str, None]]] = {}
    cases = CourseCase.objects.filter(course__state=Course.State.PUBLISHED).exclude(cites=[])
    for case in cases.select_related("course__owner").order_by("course", "pk"):
        _course, refs = cited.setdefault(case.course_id, (case.course, {}))
        refs.update(dict.fromkeys(case.cites))
    for course, refs in cited.values():
        url = reverse("training:course", args=[course.slug])
        yield Cite(str(course.pk), course.title, tuple(refs), url, is_public=True, owner=course.owner.name)
