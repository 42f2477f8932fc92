"""Every page that the cast can reach by navigation, on a phone and on a desktop: opens, fits, breaks no rule of axe-core."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from anlan.operations.demo.cast import PEOPLE
from tests.journeys.conftest import SIZES, House, Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journey")]

CAST = [row[1] for row in PEOPLE]
SHOTS = {
    "许文博": "province", "陈立": "county", "刘海涛": "grid", "吴建国": "boss", "周敏": "manager", "李国强": "worker",
    "何立新": "teacher", "谢芳": "auditor", "马骁": "operator",
}  # fmt: skip
"""Whose home the guide shows, and under which name."""
SHOWN = {
    ("许文博", "/overview/"): "overview-province", ("陈立", "/overview/"): "overview-county",
    ("陈立", "/enterprises/"): "enterprises", ("陈立", "/certificates/"): "certificates", ("陈立", "/people/"): "people",
    ("刘海涛", "/overview/"): "overview-grid", ("周敏", "/enterprise/"): "enterprise", ("周敏", "/workers/"): "workers",
    ("周敏", "/rosters/"): "rosters", ("周敏", "/classes/"): "classes", ("周敏", "/plan/"): "plan", ("周敏", "/exams/"): "exams",
    ("李国强", "/learn/"): "learn", ("李国强", "/hours/"): "hours", ("李国强", "/my-certificates/"): "my-certificates",
    ("李国强", "/me/"): "me", ("何立新", "/teach/"): "desk", ("何立新", "/bank/"): "bank",
    ("何立新", "/blueprints/"): "blueprints", ("何立新", "/teach/questions/"): "questions", ("谢芳", "/audit/"): "audit",
    ("刘海涛", "/inspections/"): "inspections", ("刘海涛", "/hazards/"): "hazards", ("刘海涛", "/reports/"): "reports",
    ("孙晓燕", "/grids/"): "grids", ("孙晓燕", "/enterprises/map/"): "map", ("孙晓燕", "/performance/"): "performance",
    ("马骁", "/operations/"): "status", ("马骁", "/teach/queue/"): "queue",
}  # fmt: skip
"""Which other pages the guide shows."""
FRAME = ".p-strip, .p-head, .p-foot, main button, main label, main .btn"
PUBLIC = {
    "/": f"{FRAME}, h1", "/courses/": f"{FRAME}, h1", "/courses/hot-work/": FRAME, "/accounts/login/": ".l-form",
    "/accounts/signup/": "body", "/verify/": "body", "/log/": "body", "/accessibility/": "body", "/privacy/": "body",
}  # fmt: skip
"""The public pages, and what of each is the product's own words; the rest is content, which stays as it was written."""
CHINESE = re.compile("[\u4e00-\u9fff]")
OWN_NAMES = re.compile("中文|安澜")
PUBLIC_SHOTS = {"/": "portal", "/courses/": "courses", "/accounts/login/": "login", "/verify/": "verify-form"}

FOCUSED = """(() => {
  const here = document.activeElement;
  here.dataset.seen = "1";
  const drawn = (one) => { const s = getComputedStyle(one); return s.outlineStyle !== "none" || s.boxShadow !== "none"; };
  return [here.tagName, drawn(here) || drawn(here.parentElement)];
})()"""
"""Which element has the focus, and whether that shows on it or on the frame around it."""


def ways(visitor: Visitor) -> list[str]:
    """The addresses of the side bar and the bottom bar, each once."""
    links = visitor.page.locator(".al-side a, .al-tabbar a, .al-top a.al-bell, .al-top a.al-post")
    found = [link.get_attribute("href") or "" for link in links.all()]
    return list(dict.fromkeys(href for href in found if href and href != "/home/"))


@pytest.mark.parametrize("name", CAST, ids=[row[0] for row in PEOPLE])
def test_every_page_of_the_navigation_opens_and_is_sound(visit: Any, name: str) -> None:
    visitor = visit("phone").enter(name)
    for size in SIZES:
        visitor.resize(size)
        visitor.look()
        if name in SHOTS:
            visitor.shot(f"home-{SHOTS[name]}")
    paths = ways(visitor)
    assert len(paths) >= 3
    for path in paths:
        visitor.resize("phone")
        visitor.go(path)
        expect(visitor.page.locator("h1")).to_have_count(1)
        if (name, path) in SHOWN:
            visitor.shot(SHOWN[name, path])
        visitor.resize("desktop")
        visitor.look()
        if (name, path) in SHOWN:
            visitor.shot(SHOWN[name, path])


@pytest.mark.parametrize("size", SIZES)
def test_large_type_breaks_nothing_at_home_in_the_player_and_before_an_exam(visit: Any, size: str) -> None:
    visitor = visit(size)
    visitor.go("/").page.get_by_role("button", name="长者模式").click()
    expect(visitor.page.locator("html")).to_have_attribute("data-elder", "on")
    visitor.look()
    visitor.enter("李国强").look()
    visitor.shot("home-elder")
    visitor.go("/courses/extinguisher/").page.get_by_role("link", name=re.compile("提、拔、握、压")).first.click()
    expect(visitor.page.locator("#big")).to_be_visible()
    visitor.look()
    visitor.go("/mock/").page.get_by_role("link", name=re.compile("做一套")).first.click()
    expect(visitor.page.locator("button:visible", has_text="开始考试")).to_have_count(1)
    visitor.look()
    for path in ways(visitor):
        visitor.go(path)


def test_the_keyboard_skips_to_the_text_and_finds_the_search(visit: Any) -> None:
    visitor = visit("desktop").enter("周敏")
    page = visitor.page
    page.keyboard.press("Tab")
    expect(page.locator(".al-skip")).to_be_focused()
    expect(page.locator(".al-skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('main').contains(document.activeElement)")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("李国强")
    page.keyboard.press("Enter")
    page.wait_for_url("**/find/**")
    expect(page.locator("main")).to_contain_text("李国强")
    visitor.look()


def test_what_the_pointer_opens_the_keyboard_opens_too(visit: Any) -> None:
    visitor = visit("desktop").enter("周敏")
    page = visitor.go("/classes/").page
    for _step in range(200):
        page.keyboard.press("Tab")
        here, seen = page.evaluate(FOCUSED)
        if here == "BODY":
            break
        assert seen, f"no visible focus on {page.evaluate('document.activeElement.outerHTML')}"
    left = page.evaluate(
        "[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select')]"
        ".filter(e => e.offsetParent && !e.disabled && e.tabIndex >= 0 && !e.dataset.seen).map(e => e.outerHTML.slice(0, 120))"
    )
    assert left == []


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_are_sound_and_their_frame_speaks_english(visit: Any, house: House, path: str) -> None:
    visitor = visit("phone").go(path)
    if path in PUBLIC_SHOTS:
        visitor.shot(PUBLIC_SHOTS[path])
    visitor.resize("desktop")
    visitor.look()
    if path in PUBLIC_SHOTS:
        visitor.shot(PUBLIC_SHOTS[path])
    visitor.go("/").page.get_by_role("button", name="English").click()
    expect(visitor.page.locator("html")).to_have_attribute("lang", "en")
    for size in SIZES:
        visitor.resize(size)
        visitor.go(path)
        words = visitor.page.locator(PUBLIC[path]).all_inner_texts()
        assert words
        left = [line for word in words for line in word.split("\n") if CHINESE.search(OWN_NAMES.sub("", line))]
        if translated(house):
            assert left == [], f"{path} still says {left}"


def translated(house: House) -> bool:
    """Whether the English catalogue has been compiled into this house."""
    return house.python("from django.utils.translation import gettext, override\nwith override('en'): print(gettext('登录'))").strip() != "登录"  # fmt: skip
