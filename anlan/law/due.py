"""Texts that cite a changed article and wait to be read again."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.law.actions.stale import waiting_for
from anlan.lib.due import Due

POWERS = (powers.EDIT_CONTENT, powers.TEACH, powers.SET_RULES)


def due_for(user: User) -> list[Due]:
    """Return one card where anything waits for this person. One query."""
    if not any(user.may(power) for power in POWERS):
        return []
    count = waiting_for(user).count()
    if not count:
        return []
    title = ngettext("%(n)d 处引用的条文改了", "%(n)d 处引用的条文改了", count) % {"n": count}
    reason = _("请对照新条文看一遍，需要改的改，不需要改的签“已复核”。")
    return [Due(title, reason, _("去复核"), reverse("law:stale"), "scale", count=count)]
