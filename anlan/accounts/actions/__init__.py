"""Writes on people, posts and regions."""

from anlan.accounts.actions.approvals import ask_approval, decide_approval, effect, withdraw_approval
from anlan.accounts.actions.grids import close_grid, open_grid, reassign_grid, rename_grid
from anlan.accounts.actions.invitations import (
    bind_invitations,
    set_invitation,
    show_invitation,
    shut_doors,
    take_invitation,
    withdraw_invitation,
)
from anlan.accounts.actions.keys import rotate_keys
from anlan.accounts.actions.people import forget_unproved, keep_preferences, note_sign_in, reveal, welcome
from anlan.accounts.actions.posts import act_in_post, ask_grant, grant_post, install_roles, withdraw_post
from anlan.accounts.actions.regions import load_regions
from anlan.accounts.actions.sessions import end_sessions

__all__ = [
    "act_in_post",
    "ask_approval",
    "ask_grant",
    "bind_invitations",
    "close_grid",
    "decide_approval",
    "effect",
    "end_sessions",
    "forget_unproved",
    "grant_post",
    "install_roles",
    "keep_preferences",
    "load_regions",
    "note_sign_in",
    "open_grid",
    "reassign_grid",
    "rename_grid",
    "reveal",
    "rotate_keys",
    "set_invitation",
    "show_invitation",
    "shut_doors",
    "take_invitation",
    "welcome",
    "withdraw_approval",
    "withdraw_invitation",
    "withdraw_post",
]
