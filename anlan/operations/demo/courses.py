"""The courses of the demo: rows at once, so that pages work; pictures and sound follow from the media queue."""

from __future__ import annotations

from pathlib import Path

from anlan.operations.demo.cast import Cast
from anlan.training.actions.packages import import_package
from anlan.training.models import Course

PACKAGES = Path(__file__).parent / "courses"

ORDER = ("confined-space", "hot-work", "electrical-safety", "work-at-height", "chemical-leak", "new-worker")


def lay_courses(cast: Cast) -> list[Course]:
    """Create the courses of the training centre that are not there yet, published, with their media queued."""
    laid = []
    for slug in ORDER:
        course = Course.objects.filter(slug=slug).first()
        if course is None and (PACKAGES / slug / "course.toml").exists():
            course = import_package(PACKAGES / slug, owner=cast.school, by=None, published=True)
            Course.objects.filter(pk=course.pk).update(teacher=cast.teacher)
        if course is not None:
            laid.append(course)
    return laid
