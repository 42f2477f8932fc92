"""What people do to the pages of the site."""

from anlan.content.actions.drafts import create_page, roll_back, save_page, submit_page, take_back
from anlan.content.actions.releasing import cancel_release, publish_round, release, withdraw_page
from anlan.content.actions.reviewing import bypass_stage, return_round, sign

__all__ = [
    "bypass_stage",
    "cancel_release",
    "create_page",
    "publish_round",
    "release",
    "return_round",
    "roll_back",
    "save_page",
    "sign",
    "submit_page",
    "take_back",
    "withdraw_page",
]
