"""Everything that changes the performance: weights, snapshots, appeals."""

from anlan.supervision.actions.appeals import decide_appeal, make_appeal
from anlan.supervision.actions.schemes import set_weights
from anlan.supervision.actions.snapshots import compute_month, refresh_month

__all__ = ["compute_month", "decide_appeal", "make_appeal", "refresh_month", "set_weights"]
