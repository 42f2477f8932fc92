"""Telling subscribers: one announcement per reason, everybody it concerns found by one statement.

`publish(page)` runs after the commit of a release; what is missed (a crash between the two) is made up by `tell_missed`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.channels import mail, sms, wechat
from anlan.content.models import Announcement, Entry, Heard, ReviewRound, Subscription, VisitorLetter
from anlan.content.subscriptions.conditions import Mark, marks_of
from anlan.content.subscriptions.links import leave_path
from anlan.lib.bulk import constant, insert_from
from anlan.notifications.actions import notify_all
from anlan.notifications.delivery import after_quiet
from anlan.notifications.models import Delivery, Notice, Preference

log = logging.getLogger(__name__)
KIND: Final = "subscribed"
BATCH: Final = 2_000
MISSED: Final = timedelta(days=2)
"""How far back a release that nobody was told of is still news."""


def publish(page: Entry) -> Announcement:
    """Tell subscribers of a page (as its own kind) that was released; once per page, however often it is released again."""
    return announce(
        f"page:{page.pk}",
        title=str(page.title),
        text=str(page.summary),
        url=page.get_absolute_url(),
        marks=marks_of(page),
    )


def announce(key: str, *, title: str, text: str, url: str, marks: set[Mark]) -> Announcement:
    """Note what there is to tell, and tell it. The same key tells nobody twice; what fails is tried again by the worker."""
    found, _new = Announcement.objects.get_or_create(
        key=key,
        defaults={"title": title[:200], "text": text[:300], "url": url[:300], "marks": sorted(map(list, marks))},
    )
    if found.told_at is None:
        try:
            tell(found)
        except Exception:
            log.exception("announcement %s: the worker tries again", key)
    return found


@transaction.atomic
def tell(announcement: Announcement) -> int:
    """Put it into the inboxes of those who want it now, queue their letters, note it for the digests of the others.

    Return how many subscriptions it concerned; 0 when another process has told it already.
    """
    now = timezone.now()
    if not Announcement.objects.filter(pk=announcement.pk, told_at__isnull=True).update(told_at=now):
        return 0
    marks = {(facet, value) for facet, value in announcement.marks}
    rows = Subscription.objects.matching(marks)
    later = rows.exclude(rhythm=Subscription.Rhythm.NOW)
    n = insert_from(
        Heard,
        later.values_list("pk").annotate(
            told_of=constant(announcement.pk, Heard._meta.get_field("announcement").target_field)
        ),
        ["subscription", "announcement"],
    )
    at_once = rows.filter(rhythm=Subscription.Rhythm.NOW)
    key = notice_key(announcement)
    n += notify_all(
        at_once.filter(user__isnull=False), "user", KIND, announcement.title, key=key, text=announcement.text,
        url=announcement.url[:200], at=now,
    )  # fmt: skip
    _queue(at_once.filter(user__isnull=False).exclude(channels=[]), announcement, key, now)
    n += _write_visitors(at_once.filter(visitor__isnull=False), announcement, now)
    Announcement.objects.filter(pk=announcement.pk).update(told=n)
    announcement.told, announcement.told_at = n, now
    return n


def notice_key(announcement: Announcement) -> str:
    """The key of the notices of an announcement."""
    return f"subscribed:{announcement.pk}"


def _queue(rows: QuerySet[Subscription], announcement: Announcement, key: str, now: datetime) -> None:
    """Deliveries beside the inbox, as each subscription asks; quiet hours of the person hold."""
    wanted: dict[int, tuple[set[str], int]] = {}
    for pk, user, channels in rows.values_list("pk", "user_id", "channels").iterator(chunk_size=BATCH):
        wanted[user] = (wanted.get(user, (set(), 0))[0] | set(channels), pk)
    users = list(wanted)
    for start in range(0, len(users), BATCH):
        part = users[start : start + BATCH]
        notices = dict(Notice.objects.filter(user__in=part, key=key).values_list("user_id", "pk"))
        bound = set(SocialAccount.objects.filter(user__in=part, provider="weixin").values_list("user_id", flat=True))
        made: list[Delivery] = []
        for person in User.objects.filter(pk__in=part).select_related("preference").only(*_ASKED):
            if person.pk in notices:
                channels, subscription = wanted[person.pk]
                made += _ways(person, channels, notices[person.pk], subscription, announcement, now, person.pk in bound)
        Delivery.objects.bulk_create(made, ignore_conflicts=True, batch_size=BATCH)


_ASKED: Final = (
    "phone_verified", "preference__email", "preference__email_confirmed_at", "preference__mail", "preference__quiet_from",
    "preference__quiet_until",
)  # fmt: skip


def _ways(
    user: User,
    channels: Iterable[str],
    notice: int,
    subscription: int,
    announcement: Announcement,
    now: datetime,
    bound: bool,
) -> list[Delivery]:
    preference = getattr(user, "preference", None) or Preference(user=user)
    at = after_quiet(now, (preference.quiet_from, preference.quiet_until))
    made = []
    for channel in sorted(set(channels) & set(Subscription.CHANNELS)):
        skip = hindrance(user, preference, channel, bound=bound)
        letter: dict[str, Any] = {}
        if channel == "mail":
            lines = [["", announcement.text, announcement.url]]
            letter = {"title": announcement.title, "lines": lines, "leave": leave_path("user", user.pk, subscription)}
        made.append(
            Delivery(
                user_id=user.pk, channel=channel, key=f"notice:{notice}", notice_id=notice, letter=letter,
                next_at=now if channel == "mail" else at, state="skipped" if skip else "queued", because=skip,
                done_at=now if skip else None,
            )
        )  # fmt: skip
    return made


def hindrance(user: User, preference: Preference, channel: str, *, bound: bool) -> str:
    """Why a channel cannot reach a person, in words; empty where it can. `bound`: their WeChat account is known."""
    if channel == "mail":
        if not mail.is_ready():
            return _("电子邮件没有配置")
        if not preference.mails:
            return _("邮箱没有确认过")
        return "" if preference.mail else _("您停收了所有邮件")
    if channel == "sms":
        if not user.phone_verified:
            return _("手机号没有验证过")
        return "" if sms.has_template("notice") else _("短信没有配置")
    if not bound:
        return _("没有绑定微信")
    return "" if wechat.is_ready() else _("微信公众号没有配置")


def _write_visitors(rows: QuerySet[Subscription], announcement: Announcement, now: datetime) -> int:
    first: dict[int, int] = {}
    for pk, visitor in rows.values_list("pk", "visitor_id").order_by("pk"):
        first.setdefault(visitor, pk)
    letters = [
        VisitorLetter(
            visitor_id=visitor, key=notice_key(announcement), next_at=now,
            letter={
                "title": announcement.title, "lines": [["", announcement.text, announcement.url]],
                "leave": leave_path("visitor", visitor, pk),
            },
        )
        for visitor, pk in first.items()
    ]  # fmt: skip
    VisitorLetter.objects.bulk_create(letters, ignore_conflicts=True, batch_size=BATCH)
    return len(letters)


def tell_missed() -> int:
    """Make up for what a crash left untold; return how many announcements were told."""
    done = 0
    since = timezone.now() - MISSED
    released = ReviewRound.objects.filter(state=ReviewRound.State.RELEASED, released_at__gte=since)
    pks = set(released.values_list("page_id", flat=True))
    known = {
        int(key[5:])
        for key in Announcement.objects.filter(key__in=[f"page:{pk}" for pk in pks]).values_list("key", flat=True)
    }
    for page in Entry.objects.public().filter(pk__in=pks - known):
        done += publish(page.own).told_at is not None
    for announcement in Announcement.objects.filter(told_at__isnull=True)[:50]:
        done += bool(tell(announcement))
    return done
