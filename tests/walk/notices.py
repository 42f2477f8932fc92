"""Channels of messages and their deliveries."""

from typing import Any

from django.utils import timezone

from anlan.notifications.actions.preferences import unsubscribe_token
from anlan.notifications.models import Delivery
from anlan.operations.demo.cast import Cast
from tests.walk.people import EVERYONE, SIGNED_IN

OPERATOR = frozenset({"operator"})
ALLOWED = {
    "notifications:preferences": ("GET", "", SIGNED_IN),
    "notifications:email": ("POST", "", SIGNED_IN),
    "notifications:confirm": ("GET", "letter", EVERYONE),
    "notifications:unsubscribe": ("GET", "letter", EVERYONE),
    "notifications:deliveries": ("GET", "", OPERATOR),
    "notifications:resend": ("POST", "delivery", OPERATOR),
}


def arguments(cast: Cast) -> dict[str, list[Any]]:
    """Return how a letter and a delivery of the worker are reached."""
    delivery = Delivery.objects.create(
        user=cast.worker, channel="sms", key="walk", state="failed", next_at=timezone.now()
    )
    return {"letter": [unsubscribe_token(cast.worker.pk)], "delivery": [delivery.pk]}
