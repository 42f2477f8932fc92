"""What differs between two versions of a template, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from anlan.ledgers import formulas
from anlan.ledgers.fields import KINDS, Field, numeric_labels
from anlan.ledgers.models import TemplateVersion
from anlan.ledgers.show import condition_words


@dataclass(slots=True)
class Row:
    """One field in both versions: what became of it, and (what, before, after) of what changed."""

    key: str
    label: str
    kind: str
    became: str
    changes: list[tuple[str, str, str]] = field(default_factory=list)


def compared(old: TemplateVersion, new: TemplateVersion) -> list[Row]:
    """The fields in the order of the new version, dropped ones after them."""
    before = {one["key"]: one for one in old.fields}
    order = [key for key in (one["key"] for one in old.fields) if new.by_key(key)]
    stays = [one["key"] for one in new.fields if one["key"] in before]
    moved = {key for key, other in zip(stays, order, strict=True) if key != other}
    rows = []
    for one in new.fields:
        words = str(KINDS[one["kind"]][0])
        if one["key"] not in before:
            rows.append(Row(one["key"], one["label"], words, "added"))
            continue
        changes = _changes(before[one["key"]], one, old.fields, new.fields)
        became = "changed" if changes else "moved" if one["key"] in moved else "same"
        rows.append(Row(one["key"], one["label"], words, became, changes))
    keys = {one["key"] for one in new.fields}
    rows += [
        Row(one["key"], one["label"], str(KINDS[one["kind"]][0]), "dropped")
        for one in old.fields
        if one["key"] not in keys
    ]
    if old.permit != new.permit:
        rows.append(
            Row("", _("审批与有效期"), _("审批"), "changed", [(_("签字顺序"), _chain(old.permit), _chain(new.permit))])
        )
    return rows


def _chain(permit: dict[str, Any]) -> str:
    if not permit:
        return _("不用审批")
    hours = permit.get("hours", {})
    by = [f"{option} {n} 小时" for option, n in hours.get("by", {}).items()] or [f"{hours.get('else', 8)} 小时"]
    return " → ".join(step["name"] for step in permit["steps"]) + "；" + "，".join(by)


def _changes(old: Field, new: Field, old_fields: list[Field], new_fields: list[Field]) -> list[tuple[str, str, str]]:
    named = [
        (_("名称"), old["label"], new["label"]),
        (_("提示"), old.get("hint", ""), new.get("hint", "")),
        (_("必填"), _yes(old.get("required")), _yes(new.get("required"))),
        (_("单位"), old.get("unit", ""), new.get("unit", "")),
        (_("最小值"), old.get("min", ""), new.get("min", "")),
        (_("最大值"), old.get("max", ""), new.get("max", "")),
        (_("小数位"), str(old.get("digits", "")), str(new.get("digits", ""))),
        (_("选项"), "、".join(old.get("options", [])), "、".join(new.get("options", []))),
        (_("列"), _columns(old), _columns(new)),
        (_("预置的行"), "、".join(old.get("preset", [])), "、".join(new.get("preset", []))),
        (
            _("公式"),
            formulas.with_labels(old.get("formula", ""), numeric_labels(old_fields)),
            formulas.with_labels(new.get("formula", ""), numeric_labels(new_fields)),
        ),
        (
            _("显示条件"),
            condition_words(old, {one["key"]: one["label"] for one in old_fields}),
            condition_words(new, {one["key"]: one["label"] for one in new_fields}),
        ),
    ]
    return [(what, a, b) for what, a, b in named if a != b]


def _yes(value: object) -> str:
    return _("是") if value else _("否")


def _columns(one: Field) -> str:
    return "、".join(f"{c['label']}（{KINDS[c['kind']][0]}）" for c in one.get("columns", []))
