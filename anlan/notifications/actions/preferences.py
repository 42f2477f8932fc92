"""What a person wants beside the inbox: channels per group, quiet hours, an address that is really theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import time, timedelta
from typing import Final

from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.channels import mail
from anlan.lib.errors import Refused
from anlan.notifications.kinds import GROUPS
from anlan.notifications.models import Delivery, Preference, Rhythm

CONFIRM: Final = "notifications.confirm"
UNSUBSCRIBE: Final = "notifications.unsubscribe"
CONFIRM_HOURS: Final = 24
LETTERS_A_DAY: Final = 5
"""Letters that ask for confirmation, per person and day: the form must not serve to pester a stranger."""


@transaction.atomic
def save_preference(
    user: User,
    *,
    sms: Iterable[str],
    rhythms: Mapping[str, str],
    sms_urgent: bool,
    wake: bool,
    quiet: tuple[time, time],
) -> Preference:
    """Keep the person's own choice. Groups and rhythms that do not exist are dropped; equal times mean no quiet hours."""
    preference, _new = Preference.objects.select_for_update().get_or_create(user=user)
    preference.sms = [group for group in GROUPS if group in set(sms)]
    preference.mail = {group: rhythms[group] for group in GROUPS if rhythms.get(group) in Rhythm.values}
    preference.sms_urgent, preference.wake = sms_urgent, wake
    preference.quiet_from, preference.quiet_until = quiet
    preference.save(update_fields=["sms", "mail", "sms_urgent", "wake", "quiet_from", "quiet_until"])
    return preference


@transaction.atomic
def ask_email(user: User, address: str) -> None:
    """Note an address and send a letter to it with a link; it counts once the link is followed.

    Raises `Refused`: e-mail not configured (503), five letters today already (429). An empty address forgets the old one.
    """
    preference, _new = Preference.objects.select_for_update().get_or_create(user=user)
    if address and address == preference.email and preference.mails:
        return
    if address and not mail.is_ready():
        raise Refused(_("电子邮件还没有配置，暂时收不到邮件。地址没有保存。"), code="mail_unconfigured", status=503)
    now = timezone.now()
    asked = Delivery.objects.filter(user=user, key__startswith="confirm:", created_at__gte=now - timedelta(days=1))
    if address and (n := asked.count()) >= LETTERS_A_DAY:
        raise Refused(
            _("今天已经发过 %(n)d 封确认信，明天再试。") % {"n": n}, code="too_often", status=429, field="email"
        )
    # A letter that waits goes to the address of that moment: one that asks about another address must not reach this one.
    waits = Delivery.objects.filter(user=user, key__startswith="confirm:", state__in=["queued", "sending"])
    waits.update(state=Delivery.State.SKIPPED, because=_("邮箱又改过"), done_at=now)
    preference.email, preference.email_confirmed_at = address, None
    preference.save(update_fields=["email", "email_confirmed_at"])
    record("change_email", user, by=user)
    if address:
        token = signing.dumps([user.pk, address], salt=CONFIRM, compress=True)
        lines = [
            [
                _("点开链接，确认这是您的邮箱"),
                _("24 小时内有效。不是您填的，不用理会。"),
                reverse("notifications:confirm", args=[token]),
            ]
        ]
        letter = {"title": _("确认您的邮箱"), "lines": lines}
        Delivery.objects.create(
            user=user, channel="mail", key=f"confirm:{now:%Y%m%d%H%M%S%f}", letter=letter, next_at=now
        )


@transaction.atomic
def confirm_email(token: str) -> Preference:
    """Confirm the address that the token names. Raises `Refused` (422): forged, older than 24 hours, or changed since."""
    try:
        pk, address = signing.loads(token, salt=CONFIRM, max_age=timedelta(hours=CONFIRM_HOURS))
    except signing.BadSignature:
        pk, address = 0, ""
    preference = Preference.objects.filter(user_id=pk).first()
    if preference is None or not address or preference.email != address:
        raise Refused(
            _("这个确认链接不能用了：过了 24 小时，或者邮箱又改过。请再发一封。"), code="bad_token", status=422
        )
    if preference.email_confirmed_at is None:
        preference.email_confirmed_at = timezone.now()
        if not preference.mail:
            preference.mail = dict.fromkeys(GROUPS, str(Rhythm.DAILY))
        preference.save(update_fields=["email_confirmed_at", "mail"])
    return preference


def unsubscribe_token(user_id: int) -> str:
    """Return what stands in the address of the one click; it never ends, for old letters stay in mailboxes."""
    return signing.dumps(user_id, salt=UNSUBSCRIBE)


@transaction.atomic
def unsubscribe(token: str) -> None:
    """Stop all e-mail for whoever the token names. Raises `Refused` (422) when it is forged."""
    try:
        pk = signing.loads(token, salt=UNSUBSCRIBE)
    except signing.BadSignature:
        raise Refused(_("这个退订链接不完整。请从邮件里重新点开。"), code="bad_token", status=422) from None
    Preference.objects.filter(user_id=pk).update(mail={})


@transaction.atomic
def resend_delivery(delivery: Delivery, *, by: User) -> None:
    """Queue what failed once more. Raises `Refused`: not the operator (404), not failed (409)."""
    if not by.may(powers.OPERATE):
        raise Refused(_("没有找到这一页"), code="not_found", status=404)
    failed = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.FAILED)
    if not failed.update(state=Delivery.State.QUEUED, tries=0, because="", next_at=timezone.now(), done_at=None):
        raise Refused(_("这条已经发出或者正在发，没有再动。"), code="not_failed")
    record("resend_delivery", ("notifications.delivery", str(delivery.pk), delivery.key), by=by)
