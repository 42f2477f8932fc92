"""The clock of the editors: releases at their hour, alarms for late ones, reminders before and after a due day."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.audit.actions import record
from anlan.content.actions.drafts import subject
from anlan.content.actions.releasing import publish_round
from anlan.content.findable import documents
from anlan.content.models import SITE_SECTIONS, ReviewRound
from anlan.content.models.reviews import LATE, POWER_OF
from anlan.content.people import holders, writers
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify
from anlan.search.actions import reconcile

log = logging.getLogger(__name__)
SOON = timedelta(hours=20)
"""A reminder goes out this long before the end of a stage, in the morning."""


def publish_due() -> int:
    """Release what has reached its hour (every few seconds); return how many. One that fails stops no other; a late
    one raises the alarm even though it is out now."""
    now, done = timezone.now(), 0
    waiting = ReviewRound.objects.filter(state=ReviewRound.State.SCHEDULED, release_at__lte=now).order_by("release_at")
    for current in waiting.select_related("page")[:50]:
        try:
            publish_round(current)
        except Refused as refused:
            # Not signed any more or changed under our hands: people must look at it, again and again would not help.
            ReviewRound.objects.filter(pk=current.pk).update(trouble=str(refused.message)[:300])
            continue
        except Exception as error:
            log.exception("release of round %s failed", current.pk)
            ReviewRound.objects.filter(pk=current.pk).update(trouble=type(error).__name__)
            continue
        done += 1
        if current.release_at is not None and current.release_at < now - LATE:
            minutes = int((now - current.release_at).total_seconds() // 60)
            _alarm(current, _("《%(title)s》晚了 %(n)d 分钟才发布") % {"title": current.page, "n": minutes})
    return done


def watch_releases() -> int:
    """Raise the alarm, once for each, where a release is more than two minutes late; return how many are."""
    late = list(ReviewRound.objects.overdue_releases().select_related("page"))
    for current in late:
        _alarm(current, _("《%(title)s》到点没有发布") % {"title": current.page})
    return len(late)


@transaction.atomic
def _alarm(current: ReviewRound, title: str) -> None:
    """Tell the operators and the chief editors, once for each planned hour."""
    new = notify(
        holders(powers.OPERATE, powers.REVIEW_FINAL), "release_late", title, text=current.trouble,
        key=f"release-late:{current.pk}:{current.release_at:%Y%m%d%H%M}", url=reverse("content:reviews"),
    )  # fmt: skip
    if new:
        record("release_late", subject(current.page), by=None, round=current.number)


def remind_reviews() -> int:
    """Remind whoever may sign: on the day a stage ends, and once when it is over (to the chief editors, too)."""
    now, told = timezone.now(), 0
    rounds = ReviewRound.objects.filter(state=ReviewRound.State.REVIEWING, due_at__lte=now + SOON)
    for current in rounds.select_related("page"):
        late = current.is_late
        names = [POWER_OF[current.stage], *([powers.REVIEW_FINAL] if late else [])]
        wrote = writers(current.page)
        people = [user for user in holders(*names) if user.pk not in wrote]
        title = _("《%(title)s》的%(stage)s逾期了") if late else _("《%(title)s》的%(stage)s今天到期")
        told += notify(
            people, "review_due", title % {"title": current.page, "stage": current.get_stage_display()},
            key=f"review-due:{current.pk}:{current.stage}:{current.hash[:12]}:{'late' if late else 'soon'}",
            url=reverse("content:draft", args=[current.page_id]),
        )  # fmt: skip
    return told


def reindex() -> dict[str, tuple[int, int]]:
    """Make the search index hold exactly the public pages: what changed under it, and what was missed."""
    return {section: reconcile(section, documents(section)) for section in SITE_SECTIONS}
