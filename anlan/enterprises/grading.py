"""What grade an enterprise gets under a policy, why, and what would lower it. Pure: rules and facts are handed in.

Every rule that is met gives points; the sum is held against thresholds. A rule may also set a floor: whoever meets it is
at least of that grade. Points are never negative, so another bad fact never lowers a grade.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.lib.errors import Text

RISKS: Final = ("red", "orange", "yellow", "blue")
"""Worst first."""
OPS: Final[dict[str, tuple[str, ...]]] = {"yes": ("is",), "number": (">=", "<"), "code": ("starts",)}
OP_WORDS: Final[dict[str, Text]] = {
    "is": gettext_lazy("是"), ">=": gettext_lazy("不少于"), "<": gettext_lazy("少于"), "starts": gettext_lazy("属于"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that rules look at: its kind (yes, number, code), its unit, and where it comes from."""

    key: str
    label: Text
    kind: str
    unit: Text = ""
    origin: Text = "一企一档"


FACTS: Final[dict[str, Fact]] = {
    fact.key: fact
    for fact in (
        Fact("industry", gettext_lazy("行业代码"), "code"),
        Fact("high_risk_industry", gettext_lazy("高危行业"), "yes"),
        Fact("people", gettext_lazy("从业人员"), "number", gettext_lazy("人")),
        Fact("has_chemicals", gettext_lazy("危险化学品"), "yes"),
        Fact("chemicals", gettext_lazy("危险化学品种类"), "number", gettext_lazy("种")),
        Fact("chemicals_most", gettext_lazy("单种危险化学品最大存量"), "number", gettext_lazy("吨")),
        Fact("has_special_equipment", gettext_lazy("特种设备"), "yes"),
        Fact("equipment", gettext_lazy("特种设备台数"), "number", gettext_lazy("台")),
        Fact("equipment_overdue", gettext_lazy("过了检验期的特种设备"), "number", gettext_lazy("台")),
        Fact("has_special_operations", gettext_lazy("特种作业"), "yes"),
        Fact("has_dust", gettext_lazy("可燃性粉尘"), "yes"),
        Fact("has_confined_space", gettext_lazy("有限空间"), "yes"),
        Fact("has_dormitory", gettext_lazy("厂房住人"), "yes"),
        Fact("permits_expired", gettext_lazy("过期证照"), "number", gettext_lazy("张")),
        Fact("hazards_open", gettext_lazy("没闭环的隐患"), "number", gettext_lazy("条"), gettext_lazy("隐患记录")),
        Fact("major_open", gettext_lazy("没闭环的重大隐患"), "number", gettext_lazy("条"), gettext_lazy("隐患记录")),
        Fact("overdue_year", gettext_lazy("近 12 个月逾期隐患"), "number", gettext_lazy("条"), gettext_lazy("隐患记录")),
        Fact("rechecks_failed", gettext_lazy("近 12 个月复查不通过"), "number", gettext_lazy("次"), gettext_lazy("隐患记录")),
        Fact("completion", gettext_lazy("近 12 个月培训完成率"), "number", "%", gettext_lazy("培训记录")),
        Fact("hours_each", gettext_lazy("近 12 个月人均学时"), "number", gettext_lazy("学时"), gettext_lazy("培训记录")),
        Fact("accidents_year", gettext_lazy("近 12 个月事故"), "number", gettext_lazy("起"), gettext_lazy("事故记录（平台还没有，先不计分）")),
        Fact("file_old", gettext_lazy("档案没核实或该再核实"), "yes"),
        Fact("unsaid", gettext_lazy("没有填的风险情况"), "number", gettext_lazy("项")),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a policy. `grade` is a floor ("" for none); `way_out` may hold {n}: how much is missing."""

    key: str
    label: str
    fact: str
    op: str
    value: str
    points: int = 0
    grade: str = ""
    source: str = ""
    way_out: str = ""

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Rule:
        """From a row of `RiskPolicy.rules`; keys that are no part of a rule are left out."""
        return cls(**{name: row[name] for name in cls.__slots__ if name in row})

    def met(self, seen: Any) -> bool:
        """Whether a fact meets the rule. What nobody has said (None) meets none."""
        if seen is None:
            return False
        if self.op == "is":
            return bool(seen) == (self.value == "1")
        if self.op == "starts":
            return any(str(seen).startswith(prefix) for prefix in self.value.split())
        return bool(seen >= float(self.value) if self.op == ">=" else seen < float(self.value))

    def missing(self, seen: Any) -> int:
        """How much has to change until a number no longer meets the rule, rounded up; 1 for a yes."""
        if self.op == ">=":
            return max(1, math.floor(float(seen) - float(self.value)) + 1)
        return max(1, math.ceil(float(self.value) - float(seen))) if self.op == "<" else 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """The grade, its points, and a line for every rule that is met, in the order of the policy."""

    risk: str
    points: int
    reasons: tuple[dict[str, Any], ...]


def read_rules(rows: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """The rules of a policy, ready to be asked many times."""
    return tuple(Rule.read(row) for row in rows)


def worse(one: str, other: str) -> str:
    """The worse of two grades; "" is better than any."""
    return min(one, other, key=lambda risk: RISKS.index(risk) if risk else len(RISKS))


def by_points(points: int, thresholds: Mapping[str, int]) -> str:
    """The grade of a sum."""
    return next((risk for risk in RISKS[:-1] if points >= int(thresholds[risk])), "blue")


def grade(
    rules: Sequence[Rule], thresholds: Mapping[str, int], seen: Mapping[str, Any], unsure: Iterable[str] = ()
) -> Verdict:
    """The verdict over facts `seen` ({fact: value}); facts in `unsure` count, and their lines say so."""
    met, doubtful = [rule for rule in rules if rule.met(seen.get(rule.fact))], frozenset(unsure)
    risk, points = _judge(met, thresholds)
    lines = tuple(asdict(rule) | {"seen": seen[rule.fact], "unsure": rule.fact in doubtful} for rule in met)
    return Verdict(risk, points, lines)


def _judge(met: Iterable[Rule], thresholds: Mapping[str, int]) -> tuple[str, int]:
    held = list(met)
    points = sum(rule.points for rule in held)
    risk = by_points(points, thresholds)
    for rule in held:
        risk = worse(risk, rule.grade)
    return risk, points


@dataclass(frozen=True, slots=True)
class Way:
    """What to do, in words, and the grade it leads to. Empty: nothing the firm can do by itself lowers the grade."""

    steps: tuple[str, ...]
    risk: str


def way_down(reasons: Sequence[Mapping[str, Any]], thresholds: Mapping[str, int]) -> Way:
    """A small set of steps that lowers the grade: floors first, then the most points; then whatever is not needed goes.

    Greedy: never more than needed, though now and then another set might be as short. The facts are those of the verdict.
    """
    lines = [(Rule.read(row), row.get("seen")) for row in reasons]
    now, _points = _judge((rule for rule, _seen in lines), thresholds)
    if now == "blue":
        return Way((), now)
    ways = [pair for pair in lines if pair[0].way_out]
    ways.sort(key=lambda pair: (pair[0].grade == "" or worse(pair[0].grade, now) != pair[0].grade, -pair[0].points))
    done: list[tuple[Rule, Any]] = []

    def after(gone: Iterable[tuple[Rule, Any]]) -> str:
        keys = {rule.key for rule, _seen in gone}
        return _judge((rule for rule, _seen in lines if rule.key not in keys), thresholds)[0]

    for pair in ways:
        done.append(pair)
        if after(done) != now:
            break
    else:
        return Way((), now)
    for pair in list(done):
        rest = [other for other in done if other is not pair]
        if rest and after(rest) != now:
            done = rest
    return Way(tuple(way_out(rule, seen) for rule, seen in done), after(done))


def way_out(rule: Rule, seen: Any) -> str:
    """The step of one rule, with how much is missing."""
    return rule.way_out.replace("{n}", str(rule.missing(seen)))


def says(fact: str, seen: Any) -> str:
    """A fact's value in words: 有, 3 条, 74%."""
    known = FACTS.get(fact)
    if seen is None:
        return _("没有记录")
    if known is None or known.kind == "code":
        return str(seen)
    if known.kind == "yes":
        return _("是") if seen else _("否")
    figure = f"{seen:g}" if isinstance(seen, float) else str(seen)
    return f"{figure}%" if known.unit == "%" else f"{figure} {known.unit}"


def condition(rule: Rule) -> str:
    """A rule's condition in words: 没闭环的隐患 不少于 5 条."""
    known = FACTS.get(rule.fact)
    label, unit = (str(known.label), str(known.unit)) if known else (rule.fact, "")
    if rule.op == "is":
        return f"{label}：{_('是') if rule.value == '1' else _('否')}"
    return f"{label} {OP_WORDS[rule.op]} {rule.value}{'' if unit == '%' else ' '}{unit}".strip()


def faults(rules: Sequence[Mapping[str, Any]], thresholds: Mapping[str, Any], duties: Mapping[str, Any]) -> list[str]:
    """What is wrong with a policy, in words; empty when it can be published."""
    found, keys = [], set()
    for n, row in enumerate(rules, 1):
        try:
            rule = Rule.read(row)
            problem = _fault(rule)
        except (TypeError, ValueError):
            problem = _("写得不完整")
        else:
            if not problem and rule.key in keys:
                problem = _("和另一条重复")
            keys.add(rule.key)
        if problem:
            found.append(_("第 %(n)d 条：%(what)s。") % {"n": n, "what": problem})
    if not rules:
        found.append(_("至少要有一条规则。"))
    steps = [thresholds.get(risk) for risk in RISKS[:-1]]
    if not all(isinstance(step, int) for step in steps) or not steps[0] > steps[1] > steps[2] > 0:  # type: ignore[operator]
        found.append(_("分数线要从红到黄依次变小，都大于 0。"))
    days = [(duties.get(risk) or {}).get("patrol_days") for risk in RISKS]
    if not all(isinstance(day, int) and 1 <= day <= 90 for day in days) or days != sorted(days):  # type: ignore[type-var]
        found.append(_("巡查间隔在 1 到 90 天之间，风险越高间隔越短。"))
    for risk in RISKS:
        duty = duties.get(risk) or {}
        hours, remind = duty.get("training_hours"), duty.get("remind_days")
        if not (isinstance(hours, int) and 0 <= hours <= 200 and isinstance(remind, int) and 1 <= remind <= 60):
            found.append(_("学时在 0 到 200 之间，提醒提前 1 到 60 天。"))
            break
    return found


def _fault(rule: Rule) -> str:
    fact = FACTS.get(rule.fact)
    if not rule.key or not rule.label.strip():
        return _("没有写名称")
    if fact is None or rule.op not in OPS[fact.kind]:
        return _("条件和所看的事实对不上")
    if rule.op == "is" and rule.value not in ("0", "1"):
        return _("要选是或否")
    if rule.op == "starts" and not rule.value.split():
        return _("没有写行业代码")
    if rule.op in (">=", "<") and not 0 <= float(rule.value) <= 1_000_000:
        return _("数值要在 0 到 1000000 之间")
    if not 0 <= rule.points <= 1000 or (rule.points == 0 and not rule.grade):
        return _("要有分值，或者至少定为某一级")
    return _("等级不存在") if rule.grade not in ("", *RISKS[:-1]) else ""
