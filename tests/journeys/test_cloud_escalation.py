"""The town's escalation: what is late by the clock reaches the town, fails there, reaches the county, and is closed after a pass."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from playwright.sync_api import expect

from anlan.operations.demo.drawings import draw
from tests.journeys.conftest import House, Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journey")]

LAY = """
from anlan.hazards.actions import register_hazard
from anlan.accounts.models import User
from anlan.enterprises.models import Enterprise
firm = Enterprise.objects.get(organisation__name="豫中精锻机械有限公司（演示）")
print(register_hazard(firm, by=User.objects.get(name="刘海涛"), source="patrol", title="{title}", place="锻造车间", kind="fire",
    cite="安全生产法第四十二条", measure="把堆料移走，门外划黄线", responsible="车间主任").pk)
"""
LATE = """
from datetime import timedelta
from django.utils import timezone
from anlan.hazards.models import Hazard
from anlan.hazards.tasks.hazards import escalate_overdue
today = timezone.localdate()
Hazard.objects.filter(pk={pk}).update(found_at=timezone.now() - timedelta(days=40), deadline=today - timedelta(days=8))
escalate_overdue()
escalate_overdue()
hazard = Hazard.objects.get(pk={pk})
print(hazard.level, hazard.steps.filter(verb="escalate").count())
"""
ASK = "from anlan.hazards.models import Hazard\nh = Hazard.objects.get(pk={pk})\nprint(h.state, h.level, h.failed)"


def cure(manager: Visitor, pk: str, words: str) -> None:
    """The firm says what it did, with a picture."""
    page = manager.go(f"/hazards/{pk}/cure/").page
    page.get_by_label("做了什么").fill(words)
    picture = {"name": "门口.jpg", "mimeType": "image/jpeg", "buffer": draw("exit_clear").getvalue() + words.encode()}
    page.locator("input[type=file]").set_input_files(picture)
    page.get_by_role("button", name="申请复查").click()
    expect(page.locator("main")).to_contain_text(words)


def test_what_is_late_rises_to_the_town_fails_and_is_closed_by_the_county(visit: Any, house: House) -> None:
    title = f"{uuid.uuid4().int % 90 + 10} 号门被堆料堵住"
    pk = house.python(LAY.format(title=title)).strip()
    assert house.python(LATE.format(pk=pk)).split() == ["2", "1"], "late by six working days, risen once"

    town = visit("desktop").enter("孙晓燕")
    page = town.page
    town.go("/overdue/").shot("overdue")
    town.go("/hazards/?view=late&level=2")
    page.get_by_role("link", name=title).click()
    town.look()
    expect(page.locator("main")).to_contain_text("逾期 8 天")
    expect(page.locator("main")).to_contain_text("按时限自动升级")
    town.shot("hazard-town")
    page.get_by_role("link", name="出整改通知书").click()
    town.look()

    manager = visit("phone").enter("周敏")
    cure(manager, pk, "堆料移到 2 号库")
    town.go(f"/hazards/{pk}/fail/")
    page.get_by_label("哪里还不行").fill("门外还有两托盘，门只能开一半")
    page.get_by_role("button", name="退回重改").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.locator("main")).to_contain_text("门外还有两托盘")
    town.look()
    assert house.python(ASK.format(pk=pk)).split() == ["curing", "3", "1"]

    cure(manager, pk, "托盘清走，门能全开")
    refused = page.goto(f"/hazards/{pk}/pass/")
    assert refused is not None and refused.status == 403, "it is the county's now"

    county = visit("desktop").enter("陈立")
    page = county.page
    county.go(f"/hazards/?q={title[-4:]}")
    page.get_by_role("link", name=title).click()
    county.look()
    county.shot("hazard-county")
    page.get_by_role("link", name="复查通过，闭环").click()
    county.look()
    page.get_by_label("看到的情况").fill("门外清空，黄线已划")
    page.get_by_role("button", name="复查通过").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.locator("main")).to_contain_text("已闭环")
    county.look()
    assert house.python(ASK.format(pk=pk)).split() == ["closed", "3", "1"]


def test_the_county_sees_how_near_a_firm_is_to_article_113(visit: Any, house: House) -> None:
    pk = house.python(
        "from anlan.hazards.models import Hazard\n"
        "print(Hazard.objects.filter(enterprise__organisation__name='禾香源食品有限公司（演示）', grade='major').first().pk)"
    ).strip()
    county = visit("desktop").enter("陈立")
    county.go(f"/hazards/{pk}/").page.get_by_role("link", name="看处罚记录").click()
    expect(county.page.get_by_role("heading", level=1)).to_have_text("180 天内 2 次处罚，1 年内 2 次")
    expect(county.page.locator("main")).to_contain_text("安全生产法第一百一十三条第一项")
    for size in ("phone", "desktop"):
        county.resize(size)
        county.look()
    county.shot("penalties")
