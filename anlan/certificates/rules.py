"""When a certificate is due, and for how long it is valid."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.utils.translation import gettext as _

from anlan.certificates.models import Certificate
from anlan.exams.models import Exam
from anlan.lib.errors import Refused
from anlan.training.models import Enrolment, TrainingClass

MS_PER_HOUR: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Validity:
    """Months that a certificate is valid, and months until the next review training, with where that comes from."""

    months: int
    review_months: int
    source: str


VALIDITY: Final[dict[str, Validity]] = {
    TrainingClass.Kind.INITIAL: Validity(36, 12, "平台默认；每年再培训依《生产经营单位安全培训规定》第九条、第十三条"),
    TrainingClass.Kind.ANNUAL: Validity(12, 12, "平台默认；每年再培训依《生产经营单位安全培训规定》第九条、第十三条"),
    TrainingClass.Kind.SPECIAL: Validity(12, 12, "平台默认"),
}
"""No national text sets how long a training certificate lasts; a province changes this by ANLAN_CERTIFICATE_MONTHS."""


def add_months(day: date, months: int) -> date:
    """The last valid day when a term of `months` begins on `day`: the eve of the same date (29 February: of 1 March)."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    try:
        return date(year, month, day.day) - timedelta(days=1)
    except ValueError:  # no such date in that month
        return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def term(kind: str, issued: date) -> tuple[date, date]:
    """Return the last valid day and the day until which the review training is to be done."""
    rule = VALIDITY[kind]
    months = int(settings.ANLAN_CERTIFICATE_MONTHS.get(kind, rule.months))
    until = add_months(issued, months)
    return until, min(until, add_months(issued, rule.review_months))


def _final_exams() -> Exists:
    return Exists(
        Exam.objects.filter(training_class_id=OuterRef("training_class_id"), kind=Exam.Kind.FINAL, cancelled_at=None)
    )


def qualified() -> Q:
    """The rule as a condition on enrolments: learnt and passed; or learnt with the hours where there is no final exam.

    Where the exam may come before the lessons, who has passed it has still to learn.
    """
    hours = Q(training_class__hours=0) | Q(credited_ms__gte=F("training_class__hours") * MS_PER_HOUR)
    learnt = Q(state=Enrolment.State.LEARNT) & hours & ~Q(_final_exams())
    passed = Q(state=Enrolment.State.PASSED) & (
        Q(learnt_at__isnull=False) | (Q(lessons_done__gte=F("lessons_total")) & hours)
    )
    return Q(training_class__certificate=True) & (passed | learnt)


def waiting_for_certificate(limit: int) -> list[Enrolment]:
    """Enrolments that meet the rule and never had a certificate, those that qualified first coming first."""
    had = Certificate.objects.filter(user_id=OuterRef("user_id"), training_class_id=OuterRef("training_class_id"))
    return list(
        Enrolment.objects.filter(qualified())
        .exclude(training_class__state=TrainingClass.State.CANCELLED)
        .exclude(Exists(had))
        .order_by(Case(When(passed_at=None, then=F("learnt_at")), default=F("passed_at")), "pk")[:limit]
    )


def why_not(enrolment: Enrolment) -> Refused | None:
    """Why this enrolment gets no certificate now; None when the rule is met."""
    if not enrolment.training_class.certificate:
        return Refused(_("这个培训班不发证书。"), code="no_certificate_wanted", status=422)
    if Enrolment.objects.filter(qualified(), pk=enrolment.pk).exists():
        return None
    return Refused(_("还没有达到发证条件：有结业考试的要考试合格，没有的要学完并学满学时。"), code="not_qualified")
