"""The law site as people use it: an owner, a visitor, editors and a subscriber."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journey")]
Visit = Callable[..., Visitor]


def test_an_owner_finds_the_article_from_a_lay_question_and_shares_it(visit: Visit) -> None:
    owner = visit("phone").go("/")
    owner.shot("front")
    box = owner.page.locator("main input[type=search]").first
    box.fill("新来的工人没培训就让他上机器行不行")
    box.press("Enter")
    expect(owner.page).to_have_url(re.compile(r"/search/\?"))
    hit = owner.page.locator(".sr-hits a", has_text=re.compile("第四条|第二十八条")).first
    owner.reload_until(hit)
    owner.look()
    owner.shot("law-search")
    hit.click()
    expect(owner.page).to_have_url(re.compile("/law/.+/(4|28)/"))
    expect(owner.page.get_by_role("heading", level=1)).to_contain_text(re.compile("第四条|第二十八条"))
    owner.look()
    owner.page.locator("details.l-share summary").click()
    shown = owner.page.locator("details.l-share img")
    expect(shown).to_be_visible()
    assert owner.page.request.get(str(shown.get_attribute("src"))).ok
    owner.look()
    owner.shot("law-article")


def test_an_article_is_found_by_its_number_with_its_older_wording(visit: Visit) -> None:
    reader = visit("desktop").go("/law/河湾市小作坊安全条例演示/4/")
    expect(reader.page.locator("#law-text")).to_contain_text("没有经过安全培训")
    reader.shot("law-article")
    reader.go("/law/河湾市小作坊安全条例演示/?on=2020-01-01")
    expect(reader.page.locator("main")).to_contain_text("不满二十人")
    reader.go("/law/河湾市小作坊安全条例演示/compare/?a=2019-05-20&b=2025-03-28")
    expect(reader.page.locator("main")).to_contain_text("楼梯口")
    reader.shot("law-compare")


def test_a_visitor_takes_a_mock_exam_without_an_account(visit: Visit) -> None:
    visitor = visit("phone").go("/mock/")
    visitor.page.get_by_label("内容").select_option(index=1)
    visitor.page.get_by_role("button", name="抽题，开始练").click()
    questions = visitor.page.locator(".x-q")
    expect(questions.first).to_be_visible()
    visitor.look()
    assert "依据" not in visitor.page.locator("main").inner_text()
    visitor.shot("mock-paper")
    for label in visitor.page.locator(".x-q .al-opts > label:first-child").all():
        label.click()
    visitor.page.get_by_role("button", name="交卷，看结果").click()
    expect(visitor.page).to_have_url(re.compile("/result/"))
    expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
    visitor.look()
    visitor.shot("mock-result")
    again = visitor.page.get_by_role("button", name=re.compile("只练错题|换个顺序再做"))
    again.click()
    expect(questions.first).to_be_visible()


def test_a_boss_checks_the_shop_and_gets_what_closes_the_gaps(visit: Visit) -> None:
    boss = visit("phone").enter("周敏").go("/selfcheck/")
    boss.page.locator("a.c-tile", has_text="制鞋").click()
    boss.page.get_by_role("button", name="开始自查").click()
    while "/run/" in boss.page.url:
        boss.look()
        boss.shot("selfcheck-run")
        for number, row in enumerate(boss.page.locator("fieldset.c-q").all()):
            row.locator("label").nth(1 if number == 1 else 0).click()
        expect(boss.page.locator("#c-done")).to_contain_text("已保存")
        here = boss.page.locator("[aria-current=step]").inner_text()
        boss.page.get_by_role("button", name=re.compile("下一页|看自查结果")).click()
        expect(boss.page.locator("[aria-current=step]").filter(has_text=here)).to_have_count(0)
    expect(boss.page.get_by_role("heading", level=1)).to_contain_text(re.compile("查出 . 项差距"))
    expect(boss.page.locator(".c-ways a").first).to_be_visible()
    boss.look()
    boss.shot("selfcheck-result")
    boss.page.locator(".c-ways a").first.click()
    assert boss.page.title()


def sign_both(person: Visitor, title: str) -> None:
    """Open what waits for this reviewer, sign the review and the proof."""
    person.go("/editing/reviews/")
    person.page.get_by_role("link", name=title).first.click()
    expect(person.page.get_by_role("heading", level=2, name=re.compile("轮到您"))).to_be_visible()
    person.page.get_by_role("button", name=re.compile("^签.审")).click()
    for box in person.page.locator("input[name=checks]").all():
        box.check()
    person.page.get_by_role("button", name=re.compile("^签.校")).click()


def test_a_text_goes_through_three_reviews_and_its_subscriber_is_told(visit: Visit) -> None:
    title = "砂轮机的挡屑板装在哪一边"
    reader = visit("phone").enter("李国强").go("/subscriptions/new/")
    reader.page.get_by_label("标签").fill("砂轮机")
    reader.page.get_by_label(re.compile("一发布")).check()
    reader.page.get_by_role("button", name="保存订阅").click()
    expect(reader.page.locator(".e-subs")).to_contain_text("砂轮机")
    reader.look()
    reader.shot("subscriptions")

    editor = visit("desktop").enter("宋可").go("/editing/new/news/")
    editor.page.get_by_label("标题").fill(title)
    editor.page.get_by_label("摘要").fill("装在操作人这一边，离砂轮不超过三毫米。")
    editor.page.get_by_label("正文").fill("## 为什么\n\n火星和碎片先打在板上，不打在脸上。")
    editor.page.locator("details.al-more summary").click()
    editor.page.get_by_label("标签").fill("砂轮机")
    editor.page.get_by_role("button", name="保存草稿").click()
    editor.page.get_by_role("button", name="送初审").click()
    expect(editor.page.get_by_role("heading", level=2, name="等初审")).to_be_visible()
    editor.look()
    editor.shot("content-draft")

    for name in ("唐蕾", "魏东", "程远"):
        person = visit("desktop").enter(name)
        sign_both(person, title)
        person.look()
    person.shot("content-release")
    person.page.get_by_role("button", name="现在发布").click()
    expect(person.page.get_by_role("link", name="看公开页")).to_be_visible()

    reader.go("/subscriptions/")
    told = reader.page.get_by_role("link", name=re.compile(title))
    reader.reload_until(told)
    told.first.click()
    expect(reader.page.get_by_role("heading", level=1)).to_contain_text(title)
    for name in ("唐蕾", "魏东", "程远"):
        expect(reader.page.locator("main")).to_contain_text(name)
    reader.look()
    reader.shot("content-article")
