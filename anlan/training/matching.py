"""Which courses a firm needs: its industry and the jobs of its people against what the courses say of themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Prefetch, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from anlan.training.models import Course, CourseTag

INDUSTRY, JOB = 3, 2
HOUR_MS = 3_600_000


@dataclass(slots=True)
class Proposal:
    """A course, how well it fits, and why in words."""

    course: Course
    ms: int
    lessons: int
    score: int = 0
    reasons: list[str | Promise] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The course's key as it stands in a form."""
        return str(self.course.pk)


@dataclass(frozen=True, slots=True)
class Load:
    """What a class asks of each person: media time, lessons, minutes a day until the deadline (0 = no date yet)."""

    ms: int
    lessons: int
    per_day: int
    short: bool


def load_of(proposals: Iterable[Proposal], chosen: Collection[str], *, days: int, hours: Decimal) -> Load | None:
    """Sum up the chosen courses; `short` when they hold less than the hours asked for. None when nothing is chosen."""
    taken = [one for one in proposals if one.key in chosen]
    if not taken:
        return None
    ms = sum(one.ms for one in taken)
    needed = max(ms, int(hours * HOUR_MS))
    per_day = -(-needed // (60_000 * days)) if days > 0 else 0
    return Load(ms, sum(one.lessons for one in taken), per_day, ms < hours * HOUR_MS)


def shelf(courses: QuerySet[Course]) -> list[Proposal]:
    """Read courses with their length and tags, two queries."""
    rows = courses.annotate(total_ms=Coalesce(Sum("lessons__duration_ms"), 0)).prefetch_related(
        Prefetch("course_tags", CourseTag.objects.select_related("tag__parent__parent")), "lessons"
    )
    return [Proposal(course, int(course.total_ms), len(course.lessons.all())) for course in rows.order_by("title")]


def propose(shelf: Iterable[Proposal], *, industries: Mapping[str, int], jobs: Mapping[str, int]) -> list[Proposal]:
    """Score and sort: industry (division C33, or its section C) before jobs, best first, the rest by title.

    `industries` maps GB/T 4754 codes to the number of firms, `jobs` maps job titles to the number of people. A job
    fits when course or tag and title contain one another (叉车工 – 叉车).
    """
    found = list(shelf)
    for proposal in found:
        _score_industry(proposal, industries)
        _score_jobs(proposal, jobs)
    return sorted(found, key=lambda proposal: (-proposal.score, proposal.course.title))


def _score_industry(proposal: Proposal, industries: Mapping[str, int]) -> None:
    wanted = {str(code)[:3] for code in proposal.course.industries if code}
    fitting = sorted({code[:3] for code in industries if code[:3] in wanted or code[:1] in wanted})
    if fitting:
        proposal.score += INDUSTRY
        proposal.reasons.append(_("本行业 %(codes)s 需要") % {"codes": "、".join(fitting)})


def _score_jobs(proposal: Proposal, jobs: Mapping[str, int]) -> None:
    names = {str(name) for name in proposal.course.job_titles}
    for link in proposal.course.course_tags.all():
        node = link.tag if link.tag.level == 2 else link.tag.parent
        if link.confirmed and node is not None:
            names.add(node.name)
    names = {name for name in names if len(name) > 1}
    fitting = {job: people for job, people in jobs.items() if len(job) > 1 and any(n in job or job in n for n in names)}
    if fitting:
        proposal.score += JOB
        shown = sorted(fitting.items(), key=lambda item: -item[1])[:3]
        proposal.reasons.append(
            _("对口岗位：%(jobs)s") % {"jobs": "、".join(f"{job} {people}" for job, people in shown)}
        )


def annual_set(proposals: Iterable[Proposal], needed_ms: int) -> list[Proposal]:
    """The courses of a year: fitting ones first, until the hours are reached or nothing is left."""
    chosen: list[Proposal] = []
    for proposal in proposals:
        if sum(one.ms for one in chosen) >= needed_ms:
            break
        chosen.append(proposal)
    return chosen
