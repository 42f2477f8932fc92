"""What firms, agencies, institutions, associations and counties must do about services."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.agencies.models import (
    Agency,
    Contract,
    Engineer,
    Membership,
    Publication,
    Service,
    ServiceRequest,
    TrainingRequest,
)
from anlan.lib.due import Due

MOST = 3
"""Of one kind; the list behind shows the rest."""
AHEAD = timedelta(days=14)


def _end(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(23, 59, 59)))


def due_for(user: User) -> list[Due]:
    """Everything of this app that waits for the present post; no query without a power that it concerns."""
    found: list[Due] = []
    if user.may(powers.MANAGE_ENTERPRISE):
        found += _firm(user)
    if user.may(powers.SERVE):
        found += _agency(user)
    if user.may(powers.MANAGE_AGENCIES):
        found += _county(user)
    if user.may(powers.MANAGE_ASSOCIATION):
        found += _association(user)
    if user.may(powers.TEACH) and not user.may(powers.MANAGE_ENTERPRISE):
        found += _institution(user)
    return found


def _firm(user: User) -> list[Due]:
    dues = [
        Due(
            title=_("%(agency)s的合同等您签") % {"agency": row.agency}, reason=_("%(kinds)s，%(fee)s 元。签了才开始服务。") % {"kinds": "、".join(row.kind_words), "fee": row.fee},
            action=_("看合同"), url=reverse("agencies:contract", args=[row.pk]), icon="file-certificate",
        )
        for row in Contract.objects.visible_to(user).filter(state="offered").select_related("agency__organisation")[:MOST]
    ]  # fmt: skip
    services = Service.objects.visible_to(user).select_related("agency__organisation").order_by("delivered_at")
    dues += [
        Due(
            title=_("%(kind)s的成果等您验收") % {"kind": row.get_kind_display()}, reason=_("%(agency)s已经交来报告。") % {"agency": row.agency},
            action=_("看成果"), url=reverse("agencies:service", args=[row.pk]), icon="clipboard-check",
        )
        for row in services.filter(state="delivered")[:MOST]
    ]  # fmt: skip
    recent = timezone.now() - timedelta(days=30)
    dues += [
        Due(
            title=_("请评价%(agency)s的%(kind)s") % {"agency": row.agency, "kind": row.get_kind_display()}, reason=_("别的企业会参考您的评价。"),
            action=_("评价服务"), url=reverse("agencies:service", args=[row.pk]), icon="star",
        )
        for row in services.filter(state="accepted", rating=None, accepted_at__gte=recent)[:1]
    ]  # fmt: skip
    dues += [
        Due(
            title=_("给“%(topic)s”选一家培训机构") % {"topic": row.get_topic_display()}, reason=_("推荐了 %(n)d 家，理由写在旁边。") % {"n": len(row.proposals)},
            action=_("选机构"), url=reverse("agencies:training", args=[row.pk]), icon="school", at=_end(row.wanted_until),
        )
        for row in TrainingRequest.objects.visible_to(user).filter(state="open")[:MOST]
    ]  # fmt: skip
    dues += [
        Due(
            title=_("%(who)s邀请您的企业加入") % {"who": row.association}, reason=_("加入后可以用行业的课程和标准。"),
            action=_("看邀请"), url=reverse("agencies:joined"), icon="users-group",
        )
        for row in Membership.objects.visible_to(user).filter(state="invited").select_related("association__organisation")[:1]
    ]  # fmt: skip
    return dues


def _agency(user: User) -> list[Due]:
    dues: list[Due] = []
    rows = Service.objects.open().visible_to(user).filter(planned_on__lte=timezone.localdate() + AHEAD)
    if user.may(powers.MANAGE_AGENCY):
        asked = ServiceRequest.objects.visible_to(user).filter(state="open").select_related("enterprise__organisation")
        dues += [
            Due(
                title=_("%(firm)s等您报合同") % {"firm": row.enterprise}, reason="、".join(row.kind_words), action=_("答复需求"),
                url=reverse("agencies:request", args=[row.pk]), icon="file-certificate", at=_end(row.wanted_by),
            )
            for row in asked.order_by("wanted_by")[:MOST]
        ]  # fmt: skip
    else:
        rows = rows.filter(engineer__user=user)
    dues += [
        Due(
            title=_("到%(firm)s做%(kind)s") % {"firm": row.enterprise, "kind": row.get_kind_display()},
            reason=_("企业有异议，请重新交付。") if row.state == "disputed" else _("还没有派工程师。") if row.engineer_id is None else row.enterprise.address or _("按计划交付成果。"),
            action=_("办这项服务"), url=reverse("agencies:service", args=[row.pk]), icon="tool", at=_end(row.planned_on),
        )
        for row in rows.select_related("enterprise__organisation").order_by("planned_on")[:MOST]
    ]  # fmt: skip
    return dues


def _county(user: User) -> list[Due]:
    agencies = Agency.objects.managed_by(user)
    dues = [
        Due(
            title=_("审核%(agency)s的账户申请") % {"agency": row}, reason=_("通过后机构才能办理业务。"), action=_("看申请"),
            url=reverse("agencies:account", args=[row.pk]), icon="user-check",
        )
        for row in agencies.filter(state=Agency.State.APPLIED).select_related("organisation").order_by("created_at")[:MOST]
    ]  # fmt: skip
    waiting = Engineer.objects.filter(agency__in=agencies, state=Engineer.State.SUBMITTED)
    n = waiting.count()
    if n:
        title, url = _("%(n)d 位注册安全工程师等核验") % {"n": n}, reverse("agencies:accounts")
        dues.append(Due(title, _("核对注册证号、照片和有效期。"), _("去核验"), url, "user-check", count=n))
    return dues


def _association(user: User) -> list[Due]:
    n = Membership.objects.visible_to(user).filter(state=Membership.State.APPLIED).count()
    dues = [
        Due(
            title=_("%(n)d 家企业申请加入") % {"n": n}, reason=_("同意后可以看到会员的档案和隐患。"), action=_("看申请"),
            url=reverse("agencies:association"), icon="users-group", count=n,
        )
    ] if n else []  # fmt: skip
    if user.post is None or user.post.organisation_id is None:
        return dues
    asked = Publication.objects.visible_to(user).filter(
        state="asked", partners__organisation_id=user.post.organisation_id, partners__agreed=None
    )
    dues += [
        Due(
            title=_("确认联合发布《%(title)s》") % {"title": row.title}, reason=_("各方都同意后发布。"), action=_("看正文"),
            url=reverse("agencies:publication", args=[row.pk]), icon="file-text",
        )
        for row in asked[:MOST]
    ]  # fmt: skip
    return dues


def _institution(user: User) -> list[Due]:
    asked = TrainingRequest.objects.visible_to(user).filter(state="asked").select_related("enterprise__organisation")
    return [
        Due(
            title=_("%(firm)s申请培训 %(n)d 人") % {"firm": row.enterprise, "n": row.people}, reason=str(row.get_topic_display()),
            action=_("答复申请"), url=reverse("agencies:training", args=[row.pk]), icon="school", at=_end(row.wanted_from),
        )
        for row in asked.order_by("wanted_from")[:MOST]
    ]  # fmt: skip
