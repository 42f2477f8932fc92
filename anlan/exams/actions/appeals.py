"""Writes on appeals."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.exams.models import Appeal, Sitting
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify


@transaction.atomic
def make_appeal(sitting: Sitting, text: str, *, number: int | None, by: User) -> Appeal:
    """Object to one's own result. One open appeal a sitting.

    Raises `Refused`: 404 for someone else's sitting, 409 before the result or while one is open, 422 for an empty text or a
    question that the paper has not.
    """
    if sitting.user_id != by.pk:
        raise Refused(_("没有找到这次考试。"), code="not_yours", status=404)
    if sitting.state != Sitting.State.SCORED:
        raise Refused(_("出分以后才能申诉。"), code="not_scored")
    if not text.strip():
        raise Refused(_("请写清楚您认为哪里不对。"), code="empty", status=422, field="text")
    if number is not None and not 1 <= number <= len(sitting.result.get("questions", [])):
        raise Refused(_("这份试卷没有第 %(n)d 题。") % {"n": number}, code="no_question", status=422, field="number")
    try:
        with transaction.atomic():
            appeal = Appeal.objects.create(sitting=sitting, number=number, text=text.strip()[:500])
    except IntegrityError:
        raise Refused(_("您的上一条申诉还没有答复，答复后可以再提。"), code="open_appeal") from None
    record("make_appeal", appeal, by=by, region_code=sitting.exam.region_code)
    if sitting.exam.created_by_id:
        notify(
            [sitting.exam.created_by_id], "appeal", _("%(name)s 对成绩提出申诉") % {"name": by.name},
            key=f"appeal:{appeal.pk}", text=appeal.text, url=reverse("exams:appeals"),
        )  # fmt: skip
    return appeal


@transaction.atomic
def answer_appeal(appeal: Appeal, answer: str, *, by: User) -> None:
    """Answer an appeal in words. Raises `Refused`: 403 without the power, 409 when it is answered, 422 for an empty answer."""
    if not appeal.sitting.exam.can_invigilate(by) or appeal.sitting.user_id == by.pk:
        raise Refused(_("这条申诉不由您答复。"), code="not_invigilator", status=403)
    if not answer.strip():
        raise Refused(_("请写答复。"), code="empty", status=422, field="answer")
    changed = Appeal.objects.filter(pk=appeal.pk, state=Appeal.State.OPEN).update(
        state=Appeal.State.ANSWERED, answer=answer.strip()[:500], answered_by=by, answered_at=timezone.now()
    )
    if not changed:
        raise Refused(_("这条申诉已经答复过了，您写的没有保存。"), code="answered")
    record("answer_appeal", appeal, by=by, region_code=appeal.sitting.exam.region_code)
    notify(
        [appeal.sitting.user_id], "appeal", _("您的申诉有了答复"), key=f"appeal-answer:{appeal.pk}",
        text=answer.strip()[:500], url=reverse("exams:result", args=[appeal.sitting.uid]),
    )  # fmt: skip
