"""What a person must do at exams, and by when."""

from __future__ import annotations

from typing import Any

from django.db.models import BigIntegerField, Count, DateTimeField, Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.exams.models import Appeal, Exam, Sitting
from anlan.lib.due import Due
from anlan.lib.prepared import Prepared
from anlan.training.models import Enrolment


def due_for(user: User) -> list[Due]:
    """Sittings that run, exams that may be started now, and for invigilators appeals to answer. Four queries at most."""
    now = timezone.now()
    found = [
        Due(
            title=_("正在考：%(title)s") % {"title": sitting.exam.title}, reason=_("时间在走，答过的题都在。"),
            action=_("回到考场"), url=reverse("exams:room", args=[sitting.uid]), icon="pencil-check", at=sitting.ends_at,
        )
        for sitting in _running.rows(user=user.pk, now=now)
    ]  # fmt: skip
    for exam in open_exams(user):
        if exam.running:
            continue
        found.append(
            Due(
                title=exam.title, reason=_("%(kind)s，%(n)d 分钟，%(pass)d%% 及格") % {"kind": exam.get_kind_display(), "n": exam.minutes, "pass": exam.pass_mark},
                action=_("去考试"), url=reverse("exams:start", args=[exam.pk]), icon="pencil-check", at=exam.closes_at,
            )
        )  # fmt: skip
    if (
        user.post is not None
        and user.post.organisation_id
        and (user.may(powers.ASSIGN_TRAINING) or user.may(powers.TEACH))
    ):
        waiting = Appeal.objects.visible_to(user).filter(state=Appeal.State.OPEN).exclude(sitting__user=user).count()
        if waiting:
            found.append(
                Due(title=_("%(n)d 条成绩申诉待答复") % {"n": waiting}, reason=_("考生在等您的说明。"), action=_("去答复"),
                    url=reverse("exams:appeals"), icon="message-circle", count=waiting)
            )  # fmt: skip
    return found


def _open_exams(user: Any, now: Any) -> Any:
    mine = Sitting.objects.filter(exam=OuterRef("pk"), user=user)
    learnt = Enrolment.objects.filter(
        training_class_id=OuterRef("training_class_id"),
        user=user,
        state__in=[Enrolment.State.LEARNT, Enrolment.State.PASSED],
    )
    over = [Sitting.State.SUBMITTED, Sitting.State.SCORED]
    return (
        Exam.objects.for_candidate(user)
        .filter(opens_at__lte=now, closes_at__gt=now)
        .filter(Q(needs_learnt=False) | Exists(learnt))
        .exclude(Exists(mine.filter(passed=True)))
        .annotate(
            taken=Count("sittings", filter=Q(sittings__user=user, sittings__state__in=over)),
            running=Exists(mine.filter(state=Sitting.State.RUNNING)),
        )
        .order_by("closes_at")
    )


_running: Prepared[Sitting] = Prepared(
    lambda user, now: Sitting.objects.filter(user=user, state=Sitting.State.RUNNING, ends_at__gt=now).select_related(
        "exam"
    ),
    user=BigIntegerField(),
    now=DateTimeField(),
)
_open: Prepared[Any] = Prepared(_open_exams, user=BigIntegerField(), now=DateTimeField())


def open_exams(user: User) -> list[Any]:
    """The exams that the person can start now, soonest end first, with `taken` and `running`."""
    return [exam for exam in _open.rows(user=user.pk, now=timezone.now()) if exam.taken < exam.attempts]
