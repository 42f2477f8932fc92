"""How often one address may ask without an account."""

from __future__ import annotations

from typing import Final

from django.core.cache import cache
from django.utils.translation import gettext as _

from anlan.lib.context import client_address
from anlan.lib.errors import Refused

LIMITS: Final[dict[str, tuple[int, int]]] = {"subscribe": (10, 3600)}
"""What → (times, within seconds)."""


def spend(what: str) -> None:
    """Count one; raise `Refused` (429) when it is one too many."""
    times, seconds = LIMITS[what]
    key = f"content:{what}:{client_address.get()}"
    cache.add(key, 0, seconds)
    try:
        count = cache.incr(key)
    except ValueError:  # it ran out between the two calls
        return
    if count > times:
        raise Refused(_("这个网络一小时内订阅的次数太多了，请过一小时再来。"), code="too_often", status=429)
