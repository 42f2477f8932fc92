"""An agency comes in: the county opens the account, its people bind themselves, firms find it; and a contract from wish to score."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from anlan.lib.codes import demo_credit_code, demo_phone
from anlan.operations.demo.agencies import PDF
from anlan.operations.demo.drawings import draw
from tests.journeys.conftest import House, Visitor

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journey")]

BAKER = demo_phone(14)  # 秦岭 of the cast: the boss of a firm that has no contract yet
NAMES = "安泰恒信瑞诚宁康顺达嘉盛永兴德润隆昌祥福"


def sign_up(visitor: Visitor, name: str, phone: str) -> Visitor:
    """Come for the first time: name, phone, code."""
    page = visitor.page
    page.goto("/accounts/signup/")
    page.get_by_label("姓名").fill(name)
    page.get_by_label("手机号").fill(phone)
    page.get_by_role("button", name="发送验证码").click()
    code = re.search(r"\d{6}", page.locator("#demo-sms").inner_text())
    assert code
    page.get_by_label("验证码").fill(code[0])
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(re.compile("/home/|/2fa/"))
    return visitor


def let_in(house: House, *phones: str) -> None:
    """As the people of the demo: without the second factor that such a post asks of anybody else."""
    house.python(
        f"from anlan.accounts.models import User\nfor phone in {phones}:\n    user = User.objects.by_phone(phone)\n    user.is_demo = True\n    user.save(update_fields=['is_demo'])"
    )


def test_the_county_opens_an_agency_and_firms_find_it(visit: Any, house: House) -> None:
    serial = uuid.uuid4().int % 9_000_000
    name = f"豫{NAMES[serial % 20]}{NAMES[serial // 20 % 20]}安全技术有限公司（演示）"
    phones = [demo_phone(70_000_000 + serial + n) for n in range(4)]
    county = visit("desktop").enter("陈立")
    page = county.page
    county.go("/agency-accounts/")
    page.get_by_role("link", name="开通机构账户").click()
    county.look()
    page.get_by_label("机构名称").fill(name)
    page.get_by_label("统一社会信用代码").fill(demo_credit_code("410105", 1000 + serial % 900_000))
    page.get_by_label("所在县区").select_option("410105")
    page.get_by_label("隐患排查").check()
    page.get_by_label("管理员姓名").fill("宋清")
    page.get_by_label("管理员手机号").fill(phones[0])
    page.get_by_role("button", name="开通账户").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    account = page.url

    admin = visit("phone").sign_in(phones[0])
    admin.go("/agency/")
    expect(admin.page.get_by_role("heading", level=1)).to_have_text(name)

    page.get_by_role("link", name="绑定管理员").click()
    county.look()
    page.get_by_role("radio", name="机构管理员").check(force=True)
    page.get_by_role("button", name="出示二维码").click()
    expect(page.locator(".own-qr")).to_be_visible()
    county.look()
    county.shot("invitation")
    token = house.python(
        "from anlan.accounts.models import Invitation\nprint(Invitation.objects.open().latest('pk').token)"
    ).strip()
    second = sign_up(visit("phone"), "孟瑶", phones[1])
    second.go(f"/join/{token}/")
    second.shot("join")
    second.page.get_by_role("button", name="确认绑定").click()
    second.page.wait_for_url("**/2fa/**")  # whoever sees other people's data proves it twice
    second.look()
    expect(page.get_by_text("孟瑶已成为")).to_be_visible(timeout=15_000)
    let_in(house, phones[1])
    second.go("/agency/")
    expect(second.page.get_by_role("heading", level=1)).to_have_text(name)

    page.get_by_role("link", name="回到绑定页").click()
    page.locator("#id_phone").fill(phones[2])
    page.get_by_role("button", name="预设这个手机号").click()
    expect(page.locator("main")).to_contain_text("等待中的邀请")
    third = sign_up(visit("phone"), "卫东", phones[2])
    let_in(house, phones[2])
    third.go("/agency/")
    expect(third.page.get_by_role("heading", level=1)).to_have_text(name)

    present_engineer(admin, phones[3])
    page.goto(account)
    page.get_by_role("button", name=re.compile("核验通过")).click()
    expect(page.locator("main")).to_contain_text("已核验")
    county.look()
    county.shot("agency-account")

    boss = visit("phone").enter("吴建国")
    boss.go("/agencies/")
    expect(boss.page.get_by_role("link", name=name)).to_be_visible()
    boss.page.get_by_role("link", name=name).click()
    boss.look()
    expect(boss.page.locator("main")).to_contain_text("尹航")


def present_engineer(admin: Visitor, phone: str) -> None:
    """The agency says where it is and who its registered engineer is."""
    page = admin.go("/agency/points/new/").page
    page.get_by_label("服务点名称").fill("杨金路东头")
    page.get_by_label("地址", exact=True).fill("演示路 9 号")
    page.get_by_label("所在县区").select_option("410105")
    page.get_by_label("纬度").fill("34.831")
    page.get_by_label("经度").fill("113.721")
    page.get_by_role("button", name="加上服务点").click()
    admin.go("/agency/engineers/new/")
    page.get_by_label("姓名").fill("尹航")
    page.get_by_label("手机号").fill(phone)
    page.get_by_label("注册证号").fill(f"4126{phone[-7:]}")
    page.get_by_label("有效期至").fill((timezone.localdate() + timedelta(days=500)).isoformat())
    page.locator("input[type=file]").set_input_files(
        {"name": "注册证.jpg", "mimeType": "image/jpeg", "buffer": draw("exit").getvalue()}
    )
    page.get_by_role("button", name="提交给县区核验").click()
    expect(page.locator("main")).to_contain_text("尹航")
    admin.look()


RESET = """
from anlan.accounts.models import Organisation
from anlan.agencies.models import Contract, ServiceRequest
both = {"enterprise__organisation__name": "禾香源食品有限公司（演示）", "agency__organisation__name": "安和安全技术服务有限公司（演示）"}
ServiceRequest.objects.filter(**both, state="open").update(state="withdrawn")
Contract.objects.filter(**both, state__in=["offered", "accepted"]).update(state="ended")
print(Organisation.objects.get(name=both["agency__organisation__name"]).pk)
"""


def test_a_contract_from_the_wish_to_the_score(visit: Any, house: House) -> None:
    agency_pk = house.python(RESET).strip()
    today, number = timezone.localdate(), f"AH-{uuid.uuid4().hex[:6]}"
    firm, agency = visit("phone").sign_in(BAKER), visit("desktop").enter("郑云")

    page = firm.go(f"/agencies/{agency_pk}/").page
    before = ratings(firm)
    page.get_by_role("link", name="提服务需求").click()
    page.get_by_label("隐患排查").check()
    page.get_by_label("希望哪天以前做").fill((today + timedelta(days=14)).isoformat())
    page.get_by_label("说明").fill("和面间和烤炉想请人查一遍")
    page.get_by_role("button", name="发给机构").click()
    expect(page.get_by_role("heading", name="等机构答复")).to_be_visible()

    desk = agency.go("/contracts/").page
    agency.shot("contracts")
    desk.get_by_role("link", name="禾香源食品有限公司（演示）").first.click()
    agency.look()
    desk.get_by_role("link", name="报合同").click()
    agency.look()
    desk.get_by_label("合同编号").fill(number)
    desk.get_by_role("group", name="服务内容").get_by_label("隐患排查").check()
    desk.get_by_label("从", exact=True).fill(today.isoformat())
    desk.get_by_label("到", exact=True).fill((today + timedelta(days=180)).isoformat())
    desk.get_by_label("总费用（元）").fill("3600")
    desk.locator("#id_kind_0").select_option(label="隐患排查")
    desk.locator("#id_on_0").fill((today + timedelta(days=2)).isoformat())
    agency.shot("offer")
    desk.get_by_role("button", name="报给企业").click()
    expect(desk.locator("main")).to_contain_text(number)

    firm.go("/home/")
    firm.go("/contracts/")
    page.locator("tr, li", has_text=number).get_by_role("link").first.click()
    firm.look()
    firm.shot("contract-sign")
    page.get_by_role("button", name="签这份合同").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("服务到")

    agency.go("/services/")
    agency.shot("services")
    desk.locator("tr", has_text="禾香源").get_by_role("link").first.click()
    agency.look()
    desk.get_by_label("派哪位注册安全工程师").select_option(index=0)
    desk.get_by_role("button", name="派这位工程师").click()
    desk.get_by_label("做了什么、发现了什么").fill("查了 14 处，3 处要改：和面机急停、烤炉燃气软管、二楼疏散门。")
    desk.locator("input[type=file]").set_input_files(
        {"name": "排查报告.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    desk.get_by_role("button", name="交付成果").click()
    expect(desk.locator("main")).to_contain_text("查了 14 处")
    agency.look()
    agency.shot("service")

    firm.go("/home/")
    service = desk.url
    page.goto(service)
    firm.look()
    page.get_by_role("button", name="验收成果").click()
    page.get_by_label("专业水平").select_option("5")
    page.get_by_label("按时程度").select_option("5")
    page.get_by_label("实际效果").select_option("4")
    page.get_by_label("想说的话").fill("看得细，讲得明白")
    firm.look()
    firm.shot("rate")
    page.get_by_role("button", name="保存评价").click()
    expect(page.locator("main")).to_contain_text("看得细，讲得明白")

    firm.go(f"/agencies/{agency_pk}/")
    assert ratings(firm) == before + 1
    expect(page.locator(".w-why .sum")).to_be_visible()
    firm.shot("agency-score")


def ratings(visitor: Visitor) -> int:
    """How many ratings the page of an agency counts."""
    found = re.search(r"(\d+) 次评价", visitor.page.locator(".ag-big").inner_text())
    assert found
    return int(found[1])
