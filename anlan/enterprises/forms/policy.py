"""Rules as a table, risk points and plans as forms."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.enterprises.forms.plain import Plain, day_field
from anlan.enterprises.grading import FACTS, RISKS
from anlan.enterprises.lec import CONSEQUENCE, EXPOSURE, LIKELIHOOD, MATRIX_LIKELIHOOD, MATRIX_SEVERITY
from anlan.enterprises.models import RiskPoint
from anlan.lib.asked import number

MOST_RULES: Final = 80
DUTIES: Final = ("patrol_days", "training_hours", "remind_days")
COLUMNS: Final = ("label", "condition", "value", "points", "grade", "source", "way_out", "key")


def conditions() -> list[tuple[str, str]]:
    """What a rule may ask, as choices of one select: has_dust:is:1, hazards_open:>=, industry:starts."""
    found = []
    for fact in FACTS.values():
        if fact.kind == "yes":
            found += [
                (f"{fact.key}:is:1", f"{fact.label}：{_('是')}"),
                (f"{fact.key}:is:0", f"{fact.label}：{_('否')}"),
            ]
        elif fact.kind == "number":
            unit = f"（{fact.unit}）" if fact.unit else ""
            found += [
                (f"{fact.key}:>=", f"{fact.label}{unit} {_('不少于')}"),
                (f"{fact.key}:<", f"{fact.label}{unit} {_('少于')}"),
            ]
        else:
            found.append((f"{fact.key}:starts", f"{fact.label} {_('属于')}"))
    return found


def rows_of(rules: list[dict[str, Any]], blank: int = 2) -> list[dict[str, Any]]:
    """Rules as rows of the table, with empty ones at the end."""
    rows = []
    for rule in rules:
        yes = rule["op"] == "is"
        rows.append(
            rule
            | {
                "condition": f"{rule['fact']}:{rule['op']}" + (f":{rule['value']}" if yes else ""),
                "value": "" if yes else rule["value"],
            }
        )
    return [row | {"n": n} for n, row in enumerate([*rows, *({} for _n in range(blank))])]


def read_rules_from(data: QueryDict) -> list[dict[str, Any]]:
    """The rules of a posted table. Rows without a label or marked for deletion are left out; nothing is checked here."""
    rules = []
    for n in range(min(number(data.get("rows")) or 0, MOST_RULES)):
        given = {name: " ".join(data.get(f"r{n}-{name}", "").split()) for name in COLUMNS}
        if not given["label"] or data.get(f"r{n}-gone"):
            continue
        fact, _colon, rest = given["condition"].partition(":")
        op, _colon, value = rest.partition(":")
        rules.append({
            "key": given["key"][:40] or f"own{n}_{fact}"[:40], "label": given["label"][:60], "fact": fact, "op": op,
            "value": value or given["value"][:60], "points": _whole(given["points"] or "0"), "grade": given["grade"],
            "source": given["source"][:120], "way_out": given["way_out"][:120],
        })  # fmt: skip
    return rules


def read_steps_from(data: QueryDict) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Thresholds and duties of a posted table; what is no number stays -1, which no policy accepts."""
    thresholds = {risk: _whole(data.get(f"t-{risk}", "")) for risk in RISKS[:-1]}
    duties = {risk: {name: _whole(data.get(f"d-{risk}-{name}", "")) for name in DUTIES} for risk in RISKS}
    return thresholds, duties


def _whole(text: str) -> int:
    found = number(text.strip())
    return -1 if found is None else found


class PublishForm(Plain):
    """From when a version counts, and why it is as it is."""

    valid_from = day_field(_("从哪天起生效"))
    note = forms.CharField(
        label=_("为什么改"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("企业在“一企一策”里看得到这句话。"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"valid_from": timezone.localdate()})
        super().__init__(*args, **kwargs)


def _offered(choices: tuple[tuple[str, Any], ...]) -> list[tuple[str, Any]]:
    return [(value, f"{value}　{words}") for value, words in choices]


class RiskPointForm(Plain):
    """A risk point: where, what could happen, how it is graded, what is done about it."""

    name = forms.CharField(label=_("风险点"), max_length=80, help_text=_("例如 木工车间除尘系统"))
    place = forms.CharField(label=_("在哪里"), max_length=80)
    accident = forms.CharField(label=_("可能发生什么事故"), max_length=80, help_text=_("例如 粉尘爆炸、机械伤害"))
    method = forms.ChoiceField(
        label=_("用哪种方法评"), choices=RiskPoint.Method.choices, widget=forms.RadioSelect, initial="lec"
    )
    l_lec = forms.ChoiceField(label=_("L　发生的可能性"), choices=_offered(LIKELIHOOD), required=False, initial="3")
    e_lec = forms.ChoiceField(
        label=_("E　人在危险环境里的频繁程度"), choices=_offered(EXPOSURE), required=False, initial="6"
    )
    c_lec = forms.ChoiceField(label=_("C　发生事故的后果"), choices=_offered(CONSEQUENCE), required=False, initial="7")
    l_matrix = forms.ChoiceField(
        label=_("L　发生的可能性"), choices=_offered(MATRIX_LIKELIHOOD), required=False, initial="3"
    )
    s_matrix = forms.ChoiceField(
        label=_("S　后果的严重程度"), choices=_offered(MATRIX_SEVERITY), required=False, initial="3"
    )
    measures = forms.CharField(
        label=_("管控措施"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=2000,
        help_text=_("一行一条，印在告知卡上。"),
    )
    emergency = forms.CharField(
        label=_("应急处置"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000, required=False
    )
    responsible = forms.CharField(label=_("责任人"), max_length=60)
    basis = forms.CharField(label=_("依据"), max_length=200, required=False, help_text=_("条文或标准，例如 GB 15577"))

    def values(self) -> dict[str, Any]:
        """What the action wants."""
        given = self.cleaned_data
        lec = given["method"] == RiskPoint.Method.LEC
        kept = {
            name: given[name]
            for name in ("name", "place", "accident", "method", "measures", "emergency", "responsible", "basis")
        }
        return kept | {
            "likelihood": Decimal((given["l_lec"] if lec else given["l_matrix"]) or "0"),
            "exposure": Decimal(given["e_lec"] or "0") if lec else None,
            "consequence": Decimal((given["c_lec"] if lec else given["s_matrix"]) or "0"),
        }

    @staticmethod
    def initial_of(point: RiskPoint) -> dict[str, Any]:
        """The form of a point that is there."""
        lec = point.method == RiskPoint.Method.LEC
        own = {
            name: getattr(point, name)
            for name in ("name", "place", "accident", "method", "measures", "emergency", "responsible", "basis")
        }
        values = {"l_lec" if lec else "l_matrix": point.likelihood, "c_lec" if lec else "s_matrix": point.consequence}
        if lec:
            values["e_lec"] = point.exposure or Decimal(0)
        return own | {name: f"{value.normalize():f}" for name, value in values.items()}


class PlanForm(Plain):
    """A drawing of the floor."""

    name = forms.CharField(label=_("这是哪里"), max_length=60, help_text=_("例如 一层车间"))
    file = forms.FileField(
        label=_("平面图"),
        help_text=_("拍照或扫描的图片都行，50 MB 以内。手画的也可以。"),
        widget=forms.FileInput(attrs={"accept": "image/*,.heic,.heif"}),
    )
