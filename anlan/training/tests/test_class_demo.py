"""The classes of the demo keep what every class keeps."""

from django.db.models import Sum

from anlan.operations.demo.cast import Cast
from anlan.operations.demo.classes import lay_classes
from anlan.tallies.models import Delta
from anlan.training.models import Enrolment, HourEntry, LessonProgress, TrainingClass
from anlan.training.tests.making import hire, make_course


def test_nothing_is_laid_without_courses(cast: Cast) -> None:
    lay_classes(cast)
    assert not TrainingClass.objects.exists()


def test_ledger_progress_enrolments_and_counts_agree_and_laying_again_adds_nothing(cast: Cast) -> None:
    hire(cast.enterprise("forge"), 12)
    for slug in ("new-worker", "hot-work"):
        make_course(cast, slug, title=slug)
    lay_classes(cast)
    lay_classes(cast)
    assert set(TrainingClass.objects.filter(organisation=cast.forge).values_list("kind", "state")) == {
        ("annual", "open"), ("initial", "open"), ("special", "closed"),
    }  # fmt: skip
    sums = dict(Delta.objects.order_by().values_list("measure").annotate(n=Sum("amount")))
    assert sums["classes"] == TrainingClass.objects.count() == 4
    assert sums["enrolled"] == Enrolment.objects.count()
    assert sums["learnt"] == Enrolment.objects.filter(state="learnt").count() > 0
    assert sums["hours_ms"] == HourEntry.objects.aggregate(n=Sum("credited_ms"))["n"]
    assert sums["hours_ms"] == LessonProgress.objects.aggregate(n=Sum("credited_ms"))["n"] > 0
