"""Forms of templates: what a ledger is about, one field, and the approval chain."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.ledgers import formulas
from anlan.ledgers.actions.building import clean_prefix
from anlan.ledgers.fields import (
    COLUMN_KINDS,
    KINDS,
    MAX_COLUMNS,
    MAX_OPTIONS,
    OPS,
    SILENT,
    Field,
    number,
    numeric_labels,
)
from anlan.ledgers.models import Template
from anlan.lib.codes import Malformed
from anlan.lib.numerals import article


class TemplateForm(forms.Form):
    """Name, purpose and rhythm of a ledger."""

    name = forms.CharField(label=gettext_lazy("台账名称"), max_length=60)
    about = forms.CharField(label=gettext_lazy("一句话说明做什么用"), max_length=300, required=False)
    category = forms.ChoiceField(label=gettext_lazy("归到哪一类"), choices=Template.Category.choices, initial="other")
    rhythm = forms.ChoiceField(label=gettext_lazy("多久记一次"), choices=Template.Rhythm.choices, required=False)
    source = forms.CharField(
        label=gettext_lazy("依据的条文或标准"), max_length=200, required=False,
        help_text=gettext_lazy("例如 安全生产法:45; GB 30871-2022，多个用分号隔开"),
    )  # fmt: skip
    prefix = forms.CharField(  # type: ignore[assignment]  # our forms have no prefix of their own
        label=gettext_lazy("编号前缀"),
        max_length=4,
        required=False,
        help_text=gettext_lazy("2 到 4 个大写字母，例如 DH"),
    )
    by_workers = forms.BooleanField(label=gettext_lazy("员工也可以填写"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for one in self.fields.values():
            if not isinstance(one, forms.BooleanField):
                one.widget.attrs["class"] = "form-select" if isinstance(one, forms.ChoiceField) else "form-control"
            else:
                one.widget.attrs["class"] = "form-check-input"

    def clean_source(self) -> str:
        """Citations that can be read: 安全生产法:45; GB 30871-2022."""
        written = str(self.cleaned_data.get("source", "")).replace("；", ";")
        for each in filter(None, (part.strip() for part in written.split(";"))):
            try:
                article(each)
            except Malformed as error:
                raise forms.ValidationError(str(error)) from None
        return written

    def clean_prefix(self) -> str:
        """Up to four capitals."""
        return clean_prefix(self.cleaned_data.get("prefix", ""))


def read_field(post: QueryDict, old: Field, fields: list[Field]) -> tuple[Field, dict[str, str]]:
    """The definition of one field as its form says, and what is wrong, by name of the input."""
    kind, errors = old["kind"], {}
    new: Field = {"key": old["key"], "kind": kind, "label": post.get("label", "").strip()[:60]}
    if not new["label"]:
        errors["label"] = _("请给这个字段起个名字。") if kind != "note" else _("请写说明文字。")
    if kind == "note":
        new["label"] = post.get("label", "").strip()[:500]
    if hint := post.get("hint", "").strip()[:200]:
        new["hint"] = hint
    if kind not in SILENT | {"calc"}:
        new["required"] = "required" in post
    if kind in ("number", "calc"):
        new |= _numeric(post, kind, errors)
    if kind in ("single", "multiple"):
        new["options"] = _options(post.get("options", ""))
        if len(new["options"]) < 2:
            errors["options"] = _("至少要两个选项，一行一个。")
    if kind == "table":
        new["columns"] = _columns(post, errors)
        preset = [line.strip()[:200] for line in post.get("preset", "").splitlines() if line.strip()][:100]
        if preset:
            new["preset"] = preset
    if kind == "calc":
        written = post.get("formula", "")
        try:
            labels = numeric_labels(fields, old["key"])
            new["formula"] = formulas.with_keys(written, labels)
            formulas.check(new["formula"], set(labels.values()))
        except formulas.BadFormula as error:
            new["formula"] = written
            errors["formula"] = _("第 %(n)d 个字符：%(why)s") % {"n": error.position, "why": error.message}
    if other := post.get("show_field", ""):
        op = post.get("show_op", "eq")
        if op in OPS and any(each["key"] == other for each in fields):
            new["show"] = {"field": other, "op": op, "value": post.get("show_value", "").strip()[:200]}
    return new, errors


def _numeric(post: QueryDict, kind: str, errors: dict[str, str]) -> Field:
    found: Field = {}
    if unit := post.get("unit", "").strip()[:12]:
        found["unit"] = unit
    if post.get("digits", "") in ("0", "1", "2", "3", "4"):
        found["digits"] = int(str(post["digits"]))
    if kind == "number":
        for name in ("min", "max"):
            text = post.get(name, "").strip()
            if text and number(text) is None:
                errors[name] = _("请写数字，或留空。")
            if text:
                found[name] = text
    return found


def _options(text: str) -> list[str]:
    return list(dict.fromkeys(line.strip()[:100] for line in text.splitlines() if line.strip()))[:MAX_OPTIONS]


def _columns(post: QueryDict, errors: dict[str, str]) -> list[Field]:
    found: list[Field] = []
    for n in range(MAX_COLUMNS):
        label = post.get(f"column.{n}.label", "").strip()[:60]
        if not label or post.get(f"column.{n}.gone"):
            continue
        kind = post.get(f"column.{n}.kind", "text")
        column: Field = {
            "key": post.get(f"column.{n}.key", ""),
            "label": label,
            "kind": kind if kind in COLUMN_KINDS else "text",
        }
        if column["kind"] == "single":
            column["options"] = [
                each.strip()[:60]
                for each in post.get(f"column.{n}.options", "").replace("，", ",").replace("、", ",").split(",")
                if each.strip()
            ]
            if len(column["options"]) < 2:
                errors["columns"] = _("“%(label)s”是单选，请写至少两个选项，用顿号隔开。") % {"label": label}
        if column["kind"] == "number" and (unit := post.get(f"column.{n}.unit", "").strip()[:12]):
            column["unit"] = unit
        if post.get(f"column.{n}.required"):
            column["required"] = True
        found.append(column)
    if not found:
        errors["columns"] = _("表格至少要有一列。")
    return found


def read_chain(post: QueryDict) -> dict[str, Any]:
    """The approval chain as its form says: names with who signs, hours, and by which option the hours differ."""
    steps = []
    for n in range(5):
        name = post.get(f"step.{n}.name", "").strip()[:40]
        who = post.get(f"step.{n}.who", "person")
        if not name:
            continue
        step: dict[str, Any] = {"name": name, "who": who if who in ("person", "manager", "head") else "person"}
        if must := post.get(f"step.{n}.must", "").strip()[:200]:
            step["must"] = must
        if (value := post.get(f"step.{n}.when", "").strip()) and post.get("hours_field"):
            step["when"] = {"field": post["hours_field"], "op": "eq", "value": value}
        steps.append(step)
    if not steps:
        return {}
    hours: dict[str, Any] = {"else": min(720, int(number(post.get("hours")) or 8))}
    if post.get("hours_field"):
        hours["field"] = post["hours_field"]
        hours["by"] = {
            parts[0].strip(): min(720, int(number(parts[2]) or 0))
            for parts in (line.replace("：", ":").partition(":") for line in post.get("hours_by", "").splitlines())
            if parts[0].strip() and number(parts[2])
        }
    return {"steps": steps, "hours": hours, "source": post.get("chain_source", "").strip()[:100]}


KIND_CHOICES = [(kind, words, icon) for kind, (words, icon) in KINDS.items()]
