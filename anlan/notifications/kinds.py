"""What messages are about: the groups that people choose channels for, and the kinds that are urgent."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from anlan.lib.errors import Text

GROUPS: Final[dict[str, tuple[Text, Text, tuple[str, ...]]]] = {
    # group: name, example, kinds by their beginning
    "hazards": (_("隐患与检查"), _("整改到期、逾期上报、复查结果、报审退回"), ("hazard", "inspection", "patrol", "report", "penalty")),
    "training": (_("培训与考试"), _("开班、到期、考试安排、成绩申诉"), ("class", "exam", "question", "appeal", "course")),
    "certificates": (_("证书"), _("颁发、到期、注销"), ("certificate", "revo")),
    "file": (_("企业档案与许可"), _("许可到期、档案核实、风险等级变化、网格调整"), ("permit", "file", "risk", "grade", "moved", "merged", "firm", "grid")),
    "services": (_("社会化服务与台账"), _("合同、服务交付、作业票审批"), ("agency", "contract", "service", "training_request", "association", "ledger", "step")),
    "content": (_("内容审校"), _("送审、退回、定时发布、逾期"), ("review", "release")),
    "account": (_("身份与审批"), _("授予身份、待您审批、邀请已接受"), ("approval", "invitation", "post", "performance")),
    "work": (_("后台任务"), _("导入、导出做完了"), ()),
}  # fmt: skip
"""The last group takes whatever no other names."""

URGENT: Final = frozenset({"hazard_overdue", "hazard_escalated", "hazard_major"})
"""Kinds that may reach a phone at once: what hurts people or ends a right when it waits till morning."""

APART: Final[dict[str, tuple[Text, tuple[str, ...]]]] = {"subscriptions": (_("订阅"), ("subscribed",))}
"""Groups whose channels are chosen with each subscription and not in the table of all."""


def group_of(kind: str) -> str:
    """Return the group of a kind."""
    apart = next((name for name, (_name, starts) in APART.items() if kind.startswith(starts)), None)
    found = (name for name, (_name, _example, starts) in GROUPS.items() if starts and kind.startswith(starts))
    return apart or next(found, "work")


def name_of(group: str) -> str:
    """Return a group in words."""
    return str(APART[group][0] if group in APART else GROUPS[group][0])
