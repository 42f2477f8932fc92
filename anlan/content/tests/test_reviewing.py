"""三审三校: who may sign what, and what a signature is worth after a word has changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from anlan.accounts.models import Post, User
from anlan.audit.models import Record
from anlan.content.actions import (
    bypass_stage,
    create_page,
    publish_round,
    release,
    return_round,
    save_page,
    sign,
    submit_page,
    take_back,
)
from anlan.content.models import Entry, ReviewRound
from anlan.content.tests.conftest import BOTH, CHECKS, Write
from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast

REVIEW, PROOF = BOTH
SignAll = Callable[..., ReviewRound]


def test_three_people_sign_six_times_and_then_it_is_released(cast: Cast, write: Write, sign_all: SignAll) -> None:
    page = write()
    current = submit_page(page, by=cast.editor)
    assert current.stage == 1
    assert not Entry.objects.public().filter(pk=page.pk).exists()
    sign_all(current)
    assert current.state == ReviewRound.State.PASSED
    release(current, by=cast.chief_editor)
    assert Entry.objects.public().get(pk=page.pk).own.body.startswith("先停稳")
    assert [row.act for row in current.signatures.all()] == ["初审", "一校", "复审", "二校", "终审", "三校"]
    assert Record.objects.get(verb="release_page").detail["signed"][0] == "初审 唐蕾"


def test_a_stage_needs_both_review_and_proof(cast: Cast, write: Write) -> None:
    current = submit_page(write(), by=cast.editor)
    sign(current, REVIEW, by=cast.reviewer, seen=current.hash)
    current.refresh_from_db()
    assert current.stage == 1
    sign(current, PROOF, by=cast.reviewer, seen=current.hash, checks=CHECKS)
    current.refresh_from_db()
    assert current.stage == 2


def test_a_proof_needs_its_whole_list(cast: Cast, write: Write) -> None:
    current = submit_page(write(), by=cast.editor)
    with pytest.raises(Refused) as refused:
        sign(current, PROOF, by=cast.reviewer, seen=current.hash, checks=CHECKS[:4])
    assert refused.value.code == "unchecked"
    assert not current.signatures.exists()


@pytest.mark.parametrize("who", ["reviewer", "head_editor", "chief_editor"])
def test_nobody_signs_their_own_text(cast: Cast, who: str, write: Write, sign_all: SignAll) -> None:
    author: User = getattr(cast, who)
    current = submit_page(write(by=author), by=author)
    stage = {"reviewer": 0, "head_editor": 1, "chief_editor": 2}[who]
    others = [cast.reviewer, cast.head_editor]
    for person in others[:stage]:
        for kind in BOTH:
            sign(current, kind, by=person, seen=current.hash, checks=CHECKS)
    for kind in BOTH:
        with pytest.raises(Refused) as refused:
            sign(current, kind, by=author, seen=current.hash, checks=CHECKS)
        assert refused.value.code == "own_text"


def test_whoever_changes_a_text_has_written_it(cast: Cast, write: Write) -> None:
    page = write()
    save_page(page, {"body": "改过的正文"}, by=cast.reviewer)
    current = submit_page(page, by=cast.editor)
    with pytest.raises(Refused) as refused:
        sign(current, REVIEW, by=cast.reviewer, seen=current.hash)
    assert refused.value.code == "own_text"


def test_one_person_never_signs_two_stages(cast: Cast, write: Write, sign_all: SignAll) -> None:
    Post.objects.create(user=cast.reviewer, role_id="head_editor")
    current = sign_all(submit_page(write(), by=cast.editor), stages=1)
    person = User.objects.get(pk=cast.reviewer.pk)
    person.post = next(post for post in person.open_posts if post.role_id == "head_editor")
    with pytest.raises(Refused) as refused:
        sign(current, REVIEW, by=person, seen=current.hash)
    assert refused.value.code == "second_stage"


def test_a_stage_is_signed_only_by_whom_it_asks(cast: Cast, write: Write) -> None:
    current = submit_page(write(), by=cast.editor)
    for person in (cast.head_editor, cast.chief_editor, cast.editor):
        with pytest.raises(Refused):
            sign(current, REVIEW, by=person, seen=current.hash)
    with pytest.raises(Refused) as refused:
        sign(current, REVIEW, by=cast.manager, seen=current.hash)
    assert refused.value.status == 404


def test_a_changed_word_voids_every_signature_and_begins_again(cast: Cast, write: Write, sign_all: SignAll) -> None:
    page = write()
    current = sign_all(submit_page(page, by=cast.editor), stages=2)
    before = current.hash
    save_page(page, {"body": "先停稳，再落叉，然后拔钥匙。"}, by=cast.editor)
    current.refresh_from_db()
    assert (current.stage, current.state) == (1, "reviewing")
    assert current.hash != before
    assert not current.signatures.filter(void_at__isnull=True).exists()
    assert Notice.objects.filter(kind="review_void", user__in=(cast.reviewer, cast.head_editor)).count() == 2
    sign_all(current)
    assert current.state == "passed"


def test_saving_without_a_change_keeps_the_signatures(cast: Cast, write: Write, sign_all: SignAll) -> None:
    page = write()
    current = sign_all(submit_page(page, by=cast.editor), stages=1)
    assert save_page(page, {"body": "先停稳，再落叉，最后拔钥匙。\r\n"}, by=cast.editor) is False
    current.refresh_from_db()
    assert current.stage == 2


def test_an_edit_after_the_last_signature_stops_the_planned_release(
    cast: Cast, write: Write, sign_all: SignAll
) -> None:
    page = write()
    current = sign_all(submit_page(page, by=cast.editor))
    release(current, by=cast.chief_editor, at=timezone.now() + timedelta(hours=1))
    save_page(page, {"title": "叉车怎么停才稳"}, by=cast.editor)
    current.refresh_from_db()
    assert (current.state, current.release_at) == ("reviewing", None)
    with pytest.raises(Refused):
        publish_round(current)
    assert not Entry.objects.public().filter(pk=page.pk).exists()


def test_a_signature_on_a_text_that_was_changed_meanwhile_is_refused(cast: Cast, write: Write) -> None:
    page = write()
    current = submit_page(page, by=cast.editor)
    seen = current.hash
    save_page(page, {"body": "另一句话。"}, by=cast.editor)
    with pytest.raises(Refused) as refused:
        sign(current, REVIEW, by=cast.reviewer, seen=seen)
    assert refused.value.code == "text_changed"


def test_of_two_reviewers_at_once_the_second_is_told(cast: Cast, write: Write) -> None:
    second = User.objects.create_user(name="第二位初审", is_demo=True)
    Post.objects.create(user=second, role_id="reviewer")
    current = submit_page(write(), by=cast.editor)
    stale = ReviewRound.objects.get(pk=current.pk)
    sign(current, REVIEW, by=cast.reviewer, seen=current.hash)
    with pytest.raises(Refused) as refused:
        sign(stale, REVIEW, by=User.objects.get(pk=second.pk), seen=stale.hash)
    assert refused.value.code == "signed_already"
    assert "唐蕾" in str(refused.value)
    sign(stale, PROOF, by=User.objects.get(pk=second.pk), seen=stale.hash, checks=CHECKS)
    current.refresh_from_db()
    assert current.stage == 2


def test_where_the_house_says_so_review_and_proof_take_two_persons(cast: Cast, write: Write, settings: Any) -> None:
    settings.ANLAN_PROOF_APART = True
    current = submit_page(write(), by=cast.editor)
    sign(current, REVIEW, by=cast.reviewer, seen=current.hash)
    with pytest.raises(Refused) as refused:
        sign(current, PROOF, by=cast.reviewer, seen=current.hash, checks=CHECKS)
    assert refused.value.code == "proof_apart"


def test_a_stage_is_skipped_only_by_the_chief_with_a_reason_that_everybody_reads(
    cast: Cast, write: Write, sign_all: SignAll, client: Client
) -> None:
    page = write()
    current = submit_page(page, by=cast.editor)
    for person, words, code in (
        (cast.head_editor, "台风今晚登陆，先发", "not_your_stage"),
        (cast.chief_editor, "急", "no_reason"),
    ):
        with pytest.raises(Refused) as refused:
            bypass_stage(current, by=person, seen=current.hash, words=words)
        assert refused.value.code == code
    bypass_stage(current, by=cast.chief_editor, seen=current.hash, words="台风今晚登陆，先发")
    current.refresh_from_db()
    for kind in BOTH:
        sign(current, kind, by=cast.head_editor, seen=current.hash, checks=CHECKS)
        current.refresh_from_db()
    for kind in BOTH:
        sign(current, kind, by=cast.chief_editor, seen=current.hash, checks=CHECKS)
    release(current, by=cast.chief_editor)
    assert Record.objects.get(verb="bypass_stage").detail["reason"] == "台风今晚登陆，先发"
    text = client.get(Entry.objects.get(pk=page.pk).own.get_absolute_url()).content.decode()
    assert "初审由 程远" in text
    assert "台风今晚登陆，先发" in text


def test_the_final_review_is_never_skipped(cast: Cast, write: Write, sign_all: SignAll) -> None:
    current = sign_all(submit_page(write(), by=cast.editor), stages=2)
    with pytest.raises(Refused) as refused:
        bypass_stage(current, by=cast.chief_editor, seen=current.hash, words="来不及了，先发")
    assert refused.value.code == "final_stands"


def test_a_returned_text_is_asked_again_from_the_first_stage(cast: Cast, write: Write, sign_all: SignAll) -> None:
    page = write()
    current = sign_all(submit_page(page, by=cast.editor), stages=1)
    with pytest.raises(Refused):
        return_round(current, by=cast.head_editor, seen=current.hash, words="")
    return_round(current, by=cast.head_editor, seen=current.hash, words="请写清楚手刹要不要拉。")
    assert Notice.objects.get(kind="review_returned", user=cast.editor).text == "请写清楚手刹要不要拉。"
    with pytest.raises(Refused):
        sign(current, PROOF, by=cast.head_editor, seen=current.hash, checks=CHECKS)
    again = submit_page(page, by=cast.editor)
    assert (again.number, again.stage, again.signatures.count()) == (2, 1, 0)


def test_only_the_author_takes_a_text_back(cast: Cast, write: Write) -> None:
    current = submit_page(write(), by=cast.editor)
    with pytest.raises(Refused):
        take_back(current, by=cast.reviewer)
    take_back(current, by=cast.editor)
    with pytest.raises(Refused):
        take_back(current, by=cast.editor)


def test_a_text_is_handed_in_once_and_only_when_it_is_whole(cast: Cast, write: Write) -> None:
    page = write(summary="")
    with pytest.raises(Refused) as refused:
        submit_page(page, by=cast.editor)
    assert "摘要" in str(refused.value)
    card = create_page(
        "knowledge",
        {"title": "触电", "summary": "断电", "body": "x", "steps": [{"title": "断", "text": "电"}]},
        by=cast.editor,
    )
    with pytest.raises(Refused) as refused:
        submit_page(card, by=cast.editor)
    assert "三个步骤" in str(refused.value)
    save_page(page, {"summary": "有了"}, by=cast.editor)
    submit_page(page, by=cast.editor)
    with pytest.raises(Refused) as refused:
        submit_page(page, by=cast.editor)
    assert refused.value.code == "in_review"


def test_only_the_chief_releases_and_only_what_has_passed(cast: Cast, write: Write, sign_all: SignAll) -> None:
    current = sign_all(submit_page(write(), by=cast.editor), stages=2)
    with pytest.raises(Refused) as refused:
        release(current, by=cast.chief_editor)
    assert refused.value.code == "not_passed"
    for kind in BOTH:
        sign(current, kind, by=cast.chief_editor, seen=current.hash, checks=CHECKS)
    with pytest.raises(Refused) as refused:
        release(current, by=cast.head_editor)
    assert refused.value.status == 403


def test_a_text_that_differs_from_what_was_signed_is_never_released(
    cast: Cast, write: Write, sign_all: SignAll
) -> None:
    current = sign_all(submit_page(write(), by=cast.editor))
    content = current.revision.content
    content["body"] = "有人绕过页面改了数据库。"
    type(current.revision).objects.filter(pk=current.revision_id).update(content=content)
    with pytest.raises(Refused) as refused:
        release(ReviewRound.objects.get(pk=current.pk), by=cast.chief_editor)
    assert refused.value.code == "text_changed"


def test_a_round_with_a_signature_taken_out_is_never_released(cast: Cast, write: Write, sign_all: SignAll) -> None:
    current = sign_all(submit_page(write(), by=cast.editor))
    current.signatures.filter(stage=2, kind=PROOF).delete()
    with pytest.raises(Refused) as refused:
        release(current, by=cast.chief_editor)
    assert refused.value.code == "not_passed"
