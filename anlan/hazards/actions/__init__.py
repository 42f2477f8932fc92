"""What can be done to hazards. Inspections, checklists and reports have their own modules beside."""

from anlan.hazards.actions.extensions import ask_extension, decide_extension
from anlan.hazards.actions.hazards import (
    can_register,
    close_hazard,
    cure_hazard,
    fail_hazard,
    may_self_close,
    missing,
    pass_hazard,
    plan_hazard,
    register_hazard,
    self_close_hazard,
)
from anlan.hazards.actions.others import (
    escalate_hazard,
    note_hazard,
    reassign_hazard,
    regrade_hazard,
    reopen_hazard,
    void_hazard,
)
from anlan.hazards.actions.photos import attach_photo

__all__ = [
    "ask_extension",
    "attach_photo",
    "can_register",
    "close_hazard",
    "cure_hazard",
    "decide_extension",
    "escalate_hazard",
    "fail_hazard",
    "may_self_close",
    "missing",
    "note_hazard",
    "pass_hazard",
    "plan_hazard",
    "reassign_hazard",
    "register_hazard",
    "regrade_hazard",
    "reopen_hazard",
    "self_close_hazard",
    "void_hazard",
]
