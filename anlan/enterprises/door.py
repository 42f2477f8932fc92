"""The address on a firm's printed code: short, for ever the same, and of no use for counting firms."""

import hmac
from typing import Final

from anlan.lib.crypto import blind_index

_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without 0, 1, i, l, o: somebody may have to read it out over the phone."""
_SEAL: Final = 10


def _spelled(number: int) -> str:
    text = ""
    while number:
        number, rest = divmod(number, len(_ALPHABET))
        text = _ALPHABET[rest] + text
    return text or _ALPHABET[0]


def _seal(firm: int) -> str:
    return _spelled(int(blind_index("enterprise.door", str(firm)), 16))[:_SEAL]


def token_of(firm: int) -> str:
    """The token of a firm. It is computed, not stored: printing the code again gives the same one."""
    return _spelled(firm) + _seal(firm)


def firm_of(token: str) -> int | None:
    """The firm of a token; None for one that was made up."""
    head, seal = token[:-_SEAL], token[-_SEAL:]
    if not head or len(head) > 12 or any(char not in _ALPHABET for char in head):
        return None
    firm = 0
    for char in head:
        firm = firm * len(_ALPHABET) + _ALPHABET.index(char)
    return firm if _spelled(firm) == head and hmac.compare_digest(_seal(firm).encode(), seal.encode()) else None
