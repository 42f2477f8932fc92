"""三审三校: signing, sending back, skipping a stage with a reason."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.content.actions.drafts import may_write, subject, tell_stage
from anlan.content.deadlines import stage_due
from anlan.content.models import ReviewRound, Signature
from anlan.content.models.reviews import POWER_OF
from anlan.content.people import hindrance, holders, stage_done, valid, writers
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify

SHORTEST = 5
"""Signs of a reason, at least."""


def _locked(current: ReviewRound) -> ReviewRound:
    """The round as it is now, held until the commit: of two at once the second sees what the first did."""
    return ReviewRound.objects.select_for_update().get(pk=current.pk)


def _same_text(now: ReviewRound, seen: str) -> None:
    if seen != now.hash:
        raise Refused(_("您打开以后，稿件又改过了。没有签上。请看新的文字再签。"), code="text_changed", status=409)


@transaction.atomic
def sign(
    current: ReviewRound, kind: str, *, by: User, seen: str, words: str = "", checks: Iterable[str] = ()
) -> Signature:
    """Sign the review or the proof (`Signature.Kind`) of the present stage, for exactly the text with hash `seen`.

    With the second of the two signatures the round moves on; after the last stage it waits for release. Raises
    `Refused`: 404 no editor, 403 own text, other stage, signed another stage; 409 text changed, signed already;
    422 a proof whose list is not ticked.
    """
    may_write(by)
    now = _locked(current)
    no = hindrance(now, by, kind)
    if no is not None:
        raise no
    _same_text(now, seen)
    ticked = [check for check in Signature.CHECKS if check in set(checks)]
    if kind == Signature.Kind.PROOF and len(ticked) < len(Signature.CHECKS):
        missing = [str(name) for key, name in Signature.CHECKS.items() if key not in ticked]
        raise Refused(
            _("还有没核对的：%(what)s。") % {"what": "；".join(missing)}, code="unchecked", status=422, field="checks"
        )
    return _put(now, kind, by, words, ticked)


def _put(now: ReviewRound, kind: str, by: User, words: str, ticked: list[str]) -> Signature:
    try:
        with transaction.atomic():
            signature = Signature.objects.create(
                round=now, stage=now.stage, kind=kind, person=by, name=by.name, post=str(by.post or "")[:120],
                hash=now.hash, words=words.strip(), checks=ticked,
            )  # fmt: skip
    except IntegrityError as error:  # two at once where rows are not locked
        raise Refused(_("刚刚有人签过这一项了。"), code="signed_already") from error
    verb = "bypass_stage" if kind == Signature.Kind.BYPASS else "sign_page"
    record(verb, subject(now.page), by=by, round=now.number, step=signature.act, hash=now.hash, reason=signature.words)
    standing = valid(now.signatures.all(), now.hash)
    if stage_done(now.stage, standing):
        _move_on(now)
    return signature


def _move_on(now: ReviewRound) -> None:
    """The stage is done: the next one is asked, or the text waits for release."""
    if now.stage < ReviewRound.Stage.FINAL:
        now.stage += 1
        now.due_at = stage_due(timezone.now())
        now.save(update_fields=["stage", "due_at"])
        tell_stage(now)
        return
    now.state, now.due_at = ReviewRound.State.PASSED, None
    now.save(update_fields=["state", "due_at"])
    notify(
        holders(POWER_OF[3]), "review_passed", _("《%(title)s》三审三校已齐，等您发布") % {"title": now.page},
        key=f"review-passed:{now.pk}:{now.hash[:16]}", url=reverse("content:draft", args=[now.page_id]),
    )  # fmt: skip


@transaction.atomic
def return_round(current: ReviewRound, *, by: User, seen: str, words: str) -> None:
    """Send a text back to its author with the reason. Raises `Refused` like `sign`, and 422 without a reason."""
    may_write(by)
    now = _locked(current)
    if now.state == ReviewRound.State.REVIEWING:
        allowed = by.may(POWER_OF[now.stage])
    else:
        allowed = now.state in ReviewRound.OPEN and by.may(POWER_OF[3])
    if not allowed:
        raise Refused(_("您现在不能退回这篇稿件。"), code="not_your_stage", status=403)
    if by.pk in writers(now.page):
        raise Refused(_("您写过或改过这篇稿件，要由别人来审。"), code="own_text", status=403)
    _same_text(now, seen)
    if len(words.strip()) < SHORTEST:
        raise Refused(_("请写清楚为什么退回，作者好改。"), code="no_reason", status=422, field="words")
    step = now.get_stage_display()
    now.signatures.filter(void_at__isnull=True).update(void_at=timezone.now())
    now.state, now.words, now.ended_name, now.ended_at = (
        ReviewRound.State.RETURNED, words.strip(), by.name, timezone.now(),
    )  # fmt: skip
    now.release_at = None
    now.save()
    record("return_page", subject(now.page), by=by, round=now.number, step=step, reason=now.words)
    notify(
        writers(now.page) | ({now.submitted_by_id} if now.submitted_by_id else set()), "review_returned",
        _("《%(title)s》退回了，请修改") % {"title": now.page}, text=now.words,
        key=f"review-returned:{now.pk}", url=reverse("content:draft", args=[now.page_id]),
    )  # fmt: skip


@transaction.atomic
def bypass_stage(current: ReviewRound, *, by: User, seen: str, words: str) -> Signature:
    """Skip the first or second stage. Only who holds the final review may, not for their own text, with a reason that
    stands in the record and at the foot of the published page. Raises `Refused` like `sign`, and 422 without a reason.
    """
    may_write(by)
    now = _locked(current)
    no = hindrance(now, by, Signature.Kind.BYPASS)
    if no is not None:
        raise no
    _same_text(now, seen)
    if len(words.strip()) < SHORTEST:
        raise Refused(_("请写明跳过的原因，会公开在文章下面。"), code="no_reason", status=422, field="words")
    return _put(now, Signature.Kind.BYPASS, by, words, [])
