"""Writes on exams."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.exams.models import Blueprint, Exam, Sitting
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify
from anlan.training.models import Enrolment, TrainingClass


@transaction.atomic
def open_exam(
    training_class: TrainingClass, blueprint: Blueprint, *, kind: str, title: str, opens_at: datetime,
    closes_at: datetime, minutes: int, pass_mark: int, attempts: int, show_key: bool = True, needs_learnt: bool = True,
    by: User,
) -> Exam:  # fmt: skip
    """Open a pre-test, post-test or final exam for a class and tell its people.

    A pre-test never asks that the class be learnt first, and is sat once. Raises `Refused`: 403 without the power, 404 for
    another organisation's class or an unpublished blueprint, 422 with the field that is wrong.
    """
    if not by.may(powers.ASSIGN_TRAINING) or not training_class.can_manage(by):
        raise Refused(_("只有这个班的管理人员可以给它安排考试。"), code="not_manager", status=403)
    if not Blueprint.objects.visible_to(by).filter(pk=blueprint.pk).exists():
        raise Refused(_("没有找到这份组卷规则。"), code="no_blueprint", status=404, field="blueprint")
    if kind not in (Exam.Kind.PRE, Exam.Kind.POST, Exam.Kind.FINAL):
        raise Refused(_("请选训前测试、训后测试或结业考试。"), code="bad_kind", status=422, field="kind")
    if closes_at <= opens_at or closes_at <= timezone.now():
        raise Refused(_("截止时间要晚于开始时间，也要晚于现在。"), code="bad_window", status=422, field="closes_at")
    if closes_at - opens_at < timedelta(minutes=minutes):
        raise Refused(_("开放的时间比答题时长还短，没有人能答完。"), code="short_window", status=422, field="closes_at")
    if not 1 <= minutes <= 600 or not 1 <= pass_mark <= 100 or not 1 <= attempts <= 20:
        raise Refused(_("时长 1 至 600 分钟，及格线 1 至 100，次数 1 至 20。"), code="bad_numbers", status=422)
    exam = Exam.objects.create(
        organisation_id=training_class.organisation_id, region_code=training_class.region_code, blueprint=blueprint,
        training_class=training_class, course=blueprint.course, title=title.strip() or blueprint.title, kind=kind,
        opens_at=opens_at, closes_at=closes_at, minutes=minutes, pass_mark=pass_mark, show_key=show_key,
        attempts=1 if kind == Exam.Kind.PRE else attempts,
        needs_learnt=needs_learnt and kind != Exam.Kind.PRE, created_by=by,
    )  # fmt: skip
    record("open_exam", exam, by=by, region_code=exam.region_code, kind=kind, blueprint=blueprint.pk)
    notify(
        candidates(exam).values_list("user_id", flat=True),
        "exam", _("安排了考试：%(title)s") % {"title": exam.title}, key=f"exam-open:{exam.pk}",
        text=_("%(a)s 至 %(b)s 之间可以开始，%(n)d 分钟。") % {
            "a": f"{timezone.localtime(opens_at):%m-%d %H:%M}", "b": f"{timezone.localtime(closes_at):%m-%d %H:%M}", "n": minutes,
        },
        url=reverse("exams:start", args=[exam.pk]),
    )  # fmt: skip
    return exam


def candidates(exam: Exam) -> QuerySet[Enrolment]:
    """The enrolments whose people may sit it; none for a mock exam."""
    if exam.training_class_id is None:
        return Enrolment.objects.none()
    found = Enrolment.objects.filter(training_class_id=exam.training_class_id)
    return found.exclude(state=Enrolment.State.WITHDRAWN)


@transaction.atomic
def cancel_exam(exam: Exam, *, by: User) -> None:
    """Cancel an exam: nobody can start it any more; sittings that run are finished and results stay. Again is harmless."""
    if not exam.can_manage(by):
        raise Refused(_("只有安排考试的单位可以取消它。"), code="not_manager", status=403)
    changed = Exam.objects.filter(pk=exam.pk, cancelled_at__isnull=True).update(cancelled_at=timezone.now())
    if not changed:
        return
    record("cancel_exam", exam, by=by, region_code=exam.region_code)
    notify(
        candidates(exam).values_list("user_id", flat=True), "exam",
        _("考试取消了：%(title)s") % {"title": exam.title}, key=f"exam-cancelled:{exam.pk}",
        text=_("不用再参加。已经交的卷和成绩都保留。"),
    )  # fmt: skip


@transaction.atomic
def prepare_sittings(exam: Exam) -> int:
    """Make the first sitting of every candidate who has none, with its seed, before the exam opens; return how many.

    A start is then one update. Safe to run again.
    """
    waiting = candidates(exam).exclude(user__sittings__exam=exam)
    rows = [
        Sitting(exam=exam, user_id=user, enterprise_id=enterprise, seed=new_seed())
        for user, enterprise in waiting.values_list("user_id", "enterprise_id")
    ]
    return len(Sitting.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True))


def new_seed() -> int:
    """62 random bits nobody can guess, so that nobody can foretell a paper."""
    return secrets.randbits(62)
