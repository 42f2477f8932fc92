"""The pages of the law as a visitor reads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from anlan.law.actions.guides import install_guides
from anlan.law.models import Citation, Guide, Statute, Translation, Version
from anlan.law.tests.statutes import cite, lay_new, lay_old
from anlan.operations.demo.cast import Cast

pytestmark = pytest.mark.django_db
Kind = Citation.Kind


@pytest.fixture
def lantern(tmp_path: Path) -> Statute:
    """Both versions with guide and citing texts."""
    statute = lay_old(tmp_path)
    lay_new(tmp_path)
    return statute


def text(client: Client, url: str, status: int = 200, **more: Any) -> str:
    response = client.get(url, **more)
    assert response.status_code == status
    return response.content.decode()


def test_the_list_finds_by_name_alias_level_and_state(client: Client, lantern: Statute) -> None:
    assert "全部法规" in text(client, "/law/")
    assert "灯笼安全法" in text(client, "/law/?q=灯笼")
    lantern.aliases.create(name="挂灯法")
    assert "灯笼安全法" in text(client, "/law/?q=挂灯法")
    assert "灯笼安全法" not in text(client, "/law/?q=没有这部法")
    assert "没有找到这样的法规" in text(client, "/law/?q=没有这部法")
    assert "纸灯暂行办法" in text(client, "/law/?state=ended")
    assert "纸灯暂行办法" not in text(client, "/law/?state=force&q=纸灯")
    assert "灯笼安全法" in text(client, "/law/?level=law&state=force&q=灯")


def test_a_statute_shows_its_text_and_contents(client: Client, lantern: Statute) -> None:
    page = text(client, "/law/灯笼安全法/")
    assert "第二章" in page and 'id="a4"' in page and "系好安全带" in page and "现行有效" in page
    assert "与 2010 年文本对照" in page
    assert "已被修改" in text(client, "/law/灯笼安全法/v/2010-03-01/")
    assert "系好安全带" not in text(client, "/law/灯笼安全法/?on=2015-01-01")
    text(client, "/law/灯笼安全法/v/1999-01-01/", 404)
    text(client, "/law/灯笼安全法/?on=gestern", 404)
    text(client, "/law/灯笼安全法/?sheet=99", 404)
    text(client, "/law/没有/", 404)


def test_a_repealed_statute_says_what_ended_it(client: Client, lantern: Statute) -> None:
    assert "已经废止" in text(client, "/law/纸灯暂行办法/")


def test_an_article_shows_text_standing_and_who_cites_it(client: Client, lantern: Statute) -> None:
    page = text(client, "/law/灯笼安全法/4/")
    assert "第四条" in page and "系好安全带" in page and "桥灯管理条例 第二条" in page
    assert 'data-k="第二款"' in page and 'rel="prev"' in page and 'rel="next"' in page
    assert "与 2010 年文本对照" in page
    old = text(client, "/law/灯笼安全法/v/2010-03-01/3/")
    assert "旧文本" in old and "系好安全带" not in old
    assert "系好安全带" not in text(client, "/law/灯笼安全法/3/?on=2015-01-01")


def test_a_number_that_moved_is_said(client: Client, lantern: Statute) -> None:
    assert "条号变过" in text(client, "/law/灯笼安全法/3/")


def test_a_number_that_is_not_there_leads_on(client: Client, lantern: Statute) -> None:
    page = text(client, "/law/灯笼安全法/99/", 404)
    assert "没有第九十九条" in page and "最后一条是第五条" in page
    gone = text(client, "/law/灯笼安全法/2-1/", 404)
    assert "2010-03-01" in gone


def test_the_guide_follows_its_article_through_renumbering(client: Client, lantern: Statute) -> None:
    page = text(client, "/law/灯笼安全法/3/")
    assert "每月看一次绳子" in page and "平台解读，不具法律效力" in page and "正在复核" in page
    assert "每月看一次绳子" not in text(client, "/law/灯笼安全法/2/")
    assert "每月看一次绳子" in text(client, "/law/灯笼安全法/v/2010-03-01/2/")


def test_english_readers_get_the_english_guide(client: Client, lantern: Statute) -> None:
    client.cookies["django_language"] = "en"
    assert "Look at the rope monthly" in text(client, "/law/灯笼安全法/3/")


def test_the_guide_serves_before_any_text_is_here(client: Client) -> None:
    install_guides()
    Version.objects.filter(statute__slug="安全生产法").delete()
    page = text(client, "/law/安全生产法/28/")
    guide = Guide.objects.get(statute__slug="安全生产法", ref="28")
    assert guide.body["title"] in page and "还没有导入" in page and "anlan law import" in page
    assert "各条要义" in text(client, "/law/安全生产法/")
    text(client, "/law/消防法/28/", 404)


def test_citations_in_the_text_are_links(client: Client, lantern: Statute) -> None:
    page = text(client, "/law/桥灯管理条例/1/")
    assert '<a class="l-cite" href="/law/%E7%81%AF%E7%AC%BC%E5%AE%89%E5%85%A8%E6%B3%95/3/">' in page


def test_what_is_not_public_is_counted_but_not_named(client: Client, lantern: Statute) -> None:
    cite(Kind.QUESTION, ref="灯笼安全法:4", owner="某机构")
    page = text(client, "/law/灯笼安全法/4/")
    assert "登高挂灯有没有人扶梯" not in page and "试题 1" in page
    cite(Kind.COURSE, ref="灯笼安全法:4", is_public=True)
    assert "登高挂灯有没有人扶梯" in text(client, "/law/灯笼安全法/4/")


def test_hostile_words_stay_words(client: Client, lantern: Statute) -> None:
    row = lantern.versions.in_order()[0].provisions.get(ref="4")
    row.text, row.heading = "<script>alert(1)</script>依照本法第一条", "<b>x"
    row.save()
    page = text(client, "/law/灯笼安全法/4/")
    assert "<script>alert" not in page and "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("written", "leads"),
    [("4", "4"), ("第四条", "4"), ("四", "4"), ("2-1", "2-1"), ("第二条之一", "2-1"), ("04条", "4")],
)
def test_the_jump_box_reads_every_form(client: Client, lantern: Statute, written: str, leads: str) -> None:
    response = client.get("/law/灯笼安全法/go/", {"n": written})
    assert response["Location"].endswith(f"/{leads}/")


def test_the_jump_box_keeps_to_the_version_and_bears_nonsense(client: Client, lantern: Statute) -> None:
    assert client.get("/law/灯笼安全法/go/", {"n": "3", "v": "2010-03-01"})["Location"].endswith("/v/2010-03-01/3/")
    assert client.get("/law/灯笼安全法/go/", {"n": "<b>"})["Location"].endswith("%E6%B3%95/")


def test_comparing_marks_words_and_counts(client: Client, lantern: Statute) -> None:
    page = text(client, "/law/灯笼安全法/compare/")
    assert "从 2010 年到 2020 年" in page and "<ins>" in page and "系好" in page
    swapped = text(client, "/law/灯笼安全法/compare/?a=2020-06-01&b=2010-03-01")
    assert "从 2010 年到 2020 年" in swapped, "the older always comes first"
    assert "l-pair" in text(client, "/law/灯笼安全法/compare/?view=side&kind=changed")
    assert "删去" in text(client, "/law/灯笼安全法/compare/?kind=removed")
    assert "只有一个文本" in text(client, "/law/桥灯管理条例/compare/")
    text(client, "/law/灯笼安全法/compare/?a=x&b=y&page=999&kind=odd")


def test_a_translation_stands_beside_the_text(client: Client, lantern: Statute) -> None:
    row = lantern.versions.in_order()[0].provisions.get(ref="4")
    Translation.objects.create(provision=row, language="en", text="Two people hang a lantern.")
    page = text(client, "/law/灯笼安全法/4/")
    assert "Two people hang a lantern." in page and "以中文为准" in page


def test_a_page_is_asked_for_again_without_being_sent_again(client: Client, lantern: Statute) -> None:
    first = client.get("/law/灯笼安全法/4/")
    tag = first["ETag"]
    assert client.get("/law/灯笼安全法/4/", HTTP_IF_NONE_MATCH=tag).status_code == 304
    cite(Kind.COURSE, ref="灯笼安全法:4", is_public=True)
    assert client.get("/law/灯笼安全法/4/", HTTP_IF_NONE_MATCH=tag).status_code == 200
    listing = client.get("/law/")["ETag"]
    assert client.get("/law/", HTTP_IF_NONE_MATCH=listing).status_code == 304


def test_an_article_costs_the_same_however_many_cite_it(client: Client, lantern: Statute) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            text(client, "/law/灯笼安全法/4/")
        return len(seen)

    text(client, "/law/灯笼安全法/4/")
    few = queries()
    article = lantern.articles.get(ref="4")
    Citation.objects.bulk_create(
        [
            Citation(
                kind=Kind.COURSE, key=str(n), title=f"课 {n}", statute=lantern, ref="4", article=article, is_public=True
            )
            for n in range(20)
        ]
    )
    assert queries() <= few <= 15


def test_the_code_to_photograph_is_a_picture(client: Client, lantern: Statute) -> None:
    response = client.get("/law/灯笼安全法/4/qr.svg")
    assert response["Content-Type"] == "image/svg+xml" and b"<svg" in response.content


@pytest.mark.parametrize("path", ["/law/", "/law/灯笼安全法/", "/law/灯笼安全法/4/", "/law/灯笼安全法/compare/"])
def test_public_pages_are_only_read(client: Client, lantern: Statute, path: str) -> None:
    assert client.post(path).status_code == 405


# --- pages for those who work here ----------------------------------------------------------------------------------


def test_stale_citations_are_listed_with_their_change_and_signed(
    tmp_path: Path, cast: Cast, sign_in: Callable[..., Client]
) -> None:
    lay_old(tmp_path)
    cite(Kind.FAQ)
    lay_new(tmp_path)
    client = sign_in(cast.editor)
    page = text(client, "/law/desk/stale/?kind=faq")
    assert "登高挂灯有没有人扶梯" in page and "<ins>" in page and "已复核" in page
    citation = Citation.objects.get(kind=Kind.FAQ)
    seen = page.split('name="seen" value="')[1].split('"')[0]
    assert client.get(f"/law/desk/stale/{citation.pk}/").status_code == 405
    assert sign_in(cast.teacher).post(f"/law/desk/stale/{citation.pk}/", {"seen": seen}).status_code == 404
    assert client.post(f"/law/desk/stale/{citation.pk}/", {"seen": seen}).status_code == 302
    assert client.post(f"/law/desk/stale/{citation.pk}/", {"seen": seen}).status_code == 404
    assert "登高挂灯" not in text(client, "/law/desk/stale/?kind=faq")
    assert sign_in(cast.worker).get("/law/desk/stale/").status_code == 404
