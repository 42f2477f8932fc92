"""Corrections of the official calendar, with their source."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.hazards.models import Holiday
from anlan.lib.errors import Refused


@transaction.atomic
def set_holiday(day: date, *, works: bool, name: str, source: str, by: User) -> Holiday:
    """Enter or correct one day; deadlines set from now on go by it. Raises `Refused` (403, 422)."""
    _check(by)
    if not name.strip() or not source.strip():
        raise Refused(_("请写名称和依据，例如国务院办公厅的通知文号。"), code="empty", status=422, field="source")
    holiday, _created = Holiday.objects.update_or_create(
        pk=day, defaults={"works": works, "name": name.strip()[:40], "source": source.strip()[:120]}
    )
    record("set_holiday", holiday, by=by, day=day.isoformat(), works=works, source=holiday.source)
    return holiday


@transaction.atomic
def drop_holiday(holiday: Holiday, *, by: User) -> None:
    """Take an entered day back: the published arrangement or the weekday counts again."""
    _check(by)
    record("drop_holiday", holiday, by=by, day=holiday.day.isoformat())
    holiday.delete()


def _check(by: User) -> None:
    if not by.may(powers.SET_RULES):
        raise Refused(_("维护工作日历不在您现在这个身份的职责里。"), code="not_yours", status=403)
