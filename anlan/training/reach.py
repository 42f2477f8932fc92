"""Who needs a course: firms by industry and people by job, as counts only; and the courses that one firm needs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Count, Q
from django.db.models.functions import Substr

from anlan.enterprises import industries
from anlan.enterprises.models import Enterprise, Worker
from anlan.training import matching
from anlan.training.models import Course


@dataclass(frozen=True, slots=True)
class Reach:
    """Counts over the whole platform: no names, so any teacher may see them."""

    enterprises: int
    divisions: list[tuple[str, str, int]]  # (C33, name, firms)
    people: int
    jobs: list[tuple[str, int]]


def reach(course: Course) -> Reach:
    """How many firms (by GB/T 4754 division) and people (by job title) a course is for. Two queries."""
    codes = sorted({str(code)[:3] for code in course.industries if code})
    by_division: Counter[str] = Counter()
    if codes:
        wanted = reduce(or_, (Q(industry__startswith=code) for code in codes))
        rows = Enterprise.objects.filter(wanted).values_list(Substr("industry", 1, 3)).annotate(n=Count("pk"))
        by_division.update(dict(rows.order_by()))
    titles = [str(title) for title in course.job_titles]
    jobs = (
        Worker.objects.working()
        .filter(job_title__in=titles)
        .values_list("job_title")
        .annotate(n=Count("pk"))
        .order_by()
        if titles
        else []
    )
    by_job = sorted(jobs, key=lambda row: -row[1])
    divisions = [(code, industries.name_of(code), count) for code, count in by_division.most_common()]
    return Reach(sum(by_division.values()), divisions, sum(n for _title, n in by_job), by_job)


def recommended_courses(enterprise: Enterprise, *, limit: int = 6) -> list[matching.Proposal]:
    """The published courses that fit a firm's industry and the jobs of its people, best first, each with its reasons."""
    jobs = enterprise.workers.filter(left_on__isnull=True).exclude(job_title="").values_list("job_title")
    counted = dict(jobs.annotate(n=Count("pk")).order_by())
    shelf = matching.shelf(Course.objects.filter(state=Course.State.PUBLISHED))
    found = matching.propose(shelf, industries={enterprise.industry: 1}, jobs=counted)
    return [proposal for proposal in found if proposal.score > 0][:limit]
