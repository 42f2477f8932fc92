"""What is measured of whom. A later app that has records of its own adds an `Indicator` and names it under a kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from django.utils.translation import gettext_lazy as _

from anlan.lib.errors import Text
from anlan.supervision.models import Kind

REVIEW_DAYS: Final = 3
"""Working days in which a submitted report is reviewed (G-04)."""
VERIFY_DAYS: Final = 5
"""Days in which a cure that was reported is re-inspected: what the officer's card of things due says too."""
JOINT_DAYS: Final = 5
"""Working days in which the town answers what escalated to it: after them it goes on to the county."""
FAST, SLOW = 15, 60
"""Median days from finding to verified closure worth 100 and 0 points: the deadlines proposed for general and major hazards."""
RATING_MONTHS: Final = 12
"""So many months of ratings make an agency's mean: one month alone holds too few."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """One measure. `part` of `whole` are the words of numerator and denominator; `least` records make it count.

    `unit`: rate (percent), days (a median, fewer is better) or rating (1 to 5). `by_act`: an act is its doer's, and only
    what nobody did is the holder's of the grid; a result is always the holder's on the day it was due.
    """

    code: str
    name: Text
    part: Text
    whole: Text
    why: Text
    records: Literal["inspection", "round", "step", "hazard", "firm", "service", "rating"]
    unit: Literal["rate", "days", "rating"] = "rate"
    least: int = 5
    by_act: bool = False


_ALL: Final = (
    Indicator(
        "patrol", _("巡查完成率"), _("本月内做完的"), _("本月到期的计划巡查，自己加的和取消的不算"),
        _("做完的算给做的人；没做的算给任务上的人，没有派人的算给当天负责这个网格的人。"), "inspection", by_act=True,
    ),
    Indicator(
        "on_time", _("巡查按期率"), _("在期限当天或以前做完的"), _("本月到期并且做完的计划巡查"),
        _("按做完的那天算，超过期限一天就不算按期。"), "inspection", by_act=True,
    ),
    Indicator(
        "review", _("报审按时审核率"), _("提交后 3 个工作日内审完的"), _("本月到审核期限的企业报审，退回重报的每次都算"),
        _("审过的算给审的人；没审的算给期限当天负责这个网格的人。"), "round", by_act=True,
    ),
    Indicator(
        "verify", _("按时复查率"), _("企业报整改完成后 5 天内复查的，通过和退回都算"), _("本月到复查期限的整改"),
        _("复查过的算给复查的人；没复查的算给期限当天负责这个网格的人。撤销和自查自改的不算。"), "step", by_act=True,
    ),
    Indicator(
        "cure", _("到期整改率"), _("到月底已经复查闭环的"), _("期限在本月底以前、月初还没有闭环的隐患，以前逾期的也在内"),
        _("只认复查过的闭环，查出得多少都不加分。算给期限当天（以前逾期的为月初）负责这个网格的人。"), "hazard",
    ),
    Indicator(
        "days", _("闭环用时"), _("从发现到复查闭环的天数，取中位数"), _("本月复查闭环的隐患"),
        _("15 天以内得满分，60 天以上不得分，中间按比例。算给闭环当天负责这个网格的人。"), "hazard", unit="days",
    ),
    Indicator(
        "file", _("档案核实率"), _("核实没有过期的"), _("月底在册的企业"), _("核实一次管多久，由企业的风险等级决定。"), "firm",
    ),
    Indicator(
        "joint", _("联合整治答复率"), _("上报后 5 个工作日内镇街或县区有人处置的"), _("本月到答复期限的上报隐患"),
        _("处置包括复查、通知、退回、延期答复、说明等，要有办理记录。"), "step",
    ),
    Indicator(
        "service", _("服务按期率"), _("在计划当天或以前交付、企业没有异议的"), _("计划在本月的服务，取消的不算"),
        _("按交付的那天算。企业提出异议、还没有解决的，不算交付。"), "service",
    ),
    Indicator(
        "rating", _("企业评价"), _("企业评分的平均，评价少时向 3.5 分靠拢"), _("到月底为止 12 个月里的评价"),
        _("能力、及时、效果三项各 1 到 5 分。相当于先有 5 条 3.5 分的评价，免得一两条定高低。"), "rating", unit="rating", least=3,
    ),
    Indicator(
        "recheck", _("复查通过率"), _("复查通过的"), _("机构查出或帮助整改的隐患，本月由别人复查的"),
        _("机构自己的人复查的不算。"), "step",
    ),
)  # fmt: skip
INDICATORS: Final = {one.code: one for one in _ALL}

DEFAULTS: Final[dict[str, dict[str, int]]] = {
    Kind.OFFICER: {"patrol": 25, "on_time": 10, "review": 15, "verify": 20, "cure": 20, "days": 5, "file": 5},
    Kind.TOWN: {
        "patrol": 20,
        "on_time": 10,
        "review": 10,
        "verify": 10,
        "cure": 20,
        "days": 5,
        "file": 10,
        "joint": 15,
    },
    Kind.AGENCY: {"service": 40, "rating": 30, "recheck": 30},
    Kind.ENGINEER: {"service": 40, "rating": 30, "recheck": 30},
}
"""What is measured of each kind, and the weights until a territory sets its own: doing the visits and closing what they
find weigh most; speed little, since a fast closure is worth nothing when it does not hold."""


def of_kind(kind: str) -> list[Indicator]:
    """Return the indicators of a kind, in their order."""
    return [INDICATORS[code] for code in DEFAULTS[kind]]
