"""What somebody must do about ledgers: sign, close a permit, correct one, enter what this period asks for."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.enterprises.models import Enterprise
from anlan.ledgers.models import Entry
from anlan.ledgers.queries import shelves, to_sign
from anlan.lib.due import Due

SOON_DAYS = 10


def due_for(user: User) -> list[Due]:
    """Signatures, open permits, returned ones, and for managers the ledgers of this period (as one card). One query for most; seven at most."""
    post = user.post
    if post is None or not post.organisation_id or not (user.may(powers.MANAGE_ENTERPRISE) or user.may(powers.LEARN)):
        return []
    runs = user.may(powers.MANAGE_ENTERPRISE)
    asking = (Entry.State.PENDING, Entry.State.VALID, Entry.State.RETURNED)
    entries = list(
        Entry.objects.visible_to(user)
        .filter(enterprise=post.organisation_id, state__in=asking)
        .select_related("template")
        .order_by("valid_until", "pk")
    )
    signable = to_sign(user)[:5] if any(entry.state == Entry.State.PENDING for entry in entries) else []
    found = [
        Due(
            title=_("%(what)s %(number)s 等您签字") % {"what": step.entry.template.name, "number": step.entry.number},
            reason=_("%(who)s申请，轮到“%(step)s”。不签就不能开工。") % {
                "who": step.entry.created_by.name if step.entry.created_by else "", "step": step.name,
            },
            action=_("去签字"), url=reverse("ledgers:entry", args=[step.entry_id]), icon="signature", at=None,
        )
        for step in signable
    ]  # fmt: skip
    valid = [
        entry for entry in entries if entry.state == Entry.State.VALID and (runs or entry.created_by_id == user.pk)
    ]
    for entry in valid[:5]:
        found.append(
            Due(
                title=_("%(what)s %(number)s 还没有完工验收") % {"what": entry.template.name, "number": entry.number},
                reason=_("已经过期，先停止作业。") if entry.is_over else _("到点自动失效，干完及时验收。"),
                action=_("登记验收"), url=reverse("ledgers:entry", args=[entry.pk]), icon="flame", at=entry.valid_until,
            )
        )  # fmt: skip
    returned = [entry for entry in entries if entry.state == Entry.State.RETURNED and entry.created_by_id == user.pk]
    for entry in returned[:3]:
        found.append(
            Due(
                title=_("%(what)s %(number)s 被退回") % {"what": entry.template.name, "number": entry.number},
                reason=_("改好再提交，签字人会重新收到。"), action=_("去修改"), url=reverse("ledgers:entry", args=[entry.pk]), icon="arrow-back-up",
            )
        )  # fmt: skip
    return found + (_period(post.organisation_id, user) if runs else [])


def _period(organisation: int, user: User) -> list[Due]:
    """One card for all ledgers of this period that have no entry yet, by the earliest end."""
    firm = Enterprise.objects.filter(pk=organisation).select_related("organisation").first()
    if firm is None:
        return []
    open_ones = [row for row in shelves(firm, user) if row.due_at is not None and row.last is not None]
    if not open_ones:
        return []
    first = min(open_ones, key=lambda row: row.due or 0)
    names = "、".join(row.template.name for row in open_ones[:3])
    return [
        Due(
            title=_("本期还有 %(n)d 本台账没记") % {"n": len(open_ones)},
            reason=_("%(names)s%(more)s。") % {"names": names, "more": _("等") if len(open_ones) > 3 else ""},
            action=_("去记台账"), url=reverse("ledgers:list"), icon="notebook", at=first.due_at, count=len(open_ones),
        )
    ]  # fmt: skip
