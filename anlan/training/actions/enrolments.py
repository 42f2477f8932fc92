"""What an enrolment says of its person, counted from progress: exact, and safe to run again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Sum
from django.db.models.functions import Length

from anlan.accounts.models import Organisation
from anlan.audit.actions import record
from anlan.tallies.actions import tally_many
from anlan.training import coverage
from anlan.training.models import ClassCourse, Enrolment, Lesson, LessonProgress

S = Enrolment.State


def refresh_enrolments(ids: Iterable[int], *, at: datetime) -> int:
    """Recount lessons and credit of enrolments from progress, in the caller's transaction; return how many became LEARNT.

    LEARNT: every lesson of the class is complete, and the hours of the class are earned as far as its lessons can give them.
    """
    enrolments = list(
        Enrolment.objects.select_for_update(of=("self",))
        .filter(pk__in=list(ids))
        .exclude(state__in=[S.WITHDRAWN])
        .select_related("training_class")
        .order_by("pk")
    )
    lessons = _lessons({e.training_class_id for e in enrolments})
    learnt = []
    for enrolment in enrolments:
        lengths = lessons[enrolment.training_class_id]
        sums = LessonProgress.objects.filter(
            user_id=enrolment.user_id, lesson_id__in=lengths, year=enrolment.training_class.starts_on.year
        ).aggregate(done=Count("completed_at"), credited=Sum("credited_ms"))
        enrolment.lessons_done, enrolment.credited_ms = sums["done"], sums["credited"] or 0
        if enrolment.state in (S.ASSIGNED, S.LEARNING):
            enrolment.lessons_total = len(lengths)
            if enrolment.credited_ms:
                enrolment.state = S.LEARNING
            if _has_learnt(enrolment, sum(lengths.values())):
                enrolment.state, enrolment.learnt_at = S.LEARNT, at
                learnt.append(enrolment)
    Enrolment.objects.bulk_update(
        enrolments, ["lessons_done", "lessons_total", "credited_ms", "state", "learnt_at"], batch_size=100
    )
    _tell(learnt, at)
    return len(learnt)


def _lessons(classes: set[int]) -> dict[int, dict[int, int]]:
    """Return the lessons of each class with their length in milliseconds."""
    courses = defaultdict(set)
    for class_id, course_id in ClassCourse.objects.filter(training_class_id__in=classes).values_list(
        "training_class_id", "course_id"
    ):
        courses[course_id].add(class_id)
    found: dict[int, dict[int, int]] = defaultdict(dict)
    rows = Lesson.objects.filter(course_id__in=courses).annotate(text_length=Length("text"))
    for pk, course, kind, duration, length in rows.values_list("pk", "course_id", "kind", "duration_ms", "text_length"):
        for class_id in courses[course]:
            found[class_id][pk] = coverage.lesson_length(kind, duration, length)
    return found


def _has_learnt(enrolment: Enrolment, length_ms: int) -> bool:
    asked_ms = int(enrolment.training_class.hours * 3_600_000)
    reachable_ms = length_ms * coverage.COMPLETE_PERCENT // 100
    return 0 < enrolment.lessons_total <= enrolment.lessons_done and enrolment.credited_ms >= min(
        asked_ms, reachable_ms
    )


def _tell(learnt: list[Enrolment], at: datetime) -> None:
    """Count and record those who have just learnt everything."""
    firms = {
        o.pk: o
        for o in Organisation.objects.filter(
            pk__in={e.enterprise_id for e in learnt if e.enterprise_id}
        ).select_related("enterprise")
    }
    rows = []
    for enrolment in learnt:
        firm = firms.get(enrolment.enterprise_id or 0)
        region = firm.region_code if firm else enrolment.training_class.region_code
        record("complete_class", enrolment, by=None, region_code=region, lessons=enrolment.lessons_done)
        if firm is not None:
            profile = getattr(firm, "enterprise", None)
            rows.append(("learnt", 1, ("enterprise", firm.pk), at, region, profile.industry[:3] if profile else ""))
    tally_many(rows)
