"""The forms of hazards: two taps send once, and without script they do the same."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.journeys.conftest import House

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journey")]

LAY = """
from django.utils import timezone
from anlan.accounts.models import User
from anlan.enterprises.models import Enterprise
from anlan.hazards.actions import register_hazard
town, firm = User.objects.get(name="孙晓燕"), Enterprise.objects.get(organisation__name="豫中精锻机械有限公司（演示）")
hazard = register_hazard(firm, by=town, source="town", title="氧气瓶和乙炔瓶靠在一起", place="气瓶间", kind="fire",
    measure="分开放，装隔墙", responsible="仓库", deadline=timezone.localdate())
print(firm.pk, hazard.pk)
"""
COUNT = """
from anlan.hazards.models import Hazard, HazardStep, Order, Penalty
print(*(model.objects.count() for model in (Hazard, HazardStep, Order, Penalty)))
"""


def write(page: Page, firm: str, hazard: str, send: Any) -> None:
    """Every form with `data-once`, filled in and sent by `send`."""
    page.goto(f"/hazards/new/?firm={firm}")
    page.get_by_label("看到了什么").fill("配电箱没有上锁")
    page.get_by_label("在哪里").fill("冲压车间")
    page.get_by_label("类别").select_option("electric")
    send("提交隐患")
    page.goto(f"/hazards/{hazard}/note/")
    page.locator("textarea").fill("已经口头告诉负责人")
    send("补充说明")
    page.goto(f"/hazards/firms/{firm}/orders/?hazard={hazard}")
    send("生成并下达通知书")
    page.goto(f"/hazards/firms/{firm}/penalties/")
    page.locator("input[name=decided_on]").fill(timezone.localdate().isoformat())
    page.get_by_label("决定书文号").fill(f"演示罚字〔{hazard}〕号")
    page.get_by_label("处罚依据").fill("安全生产法第一百零二条")
    send("登记处罚")


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_each_form_of_hazards_sends_once(house: House, chromium: Any, script: bool) -> None:
    firm, hazard, *before = house.python(LAY + COUNT).split()
    context = chromium.new_context(java_script_enabled=script, base_url=house.url, locale="zh-CN")
    page, sent = context.new_page(), list[str]()
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.goto("/accounts/login/")
    page.get_by_role("complementary", name="演示身份").get_by_role("button", name="孙晓燕").first.click()
    page.wait_for_url("**/home/")
    sent.clear()

    def send(label: str) -> None:
        button = page.locator("form[data-once]").get_by_role("button", name=label, exact=True)
        with page.expect_navigation():
            button.evaluate("button => { button.click(); button.click(); }") if script else button.click()
        expect(page.locator(".al-toast:not(.error)")).to_have_count(1)

    write(page, firm, hazard, send)
    assert len(sent) == 4, sent
    after = house.python(COUNT).split()
    assert [int(now) - int(was) for now, was in zip(after, before, strict=True)] == [1, 3, 1, 1]
    context.close()
