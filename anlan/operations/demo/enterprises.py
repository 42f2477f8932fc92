"""Demo: the cast's firms with their workers, a roster with three refused rows, and further firms over the province."""

import io
from datetime import date, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from anlan.accounts.models import Organisation, Region
from anlan.enterprises.actions import check_roster, import_roster, start_roster, upload_roster
from anlan.enterprises.actions.workers import count_workers
from anlan.enterprises.actions.workforce import plan_lines, take_on
from anlan.enterprises.models import Enterprise, Permit, Roster, Worker
from anlan.enterprises.roster_making import HEAD, JOBS, LABELS, clean_rows, person
from anlan.enterprises.roster_reading import Line
from anlan.lib.codes import demo_credit_code, demo_phone
from anlan.operations.demo.cast import Cast

WORKERS: Final = {"forge": 42, "bakery": 63, "luoyang": 37}
BAKERY: Final = (
    ("面点工", "和面车间", "other"), ("烘烤工", "烘烤车间", "other"), ("包装工", "包装车间", "other"), ("电工", "设备部", "special"),
    ("锅炉工", "动力车间", "special"), ("质检员", "质检部", "other"), ("冷库管理员", "仓储部", "other"), ("安全员", "安全部", "safety_manager"),
)  # fmt: skip
WOOD: Final = (
    ("木工", "开料车间", "other"), ("砂光工", "打磨车间", "other"), ("喷漆工", "涂装车间", "other"), ("除尘工", "打磨车间", "other"),
    ("叉车工", "仓储部", "special"), ("电工", "设备部", "special"), ("安全员", "安全部", "safety_manager"),
)  # fmt: skip
TRADES: Final = (
    # industry, name, products, high risk, jobs
    ("C2614", "化工", "有机化工原料", True, ("操作工", "仓储员", "化验员", "电工")),
    ("C3393", "锻造", "锻件", False, ("锻造工", "行车工", "叉车工", "质检员")),
    ("C1411", "食品", "糕点面包", False, ("面点工", "烘烤工", "包装工", "质检员")),
    ("C2110", "家具", "木制家具", False, ("木工", "砂光工", "喷漆工", "叉车工")),
    ("E4710", "建筑工程", "房屋施工", True, ("架子工", "钢筋工", "塔吊司机", "电工")),
    ("G5431", "物流", "道路货运", True, ("驾驶员", "装卸工", "调度员", "仓储员")),
    ("B0610", "矿业", "煤炭", True, ("采煤工", "掘进工", "瓦斯检查员", "机电工")),
    ("C1711", "纺织", "棉纱", False, ("挡车工", "保全工", "包装工", "电工")),
    ("F5266", "能源", "加油加气", True, ("加油员", "卸油员", "安全员", "收银员")),
    ("H6110", "酒店", "住宿餐饮", False, ("客房服务员", "厨师", "保安", "工程维修")),
)
WORDS: Final = "恒泰鼎信嘉禾瑞丰宏达永盛金鹏华腾安顺德润兴隆广源盛和中盈天成立诚佳悦万通鸿基"
RISKS: Final = ("blue", "yellow", "orange", "blue", "yellow", "red", "blue", "yellow", "blue", "orange")
SIZES: Final = ("micro", "small", "small", "medium", "micro", "small")
FIRMS: Final = 60


def lay_enterprises(cast: Cast) -> None:
    """Fill the demo. Safe to run again: what is there stays."""
    for seed, (key, jobs) in enumerate((("forge", JOBS), ("bakery", BAKERY), ("luoyang", WOOD)), start=1):
        _fill(cast.enterprise(key), WORKERS[key], jobs, seed)
    _permits(cast)
    _roster_of_the_forge(cast)
    _further_firms()


@transaction.atomic
def _fill(firm: Enterprise, target: int, jobs: tuple[tuple[str, str, str], ...], seed: int) -> None:
    missing = target - Worker.objects.working().filter(enterprise=firm).count() - (2 if seed == 1 else 0)
    if missing <= 0 or Worker.objects.filter(enterprise=firm).count() > 10:
        return
    lines = []
    for n in range(missing):
        name, number, phone = person(n, seed)
        job, department, category = jobs[n % len(jobs)]
        hired = date(2015, 3, 2) + timedelta(days=n * 97 % 4000)
        lines.append(Line(n + 1, name, number, phone, job, department, f"{seed}{n + 1:03d}", hired, category))
    _hire(firm, lines)


def _hire(firm: Enterprise, lines: list[Line]) -> None:
    done = take_on(firm, plan_lines(firm, lines))
    count_workers(firm, sum(one.before is None for one in done))


def _permits(cast: Cast) -> None:
    today = timezone.localdate()
    for key, number, days, phone in (
        ("forge", "（豫）锻许字演示 007 号", 41, 901),
        ("bakery", "（豫）食许字演示 019 号", 380, 902),
    ):
        firm = cast.enterprise(key)
        name = "食品生产许可证" if key == "bakery" else "安全生产标准化证书"
        Permit.objects.get_or_create(
            enterprise=firm, number=number, defaults={"name": name, "until": today + timedelta(days=days)}
        )
        if not firm.contact_phone:
            firm.contact_phone = demo_phone(phone)
            firm.save(update_fields=["contact_phone"])


def _roster_of_the_forge(cast: Cast) -> None:
    """Two people who are new, the others known, three rows that could not be taken."""
    firm = cast.enterprise("forge")
    if Roster.objects.filter(enterprise=firm).exists():
        return
    rows = list(clean_rows(4, seed=4))[1:]
    rows[2][2] = float(str(rows[2][2])[:17] + "0")  # what Excel makes of an ID number in a plain cell
    rows[3][2] = str(rows[3][2])[:-1] + ("1" if str(rows[3][2])[-1] != "1" else "2")
    rows.append([5, person(4, 4)[0], "", "", "保管员", "仓储部", "A000005", date(2026, 10, 8), LABELS["other"]])
    from anlan.lib.xlsx import write_rows

    file = io.BytesIO()
    write_rows(file, {"花名册": [["豫中精锻十月新进人员"], list(HEAD), *rows]})
    file.seek(0)
    roster = upload_roster(firm, file, "十月新进人员.xlsx", by=cast.manager)
    check_roster(roster.pk)
    start_roster(roster, by=cast.manager)
    import_roster(roster.pk)


@transaction.atomic
def _further_firms() -> None:
    """Sixty firms, spread over the counties that are loaded: a few in each city."""
    counties = list(Region.objects.filter(level=Region.Level.COUNTY).order_by("code").values_list("code", flat=True))
    cities: dict[str, list[str]] = {}
    for code in counties:
        cities.setdefault(code[:4], []).append(code)
    if not cities:
        return
    names = sorted(cities)
    today = timezone.localdate()
    for n in range(FIRMS):
        mine = cities[names[n % len(names)]]
        county = mine[(n // len(names) * 3) % len(mine)]
        code = demo_credit_code(county, 1000 + n)
        if Organisation.objects.filter(credit_code=code).exists():
            continue
        industry, word, products, high, jobs = TRADES[n % len(TRADES)]
        given = WORDS[n * 2 % len(WORDS)] + WORDS[(n * 2 + 1) % len(WORDS)]
        towns = Region.objects.filter(parent_id=county, level=Region.Level.TOWN).order_by("code")
        place = towns.values_list("code", flat=True).first() or county
        organisation = Organisation.objects.create(
            kind="enterprise", name=f"{given}{word}有限公司（演示）", credit_code=code, region_code=place, is_demo=True
        )
        count = 8 + n * 5 % 18
        firm = Enterprise.objects.create(
            organisation=organisation, industry=industry, size=SIZES[n % len(SIZES)], risk=RISKS[(n * 7 // 5 + high * 3) % len(RISKS)],
            high_risk_industry=high, legal_person=person(n, 8)[0], headcount=count, products=products, address=f"演示大道 {n + 1} 号",
        )  # fmt: skip
        if high:
            until = today + timedelta(days=20 + n * 31 % 900 - (40 if n % 17 == 0 else 0))
            Permit.objects.create(
                enterprise=firm, name="安全生产许可证", number=f"（豫）安许证演示 {n:03d} 号", until=until
            )
        lines = []
        for k in range(count):
            name, number, phone = person(n * 30 + k, 9)
            job = jobs[k % len(jobs)]
            lines.append(
                Line(
                    k + 1,
                    name,
                    number,
                    phone,
                    job,
                    "生产部",
                    "",
                    date(2018, 5, 2) + timedelta(days=k * 131 % 2800),
                    "other",
                )
            )
        _hire(firm, lines)
