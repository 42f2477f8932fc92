"""What a manager must do about the firm's file and workers, and an officer about the files of the territory."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.enterprises.file_fields import newest
from anlan.enterprises.models import Enterprise, FileValue, Permit, Reading, Roster
from anlan.enterprises.models.file import PERMIT_DAYS
from anlan.lib.due import Due

TOWN_DIGITS = 9
"""Files are verified by towns and grids; a county would meet thousands of them in one card."""


def due_for(user: User) -> list[Due]:
    """What the post acted in must do about files: the firm's manager, or the officer of a town or grid.

    At most five queries, none for everybody else.
    """
    if user.post is None:
        return []
    if user.post.organisation_id and user.may(powers.MANAGE_ENTERPRISE):
        return _of_manager(user)
    if user.post.is_territorial and user.may(powers.INSPECT) and len(user.post.region_code) >= TOWN_DIGITS:
        return _of_officer(user)
    return []


def _end_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(23, 59, 59)))


def _of_manager(user: User) -> list[Due]:
    firm = Enterprise.objects.visible_to(user).active().first()
    if firm is None:
        return []
    permits = Permit.objects.filter(enterprise=firm).ending().order_by("until")
    return dues_of_firm(firm, user, permits=permits, said=newest([firm.pk]).get(firm.pk, {}))


def dues_of_firm(
    firm: Enterprise, user: User, *, permits: Iterable[Permit], said: Mapping[str, FileValue]
) -> list[Due]:
    """What a manager of the firm must do, by its permits in the order of their end, and the newest values said."""
    dues: list[Due] = []
    today = timezone.localdate()
    for permit in permits:
        if permit.until is None or permit.until > today + timedelta(days=PERMIT_DAYS):
            continue
        words = {"name": permit.name}
        dues.append(
            Due(
                title=(_("%(name)s已经过期") if permit.until < today else _("%(name)s快到期了")) % words,
                reason=_("编号 %(number)s。换证后拍一张新证，旧的会自动收起。") % {"number": permit.number or "—"},
                action=_("更新证照"),
                url=reverse("enterprises:permit", args=[permit.pk]),
                icon="license",
                at=_end_of(permit.until),
            )
        )
    doubts = [one for one in said.values() if one.doubt]
    if doubts:
        dues.append(
            Due(
                title=_("档案有 %(n)d 项被存疑") % {"n": len(doubts)},
                reason=_("网格员看过现场，写了原因。改正或说明后请他再看。"),
                action=_("去看存疑的项"),
                url=reverse("enterprises:mine") + "#doubts",
                icon="help-circle",
                count=len(doubts),
            )
        )
    if firm.verify_by is not None and firm.verify_by < today:
        dues.append(
            Due(
                title=_("档案很久没有核实"),
                reason=_("请看一遍，有变化的改掉，网格员会来现场核实。"),
                action=_("看一遍档案"),
                url=reverse("enterprises:mine"),
                icon="building-factory-2",
                at=_end_of(firm.verify_by),
            )
        )
    for reading in Reading.objects.filter(enterprise=firm, state=Reading.State.READ, created_by=user)[:3]:
        dues.append(
            Due(
                title=_("识别好的证照等您核对"),
                reason=_("%(kind)s，核对后写进档案。") % {"kind": reading.get_kind_display()},
                action=_("核对证照"),
                url=reverse("enterprises:reading", args=[reading.pk]),
                icon="license",
            )
        )
    waiting = Roster.objects.visible_to(user).filter(state__in=[Roster.State.READ, Roster.State.FAILED])
    for roster in waiting.select_related("file").order_by("-pk")[:3]:
        failed = roster.state == Roster.State.FAILED
        dues.append(
            Due(
                title=_("花名册导入中断了") if failed else _("花名册等您确认"),
                reason=_("“%(name)s”，共 %(n)d 行。") % {"name": roster.file.name, "n": roster.rows},
                action=_("接着导入") if failed else _("核对并导入"),
                url=reverse("enterprises:roster", args=[roster.pk]),
                icon="table-import",
            )
        )
    return dues


def _of_officer(user: User) -> list[Due]:
    """The oldest file of the territory that wants a look, with how many there are; and permits that have ended."""
    today = timezone.localdate()
    firms = Enterprise.objects.visible_to(user).active()
    dues: list[Due] = []
    old = firms.filter(verify_by__lt=today).order_by("verify_by")
    count = old.count()
    if count:
        first = old.select_related("organisation")[0]
        assert first.verify_by is not None  # noqa: S101  # filtered above
        one = {"name": first.organisation.name, "n": count}
        dues.append(
            Due(
                title=_("%(n)d 家企业的档案该核实了") % one if count > 1 else _("%(name)s的档案该核实了") % one,
                reason=_("最早的是%(name)s。到现场对一遍，属实的逐项确认。") % one,
                action=_("核实档案"),
                url=reverse("enterprises:verify", args=[first.pk]),
                icon="clipboard-check",
                at=_end_of(first.verify_by),
                count=count,
            )
        )
    over = Permit.objects.held().filter(until__lt=today, enterprise__in=firms)
    late = over.order_by("until").select_related("enterprise__organisation").first()
    if late is not None and late.until is not None:
        dues.append(
            Due(
                title=_("%(firm)s的%(name)s已经过期") % {"firm": late.enterprise, "name": late.name},
                reason=_("辖区里过期最久的一张。到现场看换证没有。"),
                action=_("看证照"),
                url=reverse("enterprises:permits", args=[late.enterprise_id]),
                icon="license",
                at=_end_of(late.until),
            )
        )
    return dues
