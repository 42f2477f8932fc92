"""The verb `notify()`, and what people want beside the inbox."""

from anlan.notifications.actions.preferences import (
    ask_email,
    confirm_email,
    resend_delivery,
    save_preference,
    unsubscribe,
)
from anlan.notifications.actions.telling import notify, notify_all, read_notices, retract_notices

__all__ = [
    "ask_email",
    "confirm_email",
    "notify",
    "notify_all",
    "read_notices",
    "resend_delivery",
    "retract_notices",
    "save_preference",
    "unsubscribe",
]
