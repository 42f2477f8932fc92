"""A mock exam in a real browser: the network goes, the page is closed, a phone goes on, the paper arrives whole."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journey")]


def answer(page: Any, number: int) -> None:
    """Give some answer to a question, of whichever kind it is."""
    page.locator(f"[data-go='{number}']").click()
    section = page.locator(f"#q-{number}")
    kind = section.get_attribute("data-kind")
    if kind == "fill":
        for blank in section.locator(".x-fill input").all():
            blank.fill("19.5")
            blank.blur()
    elif kind == "case":
        for part in section.locator(".x-part").all():
            part.locator("label").first.click()
    else:
        section.locator(".al-opts label").nth(1).click()


def begin(visitor: Any) -> str:
    """Open the first mock exam that is not running and start it; return the room's address."""
    visitor.go("/mock/").page.get_by_role("link", name=re.compile("做一套")).first.click()
    visitor.look()
    visitor.page.locator("button:visible", has_text="开始考试").click()
    visitor.page.wait_for_selector(".x-live")
    return str(visitor.page.url)


def test_a_dropped_network_and_a_second_device_lose_nothing(visit: Any) -> None:
    desk = visit("desktop").enter("李国强")
    room = begin(desk)
    page = desk.page
    desk.look()
    total = page.locator("[data-go]").count()
    for number in range(1, 5):
        answer(page, number)
    expect(page.locator("#saved")).to_contain_text("本机与服务器各一份", timeout=30_000)
    desk.shot("exam-room")
    desk.context.set_offline(True)
    for number in range(5, 8):
        answer(page, number)
    expect(page.locator("#saved")).to_contain_text("恢复后自动补传", timeout=30_000)
    desk.context.set_offline(False)
    expect(page.locator("#saved")).to_contain_text("本机与服务器各一份", timeout=30_000)
    page.reload()
    page.wait_for_selector(".x-live")
    assert "已答 7" in page.inner_text("#tally")

    phone = visit("phone").enter("李国强")
    phone.page.goto(room)
    phone.page.wait_for_selector(".x-live")
    phone.look()
    assert "已答 7" in phone.page.inner_text("#tally")
    for number in range(8, total + 1):
        answer(phone.page, number)
    expect(phone.page.locator("#tally")).to_contain_text(f"已答 {total}", timeout=30_000)
    phone.context.set_offline(True)
    answer(phone.page, 1)
    phone.page.locator("[data-go='1']").click()
    phone.page.locator("#q-1 .al-opts label").nth(0).click()
    phone.page.click("#hand-in")
    phone.page.locator("#ask button[value=yes]").click()
    expect(phone.page.locator("#sending")).to_contain_text("正在重试交卷", timeout=30_000)
    phone.context.set_offline(False)
    phone.page.wait_for_url("**/result/", timeout=60_000)
    phone.look()
    phone.shot("exam-result")
    phone.go(phone.page.url.removesuffix("/") + "/?all=1")
    chosen = phone.page.locator(".r-q").first.locator("li", has_text=re.compile("选对了|选错了"))
    assert chosen.count() == 1
    page.goto(room)
    assert page.url.endswith("/result/")


def test_without_script_the_whole_paper_is_one_form(visit: Any, chromium: Any, house: Any) -> None:
    signed = visit("desktop").enter("周敏")
    room = begin(signed)
    plain = chromium.new_context(
        java_script_enabled=False, locale="zh-CN", storage_state=signed.context.storage_state(), base_url=house.url
    )
    page = plain.new_page()
    page.goto(room)
    assert page.locator(".x-q:visible").count() == page.locator(".x-q").count() > 1
    page.locator("#q-1 .al-opts label").nth(1).click()
    page.get_by_role("button", name="交卷").first.click()
    assert page.url.endswith("/result/")
    plain.close()
