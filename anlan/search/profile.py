"""What ranking must know of a document, packed into a few hundred bytes so that two hundred are read in a millisecond:
its length, what sort of provision it is, and which pairs of characters it holds."""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np

from anlan.search.words import pairs

_HEAD: Final = struct.Struct("<HH")
OFFICE, PURPOSE, PENALTY = 1, 2, 4

_OFFICE: Final = re.compile(
    r"国务院|县级以上|各级人民政府|地方各级|省、自治区|国家(?:鼓励|支持|建立|实行|采取|推行|加强|发展)"
    r"|.{0,20}(?:主管|监督管理)部门(?:应当|负责|会同|依法|可以)"
)
_PURPOSE: Final = re.compile(
    r"^(?:为了|为)|本(?:法|条例|规定|办法|解释).{0,6}自.{4,14}施行|^本(?:法|条例|规定|办法|解释)(?:所称|下列用语)"
)
_PENALTY: Final = re.compile(r"处.{0,30}罚款|吊销|有期徒刑|责令")


@dataclass(frozen=True, slots=True)
class Profile:
    """`kinds`: OFFICE speaks to authorities, PURPOSE says why, from when or what words mean, PENALTY punishes.
    `grams`: sorted hashes of the pairs in heading and text."""

    length: int
    kinds: int
    grams: Any


def gram(pair: str) -> int:
    """The number of a pair, the same in every process and on every machine."""
    return zlib.crc32(pair.encode())


def profile(text: str, more: str = "") -> bytes:
    """Pack what ranking reads of a text; `more` (heading, other wordings) lends its pairs."""
    kinds = (
        (OFFICE if _OFFICE.match(text) else 0)
        | (PURPOSE if _PURPOSE.search(text) else 0)
        | (PENALTY if _PENALTY.search(text) else 0)
    )
    grams = sorted({gram(pair) for pair in (*pairs(text), *pairs(more))})[:4000]
    return _HEAD.pack(min(len(text), 65_535), kinds) + np.array(grams, dtype="<u4").tobytes()


def unpack(packed: bytes) -> Profile:
    """Read what `profile()` packed; nothing packed reads as an empty text."""
    if len(packed) < _HEAD.size:
        return Profile(0, 0, np.zeros(0, dtype="<u4"))
    length, kinds = _HEAD.unpack_from(packed)
    return Profile(length, kinds, np.frombuffer(packed, dtype="<u4", offset=_HEAD.size))


@lru_cache(maxsize=4096)
def grams_of(wording: str) -> Any:
    """The pairs of a title or a question, as `profile()` packs them; the same few hundred are compared again and again."""
    return unpack(profile("", wording)).grams
