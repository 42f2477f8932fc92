"""Signed addresses in letters: to confirm, and to leave with one click."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _

from anlan.lib.errors import Refused

LEAVE: Final = "content.subscriptions.leave"
CONFIRM: Final = "content.subscriptions.confirm"
CONFIRM_HOURS: Final = 48


def leave_path(who: str, pk: int, subscription: int) -> str:
    """The path of the one click that ends the e-mail of a subscription; it never expires, old letters stay in mailboxes.

    `who`: user or visitor. `subscription` 0: all of them (what a digest offers).
    """
    return reverse("content:unsubscribe", args=[signing.dumps([who, pk, subscription], salt=LEAVE)])


def read_leave(token: str) -> tuple[str, int, int]:
    """What a leaving address says. Raises `Refused` (422) when it is forged or cut off."""
    try:
        who, pk, subscription = signing.loads(token, salt=LEAVE)
        return str(who), int(pk), int(subscription)
    except (signing.BadSignature, ValueError, TypeError):
        raise Refused(_("这个退订链接不完整。请从邮件里重新点开。"), code="bad_token", status=422) from None


def confirm_path(subscription: int, email_index: str) -> str:
    """The path that confirms a visitor's subscription."""
    return reverse("content:subscription-confirm", args=[signing.dumps([subscription, email_index], salt=CONFIRM)])


def read_confirm(token: str) -> tuple[int, str]:
    """What a confirming address says. Raises `Refused` (422) when forged or older than two days."""
    try:
        subscription, index = signing.loads(token, salt=CONFIRM, max_age=timedelta(hours=CONFIRM_HOURS))
        return int(subscription), str(index)
    except (signing.BadSignature, ValueError, TypeError):
        raise Refused(
            _("这个确认链接不能用了：过了两天，或者不完整。请重新订阅一次。"), code="bad_token", status=422
        ) from None
