"""Letters that wait for the editors."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.content.models import Letter
from anlan.lib.due import Due


def due_for(user: User) -> list[Due]:
    """Letters that nobody else has taken, in one card. At most one query."""
    if not user.may(powers.EDIT_CONTENT):
        return []
    waiting = [
        row for row in Letter.objects.open().order_by("due_at").only("due_at", "assigned_to")[:200]
        if row.assigned_to_id in (None, user.pk)
    ]  # fmt: skip
    if not waiting:
        return []
    n = len(waiting)
    return [
        Due(
            title=ngettext("%(n)d 封读者来信等答复", "%(n)d 封读者来信等答复", n) % {"n": n},
            reason=_("来信要在 5 个工作日内答复。"), action=_("答复来信"), url=reverse("content:letters"), icon="message-circle",
            at=waiting[0].due_at, count=n,
        )
    ]  # fmt: skip
