"""How often one address may ask without an account, so that nobody can try all numbers."""

from typing import Final

from django.core.cache import cache
from django.utils.translation import gettext as _

from anlan.lib.context import client_address
from anlan.lib.errors import Refused

LIMITS: Final[dict[str, tuple[int, int]]] = {
    "look": (120, 60),
    "miss": (20, 600),
    "upload": (20, 600),
}
"""What → (times, within seconds). Misses are few, because a typing error is seldom and guessing needs many."""


def spend(what: str) -> None:
    """Count one; raise `Refused` (429) when it is one too many."""
    times, seconds = LIMITS[what]
    key = f"certificates:{what}:{client_address.get()}"
    cache.add(key, 0, seconds)
    try:
        count = cache.incr(key)
    except ValueError:  # it ran out between the two calls
        return
    if count > times:
        _refuse(seconds)


def must_have(what: str) -> None:
    """Raise `Refused` (429) when nothing is left to spend."""
    times, seconds = LIMITS[what]
    if cache.get(f"certificates:{what}:{client_address.get()}", 0) >= times:
        _refuse(seconds)


def _refuse(seconds: int) -> None:
    raise Refused(
        _("查得太频繁了，请 %(n)d 分钟后再查。编号写在证书右上角，也可以直接扫证书上的二维码。")
        % {"n": max(1, seconds // 60)},
        code="too_often",
        status=429,
    )
