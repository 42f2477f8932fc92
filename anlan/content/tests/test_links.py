"""Links that lead out: a page between for hosts nobody vouched for, dead ones found after two strikes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client

from anlan.accounts.models import User
from anlan.content.collecting.fetching import Fetcher
from anlan.content.links.allowing import allow_host, guarded, is_allowed, outward
from anlan.content.links.checking import check, check_due, gather_links
from anlan.content.models import AllowedHost, Entry, Link
from anlan.content.rendering import body_html
from anlan.content.tests.badsite import Site, serving
from anlan.lib.errors import Refused
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]


@pytest.fixture
def site(settings: Any) -> Iterator[Site]:
    settings.ANLAN_CRAWL_INSIDE = ["127.0.0.1"]
    with serving() as found:
        yield found


def test_known_hosts_are_linked_directly_and_others_through_the_page_between(db: None) -> None:
    html = guarded(
        body_html("[官方](https://www.mem.gov.cn/a?b=1&c=2) [别处](https://shop.example.com/x?a=1&b=2) [站内](/news/)")
    )
    assert 'href="https://www.mem.gov.cn/a?b=1&amp;c=2"' in html and 'href="/news/"' in html
    assert "shop.example.com/x?a" not in html and 'href="/leave/?to=' in html
    address = outward("https://shop.example.com/x?a=1&b=2")
    shown = Client().get(address)
    assert shown.status_code == 200 and "shop.example.com" in shown.content.decode()
    assert 'href="https://shop.example.com/x?a=1&amp;b=2"' in shown.content.decode()


def test_the_page_between_is_nobodys_springboard(db: None) -> None:
    good = parse_qs(urlsplit(outward("https://shop.example.com/")).query)["to"][0]
    for to in ("", "https://evil.example/", good.replace("shop", "evil"), "javascript:alert(1):abc", good[:-1] + "_"):
        assert Client().get("/leave/", {"to": to}).status_code == 404


def test_hosts_below_count_only_where_the_row_says_so(cast: Cast) -> None:
    assert (
        is_allowed("https://yjglt.henan.gov.cn/")
        and not is_allowed("https://gov.cn.evil.example/")
        and not is_allowed("https://evilgov.cn/")
    )
    allow_host("HTTPS://Safety.Example.org/path", subdomains=False, reason="合作的培训机构", by=cast.editor)
    cache.clear()
    assert is_allowed("https://safety.example.org/x") and not is_allowed("https://a.safety.example.org/x")


@pytest.mark.parametrize(
    ("host", "reason"), [("", "好"), ("不是域名", "好"), ("a b.cn", "好"), ("localhost", "好"), ("a.cn", " ")]
)
def test_bad_rows_are_refused(cast: Cast, host: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        allow_host(host, subdomains=False, reason=reason, by=cast.editor)
    assert refused.value.status == 422


def test_a_link_is_dead_after_two_strikes_and_the_author_is_told_once(
    cast: Cast, site: Site, publish: Callable[..., Entry]
) -> None:
    publish(
        "叉车怎么停",
        body=f"看[这里]({site.url}/gone)和[那里]({site.url}/here)。",
        sources=[{"title": "标准", "url": f"{site.url}/head-only-get"}],
    )
    site.page("/here", b"ok")
    site.pages["/head-only-get"] = (200, {"Content-Type": "text/html"}, b"ok")
    assert gather_links() == 3 and gather_links() == 3
    fetcher = Fetcher(pause=lambda seconds: None)
    assert check_due(fetcher) == 3
    gone = Link.objects.get(url__endswith="/gone")
    assert gone.state == "shaky" and gone.status == 404
    assert Link.objects.get(url__endswith="/here").state == "ok"
    assert check_due(fetcher) == 0  # not before a day is over
    before = cast.editor.notices.filter(kind="content_link").count()
    assert check(gone, fetcher) == "broken"
    gone.refresh_from_db()
    assert check(gone, fetcher) == "broken"
    assert before == 0 and cast.editor.notices.filter(kind="content_link").count() == 1
    site.page("/gone", b"back")
    gone.refresh_from_db()
    assert check(gone, fetcher) == "ok"


def test_head_that_is_not_answered_is_asked_again_with_get(db: None, site: Site) -> None:
    site.pages["/x"] = (200, {}, b"ok")
    link = Link.objects.create(url=f"{site.url}/x", key="x", host="127.0.0.1")
    assert check(link, Fetcher(pause=lambda seconds: None)) == "ok"
    site.pages["/door"] = (403, {}, b"")
    door = Link.objects.create(url=f"{site.url}/door", key="y", host="127.0.0.1")
    assert check(door, Fetcher(pause=lambda seconds: None)) == "ok"  # there is something, but not for machines
    site.pages["/err"] = (500, {}, b"")
    error = Link.objects.create(url=f"{site.url}/err", key="z", host="127.0.0.1")
    check(error, Fetcher(pause=lambda seconds: None))
    assert site.asked["HEAD /err"] == 1 and site.asked["GET /err"] == 1


def test_links_of_withdrawn_pages_are_not_looked_at(cast: Cast, site: Site, publish: Callable[..., Entry]) -> None:
    page = publish("叉车怎么停", body=f"[看]({site.url}/x)")
    gather_links()
    Entry.objects.filter(pk=page.pk).update(live=False)
    assert gather_links() == 0 and not Link.objects.exists()


def test_editors_keep_the_list(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.editor)
    assert client.post("/editing/links/hosts/", {"host": "a b", "reason": "好"}).status_code == 422
    assert client.post("/editing/links/hosts/", {"host": "safety.example.org", "reason": "合作机构"}).status_code == 302
    row = AllowedHost.objects.get(host="safety.example.org")
    assert "合作机构" in client.get("/editing/links/?state=hosts").content.decode()
    assert sign_in(cast.manager).post(f"/editing/links/hosts/{row.pk}/remove/").status_code == 404
    assert client.post(f"/editing/links/hosts/{row.pk}/remove/").status_code == 302
    assert not AllowedHost.objects.filter(pk=row.pk).exists()
    for state in ("broken", "shaky", "all", "nonsense"):
        assert client.get(f"/editing/links/?state={state}").status_code == 200
    assert sign_in(cast.manager).get("/editing/links/").status_code == 404
