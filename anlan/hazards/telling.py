"""A hazard told to people: the stepper, the timeline, whose turn it is. Pure shaping for the pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from anlan.hazards import life
from anlan.hazards.models import Hazard, HazardStep, Photo

MAIN: Final = ("close", "pass", "self_close", "cure", "plan")
"""The verb that moves it on, where several are allowed: the first of these."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of the stepper."""

    number: int
    name: str
    note: str
    css: str


def stops(hazard: Hazard) -> list[Stop]:
    """The five stops: found, rectifying, rectified, re-inspected, closed; each with its day or what is left."""
    at = {"found": 1, "curing": 1, "cured": 3, "passed": 4, "closed": 5, "void": 0}[hazard.state]
    notes = [
        _short(hazard.found_at),
        _returned(hazard),
        _short(hazard.cured_at),
        "",
        _short(hazard.closed_at),
    ]
    names = [_("发现"), _("整改"), _("已整改"), _("复查"), _("销号") if hazard.is_major else _("闭环")]
    if at < 5 and hazard.state != "void":
        notes[at] = remaining(hazard) or notes[at]
    return [
        Stop(n + 1, name, note, "done" if n < at else "now" if n == at and hazard.state != "void" else "")
        for n, (name, note) in enumerate(zip(names, notes, strict=True))
    ]


def remaining(hazard: Hazard) -> str:
    """ "还剩 3 天", "今天到期", "逾期 2 天"; empty while no deadline runs."""
    left = hazard.days_left
    if left is None:
        return ""
    if left < 0:
        return ngettext("逾期 %(n)d 天", "逾期 %(n)d 天", -left) % {"n": -left}
    if left == 0:
        return _("今天到期")
    return ngettext("还剩 %(n)d 天", "还剩 %(n)d 天", left) % {"n": left}


def _returned(hazard: Hazard) -> str:
    if hazard.failed:
        return ngettext("退回过 %(n)d 次", "退回过 %(n)d 次", hazard.failed) % {"n": hazard.failed}
    return ""


def _short(moment: Any) -> str:
    return f"{timezone.localtime(moment):%m-%d %H:%M}" if moment else ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the timeline."""

    title: str
    who: str
    at: Any
    words: str
    facts: Sequence[str]
    photos: int
    css: str


def entries(steps: Iterable[HazardStep], photos: Iterable[Photo]) -> list[Entry]:
    """The timeline, newest first."""
    shown: dict[int, int] = {}
    for photo in photos:
        if photo.step_id:
            shown[photo.step_id] = shown.get(photo.step_id, 0) + 1
    return [
        Entry(
            title=_title(step), who=step.by.name if step.by else _("平台"), at=step.at, words=step.words, facts=_facts(step.detail),
            photos=shown.get(step.pk, 0), css="no" if step.verb in ("fail", "overdue", "void", "extend_refuse") else "",
        )
        for step in steps
    ]  # fmt: skip


def _title(step: HazardStep) -> str:
    if step.verb == "escalate" or (step.verb == "fail" and "level" in step.detail):
        level = Hazard.Level(step.detail.get("level", [0, step.level])[1]).label
        return _("%(verb)s，转到%(level)s") % {"verb": life.say(step.verb), "level": level}
    if step.verb == "order":
        return _("下达整改通知书 %(number)s") % {"number": step.detail.get("number", "")}
    return life.say(step.verb)


def _facts(detail: dict[str, Any]) -> list[str]:
    found = []
    change = detail.get("deadline")
    if isinstance(change, list) and change[1]:
        day = date.fromisoformat(change[1])
        found.append(_("期限 %(m)d 月 %(d)d 日") % {"m": day.month, "d": day.day})
    if moved := detail.get("moved"):
        found.append(moved)
    if detail.get("alone"):
        found.append(_("企业只有一位管理员，由本人确认，网格员下次巡查时核对"))
    if grades := detail.get("grade"):
        found.append(_("从%(a)s到%(b)s") % {"a": Hazard.Grade(grades[0]).label, "b": Hazard.Grade(grades[1]).label})
    return found


def turn(hazard: Hazard) -> str:
    """Who must act next, in words."""
    if hazard.state == "found":
        return _("等企业落实整改")
    if hazard.state == "curing":
        return _("等企业整改")
    if hazard.state == "cured":
        who = {1: _("网格员"), 2: _("镇街"), 3: _("县区")}[hazard.level]
        if (
            hazard.found_for_id
            and hazard.found_for_id != hazard.helper_id
            and hazard.level == 1
            and not hazard.is_major
        ):
            who = _("网格员或查出的机构")
        return _("等%(who)s复查") % {"who": who}
    if hazard.state == "passed":
        return _("等县区销号") if hazard.level == 3 else _("等镇街销号")
    return _("已闭环，不用再做什么") if hazard.state == "closed" else _("已撤销，不计入统计")


def ordered(verbs: Sequence[str]) -> tuple[str, list[str]]:
    """The verb that moves the hazard on ("" where there is none), and the others, without those that stand elsewhere."""
    hidden = {"extend_grant", "extend_refuse", "note", "order"}
    main = next((verb for verb in MAIN if verb in verbs), "")
    return main, [verb for verb in verbs if verb != main and verb not in hidden]
