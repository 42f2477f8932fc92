"""Letters of readers: a receipt, an answer, a correction; limits instead of puzzles."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from anlan.accounts.models import User
from anlan.content.deadlines import stage_due
from anlan.content.letters import answering, tasks, writing
from anlan.content.letters.due import due_for
from anlan.content.models import Correction, Entry, Letter
from anlan.lib.errors import Refused
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]
TEXT = {
    "kind": "error",
    "text": "压力写成 3 兆帕，应该是 0.3 兆帕。",
    "about": "/knowledge/cpr/",
    "quote": "压力 3 兆帕",
    "source": "GB 7231",
}


def test_a_reader_writes_without_an_account_and_follows_the_answer(cast: Cast, sign_in: SignIn) -> None:
    reader = Client()
    assert reader.get("/write/?about=/knowledge/cpr/").status_code == 200
    answer = reader.post("/write/", TEXT, follow=True)
    letter = Letter.objects.get()
    number, code = reader.session["content:receipt"]
    assert number == letter.number and code in answer.content.decode() and code not in letter.secret
    assert letter.writer is None and letter.due_at == stage_due(letter.created_at, 5)
    assert code not in Client().get("/write/receipt/").content.decode()  # only in the browser that wrote it
    stranger = Client()
    assert (
        "还在办理" in stranger.post("/write/follow/", {"number": number, "code": f" {code.lower()} "}).content.decode()
    )
    sign_in(cast.editor).post(
        f"/editing/letters/{number}/do/", {"do": "answer", "words": "核对过了，原文没有错，依据是标准第 5 条。"}
    )
    assert "依据是标准第 5 条" in stranger.post("/write/follow/", {"number": number, "code": code}).content.decode()


def test_a_wrong_receipt_says_nothing_and_guessing_ends(db: None) -> None:
    letter, code = writing.write_letter(kind="other", text="建议增加目录")
    client = Client()
    assert client.post("/write/follow/", {"number": letter.number, "code": "WRONGCODE2"}).status_code == 404
    assert client.post("/write/follow/", {"number": "L20200101-0001", "code": code}).status_code == 404
    for _n in range(20):
        client.post("/write/follow/", {"number": letter.number, "code": "WRONGCODE2"})
    assert client.post("/write/follow/", {"number": letter.number, "code": code}).status_code == 429
    assert (
        Client(REMOTE_ADDR="10.9.9.9").post("/write/follow/", {"number": letter.number, "code": code}).status_code
        == 200
    )


def test_one_address_may_not_flood_and_what_was_typed_stays(db: None) -> None:
    client = Client()
    for _n in range(writing.AN_HOUR):
        assert client.post("/write/", TEXT).status_code == 302
    refused = client.post("/write/", {**TEXT, "text": "第七封信"})
    assert refused.status_code == 429 and "第七封信" in refused.content.decode()
    assert Client(REMOTE_ADDR="10.9.9.8").post("/write/", TEXT).status_code == 302
    assert not Letter.objects.filter(sender__contains="127.0.0.1").exists()


def test_a_machine_that_fills_the_trap_learns_nothing(db: None) -> None:
    assert Client().post("/write/", {**TEXT, "website": "http://spam.example"}).status_code == 302
    assert not Letter.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"text": ""}, {"text": "长" * 2001}, {"kind": "nonsense"}, {"kind": ""}, {"quote": "长" * 501}]
)
def test_bad_letters_are_refused_in_words(db: None, wrong: dict[str, str]) -> None:
    assert Client().post("/write/", {**TEXT, **wrong}).status_code == 422
    assert not Letter.objects.exists()


@pytest.mark.parametrize(
    "about",
    ["//evil.example/", "https://evil.example/", "javascript:alert(1)", "/\\evil.example", "/a\nb", "/" + "x" * 400],
)
def test_only_pages_of_this_site_are_spoken_of(about: str) -> None:
    assert writing.inside(about) == ""


def test_html_of_readers_is_shown_as_text(cast: Cast, sign_in: SignIn) -> None:
    letter, code = writing.write_letter(
        kind="error", text="<script>alert(1)</script>", quote="<img src=x onerror=alert(1)>", about="/x/"
    )
    for shown in (
        sign_in(cast.editor).get(f"/editing/letters/{letter.number}/"), sign_in(cast.editor).get("/editing/letters/"),
        Client().post("/write/follow/", {"number": letter.number, "code": code}),
    ):  # fmt: skip
        html = shown.content.decode()
        assert "<script>alert" not in html and "<img src=x" not in html and "&lt;script&gt;" in html


def test_a_correction_is_public_with_what_was_wrong_and_the_link(cast: Cast, sign_in: SignIn) -> None:
    letter, code = writing.write_letter(**TEXT, by=cast.worker)
    editor = sign_in(cast.editor)
    data = {"do": "correct", "title": "心肺复苏", "wrong": "3 兆帕", "right": "0.3 兆帕"}
    assert editor.post(f"/editing/letters/{letter.number}/do/", {**data, "right": ""}).status_code == 422
    before = Client().get("/corrections/")
    assert editor.post(f"/editing/letters/{letter.number}/do/", data).status_code == 302
    shown = Client().get("/corrections/", HTTP_IF_NONE_MATCH=before["ETag"])
    html = shown.content.decode()
    assert shown.status_code == 200 and "0.3 兆帕" in html and 'href="/knowledge/cpr/"' in html and "读者指出" in html
    assert cast.worker.notices.filter(kind="letter_answered").count() == 1
    assert "已经更正" in sign_in(cast.worker).get(f"/write/mine/{letter.number}/").content.decode()
    assert sign_in(cast.manager).get(f"/write/mine/{letter.number}/").status_code == 404
    assert editor.post(f"/editing/letters/{letter.number}/do/", data).status_code == 409  # twice
    assert Correction.objects.count() == 1
    editor.post(f"/editing/corrections/{Correction.objects.get().pk}/withdraw/")
    assert "0.3 兆帕" not in Client().get("/corrections/").content.decode()
    assert code


def test_declining_needs_a_reason(cast: Cast) -> None:
    letter, _code = writing.write_letter(kind="missing", text="没有讲叉车")
    with pytest.raises(Refused) as refused:
        answering.answer_letter(letter, by=cast.editor, words=" 不 ", decline=True)
    assert refused.value.status == 422
    answering.answer_letter(letter, by=cast.editor, words="叉车已经在“车辆伤害”里讲了。", decline=True)
    letter.refresh_from_db()
    assert letter.state == "declined"
    with pytest.raises(Refused) as refused:
        answering.answer_letter(letter, by=cast.reviewer, words="我也来答复一下")
    assert refused.value.code == "answered"


def test_outsiders_find_no_letters(cast: Cast, sign_in: SignIn) -> None:
    letter, _code = writing.write_letter(**TEXT)
    for path in ("/editing/letters/", f"/editing/letters/{letter.number}/", "/editing/corrections/new/"):
        assert sign_in(cast.manager).get(path).status_code == 404
        assert sign_in(cast.editor).get(path).status_code == 200
    assert sign_in(cast.manager).post(f"/editing/letters/{letter.number}/do/", {"do": "take"}).status_code == 404
    assert sign_in(cast.editor).get(f"/editing/letters/{letter.number}/do/").status_code == 405


def test_letters_are_due_in_five_working_days_and_remembered(cast: Cast) -> None:
    letter, _code = writing.write_letter(**TEXT)
    assert [due.count for due in due_for(cast.editor)] == [1] and due_for(cast.manager) == []
    answering.take_letter(letter, by=cast.reviewer)
    assert due_for(cast.editor) == [] and due_for(cast.reviewer)[0].at == letter.due_at
    Letter.objects.update(due_at=timezone.now() - timedelta(hours=1), created_at=timezone.now() - timedelta(days=8))
    assert tasks.remind_letters() == 1 and tasks.remind_letters() == 0
    letter.refresh_from_db()
    assert letter.sender == "" and letter.is_late


def test_the_desk_finds_the_page_that_is_spoken_of(cast: Cast, sign_in: SignIn, publish: Callable[..., Entry]) -> None:
    page = publish("叉车怎么停")
    letter, _code = writing.write_letter(**{**TEXT, "about": page.get_absolute_url()})
    assert "读者说《叉车怎么停》有错" in sign_in(cast.editor).get(f"/editing/letters/{letter.number}/").content.decode()
    assert f"/write/?about={page.get_absolute_url()}" in Client().get(page.get_absolute_url()).content.decode()


def test_the_desk_asks_as_often_for_20_letters_as_for_2(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    client = sign_in(cast.editor)
    for n in range(20):
        Letter.objects.create(
            number=f"L20261101-{n:04}",
            secret="x",
            kind="other",
            text="建议",
            due_at=timezone.now(),
            assigned_to=cast.editor,
        )
    client.get("/editing/letters/")
    with django_assert_max_num_queries(15):
        client.get("/editing/letters/")
