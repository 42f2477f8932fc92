"""Writes on people, posts and regions."""

from anlan.accounts.actions.approvals import ask_approval, decide_approval, effect, withdraw_approval
from anlan.accounts.actions.keys import rotate_keys
from anlan.accounts.actions.people import forget_unproved, keep_preferences, note_sign_in, reveal, welcome
from anlan.accounts.actions.posts import act_in_post, grant_post, install_roles, withdraw_post
from anlan.accounts.actions.regions import load_regions

__all__ = [
    "act_in_post",
    "ask_approval",
    "decide_approval",
    "effect",
    "forget_unproved",
    "grant_post",
    "install_roles",
    "keep_preferences",
    "load_regions",
    "note_sign_in",
    "reveal",
    "rotate_keys",
    "welcome",
    "withdraw_approval",
    "withdraw_post",
]
