"""XLSForm in and out (https://xlsform.org): pyxform reads and checks the workbook, this maps it to our fields and back.

What has no counterpart here is not guessed: it is listed in plain words before anything is created.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from django.utils.translation import gettext as _
from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert

from anlan.ledgers import formulas
from anlan.ledgers.fields import (
    FILES,
    MAX_COLUMNS,
    MAX_FIELDS,
    MAX_OPTIONS,
    SILENT,
    Field,
    numeric_labels,
    plain,
    problems,
    slug,
)
from anlan.ledgers.fields import number as decimal
from anlan.ledgers.models import TemplateVersion
from anlan.lib.codes import Malformed
from anlan.lib.errors import Refused
from anlan.lib.xlsx import read_rows, write_rows

MAX_BYTES: Final = 5 * 1024 * 1024
TYPES: Final = {
    "text": "text", "string": "text", "integer": "number", "int": "number", "decimal": "number", "date": "date", "time": "time",
    "select one": "single", "select all that apply": "multiple", "photo": "photo", "image": "photo", "file": "file", "note": "note",
    "calculate": "calc", "range": "number",
}  # fmt: skip
_COMPARED = re.compile(r"\$\{(\w+)\}\s*(!=|>=|<=|=|>|<)\s*(?:'([^']*)'|\"([^\"]*)\"|(-?\d+(?:\.\d+)?))")
_SELECTED = re.compile(r"selected\(\s*\$\{(\w+)\}\s*,\s*['\"]([^'\"]*)['\"]\s*\)")
_LIMIT = re.compile(r"\.\s*(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?)")


@dataclass(slots=True)
class Imported:
    """A form as it would be created, and what would be left out."""

    title: str = ""
    fields: list[Field] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    names: dict[str, Field] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    answers: dict[str, dict[str, str]] = field(default_factory=dict)
    last: int = 0

    def key(self, letter: str) -> str:
        """The next key."""
        self.last += 1
        return f"{letter}{self.last}"


def read_xlsform(file: BinaryIO, name: str) -> Imported:
    """Read a workbook. Raises `Refused` (422) when it is no XLSForm, is too large, or nothing in it can be used."""
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Refused(_("XLSForm 文件最大 5 MB，没有导入。"), code="file_too_large", status=422)
    if not data.startswith(b"PK\x03\x04"):
        raise Refused(_("请上传 xlsx 格式的 XLSForm，里面要有 survey 这张表。"), code="not_xlsform", status=422)
    try:
        read_rows(io.BytesIO(data), name)  # an archive that would not fit is refused here, before it is unpacked
        form = convert(xlsform=data, warnings=[], file_type=".xlsx")._pyxform or {}
    except Malformed as error:
        raise Refused(str(error), code="not_xlsform", status=422) from None
    except (PyXFormError, KeyError, ValueError, TypeError, AttributeError) as error:
        words = _("这个文件不是完整的 XLSForm，没有导入。检查程序的原话：%(why)s") % {"why": str(error)[:300]}
        raise Refused(words, code="not_xlsform", status=422) from None
    found = Imported(title=_words(form.get("title"))[:60] or name.rpartition(".")[0][:60])
    if found.title in ("data", "data-1"):
        found.title = name.rpartition(".")[0][:60]
    _children(form.get("children", []), found, "")
    for one in found.fields:
        _calculation(one, found)
    if len(found.fields) > MAX_FIELDS:
        raise Refused(
            _("一张表最多 %(n)d 个字段，这个文件有 %(m)d 个，请分成两张。") % {"n": MAX_FIELDS, "m": len(found.fields)},
            code="too_many_fields",
            status=422,
        )
    found.fields = [one for one in found.fields if not one.pop("broken", False)]
    _drop_dangling(found)
    if not any(one["kind"] not in SILENT for one in found.fields):
        raise Refused(_("这个文件里没有可以导入的问题。"), code="nothing", status=422)
    for key, why in problems(found.fields):
        label = next((each["label"] for each in found.fields if each["key"] == key), "")
        found.left_out.append(_("“%(label)s”导入后要改：%(why)s") % {"label": label, "why": why})
    return found


def _words(value: Any) -> str:
    """A label, of several languages the Chinese one or the first."""
    if isinstance(value, dict):
        chinese = [
            text
            for language, text in value.items()
            if "zh" in language.lower() or "中文" in language or "chinese" in language.lower()
        ]
        value = chinese[0] if chinese else next(iter(value.values()), "")
    return re.sub(r"\s+", " ", str(value or "")).strip()


def _children(children: list[dict[str, Any]], found: Imported, relevant: str) -> None:
    for child in children:
        kind, name = str(child.get("type", "")), str(child.get("name", ""))
        if name in ("meta", "instanceID", "instanceName"):
            continue
        label = _words(child.get("label")) or name
        own = str(child.get("bind", {}).get("relevant", "") or "")
        if own and relevant:
            found.left_out.append(_("“%(label)s”和它所在的组都有显示条件，只保留了它自己的。") % {"label": label})
        condition = own or relevant
        if kind == "group":
            if label != name or len(children) > 1:
                section: Field = {"key": found.key("f"), "kind": "section", "label": label[:60]}
                _relevance(section, condition, found)
                found.fields.append(section)
            _children(child.get("children", []), found, condition)
        elif kind == "repeat":
            _repeat(child, label, condition, found)
        elif kind in TYPES:
            _question(child, TYPES[kind], label, condition, found)
        else:
            found.left_out.append(_("“%(label)s”的类型 %(kind)s 这里没有，没有导入。") % {"label": label, "kind": kind})


def _question(child: dict[str, Any], kind: str, label: str, condition: str, found: Imported) -> None:
    appearance = str(child.get("control", {}).get("appearance", ""))
    if kind == "photo" and "signature" in appearance:
        kind = "signature"
    if kind == "text" and "multiline" in appearance:
        kind = "long"
    one: Field = {"key": found.key("f"), "kind": kind, "label": label[: 500 if kind == "note" else 60]}
    bind = child.get("bind", {})
    if hint := _words(child.get("hint")):
        one["hint"] = hint[:200]
    required = str(bind.get("required", "")).strip().lower()
    if kind not in SILENT | {"calc"}:
        one["required"] = required in ("yes", "true", "true()", "1")
        if required not in ("", "no", "false", "false()", "yes", "true", "true()", "1"):
            found.left_out.append(_("“%(label)s”的必填条件太复杂，改成了选填。") % {"label": label})
    if kind == "number":
        _limits(one, str(bind.get("constraint", "") or ""), child["type"] in ("integer", "int"), found)
    elif bind.get("constraint"):
        found.left_out.append(
            _("“%(label)s”的限制条件没有导入：%(what)s") % {"label": label, "what": bind["constraint"]}
        )
    if kind in ("single", "multiple") and not _options(child, one, found):
        return
    if kind == "calc":
        one["formula"] = str(bind.get("calculate", "") or "")
        one["xls"] = True
    elif bind.get("calculate"):
        found.left_out.append(_("“%(label)s”的默认计算没有导入。") % {"label": label})
    _relevance(one, condition, found)
    found.names[str(child["name"])] = one
    found.fields.append(one)


def _options(child: dict[str, Any], one: Field, found: Imported) -> bool:
    answers = {
        str(choice.get("name")): _words(choice.get("label")) or str(choice.get("name"))
        for choice in child.get("choices", [])
    }
    if child.get("choice_filter") or not 2 <= len(answers) <= MAX_OPTIONS or len(set(answers.values())) < len(answers):
        found.left_out.append(
            _("“%(label)s”的选项随别的答案变化、重复或多于 60 个，没有导入。") % {"label": one["label"]}
        )
        return False
    one["options"] = [text[:100] for text in answers.values()]
    found.answers[one["key"]] = answers
    return True


def _limits(one: Field, constraint: str, whole: bool, found: Imported) -> None:
    if whole:
        one["digits"] = 0
    if not constraint:
        return
    for part in re.split(r"\s+and\s+", constraint.strip()):
        limit = _LIMIT.fullmatch(part.strip().strip("()").strip())
        strict = limit is not None and limit[1] in ("<", ">")
        if limit is None or (strict and not whole):
            found.left_out.append(_("“%(label)s”的限制条件没有导入：%(what)s") % {"label": one["label"], "what": part})
            continue
        value = decimal(limit[2])
        assert value is not None  # noqa: S101 (the pattern is a number)
        if strict:
            value += 1 if limit[1] == ">" else -1
        one["min" if ">" in limit[1] else "max"] = plain(value)


def _relevance(one: Field, condition: str, found: Imported) -> None:
    if not condition:
        return
    text = condition.strip()
    if chosen := _SELECTED.fullmatch(text):
        other, op, value = found.names.get(chosen[1]), "has", chosen[2]
    elif compared := _COMPARED.fullmatch(text):
        other, value = found.names.get(compared[1]), compared[3] or compared[4] or compared[5] or ""
        op = {"=": "eq", "!=": "ne", ">": "gt", "<": "lt"}.get(compared[2], "")
        if compared[2] == "!=" and value == "":
            op = "filled"
    else:
        other, op, value = None, "", ""
    if other is None or not op or other["kind"] in SILENT | FILES | {"table", "signature"}:
        found.left_out.append(
            _("“%(label)s”的显示条件没有导入，导入后总是显示：%(what)s") % {"label": one["label"], "what": text}
        )
        return
    one["show"] = {"field": other["key"], "op": op, "value": found.answers.get(other["key"], {}).get(value, value)}


def _repeat(child: dict[str, Any], label: str, condition: str, found: Imported) -> None:
    one: Field = {"key": found.key("f"), "kind": "table", "label": label[:60], "columns": []}
    for each in child.get("children", []):
        kind = TYPES.get(str(each.get("type", "")), "")
        words = _words(each.get("label")) or str(each.get("name"))
        if kind not in ("text", "number", "date", "time", "single") or len(one["columns"]) >= MAX_COLUMNS:
            found.left_out.append(
                _("重复组“%(table)s”里的“%(label)s”放不进表格，没有导入。") % {"table": label, "label": words}
            )
            continue
        column: Field = {"key": found.key("c"), "kind": kind, "label": words[:60]}
        if kind == "single" and not _options(each, column, found):
            continue
        if str(each.get("bind", {}).get("required", "")).lower() in ("yes", "true", "true()"):
            column["required"] = True
        one["columns"].append(column)
        found.columns[str(each.get("name"))] = f"{one['key']}.{column['key']}"
    _relevance(one, condition, found)
    if one["columns"]:
        found.fields.append(one)
        found.names[str(child["name"])] = one


def _calculation(one: Field, found: Imported) -> None:
    if not one.pop("xls", False):
        return
    names = {name: each["key"] for name, each in found.names.items()} | found.columns

    def key(match: re.Match[str]) -> str:
        return f"[{names.get(match[1], match[1])}]"

    text = re.sub(r"\bdiv\b", "/", re.sub(r"\$\{(\w+)\}", key, one["formula"]))
    text = re.sub(r"round\(([^,()]+),\s*0\)", r"round(\1)", text)
    try:
        formulas.check(text, set(numeric_labels(found.fields, one["key"]).values()))
        one["formula"] = text
    except formulas.BadFormula as error:
        found.left_out.append(
            _("计算“%(label)s”没有导入：%(why)s 原式：%(what)s")
            % {"label": one["label"], "why": error.message, "what": one["formula"]}
        )
        one["broken"] = True


def _drop_dangling(found: Imported) -> None:
    """Conditions that name a field which was left out go, too, and it is said."""
    keys = {one["key"] for one in found.fields}
    for one in found.fields:
        if one.get("show") and one["show"]["field"] not in keys:
            del one["show"]
            found.left_out.append(
                _("“%(label)s”的显示条件要看的字段没有导入，改成总是显示。") % {"label": one["label"]}
            )


# --- out --------------------------------------------------------------------------------------------

_BACK: Final = {
    "text": "text", "long": "text", "date": "date", "time": "time", "photo": "image", "file": "file", "note": "note", "calc": "calculate",
    "signature": "image", "person": "text",
}  # fmt: skip


def write_xlsform(version: TemplateVersion, file: BinaryIO) -> None:
    """Write a version as XLSForm: survey, choices, settings. Names are our keys, so that an import can be compared."""
    names = {one["key"]: slug(one["key"], ()) for one in version.fields}
    head = ["type", "name", "label", "hint", "required", "relevant", "constraint", "calculation", "appearance"]
    choices: list[list[object]] = [["list_name", "name", "label"]]
    numbers = {one["key"]: {text: str(n) for n, text in enumerate(one.get("options", []), 1)} for one in version.fields}
    rows: list[list[object]] = [list(head)]
    grouped = False
    for one in version.fields:
        if one["kind"] == "section":
            if grouped:
                rows.append(["end group"])
            rows.append(["begin group", names[one["key"]], one["label"], "", "", _relevant(one, numbers)])
            grouped = True
            continue
        if one["kind"] == "table":
            rows.append(["begin repeat", names[one["key"]], one["label"], "", "", _relevant(one, numbers)])
            rows += [_row(column, {}, choices, f"{column['key']}") for column in one["columns"]]
            rows.append(["end repeat"])
            continue
        rows.append(_row(one, numbers, choices, names[one["key"]]))
    if grouped:
        rows.append(["end group"])
    settings = [
        ["form_title", "form_id", "version"],
        [version.template.name, f"ledger_{version.template_id}", str(version.number)],
    ]
    write_rows(file, {"survey": rows, "choices": choices, "settings": settings})


def _row(one: Field, numbers: dict[str, dict[str, str]], choices: list[list[object]], name: str) -> list[object]:
    kind, appearance, limit = one["kind"], "", ""
    if kind in ("single", "multiple"):
        choices += [[name, str(n), text] for n, text in enumerate(one.get("options", []), 1)]
        written = f"select_{'one' if kind == 'single' else 'multiple'} {name}"
    elif kind == "number":
        written = "integer" if one.get("digits") == 0 else "decimal"
        limit = " and ".join(f". {sign} {one[key]}" for key, sign in (("min", ">="), ("max", "<=")) if one.get(key))
    else:
        written, appearance = _BACK[kind], {"signature": "signature", "long": "multiline"}.get(kind, "")
    formula = formulas.NAME.sub(lambda found: "${" + found[1].rpartition(".")[2] + "}", one.get("formula", "")).replace(
        "/", " div "
    )
    for chinese, (english, _work) in formulas.FUNCTIONS.items():
        formula = formula.replace(f"{chinese}(", f"{english}(")
    unit = f"（{one['unit']}）" if one.get("unit") else ""
    return [
        written,
        name,
        one["label"] + unit,
        one.get("hint", ""),
        "yes" if one.get("required") else "",
        _relevant(one, numbers),
        limit,
        formula,
        appearance,
    ]


def _relevant(one: Field, numbers: dict[str, dict[str, str]]) -> str:
    show = one.get("show")
    if not show:
        return ""
    name: str = show["field"]
    value: str = numbers.get(name, {}).get(show.get("value", ""), show.get("value", ""))
    if show["op"] == "filled":
        return "${" + name + "} != ''"
    if show["op"] == "has":
        return "selected(${" + name + "}, '" + value + "')"
    sign = {"eq": "=", "ne": "!=", "gt": ">", "lt": "<"}[show["op"]]
    return "${" + name + "} " + sign + (f" {value}" if show["op"] in ("gt", "lt") else f" '{value}'")
