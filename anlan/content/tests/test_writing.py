"""Writing on the desk: forms without script, two at once, versions, comparison, going back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from anlan.content.actions import roll_back, save_page
from anlan.content.actions.drafts import newest
from anlan.content.models import CasePage, Entry, NewsPage
from anlan.content.people import revisions_of
from anlan.content.tests.conftest import Write
from anlan.lib.errors import Refused
from anlan.operations.demo.cast import Cast
from anlan.operations.demo.drawings import draw

SignIn = Callable[..., Client]
NEWS = {"title": "临时线怎么拉", "kind": "policy", "level": "local", "summary": "架空、穿管、用完就拆", "body": "## 三条\n\n- 架空", "author_name": "宋可", "tags": "用电、临时线，用电", "cites": "安全生产法:28\n消防法:6-2", "industries": "33、C", "sources": "演示来源 | https://example.org/a"}  # fmt: skip


def test_a_page_is_written_without_script(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.editor)
    response = client.post("/editing/new/news/", NEWS)
    assert response.status_code == 302
    page = NewsPage.objects.get(title="临时线怎么拉")
    assert (page.live, page.slug, page.tags) == (False, "lin-shi-xian-zen-me-la", ["用电", "临时线"])
    assert page.cites == ["安全生产法:28", "消防法:6-2"]
    assert page.sources == [{"title": "演示来源", "url": "https://example.org/a"}]
    text = client.get(response["Location"]).content.decode()
    assert "《消防法》第六条之二" in text
    assert "送初审" in text


def test_a_case_keeps_its_lines_through_the_form(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.editor)
    case = {"title": "一次触电", "accident": "触电", "summary": "湿手合闸", "deaths": 0, "injuries": 1, "loss_wan": "3.5", "timeline": "09:40 | 合闸\n09:41 ｜ 倒地", "causes_direct": "湿手", "lessons": "先擦干", "violated": "安全生产法:36 | 没有漏电保护", "author_name": "宋可"}  # fmt: skip
    assert client.post("/editing/new/case/", case).status_code == 302
    page = CasePage.objects.get(title="一次触电")
    assert page.timeline == [{"time": "09:40", "text": "合闸"}, {"time": "09:41", "text": "倒地"}]
    html = client.get(f"/editing/{page.pk}/edit/").content.decode()
    assert "09:41 | 倒地" in html
    assert "安全生产法:36 | 没有漏电保护" in html


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cites": "安全生产法第二十八条那个"}, "没有保存|认|条号|引用"),
        ({"industries": "制造"}, "不是行业代码"),
        ({"regions": "不存在市"}, "没有认出"),
        ({"tags": "很" * 21}, "不超过 20 个字"),
        ({"title": ""}, "有 1 处要改"),
    ],
)
def test_what_does_not_hold_is_said_at_its_field_and_the_rest_is_kept(
    cast: Cast, sign_in: SignIn, change: dict[str, str], words: str
) -> None:
    if "cites" in change:
        change = {"cites": "安全生产法:二十八"}
    response = sign_in(cast.editor).post("/editing/new/news/", {**NEWS, **change})
    assert response.status_code == 422
    assert not Entry.objects.filter(draft_title="临时线怎么拉").exists()
    assert "架空、穿管、用完就拆" in response.content.decode()
    assert any(word in response.content.decode() for word in words.split("|"))


def test_the_preview_saves_nothing(cast: Cast, sign_in: SignIn) -> None:
    response = sign_in(cast.editor).post("/editing/new/news/", {**NEWS, "preview": "1"})
    assert response.status_code == 200
    assert "<h2>三条</h2>" in response.content.decode()
    assert not Entry.objects.filter(draft_title="临时线怎么拉").exists()


def test_of_two_writers_the_second_keeps_their_words_and_is_told(cast: Cast, write: Write, sign_in: SignIn) -> None:
    page = write()
    client, url = sign_in(cast.editor), f"/editing/{page.pk}/edit/"
    seen = page.latest_revision_id
    save_page(page, {"body": "唐蕾写的。"}, by=cast.reviewer)
    data = {**NEWS, "title": "叉车怎么停", "body": "宋可写的。", "seen": seen}
    response = client.post(url, data)
    assert response.status_code == 409
    assert "唐蕾刚刚改过这篇稿件" in response.content.decode()
    assert "宋可写的。" in response.content.decode()
    assert newest(page).body == "唐蕾写的。"
    data["seen"] = Entry.objects.get(pk=page.pk).latest_revision_id
    assert client.post(url, data).status_code == 302
    assert newest(page).body == "宋可写的。"


def test_a_picture_is_taken_by_its_content_and_served_to_editors_only(
    cast: Cast, sign_in: SignIn, client: Client
) -> None:
    editor = sign_in(cast.editor)
    picture = SimpleUploadedFile("封面.jpg", draw("exit").getvalue(), "image/jpeg")
    assert editor.post("/editing/new/news/", {**NEWS, "cover": picture, "cover_words": "出口"}).status_code == 302
    page = NewsPage.objects.get(title="临时线怎么拉")
    assert editor.get(f"/pictures/{page.pk}/").status_code == 200
    assert client.get(f"/pictures/{page.pk}/").status_code == 404
    trick = SimpleUploadedFile("a.jpg", b"<html><script>alert(1)</script></html>", "image/jpeg")
    refused = editor.post("/editing/new/news/", {**NEWS, "title": "假图", "cover": trick})
    assert refused.status_code == 422
    assert not Entry.objects.filter(draft_title="假图").exists()


def test_what_is_public_stays_until_the_new_text_is_released(cast: Cast, publish: Write, client: Client) -> None:
    page = publish()
    save_page(page, {"body": "还没有审过的话。"}, by=cast.editor)
    assert "还没有审过的话" not in client.get(page.get_absolute_url()).content.decode()


def test_every_version_is_kept_compared_and_can_be_put_back(cast: Cast, write: Write, sign_in: SignIn) -> None:
    page = write()
    first = page.get_latest_revision()
    save_page(page, {"body": "先停稳，再落叉，最后锁车。"}, by=cast.editor)
    client = sign_in(cast.editor)
    assert "第 2 版" in client.get(f"/editing/{page.pk}/versions/").content.decode()
    both = client.get(f"/editing/{page.pk}/compare/").content.decode()
    assert "<del>拔钥匙</del>" in both.replace("</del><del>", "")
    assert "<ins>锁车</ins>" in both.replace("</ins><ins>", "")
    assert client.get(f"/editing/{page.pk}/compare/?view=inline&a=x&b=²").status_code == 200
    assert client.post(f"/editing/{page.pk}/versions/{first.pk}/restore/").status_code == 302
    assert newest(page).body.endswith("最后拔钥匙。")
    assert revisions_of(page).count() == 3
    assert roll_back(page, first, by=cast.editor) is False


def test_a_version_of_another_page_is_not_put_here(cast: Cast, write: Write, sign_in: SignIn) -> None:
    page, other = write("一"), write("二")
    foreign = other.get_latest_revision()
    with pytest.raises(Refused):
        roll_back(page, foreign, by=cast.editor)
    assert sign_in(cast.editor).post(f"/editing/{page.pk}/versions/{foreign.pk}/restore/").status_code == 404


def test_the_desk_is_closed_to_everybody_else(cast: Cast, write: Write, sign_in: SignIn, client: Client) -> None:
    page = write()
    for path in ("/editing/", "/editing/reviews/", f"/editing/{page.pk}/", f"/editing/{page.pk}/compare/"):
        assert sign_in(cast.manager).get(path).status_code == 404
        assert client.get(path).status_code == 302
    with pytest.raises(Refused):
        save_page(page, {"body": "x"}, by=cast.county)


def test_the_lists_of_the_desk_ask_the_same_for_two_texts_and_for_twenty(
    cast: Cast, write: Write, sign_in: SignIn
) -> None:
    client, counts = sign_in(cast.editor), []
    for start, stop in ((0, 2), (2, 20)):
        for n in range(start, stop):
            write(f"稿件 {n}")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get("/editing/?view=all").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 20
