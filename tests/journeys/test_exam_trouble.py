"""An exam when things go wrong: the network, the page, a second window, the clock. Nothing that was answered is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import SIZES, House, eventually
from tests.journeys.test_exam_room import answer, begin

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journey")]

SLOW = 30_000


def on_server(house: House, room: str) -> dict[str, Any]:
    """Number of the question → what the server holds of it: the newest answer of those it acknowledged."""
    uid = room.rstrip("/").rsplit("/", 1)[-1]
    said = house.python(
        "import json\nfrom anlan.exams.models import Answer, Sitting\n"
        f"rows = Answer.objects.filter(sitting_id=Sitting.objects.get(uid='{uid}').pk).order_by('seq')\n"
        "print(json.dumps({row.number: json.loads(row.value) for row in rows}))"
    )
    return dict(json.loads(said))


@pytest.mark.parametrize("size", SIZES)
def test_what_was_answered_without_a_network_is_on_the_server_after_a_reload(
    visit: Any, house: House, size: str
) -> None:
    candidate = visit(size).enter("吴建国" if size == "phone" else "刘海涛")
    room = begin(candidate)
    page = candidate.page
    for number in (1, 2):
        answer(page, number)
    expect(page.locator("#saved")).to_contain_text("本机与服务器各一份", timeout=SLOW)
    candidate.context.set_offline(True)
    for number in (3, 4, 5):
        answer(page, number)
    answer(page, 1)
    expect(page.locator("#saved")).to_contain_text("恢复后自动补传", timeout=SLOW)
    candidate.look()
    assert set(on_server(house, room)) == {"1", "2"}, "without a network nothing can have arrived"
    candidate.context.set_offline(False)
    page.reload()
    page.wait_for_selector(".x-live")
    expect(page.locator("#tally")).to_contain_text("已答 5", timeout=SLOW)
    eventually(lambda: set(on_server(house, room)), {"1", "2", "3", "4", "5"})


def test_a_page_that_was_closed_goes_on_where_it_was_and_a_second_tab_sits_the_same_paper(
    visit: Any, house: House
) -> None:
    candidate = visit("phone").enter("孙晓燕")
    room = begin(candidate)
    for number in (1, 2, 3):
        answer(candidate.page, number)
    stem = candidate.page.locator("#q-1 .x-stem").inner_text()
    candidate.page.close()

    candidate.page = candidate.context.new_page()
    candidate.go("/exams/mine/").page.get_by_role("link", name="回到考场").first.click()
    page = candidate.page
    page.wait_for_selector(".x-live")
    assert page.url.split("#")[0] == room
    expect(page.locator("#tally")).to_contain_text("已答 3", timeout=SLOW)
    expect(page.locator("#saved")).to_contain_text("答过的题都在")

    second = candidate.context.new_page()
    second.goto(room)
    second.wait_for_selector(".x-live")
    assert second.locator("#q-1 .x-stem").inner_text() == stem
    expect(second.locator("#tally")).to_contain_text("已答 3", timeout=SLOW)
    answer(second, 4)
    expect(second.locator("#saved")).to_contain_text("本机与服务器各一份", timeout=SLOW)
    page.reload()
    page.wait_for_selector(".x-live")
    expect(page.locator("#tally")).to_contain_text("已答 4", timeout=SLOW)
    assert set(on_server(house, room)) == {"1", "2", "3", "4"}


def test_when_the_time_is_over_the_paper_is_collected_and_scored_without_anyone_pressing(
    visit: Any, house: House
) -> None:
    candidate = visit("phone").enter("陈立")
    room = begin(candidate)
    page = candidate.page
    for number in (1, 2, 3):
        answer(page, number)
    expect(page.locator("#saved")).to_contain_text("本机与服务器各一份", timeout=SLOW)
    page.close()
    uid = room.rstrip("/").rsplit("/", 1)[-1]
    house.python(
        "from datetime import timedelta\nfrom django.utils import timezone\nfrom anlan.exams.models import Sitting\n"
        f"Sitting.objects.filter(uid='{uid}').update(ends_at=timezone.now() - timedelta(minutes=5))"
    )
    candidate.page = candidate.context.new_page()
    candidate.page.goto(f"{room}result/")
    candidate.reload_until(candidate.page.locator(".r-head"), seconds=40)
    assert candidate.page.url == f"{room}result/"
    candidate.look()
    state = house.python(
        "from anlan.exams.models import Sitting\n"
        f"one = Sitting.objects.get(uid='{uid}')\nprint(one.state, one.score is not None)"
    )
    assert state.split() == ["scored", "True"]
    assert candidate.page.goto(room) is not None
    assert candidate.page.url.endswith("/result/"), "a paper that was collected cannot be entered again"
