"""Collecting: polite, careful, nothing twice, nothing public by itself; against a server that behaves badly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from anlan.accounts.models import User
from anlan.content.collecting import queue
from anlan.content.collecting.addresses import absolute, canonical, is_public
from anlan.content.collecting.crawling import claim, crawl
from anlan.content.collecting.fetching import Fetcher, Unreachable, decode, retry_after
from anlan.content.collecting.reading import leads_of, text_of
from anlan.content.collecting.sameness import distance, simhash
from anlan.content.collecting.shipped import install_sources
from anlan.content.collecting.tasks import crawl_due
from anlan.content.models import Collected, Entry, Source
from anlan.content.tests.badsite import LONG, OTHER, Site, article, bomb, serving
from anlan.lib.errors import Refused
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]


@pytest.fixture
def site(settings: Any) -> Iterator[Site]:
    settings.ANLAN_CRAWL_INSIDE = ["127.0.0.1"]
    with serving() as found:
        yield found


def source_of(site: Site, path: str = "/feed.xml", **more: Any) -> Source:
    values = {"name": "示例应急局", "kind": "rss", "active": True, "gap": 0, **more}
    return Source.objects.create(url=site.url + path, **values)


def read(source: Source) -> int:
    source.refresh_from_db()
    return crawl(source, Fetcher(pause=lambda seconds: None))


def test_a_feed_becomes_a_queue_and_a_second_run_adds_nothing(db: None, site: Site) -> None:
    site.feed("粉尘清扫要求", "有限空间作业提示")
    source = source_of(site)
    assert read(source) == 2
    found = Collected.objects.get(title="粉尘清扫要求")
    assert "防爆的吸尘器" in found.text and "版权所有" not in found.text
    assert str(found.published_on) == "2026-11-02" and found.state == "new"
    assert read(source) == 0 and Collected.objects.count() == 2
    assert not Entry.objects.exists()  # nothing is public, nothing is even a draft
    source.refresh_from_db()
    assert (source.state, source.found, source.failures) == ("ok", 2, 0)
    assert source.next_at and source.next_at > timezone.now() + timedelta(hours=23)


def test_what_did_not_change_is_not_sent_again(db: None, site: Site) -> None:
    site.feed("粉尘清扫要求")
    status, headers, body = site.pages["/feed.xml"]

    def answer(asked: dict[str, str]) -> Any:
        return (304, {}, b"") if asked.get("If-None-Match") == '"v1"' else (status, {**headers, "ETag": '"v1"'}, body)

    site.pages["/feed.xml"] = answer
    source = source_of(site)
    assert read(source) == 1
    source.refresh_from_db()
    assert source.etag == '"v1"'
    assert read(source) == 0
    assert site.headers["/feed.xml"]["If-None-Match"] == '"v1"'
    source.refresh_from_db()
    assert source.state == "ok"


def test_robots_txt_is_obeyed_and_its_pause_too(db: None, site: Site) -> None:
    site.page("/robots.txt", b"User-agent: *\nDisallow: /a/0\nCrawl-delay: 7\n", Content_Type="text/plain")
    site.feed("不许看的一篇文章", "可以看的一篇文章")
    waited: list[float] = []
    source = source_of(site)
    assert crawl(source, Fetcher(pause=waited.append)) == 1
    assert site.asked["GET /a/0.html?utm_source=x"] == 0
    assert waited and max(waited) > 6.5


def test_a_site_without_readable_rules_is_left_alone(db: None, site: Site) -> None:
    site.feed("粉尘清扫要求")
    site.page("/robots.txt", b"", 500)
    source = source_of(site)
    assert read(source) == 0
    source.refresh_from_db()
    assert "robots.txt" in source.error and source.failures == 1
    assert site.asked["GET /feed.xml"] == 0


def test_retry_after_is_respected(db: None, site: Site) -> None:
    site.page("/feed.xml", b"", 503, Retry_After="7200")
    source = source_of(site)
    read(source)
    source.refresh_from_db()
    assert source.next_at and source.next_at > timezone.now() + timedelta(seconds=7100)
    assert "503" in source.error
    assert retry_after("nonsense") == 0 and retry_after("99999999") == 86_400
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0


def test_three_failures_make_a_source_broken_and_one_success_heals_it(db: None, site: Site) -> None:
    source = source_of(site)  # nothing there: 404
    for n in (1, 2, 3):
        read(source)
        source.refresh_from_db()
        assert source.failures == n
    assert source.state == "broken" and Source.objects.broken().count() == 1
    site.feed("粉尘清扫要求")
    assert read(source) == 1
    source.refresh_from_db()
    assert source.state == "ok" and source.error == ""


@pytest.mark.parametrize("charset", ["gb2312", "gbk", "GB18030"])
def test_old_charsets_are_read(db: None, site: Site, charset: str) -> None:
    html = article("粉尘清扫要求").decode().replace("charset='utf-8'", f"charset='{charset}'").encode("gb18030")
    site.page("/a.html", html, Content_Type="text/html")
    site.page(
        "/list.html",
        "<ul><li><a href='/a.html'>粉尘清扫要求的通知</a> 2026-11-03</li></ul>".encode("gb18030"),
        Content_Type="text/html",
    )
    assert read(source_of(site, "/list.html", kind="list")) == 1
    found = Collected.objects.get()
    assert found.title == "粉尘清扫要求的通知" and "压缩空气" in found.text and str(found.published_on) == "2026-11-03"
    assert decode("安全".encode("gb18030")) == "安全"


def test_the_same_text_elsewhere_is_a_duplicate(db: None, site: Site) -> None:
    site.feed("粉尘清扫要求")
    read(source_of(site))
    again = article("转载：粉尘清扫要求", f"粉尘清扫要求。{LONG}{'粉尘清扫要求' * 9}").replace("，".encode(), b", ")
    site.page("/copy.html", again)
    site.page("/other.html", "<p><a href='/copy.html'>转载：粉尘清扫要求</a></p>".encode())
    assert read(source_of(site, "/other.html", kind="list", name="另一个网站")) == 0
    copy = Collected.objects.get(title="转载：粉尘清扫要求")
    assert copy.state == "duplicate" and copy.twin and copy.twin.title == "粉尘清扫要求"


@pytest.mark.parametrize(
    "target",
    ["http://10.0.0.1/x", "http://169.254.169.254/latest/meta-data/", "http://localhost:1/x", "file:///etc/passwd"],
)
def test_redirects_into_the_own_network_are_not_followed(db: None, site: Site, target: str) -> None:
    site.page("/feed.xml", b"", 302, Location=target)
    source = source_of(site)
    assert read(source) == 0
    source.refresh_from_db()
    assert source.failures == 1 and source.error


def test_names_that_lead_into_the_own_network_are_refused_before_a_word_is_said(settings: Any) -> None:
    with serving() as site:
        settings.ANLAN_CRAWL_INSIDE = []
        port_80 = Fetcher(pause=lambda seconds: None)
        with pytest.raises(Unreachable):
            port_80.get(site.url + "/x")
        assert not site.asked  # the port alone would be refused, too
        fetcher = Fetcher(pause=lambda seconds: None)
        fetcher._check_port = staticmethod(lambda url: None)  # type: ignore[method-assign]
        with pytest.raises(Unreachable, match="内部网络"):
            fetcher.get(site.url + "/x", robots=False)
        assert not site.asked


def test_too_much_is_not_read_to_the_end(db: None, site: Site) -> None:
    site.page("/feed.xml", b"x" * 5_000_000)
    source = source_of(site)
    read(source)
    source.refresh_from_db()
    assert "MB" in source.error
    site.page("/feed.xml", bomb(50), Content_Encoding="gzip")
    read(source)
    source.refresh_from_db()
    assert "MB" in source.error


def test_a_circle_of_redirects_ends(db: None, site: Site) -> None:
    site.page("/feed.xml", b"", 302, Location="/feed.xml")
    source = source_of(site)
    read(source)
    assert site.asked["GET /feed.xml"] == 6


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe\x00", b"<rss><channel>", b"<html><body>no links</body></html>", b"{}",
     b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>]><rss><channel><item><title>&b;</title></item></channel></rss>"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["rss", "list", "sitemap"])
def test_nonsense_is_a_failure_in_plain_words(db: None, site: Site, body: bytes, kind: str) -> None:
    site.page("/feed.xml", body)
    source = source_of(site, kind=kind)
    assert read(source) == 0
    source.refresh_from_db()
    assert source.failures == 1 and "样子变了" in source.error


def test_an_outside_file_is_never_read_into_xml() -> None:
    text = "<!DOCTYPE x [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><rss><item><title>&f;</title><link>http://a.cn/1</link></item></rss>"
    assert "root:" not in str(leads_of("rss", text, "http://a.cn/"))


def test_the_map_of_a_site_and_a_part_of_a_page(db: None, site: Site) -> None:
    site.page("/sitemap.xml", f"<sitemapindex><sitemap><loc>{site.url}/one.xml</loc></sitemap></sitemapindex>".encode())
    site.page(
        "/one.xml", f"<urlset><url><loc>{site.url}/p.html</loc><lastmod>2026-10-01</lastmod></url></urlset>".encode()
    )
    site.page("/p.html", article("地图里的一页"))
    assert read(source_of(site, "/sitemap.xml", kind="sitemap")) == 1
    html = "<div id='menu'><a href='/m'>菜单里的一个链接</a></div><div class='news list'><a href='/n'>正文里的一个链接</a></div>"
    assert [lead.url for lead in leads_of("list", html, "http://a.cn/", ".news")] == ["http://a.cn/n"]
    with pytest.raises(ValueError, match="gone"):
        leads_of("list", html, "http://a.cn/", "#nowhere")


def test_only_one_worker_reads_a_source_and_only_when_it_is_due(db: None, site: Site) -> None:
    site.feed("粉尘清扫要求")
    source = source_of(site)
    assert claim(source) and not claim(source)
    Source.objects.update(next_at=None, active=False)
    assert crawl_due(Fetcher(pause=lambda seconds: None)) == 0 and not site.asked
    Source.objects.filter(pk=source.pk).update(active=True)
    assert crawl_due(Fetcher(pause=lambda seconds: None)) == 1
    assert crawl_due(Fetcher(pause=lambda seconds: None)) == 0


def test_addresses_have_one_spelling() -> None:
    assert canonical("https://A.gov.cn:443/x/index.html?b=2&a=1&utm_source=w#t") == canonical(
        "http://a.gov.cn/x?a=1&b=2"
    )
    assert canonical("http://a.cn/x?id=1") != canonical("http://a.cn/x?id=2")
    for href in (
        "javascript:alert(1)",
        "mailto:a@b.cn",
        "http://[::1",
        "http://u:p@a.cn/",
        "http://a.cn:99999/",
        "data:text/html,x",
    ):
        assert absolute("http://a.cn/", href) == ""
    for address in (
        "127.0.0.1",
        "10.1.1.1",
        "192.168.1.1",
        "169.254.169.254",
        "::1",
        "fc00::1",
        "::ffff:10.0.0.1",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "100.64.0.1",
    ):
        assert not is_public(address)
    assert is_public("1.1.1.1")


def test_other_punctuation_is_the_same_text_and_another_text_is_not() -> None:
    one, same = simhash(LONG * 3), simhash(LONG.replace("，", " ,") * 3 + "！")
    other = simhash(OTHER * 3)
    assert one is not None and same is not None and other is not None
    assert distance(one, same) <= 3 < distance(one, other)
    assert simhash("太短") is None


def test_broken_html_gives_no_text_and_no_error() -> None:
    for html in ("", "<", "\x00\x00", "<html>" * 3000, "<p>" + "字" * 10):
        text_of(html, "http://a.cn/")


# ---- the editors' queue


@pytest.fixture
def item(cast: Cast) -> Collected:
    source = Source.objects.create(name="示例应急局", url="https://example.gov.cn/", tags=["粉尘"], active=True)
    return Collected.objects.create(
        source=source, source_name=source.name, url="https://example.gov.cn/1", url_key="1" * 64, title="粉尘清扫要求",
        text="# 不是标题\n<script>alert(1)</script>\n[点我](javascript:alert(1))", summary="每班清扫",
    )  # fmt: skip


def test_taking_makes_a_draft_and_never_a_public_page(cast: Cast, item: Collected, sign_in: SignIn) -> None:
    client = sign_in(cast.editor)
    assert client.post(f"/editing/collected/{item.pk}/take/").status_code == 302
    item.refresh_from_db()
    page = item.page
    assert item.state == "taken" and page is not None and not page.live and page.own.source_url == item.url
    assert page.own.tags == ["粉尘"] and page.own.sources == [{"title": "示例应急局", "url": item.url}]
    shown = client.get(f"/editing/{page.pk}/").content.decode()
    assert "<script>alert" not in shown and 'href="javascript' not in shown
    assert client.post(f"/editing/collected/{item.pk}/take/").status_code == 409  # twice
    assert Entry.objects.public().count() == 0


def test_dropping_asks_for_a_reason_and_can_be_undone(cast: Cast, item: Collected, sign_in: SignIn) -> None:
    client = sign_in(cast.editor)
    assert client.post("/editing/collected/bulk/", {"pick": item.pk, "do": "drop"}).status_code == 422
    assert client.post("/editing/collected/bulk/", {"do": "drop", "reason": "无关"}).status_code == 422
    assert (
        client.post("/editing/collected/bulk/", {"pick": item.pk, "do": "drop", "reason": "与安全无关"}).status_code
        == 302
    )
    item.refresh_from_db()
    assert (item.state, item.reason, item.decided_name) == ("dropped", "与安全无关", cast.editor.name)
    client.post(f"/editing/collected/{item.pk}/restore/")
    item.refresh_from_db()
    assert item.state == "new" and item.reason == ""


def test_a_colleague_who_is_given_texts_is_told(cast: Cast, item: Collected) -> None:
    assert queue.assign_collected([item], by=cast.editor, to=cast.reviewer) == 1
    assert cast.reviewer.notices.filter(kind="content_assigned").count() == 1
    with pytest.raises(Refused):
        queue.assign_collected([item], by=cast.editor, to=cast.worker)


def test_a_statute_goes_to_the_law_desk(cast: Cast, item: Collected) -> None:
    Collected.objects.update(is_law=True)
    item.refresh_from_db()
    assert queue.take_collected(item, by=cast.editor) is None and not Entry.objects.exists()


def test_outsiders_find_no_queue(cast: Cast, item: Collected, sign_in: SignIn) -> None:
    for path in (
        "/editing/collected/",
        f"/editing/collected/{item.pk}/",
        "/editing/sources/",
        f"/editing/sources/{item.source_id}/",
    ):
        assert sign_in(cast.manager).get(path).status_code == 404
        assert Client().get(path).status_code == 302
        assert sign_in(cast.editor).get(path).status_code == 200
    with pytest.raises(Refused) as refused:
        queue.take_collected(item, by=cast.manager)
    assert refused.value.status == 404


def test_the_queue_asks_as_often_for_20_texts_as_for_2(
    cast: Cast, item: Collected, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    client = sign_in(cast.editor)
    Collected.objects.bulk_create(
        [
            Collected(
                source=item.source,
                source_name="示例应急局",
                url=f"https://e.cn/{n}",
                url_key=f"{n:064}",
                title=f"第{n}篇",
                assigned_to=cast.editor,
                twin=item,
            )
            for n in range(2, 22)
        ]
    )
    client.get("/editing/collected/")
    with django_assert_max_num_queries(15):
        assert "第21篇" in client.get("/editing/collected/").content.decode()


def test_a_source_is_added_switched_and_run(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.editor)
    data = {
        "name": "市应急局",
        "url": "https://yjj.example.gov.cn/",
        "kind": "list",
        "section": "news",
        "rhythm": "daily",
        "gap": 5,
        "most": 20,
        "area": ".list",
        "tags": "粉尘、消防",
    }
    assert client.post("/editing/sources/new/", {**data, "gap": 0, "area": "div > a"}).status_code == 422
    assert client.post("/editing/sources/new/", data).status_code == 302
    source = Source.objects.get(name="市应急局")
    assert source.tags == ["粉尘", "消防"] and not source.active
    assert client.post(f"/editing/sources/{source.pk}/do/", {"do": "run"}).status_code == 409
    client.post(f"/editing/sources/{source.pk}/do/", {"do": "on"})
    assert client.post(f"/editing/sources/{source.pk}/do/", {"do": "run"}).status_code == 302
    assert client.post("/editing/sources/new/", data).status_code == 422  # the same address
    assert client.post(f"/editing/sources/{source.pk}/", {**data, "name": "市局"}).status_code == 302
    assert Source.objects.get(pk=source.pk).name == "市局"


def test_shipped_sources_are_off_and_installed_once(db: None) -> None:
    assert Source.objects.filter(official=True).count() >= 6
    assert not Source.objects.filter(official=True, active=True).exists()
    assert install_sources() == 0
