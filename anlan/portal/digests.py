"""One letter a day or a week: what is due in every post of a person, and what they have not read."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.notifications.delivery import queue_letter, unread_for_digest
from anlan.notifications.models import Preference, Rhythm
from anlan.portal.due import due_for

MOST: Final = 30
"""Lines of one letter; the rest is behind the link."""


def send_digests(now: datetime | None = None) -> int:
    """Queue today's digests (weekly ones on Mondays) for whoever wants one and has something in it; return how many."""
    now = now or timezone.now()
    today = timezone.localdate(now)
    rhythms = frozenset({str(Rhythm.DAILY), *([str(Rhythm.WEEKLY)] if today.weekday() == 0 else [])})
    wanting = Preference.objects.filter(email_confirmed_at__isnull=False, user__is_active=True)
    n = 0
    for preference in wanting.select_related("user").iterator(chunk_size=500):
        if rhythms.intersection(preference.mail.values()):
            n += _digest(preference, rhythms, f"digest:{today}", now)
    return n


@transaction.atomic
def _digest(preference: Preference, rhythms: frozenset[str], key: str, now: datetime) -> bool:
    with translation.override(preference.user.language or "zh-hans"):
        dues = _dues(preference.user)
        unread = [[notice.title, notice.text[:200], notice.url] for notice in unread_for_digest(preference, rhythms)]
        if not dues and not unread:
            return False
        lines = [*dues[:MOST], *unread[: max(0, MOST - len(dues))]]
        title = _("您有 %(due)d 件事要办，%(unread)d 条消息没看") % {"due": len(dues), "unread": len(unread)}
        queued = queue_letter(preference.user_id, key, {"title": title, "lines": lines}, at=now)
    Preference.objects.filter(pk=preference.pk).update(digested_at=now)
    return queued


def _dues(user: User) -> list[list[Any]]:
    """What is due in every post held, each post named, nothing twice."""
    found: dict[tuple[str, str], list[Any]] = {}
    for post in user.open_posts:
        user.post = post
        for due in due_for(user):
            when = _("（%(day)s前）") % {"day": timezone.localdate(due.at).isoformat()} if due.at else ""
            found.setdefault((str(due.title), due.url), [f"{due.title}{when}", f"{post}　{due.reason}", due.url])
    return list(found.values())
