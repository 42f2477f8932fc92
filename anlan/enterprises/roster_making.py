"""Rosters of invented people, of any size, clean or as dirty as real ones. All numbers lie in the demo ranges."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from django.utils.translation import gettext as _

from anlan.enterprises.roster_reading import CATEGORIES
from anlan.lib.codes import demo_id_number, demo_phone

SURNAMES: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常"
GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅建国志文海燕春晓东波辉鹏飞宇浩然子轩梓涵欣怡佳琪思远立新永福长青云山大伟小雨金凤银花德胜庆丰福生根宝来顺天成一鸣"
JOBS: Final[tuple[tuple[str, str, str], ...]] = (
    ("锻造工", "锻造车间", "other"), ("叉车工", "仓储部", "special"), ("电工", "设备部", "special"), ("焊工", "机修车间", "special"),
    ("冲压工", "冲压车间", "other"), ("质检员", "质检部", "other"), ("行车工", "锻造车间", "special"), ("热处理工", "热处理车间", "other"),
    ("车工", "机加工车间", "other"), ("铣工", "机加工车间", "other"), ("包装工", "包装车间", "other"), ("保管员", "仓储部", "other"),
    ("班组长", "锻造车间", "safety_manager"), ("安全员", "安全部", "safety_manager"), ("文员", "办公室", "other"), ("保洁员", "后勤部", "other"),
)  # fmt: skip
HEAD: Final = ("序号", "姓名", "身份证号", "手机号", "岗位", "部门", "工号", "入职日期", "人员类别")
LABELS: Final = {code: word for word, code in reversed(CATEGORIES.items())}
"""The word that a roster has for a category: Chinese in any language of the page, because rosters are read back."""
FIRST: Final = date(1966, 1, 1)
PER_ROSTER: Final = 1_000_000
"""Phones and ID numbers of one seed; other seeds give other people."""


def template_rows() -> dict[str, list[list[object]]]:
    """The workbook that is offered for filling in."""
    example = [
        [
            1,
            "陈向阳",
            demo_id_number("410105", date(1990, 3, 1), 1),
            demo_phone(1),
            "叉车工",
            "仓储部",
            "A001",
            date(2024, 3, 1),
            "特种作业人员",
        ],
        [2, "阿依古丽·买买提", "", demo_phone(2), "质检员", "质检部", "A002", date(2025, 7, 15), "其他从业人员"],
    ]
    notes: list[list[object]] = [
        [_("列名"), _("怎么填")],
        [_("姓名"), _("必填。少数民族姓名中间用“·”")],
        [_("身份证号"), _("18 位，单元格设为文本。没有时必须填手机号")],
        [_("手机号"), _("11 位。本人用它收验证码登录")],
        [_("入职日期"), _("2024-03-01、2024年3月1日、2024/3/1 都可以")],
        [_("人员类别"), "、".join(LABELS.values())],
        [_("其他"), _("列的顺序、表头叫法可以和这里不同；示例两行请删掉")],
    ]
    return {_("花名册"): [list(HEAD), *example], _("填写说明"): notes}


def person(n: int, seed: int = 0) -> tuple[str, str, str]:
    """Name, ID number and phone of the `n`th (below a million) invented person of a seed (below 90)."""
    pick = random.Random(f"{seed}:{n}")  # noqa: S311 (invented people, reproducibly)
    name = pick.choice(SURNAMES) + "".join(pick.choice(GIVEN) for _ in range(pick.choice((1, 2, 2))))
    serial = seed * PER_ROSTER + n
    number = demo_id_number("4101", FIRST + timedelta(days=serial // 1000 % 14_600), serial % 1000)
    return name, number, demo_phone(1_000_000 + serial)


def clean_rows(count: int, seed: int = 0, start: int = 0) -> Iterator[list[object]]:
    """The head and `count` rows as the template has them."""
    yield list(HEAD)
    for n in range(start, start + count):
        name, number, phone = person(n, seed)
        job, department, category = JOBS[n * 7 % len(JOBS)]
        hired = date(2012, 1, 4) + timedelta(days=n * 37 % 5000)
        yield [n + 1, name, number, phone, job, department, f"A{n + 1:06d}", hired, LABELS[category]]


DIRTY_HEAD: Final = ("部　门", "姓 名（必填）", "工种", "联系电话*", "证件号码", "入职时间", "员工编号", "备注")
WIDE: Final = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


def dirty_rows(count: int, seed: int = 0) -> Iterator[list[object]]:
    """As personnel offices write them: title, other words in another order, repaired and hopeless cells, repeats, totals.

    About one row in twelve is odd but readable, one in fifty cannot be taken.
    """
    yield ["××有限公司员工花名册", "", "", "", "", "", "", ""]
    yield ["制表日期：2026年11月20日", "", "", "", "", "", "", ""]
    yield list(DIRTY_HEAD)
    earlier: list[object] = []
    for n, (_no, name, number, phone, job, department, staff, hired, _category) in enumerate(list(_pairs(count, seed))):
        day = _written(hired, n)
        row: list[object] = [department, name, job, phone, number, day, staff, ""]
        odd = n % 50
        if odd == 7:
            row[3], row[4] = str(phone).translate(WIDE), f" {str(number).translate(WIDE)} "
        elif odd == 13:
            row[3] = float(str(phone))
        elif odd == 19:
            row[3] = f"+86 {str(phone)[:3]}-{str(phone)[3:7]}-{str(phone)[7:]}"
        elif odd == 25:
            row[1] = " ".join(str(name))
        elif odd == 31:
            row[4] = ""
        elif odd == 37:
            row = _hopeless(row, n // 50, earlier)
        earlier = earlier if odd == 37 else row
        yield row
        if n % 1000 == 999:
            yield ["", "", "", "", "", "", "", ""]
            yield list(DIRTY_HEAD)
    yield ["合计", f"{count} 人", "", "", "", "", "", ""]


def _pairs(count: int, seed: int) -> Iterator[list[object]]:
    rows = clean_rows(count, seed)
    next(rows)
    return rows


def _written(day: object, n: int) -> object:
    assert isinstance(day, date)  # noqa: S101 (the generator above makes it)
    forms = (
        day, f"{day:%Y-%m-%d}", f"{day.year}/{day.month}/{day.day}", f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y.%m.%d}", (day - date(1899, 12, 30)).days, f"{day:%Y%m%d}",
    )  # fmt: skip
    return forms[n % len(forms)]


def _hopeless(row: list[object], n: int, earlier: list[object]) -> list[object]:
    bad = list(row)
    kind = n % 6
    if kind == 0:
        bad[4] = float(str(row[4])[:17] + "0")  # what Excel makes of an ID number typed into a plain cell
    elif kind == 1:
        last = str(row[4])[-1]
        bad[4] = str(row[4])[:-1] + ("1" if last != "1" else "2")
    elif kind == 2:
        bad[3] = bad[4] = ""
    elif kind == 3:
        bad[1] = ""
    elif kind == 4:
        bad[5] = "2023年13月1日"
    else:
        bad = list(earlier)
    return bad
