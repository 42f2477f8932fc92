"""A district with the firms that make list, map and import worth looking at: many trades, sizes and colours, some without
position or credit code, one merged, one closed, an extract that was imported with errors."""

from __future__ import annotations

import io
import random
from datetime import date, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from anlan.accounts.models import Organisation, SavedView
from anlan.enterprises.actions.extracting import check_extract, import_extract
from anlan.enterprises.actions.extracts import start_extract, upload_extract
from anlan.enterprises.actions.merging import close_enterprise, merge
from anlan.enterprises.actions.tagging import save_view, tag_enterprises
from anlan.enterprises.bulk import insert_many
from anlan.enterprises.extract_making import dirty_rows
from anlan.enterprises.models import Enterprise, Extract
from anlan.enterprises.sizes import size_of
from anlan.lib.codes import demo_credit_code
from anlan.lib.xlsx import write_rows
from anlan.operations.demo.cast import Cast

COUNT: Final = 120
FIRST: Final = 40_000
"""Serial of the first invented credit code."""
TRADES: Final = (
    # industry, word, people, what makes it dangerous, risk
    ("C3311", "金属结构", 24, ("has_special_operations",), "yellow"), ("C3484", "机械加工", 31, ("has_special_equipment",), "yellow"),
    ("C2110", "木业家具", 18, ("has_dust",), "orange"), ("C1411", "食品", 22, (), "blue"), ("C1952", "鞋材", 36, ("has_chemicals", "has_dormitory"), "orange"),
    ("C3360", "电镀", 27, ("has_chemicals", "has_confined_space"), "red"), ("C2929", "塑料制品", 15, (), "yellow"),
    ("C2231", "包装", 14, (), "blue"), ("G5990", "仓储", 9, (), "yellow"), ("H6210", "餐饮", 12, (), "blue"),
    ("C3841", "锂电池组装", 44, ("has_chemicals",), "red"), ("O8111", "汽车维修", 7, ("has_special_operations",), "blue"),
    ("C2319", "印刷", 11, ("has_chemicals",), "yellow"), ("C1819", "服装", 28, (), "blue"), ("C2651", "涂料", 33, ("has_chemicals",), "red"),
)  # fmt: skip
WORDS: Final = "恒泰鼎信嘉禾瑞丰宏达永盛金鹏华腾安顺德润兴隆广源盛和中盈天成立诚佳悦万通鸿基"
STREETS: Final = {"410105018": ("杨金路", 34.842, 113.742), "410105019": ("丰庆路", 34.818, 113.672)}
GRIDS: Final = ("410105018G07", "410105018G08", "410105018", "410105019")
NAMES: Final = [
    "王伟",
    "李娜",
    "张强",
    "刘洋",
    "陈静",
    "杨磊",
    "黄敏",
    "赵军",
    "周艳",
    "吴涛",
    "孙丽",
    "马超",
    "朱琳",
    "胡斌",
    "郭凯",
    "何平",
    "高峰",
    "罗兰",
    "郑重",
    "谢红",
]


def lay_firms(cast: Cast) -> None:
    """Fill the district. Safe to run again: what is there stays."""
    if not Organisation.objects.filter(credit_code=demo_credit_code("410105", FIRST)).exists():
        keys = _firms()
        _ends(keys, cast)
        _labels(keys, cast)
    if not SavedView.objects.filter(user=cast.county, page="enterprises:list").exists():
        save_view("enterprises:list", "涉爆粉尘", "?has=dust", by=cast.county)
        save_view("enterprises:list", "一年没核实的红橙企业", "?risk=high&verified=never", by=cast.county)
    if not Extract.objects.filter(created_by=cast.county).exists():
        _extract(cast)


@transaction.atomic
def _firms() -> list[int]:
    pick = random.Random(7)  # noqa: S311 (invented firms, reproducibly)
    now = timezone.now()
    rows: list[dict[str, Any]] = []
    for n in range(COUNT):
        code, word, people, dangers, risk = TRADES[n % len(TRADES)]
        place = GRIDS[n % len(GRIDS)]
        street, latitude, longitude = STREETS[place[:9]]
        lost = n % 13 == 5
        head = max(1, people + pick.randrange(-6, 15))
        given = "".join(pick.choice(WORDS) for _ in range(2))
        rows.append(
            {
                "name": f"{given}{word}{'厂' if n % 3 == 0 else '有限公司'}（演示）", "place": place,
                "code": None if n % 17 == 8 else demo_credit_code("410105", FIRST + n), "industry": code, "risk": risk,
                "headcount": head, "size": size_of(code, head, None).key, "legal_person": NAMES[n % len(NAMES)],
                "address": f"{street} {pick.randrange(1, 260)} 号", "dangers": dangers,
                "latitude": None if lost else round(latitude + pick.uniform(-0.018, 0.018), 6),
                "longitude": None if lost else round(longitude + pick.uniform(-0.02, 0.02), 6),
                "verified_at": None if n % 4 == 1 else now - timedelta(days=pick.randrange(3, 500)),
                "founded_on": date(2004, 1, 5) + timedelta(days=n * 61),
            }
        )  # fmt: skip
    keys = insert_many(
        Organisation, COUNT, kind="enterprise", name=[row["name"] for row in rows], credit_code=[row["code"] for row in rows],
        region_code=[row["place"] for row in rows], is_demo=True,
    )  # fmt: skip
    columns = (
        "industry",
        "risk",
        "headcount",
        "size",
        "legal_person",
        "address",
        "latitude",
        "longitude",
        "verified_at",
        "founded_on",
    )
    facts = (
        "has_chemicals",
        "has_special_equipment",
        "has_special_operations",
        "has_dust",
        "has_confined_space",
        "has_dormitory",
    )
    insert_many(
        Enterprise, COUNT, organisation_id=keys, region_code=[row["place"] for row in rows], **{name: [row[name] for row in rows] for name in columns},
        **{name: [name in row["dangers"] for row in rows] for name in facts},
        verify_by=[row["verified_at"] and row["verified_at"].date() + timedelta(days=365) for row in rows], updated_at=now,
        high_risk_industry=False, custom=[{} for _ in rows],
    )  # fmt: skip
    return keys


def _ends(keys: list[int], cast: Cast) -> None:
    """One firm was entered twice and is merged; one has been deregistered."""
    firms = Enterprise.objects.select_related("organisation").in_bulk(keys)
    merge(firms[keys[8]], firms[keys[23]], by=cast.deputy, because="同一块场地同一位老板，重复建档")
    close_enterprise(
        firms[keys[30]],
        on=timezone.localdate() - timedelta(days=12),
        because="登记机关已注销",
        end_jobs=True,
        by=cast.county,
    )


def _labels(keys: list[int], cast: Cast) -> None:
    firms = Enterprise.objects.filter(pk__in=keys)
    tag_enterprises(firms.filter(has_dust=True), "粉尘涉爆", by=cast.county)
    tag_enterprises(firms.filter(has_dormitory=True), "三合一场所", by=cast.county)


def _extract(cast: Cast) -> None:
    """Forty rows of the market supervision: most are taken, the damaged ones come back to be corrected."""
    file = io.BytesIO()
    write_rows(file, {"企业名录": list(dirty_rows(44))})
    file.seek(0)
    extract = upload_extract(file, "金水区市场主体名录-十一月.xlsx", by=cast.county)
    check_extract(extract.pk)
    start_extract(extract, by=cast.county)
    import_extract(extract.pk)
