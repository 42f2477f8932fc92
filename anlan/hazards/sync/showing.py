"""Entries and conflicts in words for pages, and whether an entry is still what its device signed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from anlan.hazards.models import ChecklistVersion, Conflict, Finding, Hazard, Operation
from anlan.hazards.sync import protocol


@dataclass(frozen=True, slots=True)
class Side:
    """One of two values: what, by whom, when."""

    words: str
    by: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A conflict as a page shows it."""

    conflict: Conflict
    title: str
    present: Side
    arriving: Side


def in_words(operation: Operation, lists: Iterable[ChecklistVersion] = ()) -> str:
    """What the entry says, in one line; `lists` are the versions that the inspection uses."""
    body = operation.body
    match operation.kind:
        case "start":
            return _("开始检查")
        case "answer":
            return _("%(item)s：%(value)s") % {
                "item": _item(body.get("list"), body.get("item"), lists), "value": _answer(body),
            }  # fmt: skip
        case "photo":
            return _("照片，%(kb)s KB") % {"kb": _whole(body.get("size")) // 1024}
        case "drop":
            return _("去掉一张照片")
        case "hazard":
            return _("登记隐患：%(title)s（%(place)s）") % {
                "title": body.get("title", ""),
                "place": body.get("place", ""),
            }
        case "recheck":
            return _("复查隐患：%(value)s") % {"value": _("合格") if body.get("pass") is True else _("不合格")}
        case "sign":
            return _("签字：%(name)s") % {"name": body.get("name") or _("手写")}
        case "finish":
            return _("完成检查")
    return _("读不出来的内容")


def verified(operation: Operation) -> bool:
    """Whether what is stored is still what the device signed, and hashes to the name under which it was taken."""
    text = protocol.canonical(
        {
            "v": protocol.VERSION, "id": str(operation.client_id), "device": str(operation.device.uid), "seq": operation.sequence,
            "prev": operation.previous, "kind": operation.kind, "task": str(operation.task),
            "at": round(operation.done_at.timestamp() * 1000), "body": operation.body,
        }
    )  # fmt: skip
    try:
        key = protocol.public_key(operation.device.key)
    except protocol.Malformed:
        return False
    return protocol.digest(text) == operation.hash and protocol.is_signed(text, operation.signature, key)


def conflict_in_words(conflict: Conflict, lists: Iterable[ChecklistVersion]) -> Difference:
    """A conflict with the item's own words; `lists` are the versions that the inspection uses."""
    kind, _colon, where = conflict.field.partition(":")
    titles = {
        "sign:officer": _("检查人员签字"),
        "sign:firm": _("企业人员签字"),
        "field:words": _("检查情况"),
        "field:accompanied_by": _("企业陪同人员"),
    }
    title = titles.get(conflict.field, conflict.field)
    if kind in ("answer", "hazard"):
        list_id, _colon, key = where.partition(":")
        title = _item(list_id, key, lists)
        if kind == "hazard":
            title = _("登记的隐患：%(item)s") % {"item": title}
    return Difference(conflict, title, _side(kind, conflict.present), _side(kind, conflict.arriving))


def _side(kind: str, said: dict[str, Any]) -> Side:
    value = said.get("value")
    if not value:
        words = _("没有填")
    elif kind == "answer":
        words = _answer(value)
    elif kind == "hazard":
        grade = dict(Hazard.Grade.choices).get(value.get("grade", ""), "")
        words = " · ".join(str(part) for part in (value.get("title"), value.get("place"), grade) if part)
    elif kind == "sign":
        words = value.get("name") or _("手写")
    else:
        words = str(value)
    return Side(words, str(said.get("by", "")), parse_datetime(str(said.get("at", ""))) if said.get("at") else None)


def _item(list_id: object, key: object, lists: Iterable[ChecklistVersion]) -> str:
    """The words of an item, or its key where the list is not among these."""
    version = next((one for one in lists if str(one.pk) == str(list_id)), None)
    item = version.item(str(key)) if version else None
    return str(item["text"]) if item else str(key)


def _answer(value: dict[str, Any]) -> str:
    result = str(dict(Finding.Result.choices).get(value.get("result", ""), ""))
    return f"{result}（{value['note']}）" if value.get("note") else result


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
