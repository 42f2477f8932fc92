"""Grids, approvals, invitations."""

from typing import Any

from anlan.accounts.actions import ask_grant, open_grid, show_invitation
from anlan.accounts.models import Region
from anlan.lib.codes import demo_phone
from anlan.operations.demo.cast import Cast
from tests.walk.people import REGULATORS, SIGNED_IN, TERRITORY

DIVIDERS = frozenset({"county", "deputy", "town"})
MANAGERS = REGULATORS - {"grid", "other_grid", "province", "city", "other_city"}

ALLOWED = {
    "accounts:grids": ("GET", "", REGULATORS),
    "accounts:grid": ("GET", "grid_code", TERRITORY),
    "accounts:grid-new": ("GET", "", MANAGERS),
    "accounts:grid-rename": ("GET", "grid_code", DIVIDERS),
    "accounts:grid-officer": ("GET", "grid_code", DIVIDERS),
    "accounts:grid-close": ("POST", "grid_empty", DIVIDERS),
    "enterprises:grid-split": ("GET", "grid_code", DIVIDERS),
    "enterprises:grid-merge": ("GET", "grid_code", DIVIDERS),
    "accounts:approvals": ("GET", "", SIGNED_IN),
    "accounts:approval": ("GET", "approval", TERRITORY - {"grid"} - {"town"}),
    "accounts:approval-decide": ("POST", "approval", TERRITORY - {"grid"} - {"town"}),
    "accounts:approval-withdraw": ("POST", "approval", frozenset({"county"})),
    "accounts:invite": ("GET", "enterprise", frozenset({"county", "deputy", "town", "grid", "boss"})),
    "accounts:invitation": ("GET", "invitation", frozenset({"county", "deputy", "town", "grid", "boss"})),
    "accounts:invitation-withdraw": ("POST", "invitation", frozenset({"county", "deputy", "town", "grid", "boss"})),
    "accounts:join": ("GET", "token", SIGNED_IN),
}


def arguments(cast: Cast) -> dict[str, list[Any]]:
    """The grid of the cast, an empty one, an approval for another town, a code shown by the grid's officer."""
    town = Region.objects.get(pk="410105018")
    approval = ask_grant(
        "town_admin", phone=demo_phone(7201), name="走查", by=cast.county, region_code="410105019", because="走查"
    )
    shown = show_invitation(cast.forge, "enterprise_manager", by=cast.grid)
    return {
        "grid_code": ["410105018G07"],
        "grid_empty": [open_grid(town, "走查网格", by=cast.town).pk],
        "approval": [approval.pk],
        "invitation": [shown.pk],
        "token": [shown.token],
    }
