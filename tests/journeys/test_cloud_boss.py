"""The boss's ten minutes, on a phone: what is due, a hazard cured, the report of the month, the grade, an agency asked."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from anlan.operations.demo.drawings import draw
from tests.journeys.conftest import House, Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journey")]

TITLE = "空压机的皮带轮没有护罩"
AGENCY = "中垣消防安全服务有限公司（演示）"
LAY = f"""
from django.utils import timezone
from anlan.accounts.models import User
from anlan.agencies.models import ServiceRequest
from anlan.enterprises.models import Enterprise
from anlan.hazards.actions import register_hazard
from anlan.hazards.models import Hazard, ReportRound, SafetyReport
firm = Enterprise.objects.get(organisation__name="豫中精锻机械有限公司（演示）")
Hazard.objects.filter(title="{TITLE}", state="curing").update(title="上一次的试验")
hazard = register_hazard(firm, by=User.objects.get(name="刘海涛"), source="patrol", title="{TITLE}", place="空压机房", kind="machine",
    cite="安全生产法第三十六条", measure="加装护罩，装好之前挂牌停用", responsible="设备科", fixer=None, deadline=timezone.localdate())
report = SafetyReport.objects.filter(enterprise=firm, kind="monthly").latest("period")
ReportRound.objects.filter(report=report).delete()
SafetyReport.objects.filter(pk=report.pk).update(state="open", answers={{}}, rounds=0, submitted_at=None, submitted_by=None)
ServiceRequest.objects.filter(enterprise=firm, agency__organisation__name="{AGENCY}", state="open").update(state="withdrawn")
print(hazard.pk)
"""


def narrow(visitor: Visitor) -> None:
    """Look at the page on the smallest phone too."""
    visitor.page.set_viewport_size({"width": 360, "height": 740})
    visitor.look()
    visitor.resize("phone")


def cure(boss: Visitor) -> None:
    """From the card of the first page to a hazard that waits for re-inspection."""
    page = boss.page
    card = page.locator(".al-due", has_text=TITLE)
    if not card.is_visible():
        page.locator("details.al-more summary").click()
    card.get_by_role("link", name="上传整改照片").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("申请复查")
    narrow(boss)
    page.get_by_label("做了什么").fill("护罩装好了，试机正常")
    page.get_by_role("button", name="申请复查").click()
    expect(page.locator(".invalid-feedback", has_text="还没有整改后的照片")).to_be_visible()
    expect(page.get_by_label("做了什么")).to_have_value("护罩装好了，试机正常")
    page.goto(page.url)
    page.get_by_label("做了什么").fill("护罩装好了，试机正常")
    page.locator("input[type=file]").set_input_files(
        {"name": "护罩.jpg", "mimeType": "image/jpeg", "buffer": draw("guard_on").getvalue()}
    )
    boss.shot("cure")
    page.get_by_role("button", name="申请复查").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(page.locator("main")).to_contain_text("护罩装好了，试机正常")
    expect(page.locator(".h-pair figure, .h-pair .al-photo")).not_to_have_count(0)
    narrow(boss)
    boss.shot("hazard-cured")


def report(boss: Visitor) -> None:
    """Every item of the month's report answered with one thumb, then handed in and locked."""
    page = boss.go("/reports/").page
    page.get_by_role("link", name=re.compile("月度报审")).first.click()
    todo = page.locator("section.m-item.todo")
    total = todo.count()
    assert total > 3
    narrow(boss)
    for left in range(total - 1, -1, -1):
        todo.first.locator(f"label:has(input[value={'na' if left == 1 else 'ok'}])").click()
        expect(todo).to_have_count(left)
        if left == total - 3:
            boss.shot("report-month")
    page.get_by_role("button", name="提交报告").click()
    expect(page.locator("main")).to_contain_text("已经交上去，正在等网格员审核")
    narrow(boss)


def test_the_boss_has_ten_minutes(visit: Any, house: House) -> None:
    pk = house.python(LAY).strip()
    boss = visit("phone").enter("吴建国")
    page = boss.page
    expect(page.get_by_role("heading", level=1)).to_contain_text("件事要办")
    boss.look()
    narrow(boss)

    cure(boss)
    report(boss)

    boss.go("/enterprises/policy/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("风险企业")
    expect(page.get_by_role("heading", name=re.compile("为什么：对上了"))).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("怎样降为|眼下降不下来"))).to_be_visible()
    assert page.locator(".p-why li").count() > 0
    narrow(boss)
    boss.shot("policy")

    boss.go("/agencies/").shot("agencies")
    page.get_by_role("link", name=AGENCY).click()
    narrow(boss)
    page.get_by_role("link", name="提服务需求").click()
    page.get_by_label("应急演练").check()
    page.get_by_label("希望哪天以前做").fill((timezone.localdate() + timedelta(days=21)).isoformat())
    page.get_by_label("说明").fill("车间想在月底前演练一次灭火和疏散")
    narrow(boss)
    page.get_by_role("button", name="发给机构").click()
    expect(page.get_by_role("heading", name="等机构答复")).to_be_visible()
    narrow(boss)

    states = house.python(f"from anlan.hazards.models import Hazard\nprint(Hazard.objects.get(pk={pk}).state)").strip()
    assert states == "cured"
