"""The results page for everybody: jump, kinds, filters, passages, help where nothing is found."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from anlan.accounts.models import User
from anlan.operations.demo.cast import Cast
from anlan.search import finding
from anlan.search.actions import Found, index, index_many, tracing
from anlan.search.models import Document, Trace
from anlan.search.tests.conftest import article, catch_up

SignIn = Callable[[User], Client]
pytestmark = pytest.mark.usefixtures("law")


def page(client: Client, q: str, **more: str) -> str:
    response = client.get("/search/", {"q": q, **more})
    assert response.status_code == 200
    return response.content.decode()


def test_an_article_named_stands_on_top(client: Client) -> None:
    text = page(client, "劳作法4之1")
    assert 'href="/law/山川劳作法/4-1/"' in text and "强令登崖" in text


def test_a_number_that_does_not_exist_is_said(client: Client) -> None:
    assert "现行文本里没有第 40 条" in page(client, "劳作法40")


def test_a_year_leads_to_the_text_of_that_year(client: Client) -> None:
    assert "/law/山川劳作法/4/?on=2007-12-31" in page(client, "山川劳作法2007第4条")


def test_a_number_that_moved_is_warned_of(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MOVED", [lambda slug, ref: [("2010 年文本", "第9条")] if ref == "4" else []])
    assert "条号变过" in page(client, "劳作法4") and "条号变过" not in page(client, "劳作法5")


def test_all_kinds_are_found_by_one_box_with_marked_passages(client: Client) -> None:
    text = page(client, "登崖")
    assert "应急知识" in text and "法条" in text and "<mark>登崖</mark>" in text
    only = page(client, "登崖", kind="knowledge")
    assert "登崖</mark>摔伤" in only and "未经教习" not in only


def test_hostile_text_is_shown_as_text(client: Client) -> None:
    index(
        "news",
        Found(key="x", title="<script>alert(1)</script>登崖", text="<img src=x onerror=alert(1)>登崖", url="/news/x/"),
    )
    catch_up()
    text = page(client, "<script>alert(1)</script>登崖")
    assert "<script>alert" not in text and "<img src=x" not in text


def test_filters_show_as_chips_and_can_be_dropped(client: Client) -> None:
    text = page(client, "支付酬金", level="local")
    assert "云溪省劳作条例" in text and "去掉这个条件" in text and "约定的" not in text
    assert "没有同时符合这些条件的结果" in page(client, "登崖", level="judicial")


def test_nonsense_in_the_address_is_ignored(client: Client) -> None:
    for more in ({"kind": "x"}, {"level": "' or 1"}, {"since": "²"}, {"page": "999999999999999999999"}, {"page": "-1"}):
        page(client, "酬金", **more)


def test_where_nothing_is_found_there_is_help(client: Client) -> None:
    text = page(client, "鎏龘")
    assert "没有找到" in text and "12350" in text and "12348" in text


def test_a_misspelt_statute_is_offered(client: Client) -> None:
    assert "您是不是要找" in page(client, "山川劳做法")


def test_pinyin_finds(client: Client) -> None:
    assert 'href="/law/山川劳作法/"' in page(client, "shanchuanlaozuofa")


def test_ten_megabytes_are_refused_kindly(client: Client) -> None:
    response = client.get("/search/", {"q": "长" * 3_400_000})
    assert response.status_code == 413 and "一两句话" in response.content.decode()
    assert "只用了前 200 个字" in page(client, "酬金拖欠" * 100)


def test_only_reading_is_allowed(client: Client) -> None:
    assert client.post("/search/", {"q": "酬金"}).status_code == 405
    assert client.post("/search/suggest/").status_code == 405


def test_a_flood_is_slowed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anlan.search.views.results.A_MINUTE", {"search": 5, "suggest": 5})
    # Twelve, so that one of two neighbouring minutes sees more than five.
    answers = [client.get("/search/", {"q": "酬金", "page": "2"}).status_code for _ in range(12)]
    assert answers[0] == 200 and 429 in answers


def test_the_same_number_of_queries_for_two_and_for_many(client: Client) -> None:
    page(client, "驮马")
    with CaptureQueriesContext(
        connection,
    ) as few:
        page(client, "驮马")
    index_many("article", (article(f"驮马通行规则:{n}", f"驮马行至第{n}里应当歇息。") for n in range(10, 40)))
    catch_up()
    page(client, "驮马")
    with CaptureQueriesContext(connection) as many:
        page(client, "驮马")
    assert len(many) == len(few) <= 15


def test_opening_a_result_is_counted_and_leads_only_inside(client: Client) -> None:
    page(client, "酬金")
    document = Document.objects.get(key="山川劳作法:2")
    response = client.get("/search/open/", {"d": document.pk, "at": "3", "q": "酬金"})
    assert response.status_code == 302 and response["Location"].startswith("/law/")
    tracing.flush()
    trace = Trace.objects.get(words="酬金")
    assert (trace.count, trace.clicks, trace.rank_sum) == (1, 1, 3) and trace.found > 0
    Document.objects.filter(pk=document.pk).update(url="https://elsewhere.example/")
    assert client.get("/search/open/", {"d": document.pk}).status_code == 404
    Document.objects.filter(pk=document.pk).update(url="//elsewhere.example/")
    assert client.get("/search/open/", {"d": document.pk}).status_code == 404
    assert client.get("/search/open/", {"d": "x"}).status_code == 404


def test_traces_hold_no_numbers_of_people(client: Client) -> None:
    page(client, "酬金 13812340417")
    tracing.flush()
    assert list(Trace.objects.values_list("words", flat=True)) == ["酬金"]


def test_a_second_page_counts_no_second_query(client: Client) -> None:
    page(client, "酬金")
    page(client, "酬金", page="2")
    tracing.flush()
    assert Trace.objects.get().count == 1


def test_suggestions_by_words_pinyin_and_article(client: Client) -> None:
    def texts(q: str) -> list[str]:
        return [line["text"] for line in client.get("/search/suggest/", {"q": q}).json()["lines"]]

    assert texts("山川")[0] == "山川劳作法" and texts("sclzf")[0] == "山川劳作法"
    assert texts("劳作法4")[0] == "山川劳作法 第4条"
    assert texts("登崖")[0] == "登崖摔伤" and texts("") == [] and texts("鎏") == []


def test_what_many_asked_is_suggested_and_what_one_asked_is_not(client: Client) -> None:
    from anlan.search import suggesting

    for _ in range(5):
        tracing.trace("拖欠酬金怎么办", 3)
    tracing.trace("拖欠酬金的是张三", 3)
    tracing.flush()
    suggesting.forget()
    lines = client.get("/search/suggest/", {"q": "酬金"}).json()["lines"]
    assert [line["text"] for line in lines] == ["拖欠酬金怎么办"]


def test_signed_in_people_search_too(cast: Cast, sign_in: SignIn) -> None:
    page(sign_in(cast.worker), "酬金")


def test_where_only_the_guide_is_here_a_named_article_leads_to_it(client: Client) -> None:
    index(
        "statute",
        Found(key="山路法", title="山路法", text="中华人民共和国山路法", url="/law/山路法/", statute="山路法", rank=90),
    )
    index(
        "guide",
        Found(key="山路法:28", title="谁都要先教会", heading="山路法 第二十八条", text="上山前先教会。", url="/law/山路法/28/", statute="山路法", ref="28", state="force"),
    )  # fmt: skip
    catch_up()
    text = page(client, "山路法28")
    assert 'href="/law/山路法/28/"' in text and "谁都要先教会" in text and "官方文本还没有导入" in text
    first = client.get("/search/suggest/", {"q": "山路法28"}).json()["lines"][0]
    assert first["text"] == "山路法 第二十八条　谁都要先教会" and first["url"] == "/law/山路法/28/"
