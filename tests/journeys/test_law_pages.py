"""Every public page for everyone: small and large, large type, zoomed to 200 %, by keyboard, without script."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import House, Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journey")]
Visit = Callable[..., Visitor]
LAW = "/law/河湾市小作坊安全条例演示/"
PUBLIC = (
    "/", "/law/", LAW, f"{LAW}4/", f"{LAW}?on=2020-01-01", f"{LAW}v/2019-05-20/3/", f"{LAW}compare/?a=2019-05-20&b=2025-03-28",
    "/law/安全生产法/28/", "/search/", "/search/?q=触电", "/search/?q=没有这样的词语组合", "/news/", "/cases/", "/knowledge/",
    "/knowledge/electric-shock/", "/faq/", "/downloads/", "/zones/", "/selfcheck/", "/selfcheck/kitchen/", "/mock/", "/courses/",
    "/verify/", "/write/", "/corrections/", "/subscriptions/", "/subscriptions/new/", "/feeds/", "/recommended/", "/accessibility/",
)  # fmt: skip
FIRST_OF = {"/news/": "main a[href^='/news/']", "/cases/": "main a[href^='/cases/']", "/faq/": "main a[href^='/faq/']", "/zones/": "main a[href^='/zones/']"}  # fmt: skip


def first_of(visitor: Visitor) -> Iterator[str]:
    """The first page that each list leads to."""
    for path, picked in FIRST_OF.items():
        visitor.page.goto(path)
        found = [
            href
            for href in visitor.page.eval_on_selector_all(picked, "all => all.map(a => a.pathname)")
            if href != path
        ]
        if found:
            yield found[0]


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_every_public_page_is_sound(visit: Visit, size: str) -> None:
    visitor = visit(size)
    for path in (*PUBLIC, *first_of(visitor)):
        visitor.go(path)
        assert visitor.page.locator("h1").count() == 1, path


HEADER = """() => { const boxes = [...document.querySelectorAll(".p-head .p-wrap > *")].map(e => e.getBoundingClientRect()).filter(b => b.width);
return {wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
 one: Math.max(...boxes.map(b => b.top)) < Math.min(...boxes.map(b => b.bottom))} }"""


def test_every_public_page_holds_large_type(visit: Visit) -> None:
    visitor = visit("phone").go("/")
    visitor.page.get_by_role("button", name="长者模式").click()
    expect(visitor.page.locator("html")).to_have_attribute("data-elder", "on")
    for path in PUBLIC:
        visitor.go(path)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_header_fits_every_width(visit: Visit, language: str) -> None:
    visitor = visit("desktop").go("/cases/")
    page = visitor.page
    if language == "en":
        page.get_by_role("button", name="English").click()
    for large in (False, True):
        if large:
            page.get_by_role("button", name=re.compile("长者模式|Large type")).click()
        for width in (360, 768, 992, 1000, 1100, 1152, 1280, 1366, 1440, 1920):
            page.set_viewport_size({"width": width, "height": 600})
            found = page.evaluate(HEADER)
            assert found["wide"] <= 1, f"{language}, large {large}: {width} px is {found['wide']} px too narrow"
            assert found["one"], f"{language}, large {large}: the header breaks at {width} px"


def test_every_public_page_holds_a_zoom_of_200_percent(visit: Visit) -> None:
    visitor = visit("desktop")
    visitor.page.set_viewport_size({"width": 640, "height": 450})  # what 1280 px leave at 200 %
    for path in PUBLIC:
        visitor.page.goto(path)
        wide = visitor.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 1, f"{path} scrolls sideways by {wide} px"


FOCUS = """() => { const e = document.activeElement, b = e.getBoundingClientRect(), s = getComputedStyle(e);
const a = e.closest("label") || e.nextElementSibling || e, o = getComputedStyle(a);
return {tag: e.tagName, name: (e.getAttribute("aria-label") || e.innerText || e.value || "").trim().slice(0, 30), href: e.getAttribute("href"),
 seen: b.bottom > 0 && b.top < innerHeight && b.width > 0,
 ring: s.outlineStyle !== "none" || s.boxShadow !== "none" || o.outlineStyle !== "none" || e.matches(":focus-visible")} }"""


def tabs(page: Page, most: int = 120) -> list[dict[str, Any]]:
    """Where the Tab key leads, from the top until it comes round."""
    seen: list[dict[str, Any]] = []
    for _press in range(most):
        page.keyboard.press("Tab")
        here = page.evaluate(FOCUS)
        if here["tag"] == "BODY":
            break
        assert here["ring"], f"{page.url}: focus cannot be seen on {here}"
        seen.append(here)
    return seen


@pytest.mark.parametrize("path", ["/", f"{LAW}4/", "/selfcheck/kitchen/", "/mock/", "/knowledge/"])
def test_the_keyboard_reaches_the_page_and_shows_where_it_is(visit: Visit, path: str) -> None:
    visitor = visit("desktop")
    visitor.page.emulate_media(reduced_motion="reduce")  # what scrolls smoothly is looked at half way
    visitor.go(path)
    order = tabs(visitor.page)
    assert order[0]["name"] == "跳到正文"
    assert all(one["seen"] for one in order), [one for one in order if not one["seen"]]
    links = visitor.page.locator("main a[href]:visible, main button:visible, main summary:visible").count()
    assert len(order) >= min(links, 100)


def test_a_self_check_and_a_search_by_keyboard_alone(visit: Visit) -> None:
    visitor = visit("desktop").go("/")
    visitor.page.keyboard.press("/")
    visitor.page.keyboard.type("河湾市小作坊安全条例第四条")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("main")).to_contain_text("没有经过安全培训")
    visitor.go("/selfcheck/general/")
    visitor.page.get_by_role("button", name="开始自查").press("Enter")
    first = visitor.page.locator("fieldset.c-q input").first
    first.focus()
    visitor.page.keyboard.press("Space")
    expect(first).to_be_checked()
    visitor.page.keyboard.press("ArrowRight")
    expect(visitor.page.locator("fieldset.c-q input").nth(1)).to_be_checked()


@pytest.fixture
def plain(chromium: Any, house: House) -> Iterator[Page]:
    """A browser whose script is switched off."""
    context = chromium.new_context(java_script_enabled=False, base_url=house.url, locale="zh-CN")
    yield context.new_page()
    context.close()


def test_without_script_one_reads_searches_checks_and_writes(plain: Page) -> None:
    plain.goto("/")
    plain.locator("main input[type=search]").first.fill("触电怎么办")
    plain.get_by_role("button", name="搜索").first.click()
    expect(plain.locator(".sr-hits a").first).to_be_visible()
    plain.goto(f"{LAW}4/")
    expect(plain.locator("#law-text")).to_contain_text("没有经过安全培训")
    plain.goto("/knowledge/electric-shock/")
    expect(plain.locator("main")).to_contain_text("切断电源")
    plain.goto("/selfcheck/kitchen/")
    plain.get_by_role("button", name="开始自查").click()
    plain.get_by_role("button", name="下一页").click()
    expect(plain.get_by_role("alert")).to_contain_text("还有 5 题没有选")
    while "/run/" in plain.url:
        for row in plain.locator("fieldset.c-q").all():
            row.locator("label").nth(1).click()
        plain.get_by_role("button", name="下一页").or_(plain.get_by_role("button", name="看自查结果")).click()
    expect(plain.get_by_role("heading", level=1)).to_contain_text("项差距")
    plain.goto("/mock/")
    plain.get_by_role("button", name="抽题，开始练").click()
    plain.get_by_role("button", name="交卷，看结果").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("还差一些")
    plain.goto("/write/")
    expect(plain.locator("main form textarea").first).to_be_visible()
