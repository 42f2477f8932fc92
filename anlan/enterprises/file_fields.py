"""The fields of an enterprise's file: their groups, names, how a value reads, and how complete a file is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from anlan.enterprises.industries import lineage
from anlan.enterprises.models import CustomField, Enterprise, FileValue
from anlan.lib.codes import mask_phone
from anlan.lib.errors import Text

CUSTOM: Final = "custom."
ON_ORGANISATION: Final = ("name", "credit_code")


@dataclass(frozen=True, slots=True)
class Group:
    """Some fields that are asked and shown together."""

    key: str
    title: Text
    question: Text
    fields: tuple[str, ...]


GROUPS: Final = (
    Group(
        "register", gettext_lazy("登记信息"), gettext_lazy("这是哪家企业"),
        ("name", "credit_code", "licence_number", "legal_person", "contact_phone", "registered_address"),
    ),
    Group(
        "place", gettext_lazy("位置与场所"), gettext_lazy("在哪里，场所什么样"),
        ("address", "latitude", "longitude", "floor_area", "exits", "meter_number", "has_dormitory"),
    ),
    Group(
        "business", gettext_lazy("生产经营"), gettext_lazy("做什么，有多大"),
        ("industry", "products", "headcount", "revenue", "integrity", "standard"),
    ),
    Group(
        "hazards", gettext_lazy("风险要素"), gettext_lazy("有没有这些容易出事的环节"),
        ("has_chemicals", "has_special_equipment", "has_special_operations", "special_operations", "has_dust", "has_confined_space"),
    ),
    Group("custom", gettext_lazy("补充信息"), gettext_lazy("本地区另外要填的"), ()),
)  # fmt: skip

LABELS: Final[dict[str, Any]] = {
    "name": gettext_lazy("企业名称"),
    "credit_code": gettext_lazy("统一社会信用代码"),
    "licence_number": gettext_lazy("营业执照注册号"),
    "legal_person": gettext_lazy("法定代表人"),
    "contact_phone": gettext_lazy("安全联系电话"),
    "registered_address": gettext_lazy("注册地址"),
    "address": gettext_lazy("生产经营地址"),
    "latitude": gettext_lazy("纬度"),
    "longitude": gettext_lazy("经度"),
    "floor_area": gettext_lazy("场所面积"),
    "exits": gettext_lazy("安全出口"),
    "meter_number": gettext_lazy("三相电表号"),
    "has_dormitory": gettext_lazy("厂房内住人"),
    "industry": gettext_lazy("行业"),
    "products": gettext_lazy("主要产品或服务"),
    "headcount": gettext_lazy("从业人数"),
    "revenue": gettext_lazy("上年营业收入"),
    "integrity": gettext_lazy("安全信用等级"),
    "standard": gettext_lazy("标准化等级"),
    "has_chemicals": gettext_lazy("危险化学品"),
    "has_special_equipment": gettext_lazy("特种设备"),
    "has_special_operations": gettext_lazy("特殊作业"),
    "special_operations": gettext_lazy("哪些特殊作业"),
    "has_dust": gettext_lazy("可燃性粉尘"),
    "has_confined_space": gettext_lazy("有限空间"),
    "size": gettext_lazy("规模"),
    "position": gettext_lazy("定位"),
}
WANTED: Final = (
    "credit_code", "legal_person", "contact_phone", "registered_address", "address", "latitude", "floor_area", "exits",
    "meter_number", "has_dormitory", "industry", "products", "headcount", "revenue", "has_chemicals", "has_special_equipment",
    "has_special_operations", "has_dust", "has_confined_space",
)  # fmt: skip
"""What a whole file answers; grades, the old registration number and whatever follows from a "no" do not count."""
UNITS: Final = {
    "floor_area": gettext_lazy("平方米"),
    "exits": pgettext_lazy("exits", "个"),
    "headcount": gettext_lazy("人"),
    "revenue": gettext_lazy("万元"),
}


def value_of(firm: Enterprise, field: str) -> Any:
    """The value that the file holds; custom fields by `custom.CODE`."""
    if field.startswith(CUSTOM):
        return firm.custom.get(field.removeprefix(CUSTOM))
    return getattr(firm.organisation if field in ON_ORGANISATION else firm, field)


def is_said(value: Any) -> bool:
    """Whether somebody has given a value: "no" is an answer, nothing and no people are not."""
    return value is not None and value != "" and value != [] and not (value == 0 and not isinstance(value, bool))


def as_text(field: str, value: Any) -> str:
    """A value in words; a dash where there is none. Phones masked."""
    if not is_said(value):
        return "—"
    if isinstance(value, bool):
        return _("有") if value else _("没有")
    if field == "industry":
        chain = lineage(str(value))
        return " › ".join(entry.name for entry in chain[1:]) or str(value)
    if field == "contact_phone":
        return str(value) if "*" in str(value) else mask_phone(str(value))
    choices = {
        "integrity": Enterprise.Integrity.choices,
        "standard": Enterprise.Standard.choices,
        "size": Enterprise.Size.choices,
    }
    if field in choices:
        return str(dict(choices[field]).get(value, value))
    if isinstance(value, list):
        return "、".join(map(str, value))
    if isinstance(value, float):
        return f"{value:.5f}"
    return f"{value:,} {UNITS[field]}" if field in UNITS and isinstance(value, int) else str(value)


def stored(field: str, value: Any) -> Any:
    """A value as `FileValue` keeps it: JSON, the phone masked; "" where it was taken away."""
    if value is None:
        return ""
    if field == "contact_phone":
        return mask_phone(value) if value else ""
    return value.isoformat() if isinstance(value, date) else value


def newest(firms: Iterable[int]) -> dict[int, dict[str, FileValue]]:
    """{firm: {field: the newest value said}}, one query."""
    last = FileValue.objects.filter(enterprise__in=list(firms)).values("enterprise", "field").annotate(last=Max("pk"))
    found: dict[int, dict[str, FileValue]] = {}
    for said in FileValue.objects.filter(pk__in=last.values("last")).select_related("said_by", "verified_by"):
        found.setdefault(said.enterprise_id, {})[said.field] = said
    return found


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that the file does not answer yet, and the group where it is asked."""

    label: str
    group: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Completeness:
    """How much of the file is there, 0–100, cut off; and what is not."""

    percent: int
    missing: list[Missing]


def completeness(firm: Enterprise, custom: Iterable[CustomField], counts: Mapping[str, int]) -> Completeness:
    """How complete the file is; `counts` has the rows of permits, chemicals, equipment and photos."""
    asked: list[tuple[bool, Missing]] = []
    for group in GROUPS:
        for field in group.fields:
            if field in WANTED:
                label = str(LABELS["position" if field == "latitude" else field])
                asked.append((is_said(value_of(firm, field)), Missing(label, group.key, f"id_{field}")))
    for one in custom:
        if one.required:
            said = is_said(firm.custom.get(one.code))
            asked.append((said, Missing(one.label, "custom", f"id_{CUSTOM}{one.code}")))
    asked.append((counts.get("photos", 0) > 0, Missing(_("现场照片"), "photos", "photos")))
    if firm.has_chemicals:
        asked.append((counts.get("chemicals", 0) > 0, Missing(_("危险化学品清单"), "chemicals", "chemicals")))
    if firm.has_special_equipment:
        asked.append((counts.get("equipment", 0) > 0, Missing(_("特种设备清单"), "equipment", "equipment")))
    if firm.has_special_operations:
        asked.append(
            (
                bool(firm.special_operations),
                Missing(str(LABELS["special_operations"]), "hazards", "id_special_operations"),
            )
        )
    if firm.high_risk_industry:
        asked.append((counts.get("permits", 0) > 0, Missing(_("安全生产许可证"), "permits", "permits")))
    done = sum(there for there, _missing in asked)
    return Completeness(100 * done // len(asked), [missing for there, missing in asked if not there])


VERIFY_MONTHS: Final = {"red": 6, "orange": 6, "yellow": 12, "blue": 12}
"""A file is looked at again after so many months. Our default: the two upper grades twice a year, since a wrong value there
misleads rescue and patrol soonest; the others once a year, as the registration's own annual report."""


def verify_again(risk: str, day: date | None = None) -> date:
    """The day after which a file that was verified on `day` (today) is old."""
    start = day or timezone.localdate()
    months = start.month - 1 + VERIFY_MONTHS.get(risk, 12)
    year, month = start.year + months // 12, months % 12 + 1
    last = (date(year + month // 12, month % 12 + 1, 1) - date.resolution).day
    return date(year, month, min(start.day, last))
