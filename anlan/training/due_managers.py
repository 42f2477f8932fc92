"""What whoever assigns training must do, and by when."""

from __future__ import annotations

from datetime import datetime, time

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.enterprises.models import Enterprise, Worker
from anlan.lib.due import Due
from anlan.training import plan
from anlan.training.models import Enrolment, TrainingClass

NEAR_DAYS = 7
MOST = 5


def due_for_manager(user: User) -> list[Due]:
    """Return classes with laggards that end soon or are over, and people who lack hours but have no class.

    Only for managers of a firm; at most five classes and two lines about hours, four queries.
    """
    post = user.post
    if post is None or not post.organisation_id or not user.may(powers.ASSIGN_TRAINING):
        return []
    return [*_classes(user), *_hours(post.organisation_id)]


def _classes(user: User) -> list[Due]:
    now = timezone.now()
    visible = TrainingClass.objects.visible_to(user)
    near = (
        (visible.late(now) | visible.soon(now, NEAR_DAYS))
        .annotate(lag=Count("enrolments", filter=Q(enrolments__state__in=["assigned", "learning"])))
        .order_by("deadline")
        .values_list("pk", "title", "deadline", "lag")
    )
    return [
        Due(
            title=_("%(title)s：%(n)d 人没学完") % {"title": title, "n": lag},
            reason=_("催一次，系统每人每天最多发一条。"),
            action=ngettext("去催 %(n)d 人", "去催 %(n)d 人", lag) % {"n": lag},
            url=f"{reverse('training:class', args=[pk])}?state=lagging",
            icon="school",
            at=deadline,
            count=lag,
        )
        for pk, title, deadline, lag in near[:MOST]
    ]


def _hours(firm: int) -> list[Due]:
    enterprise = Enterprise.objects.filter(pk=firm).select_related("organisation").first()
    if enterprise is None:
        return []
    today = timezone.localdate()
    placed = Enrolment.objects.filter(
        user=OuterRef("user_id"), enterprise_id=firm, training_class__state=TrainingClass.State.OPEN
    ).lagging()
    idle = plan.lacking(Worker.objects.filter(enterprise=enterprise).working(), today).exclude(Exists(placed))
    sums = idle.aggregate(new=Count("pk", filter=Q(hired_on__year=today.year)), all=Count("pk"))
    new, old = sums["new"], sums["all"] - sums["new"]
    create = reverse("training:class-new")
    year_end = timezone.make_aware(datetime.combine(plan.year_of(today)[1], time(23, 59)))
    found = []
    if new:
        found.append(
            Due(
                title=_("%(n)d 名今年新来的人还没安排上岗培训") % {"n": new},
                reason=_("上岗培训学时没满，也不在任何培训班里。"),
                action=_("给 %(n)d 人建班") % {"n": new},
                url=f"{create}?way=newcomers&kind=initial",
                icon="user-plus",
                count=new,
            )
        )
    if old:
        found.append(
            Due(
                title=_("%(n)d 人今年学时没满，也没有班") % {"n": old},
                reason=_("年底前要补齐。全年计划里能看到每类人差多少。"),
                action=_("查看全年计划"),
                url=reverse("training:plan"),
                icon="calendar-due",
                at=year_end,
                count=old,
            )
        )
    return found
