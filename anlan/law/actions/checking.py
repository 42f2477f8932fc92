"""An editor settles what the import could not."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.audit.actions import record
from anlan.law.actions.settling import settle_dates, tell_search
from anlan.law.models import Version
from anlan.lib.errors import Refused


def confirm_version(version: Version, *, effective_on: date, source: str, by: Any) -> None:
    """Set the day a version binds from, with what it rests on, and close its doubts.

    The neighbours in time and search follow. Raises `Refused`: no editor (403), a day before the adoption (422), doubts
    that somebody else has closed in the meantime (409).
    """
    if not by.may(powers.EDIT_CONTENT):
        raise Refused(_("只有内容编辑能核对法规。"), code="not_editor", status=403)
    if version.adopted_on and effective_on < version.adopted_on:
        raise Refused(
            _("施行日期早于通过日期 %(day)s，没有保存。") % {"day": version.adopted_on},
            code="before_adoption", status=422, field="effective_on",
        )  # fmt: skip
    with transaction.atomic():
        closed = Version.objects.filter(pk=version.pk, doubts=version.doubts).update(
            effective_on=effective_on, doubts=[]
        )
        if not closed or not version.doubts:
            raise Refused(_("这一版的疑点已经有人核对过了。"), code="already_closed")
        record(
            "confirm_version", version, by=by, effective_on=str(effective_on), source=source, before=str(version.effective_on),
            doubts=version.doubts,
        )  # fmt: skip
        ended = settle_dates()
        tell_search({version.statute_id} | ended)
