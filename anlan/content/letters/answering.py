"""What editors do with letters: take, answer, correct, decline."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.content.actions.drafts import may_write
from anlan.content.letters.writing import inside
from anlan.content.models import Correction, Letter
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify

SHORTEST: Final = 5
"""Characters of an answer or a reason."""


@transaction.atomic
def take_letter(letter: Letter, *, by: User) -> None:
    """Take a letter in hand. Raises `Refused`: 404 no editor, 409 answered already."""
    may_write(by)
    now = _open(letter)
    now.state, now.assigned_to = Letter.State.WORKING, by
    now.save(update_fields=["state", "assigned_to"])
    record("take_letter", now, by=by)


@transaction.atomic
def answer_letter(letter: Letter, *, by: User, words: str, decline: bool = False) -> Letter:
    """Answer a letter, or decline what it asks with a reason; the writer is told. Raises `Refused`: 404, 409, 422 no words."""
    may_write(by)
    now = _open(letter)
    state = Letter.State.DECLINED if decline else Letter.State.ANSWERED
    return _close(now, state, by, _said(words))


@transaction.atomic
def correct_letter(letter: Letter, *, by: User, title: str, wrong: str, right: str, words: str = "") -> Correction:
    """Accept what a letter says and publish the correction; the writer is told. Raises `Refused`: 404, 409, 422."""
    may_write(by)
    now = _open(letter)
    made = _publish(title=title, url=now.about, wrong=wrong, right=right, by=by, letter=now)
    _close(now, Letter.State.CORRECTED, by, words.strip() or _("您说得对，已经改过来了。谢谢您。"))
    return made


@transaction.atomic
def publish_correction(*, title: str, url: str, wrong: str, right: str, by: User) -> Correction:
    """Publish a correction that no letter asked for. Raises `Refused`: 404 no editor, 422."""
    may_write(by)
    return _publish(title=title, url=url, wrong=wrong, right=right, by=by, letter=None)


@transaction.atomic
def withdraw_correction(correction: Correction, *, by: User) -> None:
    """Take back a correction that was wrong itself; it stays for editors. Raises `Refused`: 404, 409 taken back already."""
    may_write(by)
    if not Correction.objects.filter(pk=correction.pk, withdrawn_at__isnull=True).update(withdrawn_at=timezone.now()):
        raise Refused(_("这条更正已经撤下了。"), code="withdrawn")
    record("withdraw_correction", correction, by=by)


def _publish(*, title: str, url: str, wrong: str, right: str, by: User, letter: Letter | None) -> Correction:
    for value, field, ask in (
        (title, "title", _("请写是哪一页。")), (wrong, "wrong", _("请写原来错在哪里。")), (right, "right", _("请写现在是什么。")),
    ):  # fmt: skip
        if not value.strip():
            raise Refused(ask, code="incomplete", status=422, field=field)
    made = Correction.objects.create(
        letter=letter, title=title.strip()[:120], url=inside(url), wrong=wrong.strip()[:500], right=right.strip()[:500], by=by,
        by_name=by.name,
    )  # fmt: skip
    record("publish_correction", made, by=by, url=made.url, letter=letter.number if letter else "")
    return made


def _said(words: str) -> str:
    if len(words.strip()) < SHORTEST:
        raise Refused(_("请写明答复，来信的人会看到。"), code="no_words", status=422, field="words")
    return words.strip()[:2000]


def _open(letter: Letter) -> Letter:
    now = Letter.objects.select_for_update().get(pk=letter.pk)
    if not now.is_open:
        raise Refused(
            _("%(name)s已经答复过这封信。您写的还在下面。") % {"name": now.answered_name or _("同事")}, code="answered"
        )
    return now


def _close(letter: Letter, state: Letter.State, by: User, words: str) -> Letter:
    letter.state, letter.answer, letter.answered_name, letter.answered_at = state, words, by.name, timezone.now()
    letter.assigned_to = by
    letter.save(update_fields=["state", "answer", "answered_name", "answered_at", "assigned_to"])
    record("answer_letter", letter, by=by, state=str(state))
    if letter.writer_id:
        notify(
            [letter.writer_id], "letter_answered", _("您的来信 %(number)s 有答复了") % {"number": letter.number}, text=words,
            key=f"letter:{letter.pk}", url=reverse("content:letter_mine", args=[letter.number]),
        )  # fmt: skip
    return letter
