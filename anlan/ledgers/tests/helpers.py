"""What the tests of ledgers share: definitions and typed values."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from anlan.ledgers.models import Entry, Template

FIELDS: list[dict[str, Any]] = [
    {"key": "f1", "kind": "text", "label": "名称", "required": True},
    {"key": "f2", "kind": "number", "label": "数量", "min": "1", "max": "100", "digits": 0, "required": True},
    {"key": "f3", "kind": "number", "label": "单价", "unit": "元"},
    {"key": "f4", "kind": "calc", "label": "金额", "formula": "[f2]*[f3]", "digits": 2},
    {"key": "f5", "kind": "single", "label": "完好", "options": ["是", "否"], "required": True},
    {"key": "f6", "kind": "long", "label": "坏在哪里", "required": True, "show": {"field": "f5", "op": "eq", "value": "否"}},
    {
        "key": "f7", "kind": "table", "label": "明细",
        "columns": [{"key": "c8", "kind": "text", "label": "项"}, {"key": "c9", "kind": "number", "label": "钱"}],
    },
    {"key": "f10", "kind": "calc", "label": "合计", "formula": "合计([f7.c9])"},
    {"key": "f11", "kind": "photo", "label": "照片"},
    {"key": "f12", "kind": "person", "label": "经手人"},
    {"key": "f13", "kind": "signature", "label": "签名"},
]  # fmt: skip
GOOD = {"v.f1": "灭火器", "v.f2": "3", "v.f3": "45.50", "v.f5": "是"}


def typed(values: dict[str, Any]) -> QueryDict:
    """As if posted by a form."""
    data = QueryDict(mutable=True)
    for key, value in values.items():
        data.setlist(key, [str(each) for each in value] if isinstance(value, list) else [str(value)])
    return data


def keys(template: Template) -> dict[str, str]:
    """Label → key of the version in force."""
    assert template.current is not None
    return {one["label"]: one["key"] for one in template.current.fields}


def hot_values(template: Template, guard: int, level: str = "一级") -> dict[str, Any]:
    """What an applicant types into a hot-work permit."""
    assert template.current is not None
    key = keys(template)
    measures, people = template.current.by_key(key["措施确认"]), template.current.by_key(key["动火人"])
    assert measures is not None and people is not None
    state, name = measures["columns"][1]["key"], people["columns"][0]["key"]
    values = {
        f"v.{key['动火级别']}": level, f"v.{key['动火地点']}": "锻造车间东侧", f"v.{key['作业内容']}": "补焊支架",
        f"v.{key['动火方式']}": ["电焊"], f"v.{key['计划日期']}": "2026-11-22", f"v.{key['计划开始']}": "09:00",
        f"v.{key['计划结束']}": "11:00", f"v.{key['监护人']}": str(guard), f"v.{key['动火人']}.0.{name}": "李国强",
    }  # fmt: skip
    return values | {f"v.{key['措施确认']}.{n}.{state}": "已落实" for n in range(len(measures["preset"]))}


def fresh(entry: Entry) -> Entry:
    """The entry as it is stored now."""
    return Entry.objects.select_related("version", "template", "enterprise__organisation").get(pk=entry.pk)
