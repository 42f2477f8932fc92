"""The same product with scripts switched off: forms and links carry everything but the counting of hours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from anlan.lib.codes import demo_phone
from tests.journeys.conftest import SIZES, House

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journey")]

PEOPLE = (demo_phone(8), demo_phone(15))  # 李国强 and 田小雨 of the cast: a number gets only so many codes


@pytest.fixture(params=sorted(SIZES))
def plain(request: pytest.FixtureRequest, chromium: Any, house: House) -> Iterator[Page]:
    """A page of a browser that runs no script."""
    width, height = SIZES[request.param]
    context = chromium.new_context(
        java_script_enabled=False, base_url=house.url, viewport={"width": width, "height": height}, locale="zh-CN"
    )
    yield context.new_page()
    context.close()


def sign_in(page: Page, phone: str) -> None:
    """Ask for a code, read it from the page, type it."""
    page.goto("/accounts/login/")
    page.get_by_label("手机号").fill(phone)
    page.get_by_role("button", name="发送验证码").click()
    code = re.search(r"\d{6}", page.locator("#demo-sms").inner_text())
    assert code
    page.get_by_label("验证码").fill(code[0])
    page.get_by_role("button", name="登录").click()
    expect(page).to_have_url(re.compile("/home/"))


def test_sign_in_find_a_course_and_read_a_lesson(plain: Page) -> None:
    sign_in(plain, PEOPLE[0])
    plain.goto("/courses/")
    plain.locator("main").get_by_role("searchbox").fill("灭火器")
    plain.locator("main").get_by_role("searchbox").press("Enter")
    expect(plain).to_have_url(re.compile(r"\?.*q="))
    plain.get_by_role("link", name=re.compile("一分钟学会用灭火器")).first.click()
    plain.get_by_role("link", name=re.compile("提、拔、握、压")).first.click()
    expect(plain.locator("main")).to_contain_text("提起，拔销，握管，压把。")
    expect(plain.locator("#controls")).to_be_hidden()
    assert plain.locator("video[controls] source").count() == 1, "without script the browser's own player serves"


def test_sit_an_exam_and_hand_it_in(plain: Page) -> None:
    sign_in(plain, PEOPLE[1])
    plain.goto("/mock/")
    plain.get_by_role("link", name=re.compile("做一套|接着答")).first.click()
    if "/start/" in plain.url:
        plain.locator("button:visible, a.btn-primary:visible", has_text=re.compile("开始考试|接着答")).click()
    sections = plain.locator(".x-q")
    total = sections.count()
    assert total == plain.locator(".x-q:visible").count() > 1
    for section in sections.all():
        kind = section.get_attribute("data-kind")
        if kind == "fill":
            for box in section.locator(".x-fill input").all():
                box.fill("119")
        elif kind == "case":
            for part in section.locator(".x-part").all():
                part.locator("label").first.click()
        else:
            section.locator(".al-opts label").first.click()
    plain.get_by_role("button", name="交卷").first.click()
    expect(plain).to_have_url(re.compile("/result/"))
    expect(plain.get_by_role("heading", level=1)).to_be_visible()
    expect(plain.locator("main")).to_contain_text(f"{total} 题里")
    plain.locator("#questions .al-tabs a").last.click()
    expect(plain.locator(".r-q").first).to_contain_text(re.compile("选对了|选错了|您填的|对"))


def test_verify_a_certificate(plain: Page, house: House) -> None:
    number = house.python(
        "from anlan.certificates.models import Certificate\n"
        "print(next(c.number for c in Certificate.objects.exclude(pdf=None).order_by('-pk') if c.state == 'valid'))"
    ).strip()
    plain.goto("/verify/")
    plain.get_by_label("编号").fill(number)
    plain.get_by_role("button", name="查验编号").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("有效")
    plain.goto("/verify/")
    plain.get_by_label("编号").fill("AL0000000000")
    plain.get_by_role("button", name="查验编号").click()
    expect(plain.get_by_role("heading", level=1)).not_to_have_text("有效")
