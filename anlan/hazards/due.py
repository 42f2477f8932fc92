"""What is due about hazards: for the firm, whoever fixes, the officer, the town and the county."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.hazards import life
from anlan.hazards.models import Extension, Hazard
from anlan.lib.due import Due

SHOWN: Final = 5
SOON: Final = timedelta(days=7)
COUNTY_DIGITS, TOWN_DIGITS = 6, 9
Level = Hazard.Level


def due_for(user: User) -> list[Due]:
    """Return what the present post must do about hazards, most urgent first; at most four queries."""
    post = user.post
    if post is None:
        return []
    if post.organisation_id:
        return _of_firm(user)
    if post.is_territorial and user.may(powers.INSPECT):
        return _of_officer(user)
    return []


def _of_firm(user: User) -> list[Due]:
    runs = user.may(powers.MANAGE_ENTERPRISE)
    mine = Hazard.objects.visible_to(user).filter(state__in=sorted(life.TICKING))
    if user.may(powers.SERVE):
        mine = mine.filter(helper_id=user.post.organisation_id)  # type: ignore[union-attr]
    elif not runs:
        mine = mine.filter(fixer=user)
    soon = timezone.localdate() + SOON
    rows = mine.filter(Q(state="found") | Q(deadline__lte=soon) | Q(failed__gt=0)).order_by("deadline", "pk")[:SHOWN]
    dues = []
    for hazard in rows:
        if hazard.state == "found":
            title, action, icon, verb = _("一条隐患等您落实整改"), _("落实整改"), "alert-triangle", "plan"
        elif hazard.failed:
            title, action, icon, verb = _("复查没有通过，要重新整改"), _("上传整改照片"), "arrow-back-up", "cure"
        else:
            title, action, icon, verb = _("隐患要在期限前改好"), _("上传整改照片"), "camera", "cure"
        if not hazard.can(verb, user):
            continue
        url = reverse("hazards:act", args=[hazard.pk, verb])
        dues.append(Due(title, hazard.title, action, url, icon, at=_end(hazard)))
    return dues


def _of_officer(user: User) -> list[Due]:
    assert user.post is not None  # noqa: S101 (caller)
    mine = _at_my_level(user)
    dues = []
    for hazard in mine.filter(state="cured").exclude(Q(cured_by=user) | Q(fixer=user)).order_by("cured_at")[:SHOWN]:
        url = reverse("hazards:act", args=[hazard.pk, "pass"])
        due = (hazard.cured_at or timezone.now()) + timedelta(days=5)
        dues.append(Due(_("隐患已整改，等您复查"), hazard.title, _("去复查"), url, "checks", at=due))
    if user.may(powers.COORDINATE):
        for hazard in mine.filter(state="passed").order_by("pk")[:SHOWN]:
            url = reverse("hazards:act", args=[hazard.pk, "close"])
            dues.append(Due(_("重大隐患等您销号"), hazard.title, _("去销号"), url, "rubber-stamp"))
        joint = mine.filter(state__in=sorted(life.TICKING), level__gte=Level.TOWN).order_by("level_since", "pk")
        for hazard in joint[:SHOWN]:
            title = _("隐患转到%(level)s，请处置") % {"level": hazard.get_level_display()}
            url = reverse("hazards:detail", args=[hazard.pk])
            dues.append(Due(title, hazard.title, _("看隐患"), url, "alert-triangle", at=_end(hazard)))
    asked = (
        Extension.objects.filter(granted__isnull=True, hazard__in=mine).select_related("hazard").order_by("asked_at")
    )
    for extension in asked[:SHOWN]:
        if extension.hazard.can("extend_grant", user):
            url = reverse("hazards:act", args=[extension.hazard_id, "extend"])
            dues.append(
                Due(
                    _("企业申请延长整改期限"),
                    extension.hazard.title,
                    _("答复申请"),
                    url,
                    "calendar-due",
                    at=_end(extension.hazard),
                )
            )
    return dues


def _at_my_level(user: User) -> QuerySet[Hazard]:
    """Hazards that have reached the level of the user's post; a town acts for the grid where there is none."""
    assert user.post is not None  # noqa: S101 (caller)
    code = user.post.region_code
    mine = Hazard.objects.visible_to(user)
    if len(code) <= COUNTY_DIGITS:
        return mine.filter(level=Level.COUNTY)
    if len(code) <= TOWN_DIGITS:
        return mine.filter(
            Q(level=Level.TOWN) | Q(level=Level.GRID, region_code=code) | Q(state="passed", level=Level.GRID)
        )
    return mine.filter(level=Level.GRID)


def _end(hazard: Hazard) -> datetime | None:
    return timezone.make_aware(datetime.combine(hazard.deadline, time(23, 59, 59))) if hazard.deadline else None
