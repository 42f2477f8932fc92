"""Writes on the three-level tags: naming a path, and a course's place under it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.lib.errors import Refused
from anlan.training import tagging
from anlan.training.actions.courses import hold
from anlan.training.models import Course, CourseTag, Tag


def tag_for(path: Sequence[str]) -> Tag:
    """Find or make the risk tag of a path (industry, post, risk)."""
    names = [name.strip() for name in path]
    if len(names) != 3 or not all(names) or any(len(name) > 40 for name in names):
        raise Refused(
            _("标签要写全三级：行业、岗位、风险，每级不超过 40 个字。"), code="bad_tag", status=422, field="tag"
        )
    tag: Tag | None = None
    for level, name in enumerate(names, 1):
        tag, _made = Tag.objects.get_or_create(parent=tag, name=name, defaults={"level": level})
    assert tag is not None  # noqa: S101
    return tag


def paths() -> list[tuple[int, tagging.Path]]:
    """Every risk tag with its three names."""
    rows = Tag.objects.filter(level=Tag.Level.RISK).values_list("pk", "parent__parent__name", "parent__name", "name")
    return [(pk, (str(industry), str(post), risk)) for pk, industry, post, risk in rows]


@transaction.atomic
def propose_tags(course: Course, *, by: User) -> int:
    """Put up to five tags forward for a course, from its own words; a person confirms or rejects. Return how many are new."""
    hold(course, by)
    text = " ".join([course.title, course.summary, course.audience, *map(str, course.objectives)])
    here = set(course.course_tags.values_list("tag_id", flat=True))
    found = [match for match in tagging.propose(text, paths()) if match.tag_id not in here]
    CourseTag.objects.bulk_create(
        [CourseTag(course=course, tag_id=match.tag_id, confirmed=False) for match in found], ignore_conflicts=True
    )
    return len(found)


@transaction.atomic
def confirm_tag(link: CourseTag, *, by: User) -> None:
    """Accept a proposed tag."""
    hold(link.course, by)
    if CourseTag.objects.filter(pk=link.pk, confirmed=False).update(confirmed=True):
        record("confirm_tag", link.course, by=by, region_code=link.course.owner.region_code, tag=link.tag.name)


@transaction.atomic
def remove_tag(link: CourseTag, *, by: User) -> None:
    """Reject a proposed tag, or take a confirmed one off."""
    hold(link.course, by)
    record("remove_tag", link.course, by=by, region_code=link.course.owner.region_code, tag=link.tag.name)
    link.delete()


@transaction.atomic
def add_tag(course: Course, *, by: User, path: Sequence[str]) -> CourseTag:
    """Put a course under a tag, made if it is new."""
    hold(course, by)
    link, _made = CourseTag.objects.update_or_create(course=course, tag=tag_for(path), defaults={"confirmed": True})
    record("add_tag", course, by=by, region_code=course.owner.region_code, tag=" · ".join(path))
    return link
