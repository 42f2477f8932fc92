"""The whole loop in a real browser: a dirty roster comes in, a new worker learns and sits the exam, gets a certificate
that anyone can verify, and every regulator above the firm sees it; those beside it see nothing."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import uuid
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from playwright.sync_api import Page, expect
from python_calamine import CalamineWorkbook

from anlan.lib.codes import demo_id_number, demo_phone
from tests.journeys.conftest import ROOT, House, Visitor, eventually

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journey")]

REGULATORS = ("许文博", "赵雪梅", "陈立", "孙晓燕", "刘海涛")
OTHER_COUNTY = demo_phone(12)  # 高洁, the first of the cast's outsiders
COURSE = "一分钟学会用灭火器"
SLOW = 30_000


class Newcomers:
    """People whom nobody has seen yet, and their roster as a personnel office would write it."""

    def __init__(self, size: str) -> None:
        self.title = {"phone": "新员工灭火器培训", "desktop": "锻造车间灭火器培训"}[size]
        serial = uuid.uuid4().int % 9_000_000
        self.mark = f"J{serial:07d}"
        self.phones = [demo_phone(80_000_000 + serial * 2 + n) for n in range(2)]
        self.ids = [demo_id_number("4101", date(1991, 3, 1 + n), serial % 998 + n) for n in range(2)]
        self.names = ["石磊", "温静"]

    def roster(self) -> bytes:
        """Two who are fine, one whose identity number a spreadsheet destroyed, one who stands there twice."""
        rows: list[list[object]] = [
            ["豫中精锻 11 月新员工花名册（人事科制）"],
            [],
            ["序号", "员工姓名", "证件号码", "联系电话", "现岗位", "所属车间", "员工编号", "进厂时间"],
            [1, self.names[0], self.ids[0], int(self.phones[0]), "叉车工", "锻造车间", f"{self.mark}-1", "2026.11.2"],
            [2, self.names[1], self.ids[1].lower(), f"{self.phones[1][:3]} {self.phones[1][3:7]} {self.phones[1][7:]}", "质检员", "质检科", f"{self.mark}-2", "2026年11月3日"],
            [3, "尤勇", float(demo_id_number("4101", date(1990, 6, 1), 7)[:17] + "0"), "", "钳工", "锻造车间", f"{self.mark}-3", ""],
            [4, self.names[0], self.ids[0], int(self.phones[0]), "叉车工", "锻造车间", f"{self.mark}-1", "2026.11.2"],
            ["合计", "4 人"],
        ]  # fmt: skip
        file = io.BytesIO()
        book = xlsxwriter.Workbook(file)
        sheet = book.add_worksheet("花名册")
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
        book.close()
        return file.getvalue()


def figures(visitor: Visitor) -> dict[str, int]:
    """The counts of the overview: workers, learnt, enrolled, passed, sittings, certificates."""
    visitor.page.goto("/overview/")
    text = visitor.page.locator(".al-kpi").inner_text().replace(",", "")
    patterns = {
        "workers": r"在册员工\s+(\d+)", "learnt": r"(\d+) / \d+ 人次", "enrolled": r"\d+ / (\d+) 人次",
        "passed": r"合格 (\d+)", "sittings": r"考试 (\d+) 人次", "certificates": r"发证\s+(\d+)",
    }  # fmt: skip
    return {name: int(found[1]) for name, one in patterns.items() if (found := re.search(one, text))}


def import_roster(manager: Visitor, people: Newcomers) -> None:
    """Upload, see what was understood, confirm, wait until done, fetch the rows that were refused."""
    page = manager.page
    manager.go("/rosters/")
    page.locator("input[type=file]").set_input_files(
        {"name": "新员工.xlsx", "mimeType": "application/vnd.ms-excel", "buffer": people.roster()}
    )
    page.get_by_role("button", name="上传并核对").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 人读好了，2 行有问题", timeout=SLOW)
    manager.look()
    manager.shot("roster-preview")
    body = page.locator("main").inner_text()
    assert "表头在第 3 行" in body
    mapped = page.locator(".al-dl").inner_text()
    for field, column in {"姓名": "员工姓名", "身份证号": "证件号码", "手机号": "联系电话", "岗位": "现岗位", "部门": "所属车间", "工号": "员工编号", "入职日期": "进厂时间"}.items():  # fmt: skip
        assert re.search(rf"{field}\s+{column}", mapped), mapped
    assert "身份证号：这个号码被 Excel 当成了数字，末几位已经丢失。" in body
    assert "身份证号与第 4 行相同，只导入了第 4 行" in body
    page.get_by_role("button", name="导入这 2 人").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("导入完成，2 行没有导入", timeout=SLOW)
    manager.look()
    manager.shot("roster-done")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载这 2 行，改好再传").click()
    refused = CalamineWorkbook.from_path(str(download.value.path())).get_sheet_by_index(0).to_python()
    assert sum("尤勇" in map(str, row) for row in refused) == 1
    assert sum(people.names[0] in map(str, row) for row in refused) == 1


def make_class(manager: Visitor, people: Newcomers) -> tuple[str, str]:
    """Name the two new people, choose the short course, send them; then set an exam. Return both addresses."""
    page, title = manager.page, people.title
    manager.go("/classes/new/")
    page.get_by_label("点名").check()
    page.get_by_label("姓名或工号").fill(f"{people.mark}-1\n{people.mark}-2")
    page.get_by_role("checkbox", name=COURSE).check()
    page.get_by_label("班名").fill(title)
    expect(page.locator("#preview")).to_contain_text("2 人", timeout=SLOW)
    manager.look()
    manager.shot("class-new")
    page.get_by_role("button", name="建班并派给他们").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{title}：2 人中 0 人学完", timeout=SLOW)
    manager.look()
    manager.shot("class")
    klass = page.url
    manager.go("/exams/new/")
    page.get_by_label("给哪个班考").select_option(label=next(o for o in page.get_by_label("给哪个班考").locator("option").all_inner_texts() if title in o))  # fmt: skip
    page.get_by_label("用哪份组卷规则").select_option(label=next(o for o in page.get_by_label("用哪份组卷规则").locator("option").all_inner_texts() if "灭火器小考" in o))  # fmt: skip
    page.get_by_label("答题时长（分钟）").fill("10")
    page.get_by_role("textbox", name="名称").fill(f"{title} 结业考试")
    manager.shot("exam-new")
    page.get_by_role("button", name="安排考试").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{title} 结业考试", timeout=SLOW)
    manager.look()
    manager.shot("exam-detail")
    return klass, page.url


def sign_out(visitor: Visitor) -> None:
    """Leave by the page of oneself."""
    visitor.go("/me/").page.get_by_role("button", name="退出登录").click()
    visitor.page.wait_for_url(lambda url: "/me/" not in url)


def watch_lesson(worker: Visitor) -> None:
    """Play the lesson in real time, answer its question, wait until the server says that it is learnt."""
    page = worker.page
    page.get_by_role("link", name="开始学").first.click()
    page.wait_for_url("**/learn/**")
    worker.look()
    page.locator("#big").click()
    expect(page.locator("#stage")).to_have_attribute("data-state", "playing", timeout=SLOW)
    worker.shot("player")
    ask = page.locator("#ask")
    expect(ask).to_be_visible(timeout=SLOW)
    worker.look()
    ask.get_by_text("摇晃瓶身").click()
    ask.get_by_role("button", name="提交答案").click()
    expect(ask).to_contain_text("不对，再想想")
    ask.get_by_text("拔掉保险销").click()
    ask.get_by_role("button", name="提交答案").click()
    expect(ask).to_contain_text("答对了")
    worker.shot("player-question")
    ask.get_by_role("button", name="接着看").click()
    expect(page.locator("#note-title")).to_contain_text("这一讲学完了", timeout=SLOW)
    worker.look()


def answers_of(house: House, room: str) -> dict[str, Any]:
    """What is right on this paper, by number, as the page would send it; known to the test through the database only."""
    uid = room.rstrip("/").rsplit("/", 1)[-1]
    return dict(json.loads(house.python(
        "import json\nfrom anlan.exams.models import Sitting\nfrom anlan.exams.tests.conftest import right_answers\n"
        f"print(json.dumps(right_answers(Sitting.objects.select_related('exam__blueprint').get(uid='{uid}'))))"
    )))  # fmt: skip


def give(page: Page, number: str, value: list[Any]) -> None:
    """Answer one question as a candidate does."""
    page.locator(f"[data-go='{number}']").click()
    section = page.locator(f"#q-{number}")
    kind = section.get_attribute("data-kind")
    if kind == "fill":
        for box, text in zip(section.locator(".x-fill input").all(), value, strict=True):
            box.fill(text)
            box.blur()
    elif kind == "case":
        for at, part in enumerate(value, 1):
            choose(page, f"q{number}p{at}", part)
    else:
        choose(page, f"q{number}", value)


def choose(page: Page, name: str, picked: list[Any]) -> None:
    """Press the options by their place (or by right and wrong)."""
    for one in picked:
        value = str(one).lower()
        page.locator(f"label:has(input[name='{name}'][value='{value}'])").click()


def sit_exam(worker: Visitor, house: House) -> None:
    """Answer everything, half of it without a network, and hand in."""
    page = worker.page
    worker.go("/exams/mine/")
    page.get_by_role("link", name="去考试").first.click()
    page.wait_for_url("**/start/")
    worker.look()
    worker.shot("exam-start")
    page.locator("button:visible", has_text="开始考试").click()
    page.wait_for_selector(".x-live")
    worker.look()
    right = answers_of(house, page.url)
    assert len(right) == 5
    for number in ("1", "2"):
        give(page, number, right[number])
    expect(page.locator("#saved")).to_contain_text("本机与服务器各一份", timeout=SLOW)
    worker.context.set_offline(True)
    for number in ("3", "4"):
        give(page, number, right[number])
    expect(page.locator("#saved")).to_contain_text("恢复后自动补传", timeout=SLOW)
    worker.shot("exam-offline")
    worker.context.set_offline(False)
    give(page, "5", right["5"])
    expect(page.locator("#tally")).to_contain_text("已答 5")
    expect(page.locator("#saved")).to_contain_text("本机与服务器各一份", timeout=SLOW)
    page.locator("#hand-in").click()
    page.locator("#ask button[value=yes]").click()
    page.wait_for_url("**/result/", timeout=SLOW)
    worker.look()
    worker.shot("exam-passed")
    body = page.locator("main").inner_text()
    assert "100" in body
    assert "知识点掌握" in body


def fetch_certificate(worker: Visitor, folder: Path) -> tuple[Path, str]:
    """Wait for the certificate, download it; return the file and the address where anyone verifies it."""
    page = worker.page
    worker.go("/my-certificates/")
    worker.reload_until(page.get_by_role("link", name="下载证书"))
    worker.look()
    worker.shot("certificate-mine")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载证书").first.click()
    download.value.save_as(folder / "certificate.pdf")
    address = page.get_by_role("link", name="查验链接").first.get_attribute("href")
    assert address
    return folder / "certificate.pdf", address


def verify_file(house: House, path: Path) -> tuple[int, str]:
    """`anlan certificates verify FILE`."""
    done = subprocess.run(
        [sys.executable, "-m", "anlan", "certificates", "verify", str(path)], cwd=ROOT, env=house.env, capture_output=True, text=True, check=False
    )  # fmt: skip
    return done.returncode, done.stdout


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_from_a_dirty_roster_to_a_certificate_that_anyone_verifies(
    visit: Any, house: House, tmp_path: Path, size: str
) -> None:
    people = Newcomers(size)
    regulators = {name: visit("desktop").enter(name) for name in REGULATORS}
    before = {name: figures(visitor) for name, visitor in regulators.items()}

    someone = visit(size).enter("周敏")
    import_roster(someone, people)
    klass, exam = make_class(someone, people)
    sign_out(someone)

    someone.sign_in(people.phones[0])
    expect(someone.page.get_by_role("heading", level=1)).to_contain_text(people.names[0])
    expect(someone.page.locator("main")).to_contain_text(COURSE)
    someone.look()
    someone.shot("home-newcomer")
    watch_lesson(someone)
    sit_exam(someone, house)
    pdf, address = fetch_certificate(someone, tmp_path)

    anybody = visit(size)
    anybody.go(address)
    expect(anybody.page.get_by_role("heading", level=1)).to_have_text("有效")
    anybody.reload_until(anybody.page.get_by_text("已载入公开日志第"))
    anybody.shot("verify")
    code, said = verify_file(house, pdf)
    assert code == 0 and "真实有效" in said
    spoilt = bytearray(pdf.read_bytes())
    spoilt[len(spoilt) // 3] ^= 1
    (tmp_path / "spoilt.pdf").write_bytes(spoilt)
    assert verify_file(house, tmp_path / "spoilt.pdf")[0] == 1

    more = {"workers": 2, "enrolled": 2, "learnt": 1, "passed": 1, "sittings": 1, "certificates": 1}
    for name, visitor in regulators.items():
        expected = {key: before[name][key] + n for key, n in more.items()}
        eventually(lambda visitor=visitor: figures(visitor), expected)
    regulators["陈立"].look()
    regulators["陈立"].shot("overview")

    stranger = visit("desktop").sign_in(OTHER_COUNTY)
    for path in (klass, exam, "/overview/410105018G07/", "/overview/410105/"):
        response = stranger.page.goto(path)
        assert response is not None and response.status == 404, path
    assert "豫中精锻" not in stranger.go("/enterprises/").page.inner_text("main")
