"""From the inbox to the phone: which channels a message takes and when (pure), and the worker that routes and sends."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from anlan.channels import mail, sms, wechat
from anlan.lib.errors import Refused
from anlan.notifications.actions.preferences import unsubscribe_token
from anlan.notifications.kinds import URGENT, group_of
from anlan.notifications.models import Delivery, Notice, Preference, Rhythm

log = logging.getLogger(__name__)
BATCH: Final = 2_000
WAITS: Final = tuple(timedelta(minutes=n) for n in (1, 5, 30, 120, 360))
"""Waits between tries; after the last the message has failed, and the operator may send it again."""
LOST: Final = timedelta(minutes=10)
"""A sender that has said nothing for so long was killed."""
OLD: Final = timedelta(days=1)
"""A message that could not be routed for a day (the worker was off) is news no more: it stays in the inbox only."""
TEMPORARY: Final = frozenset(
    {"mail_unreachable", "sms_unreachable", "sms_limited", "wechat_unreachable", "wechat_limited"}
)
SMS_WORDS: Final = 35
"""Most characters that a gateway takes in one variable of a template."""


@dataclass(frozen=True, slots=True)
class Way:
    """One channel for one message: when to send, or why not."""

    channel: str
    at: datetime
    skip: str = ""


def after_quiet(now: datetime, quiet: tuple[time, time]) -> datetime:
    """Return `now`, or the end of the quiet hours that it falls into; they may span midnight, equal times are none."""
    start, end = quiet
    local = timezone.localtime(now)
    clock = local.time()
    inside = start <= clock < end if start < end else (clock >= start or clock < end) if start != end else False
    if not inside:
        return now
    wake = local.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0)
    return wake if wake > local else wake + timedelta(days=1)


def ways_for(kind: str, preference: Preference, *, reachable: bool, now: datetime) -> list[Way]:
    """Return the channels that a message of this kind takes beside the inbox. `reachable`: the phone is proved."""
    group, urgent = group_of(kind), kind in URGENT
    quiet = now if urgent and preference.wake else after_quiet(now, (preference.quiet_from, preference.quiet_until))
    ways = []
    if (urgent and preference.sms_urgent) or group in preference.sms:
        skip = "" if reachable else _("手机号没有验证过")
        if not skip and not sms.has_template("notice"):
            skip = _("短信没有配置")
        ways.append(Way("sms", quiet, skip))
    if preference.rhythm(group) == Rhythm.INSTANT:
        ways.append(Way("mail", quiet, "" if mail.is_ready() else _("电子邮件没有配置")))
    return ways


@transaction.atomic
def route(now: datetime | None = None) -> int:
    """Decide for every new notice; return how many deliveries came of it. Runs every few seconds, safe to repeat."""
    now = now or timezone.now()
    rows = Notice.objects.filter(routed_at__isnull=True).order_by("pk")
    notices = list(
        rows.select_related("user", "user__preference").only(
            "kind", "created_at", "user__phone_verified", "user__preference"
        )[:BATCH]
    )
    made = []
    for notice in notices:
        if notice.created_at < now - OLD:
            continue
        preference = getattr(notice.user, "preference", None) or Preference(user=notice.user)
        for way in ways_for(notice.kind, preference, reachable=notice.user.phone_verified, now=now):
            made.append(
                Delivery(
                    user_id=notice.user_id, channel=way.channel, key=f"notice:{notice.pk}", notice=notice, next_at=way.at,
                    state="skipped" if way.skip else "queued", because=way.skip, done_at=now if way.skip else None,
                )
            )  # fmt: skip
    Delivery.objects.bulk_create(made, ignore_conflicts=True)
    Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(routed_at=now)
    return len(made)


def send_due(now: datetime | None = None, limit: int = 200) -> int:
    """Send what is due; return how many went out. Each is claimed by compare-and-set, so two workers never send one twice."""
    now = now or timezone.now()
    _take_up_lost(now)
    due = Delivery.objects.filter(state="queued", next_at__lte=now).order_by("next_at")
    sent = 0
    for pk in list(due.values_list("pk", flat=True)[:limit]):
        claim = Delivery.objects.filter(pk=pk, state="queued")
        if claim.update(state="sending", tries=F("tries") + 1, next_at=now + LOST):
            sent += _send(Delivery.objects.select_related("user", "user__preference", "notice").get(pk=pk), now)
    return sent


def _take_up_lost(now: datetime) -> None:
    """A letter is sent again under the same Message-ID; a short or WeChat message is not: two would come, and they cost."""
    lost = Delivery.objects.filter(state="sending", next_at__lte=now)
    lost.filter(channel="mail").update(state="queued", next_at=now)
    lost.exclude(channel="mail").update(state="failed", because=_("发送时中断，不知道是否送达，没有重发"), done_at=now)


def _send(delivery: Delivery, now: datetime) -> int:
    try:
        with translation.override(delivery.user.language or settings.LANGUAGE_CODE):
            sent_id = _SENDERS[delivery.channel](delivery)
    except Refused as refused:
        again = refused.code in TEMPORARY and delivery.tries <= len(WAITS)
        Delivery.objects.filter(pk=delivery.pk, state="sending").update(
            state="queued" if again else "failed", because=str(refused.message)[:200],
            next_at=now + WAITS[delivery.tries - 1] if again else now, done_at=None if again else now,
        )  # fmt: skip
        return 0
    Delivery.objects.filter(pk=delivery.pk).update(
        state="sent", sent_id=sent_id[:120], because="", done_at=timezone.now()
    )
    return 1


def _by_sms(delivery: Delivery) -> str:
    assert delivery.notice is not None  # noqa: S101 — only notices go by SMS
    return sms.send_sms(delivery.user.phone, "notice", {"title": delivery.notice.title[:SMS_WORDS]})


def _by_mail(delivery: Delivery) -> str:
    preference = getattr(delivery.user, "preference", None)
    confirming = delivery.key.startswith("confirm:")
    if preference is None or not preference.email or not (preference.mails or confirming):
        raise Refused(_("这个人没有确认过的邮箱"), code="no_address", status=422)
    notice = delivery.notice
    letter = (
        delivery.letter or {"title": notice.title, "lines": [["", notice.text, notice.url]]}
        if notice
        else delivery.letter
    )
    leave = (
        ""
        if confirming
        else settings.ANLAN_PUBLIC_URL
        + str(letter.get("leave") or reverse("notifications:unsubscribe", args=[unsubscribe_token(delivery.user_id)]))
    )
    context: dict[str, Any] = {
        "name": delivery.user.name,
        "letter": letter,
        "base": settings.ANLAN_PUBLIC_URL,
        "leave": leave,
    }
    host = settings.ANLAN_PUBLIC_URL.split("://", 1)[-1].split(":", 1)[0]
    return mail.send_mail(
        preference.email, str(letter["title"]), render_to_string("notifications/letter.txt", context),
        render_to_string("notifications/letter.html", context), message_id=f"<delivery-{delivery.pk}@{host}>", unsubscribe=leave,
    )  # fmt: skip


def _by_wechat(delivery: Delivery) -> str:
    """By a template message to the account that the person signed in with; `first` and `remark` are its usual variables."""
    assert delivery.notice is not None  # noqa: S101 — only notices go by WeChat
    account = SocialAccount.objects.filter(user_id=delivery.user_id, provider="weixin").first()
    if account is None:
        raise Refused(_("没有绑定微信"), code="wechat_unbound", status=422)
    notice = delivery.notice
    values = {"first": notice.title, "keyword1": notice.title, "remark": notice.text[:100]}
    openid = str(account.extra_data.get("openid") or account.uid)
    return wechat.send_wechat(openid, "notice", values, url=settings.ANLAN_PUBLIC_URL + notice.url)


_SENDERS: Final = {"sms": _by_sms, "mail": _by_mail, "wechat": _by_wechat}


def queue_letter(user_id: int, key: str, letter: dict[str, Any], *, at: datetime) -> bool:
    """Queue a letter that no notice holds (a digest), once per key; return whether it is new. In the caller's transaction."""
    before = Delivery.objects.filter(user_id=user_id, channel="mail", key=key).exists()
    if not before:
        Delivery.objects.bulk_create(
            [Delivery(user_id=user_id, channel="mail", key=key, letter=letter, next_at=at)], ignore_conflicts=True
        )
    return not before


def unread_for_digest(preference: Preference, rhythms: frozenset[str]) -> list[Notice]:
    """Return what came since the last digest, is not read, and belongs to groups that come in one of these rhythms."""
    rows = Notice.objects.filter(user_id=preference.user_id).unread()
    if preference.digested_at is not None:
        rows = rows.filter(created_at__gt=preference.digested_at)
    else:
        rows = rows.filter(Q(created_at__gt=timezone.now() - timedelta(days=7)))
    return [notice for notice in rows.order_by("-pk")[:100] if preference.rhythm(group_of(notice.kind)) in rhythms]
