"""Who may do what to a hazard. One small rule per verb; `life` says whether the state allows it.

Nobody verifies their own work: not whoever fixed it, not whoever said it was cured, not the agency that helped.
Whoever holds a post in the firm or in the agency that helps is on its side, whichever post they act in.
Verification belongs to the level that the hazard has reached: grid, town (joint action), county (supervision).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from anlan.accounts import powers

if TYPE_CHECKING:
    from anlan.accounts.models import User
    from anlan.hazards.models.hazards import Hazard

REOPEN_DAYS: Final = 365
"""A closed hazard comes back to life within a year; after that it is another hazard."""
GRID, TOWN, COUNTY = 1, 2, 3
COUNTY_DIGITS: Final = 6


def in_territory(hazard: Hazard, user: User) -> bool:
    """Whether the firm lies in the territory of the user's post."""
    return user.post is not None and user.post.is_territorial and hazard.region_code.startswith(user.post.region_code)


def of_firm(hazard: Hazard, user: User) -> bool:
    """Whether the user runs the firm on this platform."""
    return (
        user.post is not None
        and user.post.organisation_id == hazard.enterprise_id
        and user.may(powers.MANAGE_ENTERPRISE)
    )


def is_fixer(hazard: Hazard, user: User) -> bool:
    """Whether the user is the worker who is to fix it."""
    return hazard.fixer_id == user.pk and user.post is not None and user.post.organisation_id == hazard.enterprise_id


def of_helper(hazard: Hazard, user: User) -> bool:
    """Whether the user works for the agency that cures it for the firm."""
    return (
        hazard.helper_id is not None
        and user.post is not None
        and user.post.organisation_id == hazard.helper_id
        and user.may(powers.SERVE)
    )


def is_party(hazard: Hazard, user: User) -> bool:
    """Whether the user, in any of their posts, belongs to the firm or to the agency that cures it."""
    return user.belongs_to(hazard.enterprise_id, hazard.helper_id)


def of_finder(hazard: Hazard, user: User) -> bool:
    """Whether the user inspects for the agency or association that found it, which does not cure it too."""
    return (
        hazard.found_for_id is not None
        and hazard.found_for_id != hazard.helper_id
        and user.post is not None
        and user.post.organisation_id == hazard.found_for_id
        and user.may(powers.INSPECT)
        and not is_party(hazard, user)
    )


def inspects(hazard: Hazard, user: User) -> bool:
    """Whether the user inspects there at the level the hazard has reached."""
    if not (user.may(powers.INSPECT) and in_territory(hazard, user)) or is_party(hazard, user):
        return False
    if hazard.level == GRID:
        return True
    return coordinates(hazard, user)


def coordinates(hazard: Hazard, user: User) -> bool:
    """Whether the user leads the joint action at the level the hazard has reached."""
    if not (user.may(powers.COORDINATE) and in_territory(hazard, user)) or is_party(hazard, user):
        return False
    assert user.post is not None  # noqa: S101 (in_territory)
    return hazard.level < COUNTY or len(user.post.region_code) <= COUNTY_DIGITS


def had_a_hand(hazard: Hazard, user: User) -> bool:
    """Whether the user fixed it or said that it was cured."""
    return user.pk in (hazard.cured_by_id, hazard.fixer_id)


def verifies(hazard: Hazard, user: User) -> bool:
    """Whether the user may pass or fail it. An agency verifies the general hazards that it found; an officer any."""
    if had_a_hand(hazard, user):
        return False
    if of_finder(hazard, user):
        return hazard.level == GRID and not hazard.is_major
    return inspects(hazard, user)


def _fails(hazard: Hazard, user: User) -> bool:
    return (
        coordinates(hazard, user) and not had_a_hand(hazard, user)
        if hazard.state == "passed"
        else verifies(hazard, user)
    )


def _closes(hazard: Hazard, user: User) -> bool:
    return coordinates(hazard, user) and not had_a_hand(hazard, user)


def _reopens(hazard: Hazard, user: User) -> bool:
    fresh = hazard.closed_at is not None and hazard.closed_at >= timezone.now() - timedelta(days=REOPEN_DAYS)
    return fresh and inspects(hazard, user)


def _voids(hazard: Hazard, user: User) -> bool:
    """COORDINATE any; the finder their own slip, before anybody cured it. A firm cannot void what is major."""
    if coordinates(hazard, user):
        return True
    if hazard.found_by_id != user.pk or hazard.state not in ("found", "curing") or hazard.level != GRID:
        return False
    return inspects(hazard, user) or of_finder(hazard, user) or (of_firm(hazard, user) and not hazard.is_major)


def _escalates(hazard: Hazard, user: User) -> bool:
    return hazard.level < COUNTY and inspects(hazard, user)


def _decides(hazard: Hazard, user: User) -> bool:
    return coordinates(hazard, user) if hazard.is_major else inspects(hazard, user)


def _plans(hazard: Hazard, user: User) -> bool:
    return of_firm(hazard, user) or of_helper(hazard, user) or inspects(hazard, user)


def _cures(hazard: Hazard, user: User) -> bool:
    return of_firm(hazard, user) or of_helper(hazard, user) or is_fixer(hazard, user)


def _asks(hazard: Hazard, user: User) -> bool:
    return of_firm(hazard, user) or of_helper(hazard, user)


def _reassigns(hazard: Hazard, user: User) -> bool:
    return of_firm(hazard, user) or coordinates(hazard, user)


def _regrades(hazard: Hazard, user: User) -> bool:
    """Up by whoever inspects, down only by whoever coordinates."""
    return coordinates(hazard, user) if hazard.is_major else inspects(hazard, user)


def _notes(hazard: Hazard, user: User) -> bool:
    return (
        _cures(hazard, user)
        or of_finder(hazard, user)
        or (in_territory(hazard, user) and (user.may(powers.INSPECT) or user.may(powers.COORDINATE)))
    )


def _orders(hazard: Hazard, user: User) -> bool:
    return user.may(powers.INSPECT) and in_territory(hazard, user)


_RULES: Final[dict[str, Callable[[Hazard, User], bool]]] = {
    "plan": _plans,
    "cure": _cures,
    "pass": verifies,
    "fail": _fails,
    "close": _closes,
    "self_close": of_firm,
    "reopen": _reopens,
    "void": _voids,
    "escalate": _escalates,
    "regrade": _regrades,
    "reassign": _reassigns,
    "extend_ask": _asks,
    "extend_grant": _decides,
    "extend_refuse": _decides,
    "order": _orders,
    "note": _notes,
}
"""`overdue` and `follow` are the clock's and the house's: nobody may do them by hand."""


def may(verb: str, hazard: Hazard, user: User) -> bool:
    """Whether the verb is this user's, whatever the state."""
    return verb in _RULES and _RULES[verb](hazard, user)
