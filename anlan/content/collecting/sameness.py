"""Whether two texts are the same with other punctuation, another head or foot: simhash over three-character pieces.

After Charikar (2002); two texts whose 64-bit digests differ in at most three bits share at least one of four 16-bit
bands, so equal bands find all of them (Manku, Jain and Das Sarma, 2007). Pure.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

NEAR: Final = 3
"""Bits that two digests of one text may differ in."""
SHORTEST: Final = 60
"""Characters under which a text says too little to be compared."""
_SIGNS: Final = re.compile(r"[\W_]+")
_LANE: Final = 24
_SPREAD: Final = tuple(sum((byte >> bit & 1) << bit * _LANE for bit in range(8)) for byte in range(256))
"""Every byte with its bits in lanes of 24, so that one addition counts eight of them."""


def simhash(text: str) -> int | None:
    """The 64-bit digest of a text; None when it is too short."""
    plain = _SIGNS.sub("", text).lower()
    if len(plain) < SHORTEST:
        return None
    pieces = {plain[n : n + 3] for n in range(len(plain) - 2)}
    counts = [0] * 8
    for piece in pieces:
        for n, byte in enumerate(hashlib.blake2b(piece.encode(), digest_size=8).digest()):
            counts[n] += _SPREAD[byte]
    digest = 0
    for n, count in enumerate(counts):
        for bit in range(8):
            if (count >> bit * _LANE & (1 << _LANE) - 1) * 2 > len(pieces):
                digest |= 1 << (n * 8 + bit)
    return digest


def bands(digest: int) -> tuple[int, int, int, int]:
    """The digest in four pieces of 16 bits."""
    return digest >> 48, digest >> 32 & 0xFFFF, digest >> 16 & 0xFFFF, digest & 0xFFFF


def distance(a: int, b: int) -> int:
    """In how many bits two digests differ."""
    return (a ^ b).bit_count()
