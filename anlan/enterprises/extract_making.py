"""Extracts of invented firms, of any size, clean or as dirty as real ones. All codes and phones lie in the demo ranges."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from django.utils.translation import gettext as _

from anlan.enterprises.industries import industries
from anlan.lib.codes import demo_credit_code, demo_phone

WORDS: Final = "恒泰鼎信嘉禾瑞丰宏达永盛金鹏华腾安顺德润兴隆广源盛和中盈天成立诚佳悦万通鸿基东方百川新元普惠双龙同创博远远航亿家正大康宁富强"
TRADES: Final = (
    ("C3311", "金属结构", 18), ("C3484", "机械零件", 25), ("C2110", "木业家具", 16), ("C1411", "食品", 20), ("C1952", "鞋业", 35),
    ("C3360", "电镀", 22), ("C2929", "塑料制品", 15), ("C2231", "纸箱包装", 14), ("G5990", "仓储", 9), ("H6210", "餐饮管理", 12),
    ("C3842", "锂电池", 40), ("E4710", "建筑工程", 60), ("O8111", "汽车修理", 7), ("C2319", "印刷", 11), ("C1819", "服装", 28),
)  # fmt: skip
HEAD: Final = (
    "统一社会信用代码", "主体名称", "法定代表人", "住所", "行业代码", "从业人数", "联系电话", "登记机关", "经营状态", "成立日期", "乡镇街道",
)  # fmt: skip
TOWNS: Final = ("杨金路街道", "丰庆路街道")
SURNAMES: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹"
GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰涛明超秀霞平刚桂英华玉兰红梅建国志"
FIRST: Final = date(1998, 1, 5)


def firm_row(n: int, county: str = "410105", towns: Sequence[str] = TOWNS) -> list[object]:
    """The row of the `n`th (below 900,000) invented firm."""
    pick = random.Random(n)  # noqa: S311 (invented firms, reproducibly)
    code, word, people = TRADES[n % len(TRADES)]
    # The number is part of the name: a hundred thousand firms need as many names.
    name = f"{''.join(pick.choice(WORDS) for _ in range(2))}{n:05d}{word}有限公司（演示）"
    town = towns[n % len(towns)]
    return [
        demo_credit_code(county, 50_000 + n), name, pick.choice(SURNAMES) + pick.choice(GIVEN), f"{town}演示路 {n % 980 + 1} 号",
        code if code in industries() else code[:3], max(1, people + pick.randrange(-5, 12)), demo_phone(30_000_000 + n), "演示市场监督管理局",
        "存续", FIRST + timedelta(days=n * 13 % 9800), town,
    ]  # fmt: skip


def clean_rows(count: int, county: str = "410105", towns: Sequence[str] = TOWNS) -> Iterator[list[object]]:
    """A header and `count` good rows."""
    yield list(HEAD)
    for n in range(count):
        yield firm_row(n, county, towns)


def dirty_rows(count: int, county: str = "410105", towns: Sequence[str] = TOWNS) -> Iterator[list[object]]:
    """The same with what real extracts bring: a title, damaged codes, repeats, closed firms, gone towns, no code, blank lines."""
    yield ["企业名录（市场监管部门提供）", *[""] * 10]
    yield list(HEAD)
    for n in range(count):
        row = firm_row(n, county, towns)
        match n % 50:
            case 3:
                row[0] = str(row[0])[:-1] + ("0" if str(row[0])[-1] != "0" else "1")
            case 7:
                row[0] = ""
            case 11:
                row[10] = "410105999"
            case 13:
                row[8] = "注销"
            case 17:
                row[0] = f" {str(row[0]).lower()} "
            case 19:
                row[10] = ""
            case 23:
                row[5] = "约二十人"
            case 29:
                row[4] = "金属制品业"
            case 31 if n > 31:
                row = firm_row(n - 31, county, towns)
            case 37:
                row[6] = "0371-60000000"
            case 41:
                row[10] = "未知镇"
            case _:
                pass
        yield row
        if n % 997 == 5:
            yield [""] * 11


def template_rows() -> dict[str, list[list[object]]]:
    """The workbook that is offered for filling in."""
    notes: list[list[object]] = [
        [_("列名"), _("怎么填")],
        ["统一社会信用代码", _("18 位。没有的可以空着，同名的会先问您是不是同一家")],
        ["主体名称", _("必填")],
        ["乡镇街道", _("写镇街或网格的名称或区划代码；空着时从住所里认")],
        ["经营状态", _("注销、吊销的不新建；已有的由您决定是否登记注销")],
        [_("其他"), _("列的顺序、表头叫法可以和这里不同；示例行请删掉")],
    ]
    return {_("企业名录"): [list(HEAD), firm_row(0)], _("填写说明"): notes}
