"""The life of a hazard as a table: which verb leads from which states to which. Pure; who may is `models.rights`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FOUND, CURING, CURED, PASSED, CLOSED, VOID = "found", "curing", "cured", "passed", "closed", "void"
OPEN: Final = frozenset({FOUND, CURING, CURED, PASSED})
TICKING: Final = frozenset({FOUND, CURING})
"""States in which the deadline runs: once cured, it is the inspector's turn."""
STAYS: Final = ""


@dataclass(frozen=True, slots=True)
class Move:
    """From where, to where (`STAYS`: the state does not change), and how a record says it."""

    before: frozenset[str]
    after: str
    words: str | Promise


MOVES: Final[dict[str, Move]] = {
    "plan": Move(TICKING, CURING, _("落实整改")),
    "cure": Move(frozenset({CURING}), CURED, _("完成整改，申请复查")),
    "pass": Move(frozenset({CURED}), CLOSED, _("复查通过")),
    "fail": Move(frozenset({CURED, PASSED}), CURING, _("复查不合格，退回重改")),
    "close": Move(frozenset({PASSED}), CLOSED, _("销号闭环")),
    "self_close": Move(frozenset({CURING, CURED}), CLOSED, _("自查自改，闭环")),
    "reopen": Move(frozenset({CLOSED}), CURING, _("重新打开")),
    "void": Move(OPEN, VOID, _("撤销登记")),
    "escalate": Move(OPEN, STAYS, _("升级处置")),
    "overdue": Move(TICKING, STAYS, _("超过整改期限")),
    "regrade": Move(OPEN, STAYS, _("调整等级")),
    "reassign": Move(TICKING, STAYS, _("改派")),
    "extend_ask": Move(TICKING, STAYS, _("申请延期")),
    "extend_grant": Move(TICKING, STAYS, _("同意延期")),
    "extend_refuse": Move(TICKING, STAYS, _("不同意延期")),
    "order": Move(OPEN, STAYS, _("下达整改通知书")),
    "follow": Move(OPEN, STAYS, _("随企业调整")),
    "note": Move(OPEN | {CLOSED}, STAYS, _("补充说明")),
}
"""`find` begins the life and is in no row. A major hazard that passes waits for its closing 销号; a general one is closed."""

FIND: Final = _("发现隐患")


def leads(verb: str, state: str, grade: str, source: str) -> bool:
    """Whether `verb` is possible in this state. Only a general hazard that the firm found itself is closed by the firm."""
    if verb == "self_close" and not (grade == "general" and source in ("self", "report")):
        return False
    return verb in MOVES and state in MOVES[verb].before


def after(verb: str, state: str, grade: str) -> str:
    """The state that `verb` leads to."""
    if verb == "pass" and grade == "major":
        return PASSED
    return MOVES[verb].after or state


def say(verb: str) -> str:
    """The verb in words of a record."""
    return str(FIND if verb == "find" else MOVES[verb].words if verb in MOVES else verb)
