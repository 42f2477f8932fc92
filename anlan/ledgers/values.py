"""What was typed into an entry, made into values by the definitions of its version: a pure function, no database.

Typed values come by name: `v.f3`, several of the same name for multiple choice, `v.f5.0.c1` for a cell of a table. Names
that the version does not know are not looked at, so a forged field can never be stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Any, Final, Protocol

from django.utils.translation import gettext as _

from anlan.ledgers import formulas
from anlan.ledgers.fields import FILES, MAX_ROWS, SILENT, Field, is_shown, number, plain
from anlan.lib.codes import Malformed
from anlan.lib.dates import parse_date

MAX_TEXT: Final = 200
MAX_LONG: Final = 5000
CLEARED: Final = "clear"
"""What the hidden field of a signature says when the pad was wiped: the one kept by a draft goes, too."""


class Typed(Protocol):
    """A QueryDict, or anything like it."""

    def get(self, key: str, default: Any = None, /) -> Any:
        """The last value of this name."""

    def getlist(self, key: str, /) -> list[str]:
        """All values of this name."""

    def keys(self) -> Any:
        """The names."""


@dataclass(slots=True)
class Read:
    """The values by key (what is wrong stays as typed), and what is wrong, by key or by "f5.0.c1"."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)


def read(
    fields: list[Field],
    typed: Typed,
    *,
    today: date,
    people: Callable[[str], dict[str, Any] | None],
    files: Mapping[str, int],
    kept: Mapping[str, Any],
) -> Read:
    """Read what was typed. `people(id)` gives a person of the firm or None; `files`: how many files each key holds;
    `kept`: the values stored so far (a signature is typed once and then kept)."""
    result = Read()
    for one in fields:
        key, kind = one["key"], one["kind"]
        if not is_shown(one, result.values):
            result.hidden.add(key)
            continue
        if kind in SILENT or kind == "calc":
            if kind == "calc":
                _calculate(one, result)
            continue
        if kind in FILES:
            if one.get("required") and not files.get(key):
                result.errors[key] = _("请拍照或选择照片。") if kind == "photo" else _("请选择文件。")
            continue
        if kind == "table":
            _read_table(one, typed, today, result)
        elif kind == "multiple":
            known = set(one.get("options", []))
            result.values[key] = [text for text in dict.fromkeys(typed.getlist(f"v.{key}")) if text in known]
        elif kind == "person":
            chosen = str(typed.get(f"v.{key}", "") or "")
            found = people(chosen) if chosen else None
            result.values[key] = found
            if chosen and found is None:
                result.errors[key] = _("这个人不在本厂的在职名单里。")
        elif kind == "signature":
            name = str(typed.get(f"v.{key}", "") or "").strip()[:60]
            before = {} if typed.get(f"v.{key}.drawn") == CLEARED else kept.get(key) or {}
            result.values[key] = {**before, "name": name or before.get("name", "")} if name or before else None
        else:
            _read_simple(one, str(typed.get(f"v.{key}", "") or ""), today, key, result)
        empty = result.values.get(key) in (None, "", [], {})
        if one.get("required") and empty and key not in result.errors:
            result.errors[key] = _missing(one)
    return result


def _missing(one: Field) -> str:
    if one["kind"] in ("single", "multiple", "person"):
        return _("请选“%(label)s”。") % {"label": one["label"]}
    if one["kind"] == "signature":
        return _("请签名，或写上姓名。")
    if one["kind"] == "table":
        return _("“%(label)s”至少填一行。") % {"label": one["label"]}
    return _("请填写“%(label)s”。") % {"label": one["label"]}


def _read_simple(
    one: Field, text: str, today: date, name: str, result: Read, row: dict[str, Any] | None = None
) -> None:
    """Read one text by its kind into `result.values` (or into `row`); wrong ones stay as typed, with the words why."""
    target, key = (result.values, one["key"]) if row is None else (row, one["key"])
    text = text.strip()
    target[key] = text
    if not text:
        return
    try:
        target[key] = _simple(one, text, today)
    except ValueError as error:
        result.errors[name] = str(error)


def _simple(one: Field, text: str, today: date) -> str:
    """The canonical text of a value. Raises `ValueError` (in words) when it is none."""
    match one["kind"]:
        case "number":
            found = number(text)
            if found is None:
                raise ValueError(_("请写数字，例如 12 或 0.5。"))
            low, high = number(one.get("min") or ""), number(one.get("max") or "")
            if low is not None and found < low:
                raise ValueError(_("不能小于 %(n)s。") % {"n": plain(low)})
            if high is not None and found > high:
                raise ValueError(_("不能大于 %(n)s。") % {"n": plain(high)})
            digits = one.get("digits")
            if digits is not None and digits != "" and -int(found.normalize().as_tuple().exponent) > int(digits):
                raise ValueError(_("最多写 %(n)d 位小数。") % {"n": int(digits)} if int(digits) else _("请写整数。"))
            return plain(found)
        case "date":
            try:
                return parse_date(text, today=today).isoformat()
            except Malformed as error:
                raise ValueError(str(error)) from None
        case "time":
            try:
                return time.fromisoformat(text.replace("：", ":").zfill(5)).strftime("%H:%M")
            except ValueError:
                raise ValueError(_("请写成 14:30 这样。")) from None
        case "single":
            if text not in one.get("options", []):
                raise ValueError(_("请从列出的选项里选。"))
            return text
        case "long":
            limit = MAX_LONG
        case _:
            limit = MAX_TEXT
    if len(text) > limit:
        raise ValueError(_("最多 %(n)d 个字，现在 %(m)d 个。") % {"n": limit, "m": len(text)})
    return text


def _read_table(one: Field, typed: Typed, today: date, result: Read) -> None:
    key, columns = one["key"], one.get("columns", [])
    known = {column["key"]: column for column in columns}
    preset = one.get("preset", [])
    cells: dict[int, dict[str, str]] = {}
    for name in typed.keys():  # noqa: SIM118 (a QueryDict's own keys)
        found = re.fullmatch(rf"v\.{key}\.(\d{{1,4}})\.(c\d+)", name)
        if found and found[2] in known:
            cells.setdefault(int(found[1]), {})[found[2]] = str(typed.get(name) or "")
    rows: list[dict[str, Any]] = []
    for index in sorted(cells):
        fixed = preset[index] if index < len(preset) else None
        if fixed is None and not any(text.strip() for text in cells[index].values()):
            continue
        row: dict[str, Any] = {}
        for position, column in enumerate(columns):
            text = fixed if fixed is not None and position == 0 else cells[index].get(column["key"], "")
            name = f"{key}.{len(rows)}.{column['key']}"
            _read_simple(column, text or "", today, name, result, row)
            if column.get("required") and not row[column["key"]]:
                result.errors[name] = _("第 %(n)d 行的“%(label)s”没有填。") % {
                    "n": len(rows) + 1,
                    "label": column["label"],
                }
        rows.append(row)
    if len(rows) > MAX_ROWS:
        result.errors[key] = _("一张表最多 %(n)d 行，现在 %(m)d 行。多出的请另记一条。") % {
            "n": MAX_ROWS,
            "m": len(rows),
        }
    result.values[key] = rows


def _calculate(one: Field, result: Read) -> None:
    numbers: dict[str, Decimal | list[Decimal] | None] = {}
    for name in formulas.keys_of(one.get("formula", "")):
        key, _dot, column = name.partition(".")
        stored = result.values.get(key)
        if column:
            found = [number(row.get(column)) for row in stored or [] if row.get(column)]
            numbers[name] = [each for each in found if each is not None]
        else:
            numbers[name] = number(stored) if stored not in (None, "") else None
    value = formulas.value(one.get("formula", ""), numbers)
    digits = one.get("digits")
    places = int(digits) if digits not in (None, "") else None
    result.values[one["key"]] = "" if value is None else plain(value if places is not None else round(value, 6), places)


def shown_text(one: Field, value: Any) -> str:
    """A stored value as words in one line: for tables of entries, exports, differences."""
    if value in (None, "", [], {}):
        return ""
    match one["kind"]:
        case "multiple":
            return "、".join(value)
        case "person" | "signature":
            return str(value.get("name", ""))
        case "table":
            return "；".join(
                "，".join(
                    f"{c['label']} {row[c['key']]}{c.get('unit', '')}" for c in one["columns"] if row.get(c["key"])
                )
                for row in value
            )
        case "number" | "calc":
            return f"{value} {one.get('unit', '')}".strip()
    return str(value)


def search_text(fields: list[Field], values: Mapping[str, Any]) -> str:
    """Everything that can be searched for, in one text."""
    return " ".join(shown_text(one, values.get(one["key"])) for one in fields if one["kind"] not in SILENT)[:4000]


def changes(fields: list[Field], old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """What differs: (key, label, before, after), in the order of the fields."""
    found = []
    for one in fields:
        before, after = shown_text(one, old.get(one["key"])), shown_text(one, new.get(one["key"]))
        if one["kind"] not in SILENT and before != after:
            found.append((one["key"], one["label"], before, after))
    return found
