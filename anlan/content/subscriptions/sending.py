"""Digests, and letters to visitors."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from anlan.accounts.models import User
from anlan.channels import mail
from anlan.content.models import Announcement, Heard, Subscription, Visitor, VisitorLetter
from anlan.content.subscriptions.links import CONFIRM_HOURS, leave_path
from anlan.content.subscriptions.tell import KIND
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify
from anlan.notifications.delivery import LOST, TEMPORARY, WAITS, queue_letter

SHOWN: Final = 50
"""Entries that one digest lists; the rest it counts."""


def send_digests(now: datetime | None = None) -> int:
    """One digest for everybody for whom something waits: daily ones each day, weekly ones on Mondays. Return how many.

    All subscriptions of a reader in one letter, each text once. Safe to run again: what was sent is marked with it.
    """
    now = now or timezone.now()
    rhythms = [Subscription.Rhythm.DAILY]
    if timezone.localtime(now).weekday() == 0:
        rhythms.append(Subscription.Rhythm.WEEKLY)
    waiting = Heard.objects.filter(
        sent_at__isnull=True, subscription__rhythm__in=rhythms, subscription__in=Subscription.objects.live()
    )
    done = 0
    for field in ("user", "visitor"):
        for pk in (
            waiting.filter(**{f"subscription__{field}__isnull": False})
            .values_list(f"subscription__{field}", flat=True)
            .distinct()
        ):
            done += _digest(field, pk, rhythms, now)
    return done


@transaction.atomic
def _digest(field: str, pk: int, rhythms: list[Subscription.Rhythm], now: datetime) -> int:
    rows = Heard.objects.select_for_update().filter(
        sent_at__isnull=True,
        subscription__rhythm__in=rhythms,
        subscription__active=True,
        **{f"subscription__{field}": pk},
    )
    heard = list(rows.select_related("announcement", "subscription").order_by("-announcement_id"))
    found: dict[int, Announcement] = {one.announcement_id: one.announcement for one in heard}
    if not found:
        return 0
    Heard.objects.filter(pk__in=[one.pk for one in heard]).update(sent_at=now)
    subscriptions = {one.subscription_id: one.subscription for one in heard}
    person = User.objects.filter(pk=pk).first() if field == "user" else Visitor.objects.filter(pk=pk).first()
    with translation.override((person.language if person else "") or settings.LANGUAGE_CODE):
        n = len(found)
        title = ngettext("您订阅的内容有 %(n)d 条新的", "您订阅的内容有 %(n)d 条新的", n) % {"n": n}
        lines = [[one.title, one.text, one.url] for one in list(found.values())[:SHOWN]]
        if n > SHOWN:
            lines.append([_("还有 %(n)d 条，在网站上看") % {"n": n - SHOWN}, "", reverse("content:news")])
        only = next(iter(subscriptions)) if len(subscriptions) == 1 else 0
        letter = {"title": title, "lines": lines, "leave": leave_path(field, pk, only)}
        key = f"subscribed:{timezone.localdate(now)}:{max(found)}"
        if field == "visitor":
            VisitorLetter.objects.bulk_create(
                [VisitorLetter(visitor_id=pk, key=key, letter=letter, next_at=now)], ignore_conflicts=True
            )
            return 1
        names = "\n".join(f"· {one.title}" for one in list(found.values())[:5])
        notify([pk], KIND, title, key=key, text=names, url=f"{reverse('content:subscriptions')}#latest")
        if any("mail" in one.channels for one in subscriptions.values()):
            queue_letter(pk, key, letter, at=now)
    return 1


def send_letters(now: datetime | None = None, limit: int = 200) -> int:
    """Send visitors what is due; return how many letters went out. Claimed by compare-and-set, tried again when it fails."""
    now = now or timezone.now()
    VisitorLetter.objects.filter(state="sending", next_at__lte=now).update(state="queued", next_at=now)
    due = VisitorLetter.objects.filter(state="queued", next_at__lte=now).order_by("next_at")
    sent = 0
    for pk in list(due.values_list("pk", flat=True)[:limit]):
        claim = VisitorLetter.objects.filter(pk=pk, state="queued")
        if claim.update(state="sending", tries=F("tries") + 1, next_at=now + LOST):
            sent += _send(VisitorLetter.objects.select_related("visitor").get(pk=pk), now)
    return sent


def _send(row: VisitorLetter, now: datetime) -> int:
    base = settings.ANLAN_PUBLIC_URL
    host = base.split("://", 1)[-1].split(":", 1)[0]
    leave = base + row.letter["leave"] if row.letter.get("leave") else ""
    try:
        with translation.override(row.visitor.language or settings.LANGUAGE_CODE):
            context = {"name": _("您好"), "letter": row.letter, "base": base, "leave": leave}
            mail.send_mail(
                row.visitor.email, str(row.letter["title"]), render_to_string("notifications/letter.txt", context),
                render_to_string("notifications/letter.html", context), message_id=f"<visitor-{row.pk}@{host}>",
                unsubscribe=leave,
            )  # fmt: skip
    except Refused as refused:
        again = refused.code in TEMPORARY and row.tries <= len(WAITS)
        VisitorLetter.objects.filter(pk=row.pk).update(
            state="queued" if again else "failed", because=str(refused.message)[:200],
            next_at=now + WAITS[row.tries - 1] if again else now,
        )  # fmt: skip
        return 0
    VisitorLetter.objects.filter(pk=row.pk).update(state="sent", because="")
    return 1


def forget_unconfirmed() -> int:
    """Delete subscriptions that were never confirmed, visitors without any, what was told long ago. Return how many."""
    before = timezone.now() - timedelta(hours=CONFIRM_HOURS)
    gone = Subscription.objects.filter(visitor__isnull=False, active=False, created_at__lt=before).delete()[0]
    gone += Visitor.objects.filter(subscriptions__isnull=True, asked_at__lt=before).delete()[0]
    long_ago = timezone.now() - timedelta(days=90)
    gone += VisitorLetter.objects.filter(created_at__lt=long_ago).delete()[0]
    return gone + Heard.objects.filter(sent_at__lt=long_ago).delete()[0]


def latest_for(user: User, n: int = 20) -> list[tuple[Announcement, bool]]:
    """What one's subscriptions brought lately, the newest first; whether it still waits for the digest. Three queries."""
    waits: dict[int, bool] = defaultdict(bool)
    heard = Heard.objects.filter(subscription__user=user).order_by("-pk").values_list("announcement_id", "sent_at")
    for pk, sent_at in heard[: n * 2]:
        waits[pk] |= sent_at is None
    keys = user.notices.filter(kind=KIND, key__startswith="subscribed:").order_by("-pk").values_list("key", flat=True)
    for key in keys[:n]:
        if key.count(":") == 1:
            waits[int(key.split(":")[1])] |= False
    found = Announcement.objects.filter(pk__in=list(waits)).order_by("-pk")[:n]
    return [(one, waits[one.pk]) for one in found]
