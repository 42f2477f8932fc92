"""The fields of a template: what kinds there are, what a definition must hold, and when a field is shown.

A definition is a plain dict inside `TemplateVersion.fields`, in order:
`key` ("f3", given once, never reused), `kind`, `label`, `hint`, `required`, and by kind `unit`, `min`, `max`, `digits`
(number), `options` (single, multiple), `columns` (table: dicts with `key` "c4", `kind`, `label`, `unit`, `options`),
`preset` (table: words of the first column of rows that are there from the start), `formula`, `unit`, `digits` (calc), and
`show` ({"field": key, "op": OPS, "value": text}): shown only when an earlier field answers so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.ledgers import formulas

Field = dict[str, Any]

KINDS: Final[dict[str, tuple[Promise, str]]] = {
    # kind: words, icon
    "section": (gettext_lazy("小标题"), "bookmark"),
    "note": (gettext_lazy("说明文字"), "info-circle"),
    "text": (gettext_lazy("一行文字"), "pencil"),
    "long": (gettext_lazy("多行文字"), "file-text"),
    "number": (gettext_lazy("数字"), "chart-bar"),
    "date": (gettext_lazy("日期"), "calendar"),
    "time": (gettext_lazy("时间"), "clock"),
    "single": (gettext_lazy("单选"), "circle-check"),
    "multiple": (gettext_lazy("多选"), "list-check"),
    "photo": (gettext_lazy("照片"), "camera"),
    "file": (gettext_lazy("附件"), "file"),
    "table": (gettext_lazy("表格"), "table"),
    "signature": (gettext_lazy("签名"), "signature"),
    "person": (gettext_lazy("本厂人员"), "user"),
    "calc": (gettext_lazy("自动计算"), "adjustments"),
}
SILENT: Final = frozenset({"section", "note"})
FILES: Final = frozenset({"photo", "file"})
COLUMN_KINDS: Final = ("text", "number", "date", "time", "single")
OPS: Final[dict[str, Promise]] = {
    "eq": gettext_lazy("是"),
    "ne": gettext_lazy("不是"),
    "has": gettext_lazy("选了"),
    "gt": gettext_lazy("大于"),
    "lt": gettext_lazy("小于"),
    "filled": gettext_lazy("已经填写"),
}
MAX_FIELDS: Final = 120
MAX_COLUMNS: Final = 12
MAX_ROWS: Final = 200
"""Rows of one table in one entry; more belong into another entry."""
MAX_OPTIONS: Final = 60


SMALLEST: Final = 20
"""Most places behind the point: "1e-999999" is eight characters that people type and a million that they would be kept as."""


def number(value: object) -> Decimal | None:
    """The decimal that a text is ("1,200.5", full-width digits too), or None."""
    try:
        found = Decimal(str(value).replace(",", "").replace("，", "").strip())
    except InvalidOperation:
        return None
    if not found.is_finite() or abs(found) >= Decimal(10) ** 15:
        return None
    return found if int(found.as_tuple().exponent) >= -SMALLEST else None


def plain(value: Decimal, digits: int | None = None) -> str:
    """A decimal as people write it: 12, 0.5; with `digits` places when given."""
    if digits is not None:
        return f"{value:.{digits}f}"
    text = f"{value.normalize():f}"
    return text if text != "-0" else "0"


def numeric_labels(fields: Iterable[Field], before: str = "") -> dict[str, str]:
    """Label → key of everything a formula may name: numbers, calculated fields, number columns ("明细.金额"), up to `before`."""
    found: dict[str, str] = {}
    for field in fields:
        if field["key"] == before:
            break
        if field["kind"] in ("number", "calc"):
            found.setdefault(field["label"], field["key"])
        for column in field.get("columns", ()):
            if column["kind"] == "number":
                found.setdefault(f"{field['label']}.{column['label']}", f"{field['key']}.{column['key']}")
    return found


def problems(fields: list[Field]) -> list[tuple[str, str]]:
    """What keeps these definitions from being published: (key of the field, words)."""
    found: list[tuple[str, str]] = []
    if not any(field["kind"] not in SILENT for field in fields):
        found.append(("", _("还没有可填的字段。")))
    if len(fields) > MAX_FIELDS:
        found.append(("", _("一张表最多 %(n)d 个字段，请分成两张。") % {"n": MAX_FIELDS}))
    labels: set[str] = set()
    earlier: dict[str, Field] = {}
    for field in fields:
        found += [(field["key"], words) for words in _problems(field, fields, earlier)]
        if field["kind"] not in SILENT:
            if field["label"] in labels:
                found.append((field["key"], _("“%(label)s”有两个，请改一个名字。") % {"label": field["label"]}))
            labels.add(field["label"])
        earlier[field["key"]] = field
    return found


def _problems(field: Field, fields: list[Field], earlier: Mapping[str, Field]) -> list[str]:
    found, kind = [], field["kind"]
    if kind not in KINDS:
        return [_("不认识的字段类型。")]
    if not field.get("label"):
        found.append(_("字段还没有名称。"))
    if kind in ("single", "multiple"):
        found += _option_problems(field.get("options", []))
    if kind == "number" and field.get("min") and field.get("max"):
        low, high = number(field["min"]), number(field["max"])
        if low is not None and high is not None and low > high:
            found.append(_("最小值比最大值大。"))
    if kind == "table":
        columns = field.get("columns", [])
        if not columns:
            found.append(_("表格还没有列。"))
        if len(columns) > MAX_COLUMNS:
            found.append(_("表格最多 %(n)d 列。") % {"n": MAX_COLUMNS})
        if len({column["label"] for column in columns}) < len(columns):
            found.append(_("表格里有两列同名。"))
        for column in columns:
            if column["kind"] == "single":
                found += _option_problems(column.get("options", []))
    if kind == "calc":
        try:
            formulas.check(field.get("formula", ""), set(numeric_labels(fields, field["key"]).values()))
        except formulas.BadFormula as error:
            found.append(_("公式第 %(n)d 个字符：%(why)s") % {"n": error.position, "why": error.message})
    if show := field.get("show"):
        other = earlier.get(show.get("field", ""))
        if other is None or other["kind"] in SILENT | FILES | {"table", "signature"}:
            found.append(_("显示条件要看的字段必须排在前面，而且是文字、数字、日期、选项或人员。"))
        elif show.get("op") in ("eq", "ne", "has") and other["kind"] in ("single", "multiple"):
            if show.get("value") not in other.get("options", []):
                found.append(_("显示条件写的选项不在“%(label)s”里。") % {"label": other["label"]})
        elif show.get("op") in ("gt", "lt") and number(show.get("value")) is None:
            found.append(_("显示条件要和一个数字比较。"))
    return found


def _option_problems(options: list[str]) -> list[str]:
    if len(options) < 2:
        return [_("至少要两个选项，一行一个。")]
    if len(set(options)) < len(options):
        return [_("有两个相同的选项。")]
    return [_("选项最多 %(n)d 个。") % {"n": MAX_OPTIONS}] if len(options) > MAX_OPTIONS else []


def is_shown(field: Field, values: Mapping[str, Any]) -> bool:
    """Whether the field is shown, given the values of the fields before it (hidden ones have none)."""
    show = field.get("show")
    if not show:
        return True
    value, wanted = values.get(show["field"]), show.get("value", "")
    if isinstance(value, dict):  # a person
        value = value.get("name", "")
    match show["op"]:
        case "filled":
            return value not in (None, "", [])
        case "eq":
            return wanted in value if isinstance(value, list) else same(value, wanted)
        case "ne":
            return value not in (None, "", []) and not (
                wanted in value if isinstance(value, list) else same(value, wanted)
            )
        case "has":
            return wanted in value if isinstance(value, list) else same(value, wanted)
        case "gt" | "lt":
            a, b = number(value), number(wanted)
            return a is not None and b is not None and (a > b if show["op"] == "gt" else a < b)
    return False


def same(value: object, wanted: str) -> bool:
    """Whether a stored value is the wanted text, numbers compared as numbers."""
    if value in (None, ""):
        return wanted == ""
    a, b = number(value), number(wanted)
    return a == b if a is not None and b is not None else str(value) == wanted


def slug(label: str, taken: Iterable[str]) -> str:
    """A name for XLSForm made of a label: letters and digits only, unique among `taken`."""
    base = re.sub(r"[^A-Za-z0-9_]", "", label) or "field"
    name, n, used = base, 2, set(taken)
    while name in used or not name[0].isalpha():
        name, n = f"{'f' if not base[0].isalpha() else ''}{base}{n}", n + 1
    return name
