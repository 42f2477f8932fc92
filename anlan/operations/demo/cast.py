"""The cast: the few people and firms that the demo shows and the tests name. All invented, all in demo number ranges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from anlan.accounts.models import Organisation, Post, Region, User
from anlan.agencies.models import Agency, Association
from anlan.enterprises.models import Enterprise, Worker
from anlan.lib.codes import demo_credit_code, demo_id_number, demo_phone

REGIONS: tuple[tuple[str, str, str, int], ...] = (
    # code, name, parent, level
    ("41", "河南省", "", 1),
    ("4101", "郑州市", "41", 2),
    ("4103", "洛阳市", "41", 2),
    ("410105", "金水区", "4101", 3),
    ("410102", "中原区", "4101", 3),
    ("410303", "西工区", "4103", 3),
    ("410105018", "杨金路街道", "410105", 4),
    ("410105019", "丰庆路街道", "410105", 4),
    ("410303001", "王城路街道", "410303", 4),
    ("410105018G07", "杨金路第 7 网格", "410105018", 6),
    ("410105018G08", "杨金路第 8 网格", "410105018", 6),
)
"""What the tests need; the demo loads the whole province first. Grids are ours and never in the official table."""

ORGANISATIONS: tuple[tuple[str, str, str, str, str], ...] = (
    # key, kind, name, region, industry
    ("forge", "enterprise", "豫中精锻机械有限公司（演示）", "410105018G07", "C3391"),
    ("bakery", "enterprise", "禾香源食品有限公司（演示）", "410105019", "C1411"),
    ("luoyang", "enterprise", "洛水木业有限公司（演示）", "410303001", "C2110"),
    ("school", "institution", "中原安全培训中心（演示）", "410105", ""),
    ("anhe", "agency", "安和安全技术服务有限公司（演示）", "410105", ""),
    ("huaan", "agency", "华安注册安全工程师事务所（演示）", "410105", ""),
    ("guild", "association", "金水区机械制造业安全协会（演示）", "410105", ""),
)

REGULARS: tuple[tuple[str, str, str, str, str], ...] = (
    # key, name, role, scope (region code or organisation key), job title
    ("province", "许文博", "province_admin", "41", ""),
    ("city", "赵雪梅", "city_admin", "4101", ""),
    ("county", "陈立", "county_admin", "410105", ""),
    ("town", "孙晓燕", "town_admin", "410105018", ""),
    ("grid", "刘海涛", "grid_officer", "410105018G07", ""),
    ("boss", "吴建国", "enterprise_admin", "forge", "总经理"),
    ("manager", "周敏", "safety_manager", "forge", "安全管理员"),
    ("worker", "李国强", "worker", "forge", "叉车工"),
    ("teacher", "何立新", "teacher", "school", "讲师"),
    ("auditor", "谢芳", "auditor", "", ""),
    ("operator", "马骁", "operator", "", ""),
)

OUTSIDERS: tuple[tuple[str, str, str, str, str], ...] = (
    ("other_county", "高洁", "county_admin", "410102", ""),
    ("other_city", "郭鹏", "city_admin", "4103", ""),
    ("other_boss", "秦岭", "enterprise_admin", "bakery", "厂长"),
    ("other_worker", "田小雨", "worker", "bakery", "面点工"),
    ("far_worker", "洛青", "worker", "luoyang", "木工"),
)
"""People who must not see what the cast sees: another county, another city, another firm."""

SERVICES: tuple[tuple[str, str, str, str, str], ...] = (
    ("agency", "郑云", "agency_admin", "anhe", "经理"),
    ("engineer", "沈毅", "safety_engineer", "anhe", "注册安全工程师"),
    ("association", "方慧", "association_admin", "guild", "秘书长"),
)
"""Whoever serves enterprises."""

EDITORS: tuple[tuple[str, str, str, str, str], ...] = (
    ("editor", "宋可", "editor", "", ""),
    ("reviewer", "唐蕾", "reviewer", "", ""),
    ("head_editor", "魏东", "head_editor", "", ""),
    ("chief_editor", "程远", "chief_editor", "", ""),
)
"""Whoever writes and reviews what the site publishes: a different person at every stage."""

BESIDE: tuple[tuple[str, str, str, str, str], ...] = (
    ("deputy", "林静", "county_admin", "410105", ""),
    ("other_grid", "王鹏", "grid_officer", "410105018G08", ""),
    ("other_agency", "鲁强", "agency_admin", "huaan", "经理"),
)
"""The county's second person, the officer of the next grid, an agency without a contract."""

PEOPLE = (*REGULARS, *SERVICES, *EDITORS)
"""The one-click sign-ins of the demo, in the order shown."""


@dataclass
class Cast:
    """People, firms and regions by their keys: `cast.worker`, `cast.forge`, `cast.enterprise("forge")`."""

    people: dict[str, User]
    organisations: dict[str, Organisation]

    def __getattr__(self, key: str) -> Any:
        if key.startswith("_"):
            raise AttributeError(key)
        found = self.people.get(key) or self.organisations.get(key)
        if found is None:
            raise AttributeError(f"nobody in the cast is called {key}")
        return found

    def enterprise(self, key: str) -> Enterprise:
        """Return the profile of a firm."""
        return self.organisations[key].enterprise


def lay_regions() -> None:
    """Create the regions of the cast that are not there yet, top first."""
    names: dict[str, str] = {}
    for code, name, parent, level in REGIONS:
        full = names.get(parent, "") + name
        names[code] = full
        Region.objects.get_or_create(
            pk=code, defaults={"name": name, "full_name": full, "level": level, "parent_id": parent or None}
        )


def lay_cast(*, outsiders: bool = True) -> Cast:
    """Create or find the cast. Safe to run again: existing people and firms are kept as they are."""
    lay_regions()
    organisations = {key: _organisation(n, key, *rest) for n, (key, *rest) in enumerate(ORGANISATIONS)}
    rows = (*REGULARS, *OUTSIDERS, *SERVICES, *BESIDE, *EDITORS)
    people = {row[0]: _person(n, row, organisations) for n, row in enumerate(rows) if outsiders or row not in OUTSIDERS}
    return Cast(people, organisations)


def _organisation(n: int, key: str, kind: str, name: str, region: str, industry: str) -> Organisation:
    organisation, _created = Organisation.objects.get_or_create(
        credit_code=demo_credit_code(region[:6], n + 1),
        defaults={"kind": kind, "name": name, "region_code": region, "is_demo": True},
    )
    if kind == "enterprise":
        Enterprise.objects.get_or_create(
            organisation=organisation,
            defaults={
                "industry": industry, "size": "small", "risk": {"forge": "orange", "bakery": "red"}.get(key, "yellow"),
                "high_risk_industry": key == "forge", "legal_person": "吴建国" if key == "forge" else "秦岭", "headcount": 42,
                "address": "演示路 7 号", "latitude": 34.83 + n / 50, "longitude": 113.72 + n / 50, "products": "锻件" if key == "forge" else "",
            },
        )  # fmt: skip
    elif kind == "agency":
        Agency.objects.get_or_create(
            organisation=organisation,
            defaults={"state": Agency.State.ACTIVE, "kinds": ["risk", "inspection", "training", "drill"], "phone": "0371-00000000"},
        )  # fmt: skip
    elif kind == "association":
        Association.objects.get_or_create(organisation=organisation, defaults={"industries": ["C33", "C34", "C35"]})
    return organisation


def _person(n: int, row: tuple[str, str, str, str, str], organisations: dict[str, Organisation]) -> User:
    _key, name, role, scope, title = row
    phone = demo_phone(n + 1)
    user = User.objects.by_phone(phone)
    if user is None:
        number = demo_id_number("410105", date(1980 + n, 1 + n % 12, 1 + n), n + 1)
        user = User.objects.create_user(name=name, phone=phone, id_number=number, is_demo=True, phone_verified=True)
    organisation = organisations.get(scope)
    Post.objects.get_or_create(
        user=user,
        role_id=role,
        region_code="" if organisation else scope,
        organisation=organisation,
        until=None,
        defaults={"title": title},
    )
    if organisation is not None and organisation.kind == "enterprise":
        category = {"enterprise_admin": "head", "safety_manager": "safety_manager"}.get(role, "other")
        Worker.objects.get_or_create(
            enterprise_id=organisation.pk, user=user, left_on=None,
            defaults={"job_title": title, "department": "锻造车间" if role == "worker" else "安全部", "category": category, "hired_on": date(2024, 3, 1)},
        )  # fmt: skip
    return user
