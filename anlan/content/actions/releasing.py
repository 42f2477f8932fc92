"""Release: now or at an hour, by hand or by the clock; taking a page off the site."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.models import Page

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.content.actions.drafts import may_write, subject
from anlan.content.findable import found_of
from anlan.content.models import SECTION_MODELS, Entry, GuidePage, ReviewRound
from anlan.content.people import is_complete, writers
from anlan.law.actions.guides import rewrite_guide
from anlan.lib.dates import SHANGHAI, cn_date
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify
from anlan.search.actions import index, unindex


@transaction.atomic
def release(current: ReviewRound, *, by: User, at: datetime | None = None) -> ReviewRound:
    """Release a text that has passed all reviews: at once, or (`at`, aware) when its hour comes.

    Raises `Refused`: 404 no editor, 403 without the final review, 409 not passed or changed meanwhile, 422 an hour gone by.
    """
    may_write(by)
    if not by.may(powers.REVIEW_FINAL):
        raise Refused(_("只有总编辑能发布。"), code="not_yours", status=403)
    now = ReviewRound.objects.select_for_update().get(pk=current.pk)
    if now.state not in (ReviewRound.State.PASSED, ReviewRound.State.SCHEDULED):
        raise Refused(_("三审三校还没有齐，不能发布。"), code="not_passed")
    if at is None:
        return publish_round(now, by=by)
    if at <= timezone.now():
        raise Refused(_("这个时间已经过了，请选以后的时间。"), code="past", status=422, field="at")
    _check(now)
    now.state, now.release_at, now.trouble = ReviewRound.State.SCHEDULED, at, ""
    now.save(update_fields=["state", "release_at", "trouble"])
    local = at.astimezone(SHANGHAI)
    words = f"{cn_date(local.date(), timezone.localdate())} {local:%H:%M}"
    record("schedule_page", subject(now.page), by=by, round=now.number, at=at.isoformat())
    notify(
        writers(now.page) - {by.pk}, "release_planned",
        _("《%(title)s》定于 %(at)s 发布") % {"title": now.page, "at": words},
        key=f"release-planned:{now.pk}:{at:%Y%m%d%H%M}", url=reverse("content:draft", args=[now.page_id]),
    )  # fmt: skip
    return now


@transaction.atomic
def cancel_release(current: ReviewRound, *, by: User) -> None:
    """Take the hour back; the text waits for release again. Raises `Refused`: 404, 403, 409."""
    may_write(by)
    if not by.may(powers.REVIEW_FINAL):
        raise Refused(_("只有总编辑能改发布时间。"), code="not_yours", status=403)
    done = ReviewRound.objects.filter(pk=current.pk, state=ReviewRound.State.SCHEDULED).update(
        state=ReviewRound.State.PASSED, release_at=None, trouble=""
    )
    if not done:
        raise Refused(_("它没有在等定时发布。"), code="not_scheduled")
    record("cancel_release", subject(current.page), by=by, round=current.number)


def _check(now: ReviewRound) -> Entry:
    """The text of a round, if it is exactly what was signed three times; else `Refused`."""
    latest = Page.objects.select_for_update().values_list("latest_revision_id", flat=True).get(pk=now.page_id)
    page: Entry = now.revision.as_object()
    if latest != now.revision_id or page.content_hash != now.hash:
        raise Refused(_("签字以后文字又变了，要重新审。"), code="text_changed")
    if not is_complete(now, now.signatures.all()):
        raise Refused(_("三审三校还没有齐，不能发布。"), code="not_passed")
    return page


@transaction.atomic
def publish_round(current: ReviewRound, *, by: User | None = None) -> ReviewRound:
    """Make the signed text public, in one transaction with the search index; subscribers are told after the commit.
    A guide goes to its article and is found with the law.

    `by` None: the clock. Raises `Refused` (409) when the text is not exactly what was signed.
    """
    now = ReviewRound.objects.select_for_update().get(pk=current.pk)
    if now.state not in (ReviewRound.State.PASSED, ReviewRound.State.SCHEDULED):
        raise Refused(_("这篇稿件现在不能发布。"), code="not_passed")
    Entry.objects.filter(pk=now.page_id).update(withdrawn_at=None, withdrawn_why="")
    _check(now)
    now.revision.publish(log_action=False, skip_permission_checks=True)
    now.state, now.released_at, now.trouble = ReviewRound.State.RELEASED, timezone.now(), ""
    now.save(update_fields=["state", "released_at", "trouble"])
    page = SECTION_MODELS[now.page.section].objects.get(pk=now.page_id)
    signed = [f"{row.act} {row.name}" for row in now.signatures.all() if row.void_at is None]
    if isinstance(page, GuidePage):
        rewrite_guide(page.guide, *page.words, by=by, signed=signed)
    else:
        index(page.section, found_of(page))
        transaction.on_commit(lambda: _tell_subscribers(page))
    record("release_page", subject(page), by=by, round=now.number, hash=now.hash, signed=signed)
    notify(
        writers_of_round(now) - ({by.pk} if by else set()), "release_done", _("《%(title)s》已发布") % {"title": page.title},
        key=f"release-done:{now.pk}", url=page.get_absolute_url(),
    )  # fmt: skip
    return now


def writers_of_round(now: ReviewRound) -> set[int]:
    """Return the author and who handed it in."""
    return {pk for pk in (now.page.owner_id, now.submitted_by_id) if pk}


def _tell_subscribers(page: Entry) -> None:
    from anlan.content.subscriptions.tell import publish

    publish(page)


@transaction.atomic
def withdraw_page(page: Entry, *, by: User, words: str) -> None:
    """Take a page off the site at once; its address says so, and why. Back only through a new review.

    Raises `Refused`: 404 no editor, 403 without second or final review, 409 not public, 422 no reason.
    """
    may_write(by)
    if not (by.may(powers.REVIEW_SECOND) or by.may(powers.REVIEW_FINAL)):
        raise Refused(_("只有编辑部主任和总编辑能撤下页面。"), code="not_yours", status=403)
    if len(words.strip()) < 5:
        raise Refused(_("请写明撤下的原因，会公开在这个网址上。"), code="no_reason", status=422, field="words")
    done = (
        Entry.objects.public().filter(pk=page.pk).update(withdrawn_at=timezone.now(), withdrawn_why=words.strip()[:300])
    )
    if not done:
        raise Refused(_("这一页现在没有公开。"), code="not_public")
    unindex(page.section, page.slug)
    record("withdraw_page", subject(page), by=by, reason=words.strip())
    notify(
        writers(page) - {by.pk}, "release_withdrawn", _("《%(title)s》已从网站撤下") % {"title": page.title}, text=words.strip(),
        key=f"release-withdrawn:{page.pk}:{timezone.now():%Y%m%d%H%M%S}", url=reverse("content:draft", args=[page.pk]),
    )  # fmt: skip
