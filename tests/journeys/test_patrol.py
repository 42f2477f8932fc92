"""The officer's patrol on a phone of 360 pixels: no network in the middle, nothing lost; two phones that differ."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import House, Visitor, eventually
from tests.phone import shot

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journey")]

LAY = """
from datetime import timedelta
from django.utils import timezone
from anlan.enterprises.models import Enterprise
from tests.phone import lay_checklist, lay_visit
firm = Enterprise.objects.get(organisation__name="豫中精锻机械有限公司（演示）")
print(lay_visit(firm, lay_checklist({items}, code="journey-{items}"), due=timezone.localdate() - timedelta(days=40), inspector=None).uid)
"""
ASK = """
import json
from anlan.hazards.models import Conflict, Hazard, Inspection, Operation
visit = Inspection.objects.get(uid="{uid}")
print(json.dumps([visit.state, list(visit.findings.order_by("item").values_list("result", flat=True)), visit.photos.count(),
  [[h.title, h.place, h.photos.count()] for h in Hazard.objects.filter(inspection=visit)], bool(visit.signature), visit.conflicts.count(),
  Operation.objects.filter(task="{uid}").exclude(outcome="applied").count(), visit.latitude]))
"""


@pytest.fixture
def officer(house: House, chromium: Any) -> Iterator[Callable[[], Visitor]]:
    """Phones of the grid officer, 360 pixels wide, allowed to know where they are."""
    made: list[Visitor] = []

    def _officer() -> Visitor:
        visitor = Visitor(chromium, house.url, "phone")
        visitor.page.set_viewport_size({"width": 360, "height": 740})
        visitor.context.grant_permissions(["geolocation"])
        visitor.context.set_geolocation({"latitude": 34.83, "longitude": 113.72, "accuracy": 9})
        made.append(visitor.enter("刘海涛"))
        visitor.page.goto("/patrol/")
        return visitor

    yield _officer
    for visitor in made:
        visitor.context.close()


def ready_offline(page: Any) -> None:
    """Wait until the app itself lies on the phone."""
    page.wait_for_function("async () => (await navigator.serviceWorker.ready).active.state === 'activated'")


def answer(page: Any, number: int, words: str) -> Any:
    """Press an answer of the n-th item of this group."""
    item = page.locator(".m-item").nth(number)
    item.get_by_text(words, exact=True).click()
    return item


def scribble(page: Any) -> None:
    """Sign with the finger."""
    pad = page.locator("canvas").first
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 70, steps=6)
    page.mouse.move(box["x"] + 220, box["y"] + 30, steps=6)
    page.mouse.up()


def test_a_patrol_without_a_network_in_the_middle_loses_nothing(house: House, officer: Callable[[], Visitor]) -> None:
    uid = house.python(LAY.format(items=4)).strip()
    visitor = officer()
    page, network = visitor.page, visitor.context
    page.locator(f'a[href="#/visit/{uid}"]').click()
    expect(page.get_by_role("button", name="开始检查")).to_be_visible()
    visitor.look()
    ready_offline(page)
    page.get_by_role("button", name="开始检查").click()
    expect(page.get_by_text("全部 0 / 4")).to_be_visible()

    network.set_offline(True)
    expect(page.get_by_text("没有网络，照常填写")).to_be_visible()
    item = answer(page, 0, "不符合")
    for n in (1, 2):
        item.locator("input[type=file]").first.set_input_files(
            {"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": shot(n, 900)}
        )
        expect(item.locator("figure")).to_have_count(n)
    item.get_by_label("看到了什么").fill("配电箱门敞开，线头外露")
    item.get_by_label("在哪里").fill("冲压区东墙")
    answer(page, 1, "符合")
    expect(page.get_by_text("全部 2 / 4")).to_be_visible()
    expect(page.locator("#strip")).to_contain_text("2 张照片")
    visitor.look()

    page.reload()  # the phone ran out of memory; there is still no network
    expect(page.get_by_text("全部 2 / 4")).to_be_visible()
    expect(page.get_by_label("看到了什么")).to_have_value("配电箱门敞开，线头外露")
    expect(page.get_by_label("在哪里")).to_have_value("冲压区东墙")
    expect(page.locator("figure img")).to_have_count(2)
    page.locator("#next").click()
    answer(page, 0, "符合")
    answer(page, 1, "不涉及")
    page.locator("#next").click()
    expect(page.get_by_role("radio", name="不合格").first).to_be_attached()  # what waits for re-inspection may wait on
    page.locator("#next").click()
    expect(page.get_by_text("将登记 1 条隐患")).to_be_visible()
    page.locator("#finish").click()
    expect(page.get_by_role("alert")).to_contain_text("还没有签字")
    scribble(page)
    visitor.look()
    page.locator("#finish").click()
    expect(page.get_by_text("等待上传").first).to_be_visible()
    assert json.loads(house.python(ASK.format(uid=uid)))[:3] in (["planned", [], 0], ["doing", [], 0])

    network.set_offline(False)
    expect(page.locator("#strip")).to_contain_text("本机没有待上传的内容", timeout=30000)
    expect(page.locator(f'a[href="#/visit/{uid}"]')).to_have_count(0)
    state, results, photos, hazards, signed, conflicts, doubts, latitude = json.loads(house.python(ASK.format(uid=uid)))
    assert (state, results, photos) == ("done", ["fail", "ok", "ok", "na"], 2)
    assert hazards == [["配电箱门敞开，线头外露", "冲压区东墙", 2]]
    assert (signed, conflicts, doubts, latitude) == (True, 0, 0, 34.83)
    kept = page.evaluate(
        "async () => { const name = (await indexedDB.databases()).map(d => d.name).find(n => n.startsWith('anlan-patrol-'));"
        " const db = await idb.openDB(name); const rows = [await db.count('entries'), await db.count('photos')]; db.close(); return rows; }"
    )
    assert kept == [0, 0]
    visitor.look()


def test_what_lies_on_the_phone_is_unreadable_and_locks_at_sign_out(
    house: House, officer: Callable[[], Visitor]
) -> None:
    uid = house.python(LAY.format(items=3)).strip()
    visitor = officer()
    page = visitor.page
    page.locator(f'a[href="#/visit/{uid}"]').click()
    ready_offline(page)
    page.get_by_role("button", name="开始检查").click()
    expect(page.get_by_text("全部 0 / 3")).to_be_visible()
    visitor.context.set_offline(True)
    item = answer(page, 0, "不符合")
    item.get_by_label("看到了什么").fill("不该被人看到的字")
    item.get_by_label("在哪里").fill("仓库")
    stored = page.evaluate(
        """async () => { const seen = []; for (const { name } of await indexedDB.databases()) { const db = await idb.openDB(name);
        for (const store of db.objectStoreNames) for (const row of await db.getAll(store)) seen.push(JSON.stringify(row, (key, value) =>
          value instanceof ArrayBuffer ? new TextDecoder().decode(value) : value instanceof CryptoKey ? String(value.extractable && value.type !== 'public') : value));
        db.close(); } return seen.join('\\n'); }"""
    )
    assert "不该被人看到的字" not in stored
    assert "豫中精锻" not in stored
    assert '"true"' not in stored

    visitor.context.set_offline(False)
    page.goto("/me/")
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url(house.url + "/")
    visitor.context.set_offline(True)
    page.goto("/patrol/")
    expect(page.get_by_role("heading", name="联网登录后才能打开")).to_be_visible()
    expect(page.get_by_text("豫中精锻")).to_have_count(0)
    visitor.context.set_offline(False)
    page.goto("/patrol/")
    expect(page.get_by_role("heading", name="请重新登录，本机内容都在")).to_be_visible()
    visitor.enter("刘海涛")
    page.goto(f"/patrol/#/visit/{uid}")
    expect(page.get_by_label("看到了什么")).to_have_value("不该被人看到的字")


def test_two_phones_that_differ_are_shown_field_by_field(house: House, officer: Callable[[], Visitor]) -> None:
    uid = house.python(LAY.format(items=2)).strip()
    phones = [officer(), officer()]
    for visitor, words in zip(phones, ("符合", "不涉及"), strict=True):
        visitor.page.locator(f'a[href="#/visit/{uid}"]').click()
        visitor.page.get_by_role("button", name="开始检查").click()
        expect(visitor.page.get_by_text("全部 0 / 2")).to_be_visible()
        visitor.context.set_offline(True)
        answer(visitor.page, 0, words)
        expect(visitor.page.get_by_text("全部 1 / 2")).to_be_visible()
    for visitor in phones:
        visitor.context.set_offline(False)
        expect(visitor.page.locator("#strip")).to_contain_text("本机没有待上传的内容", timeout=30000)
    eventually(lambda: json.loads(house.python(ASK.format(uid=uid)))[5:7], [1, 1])
    page = phones[1].page
    page.goto("/patrol/")
    page.get_by_role("link", name="去看看").click()
    page.get_by_role("link", name="1 处等人选定").last.click()
    phones[1].look()
    expect(page.get_by_role("heading", name="1 处结果不一样")).to_be_visible()
    expect(page.locator(".d-value")).to_have_text(["符合", "不涉及"])
    page.get_by_role("button", name="改用新传来的").click()
    expect(page.get_by_role("heading", name="两边的结果都已选定")).to_be_visible()
    phones[1].look()
    assert json.loads(house.python(ASK.format(uid=uid)))[1] == ["na"]
