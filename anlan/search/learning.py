"""What all documents together teach: which pairs of characters are rare, and which statutes others lean on.

`learn()` reads every article once in the worker and keeps the result in a row; `learnt()` gives it to every process.
"""

from __future__ import annotations

import base64
import math
import re
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

import numpy as np

from anlan.search.models import Document, Learned
from anlan.search.profile import unpack

_NAMED: Final = re.compile(r"《(?:中华人民共和国)?([^《》]{2,60})》")
LOCAL: Final = 0.3
"""What a citation in a local norm counts: there are six of them for one of the nation."""
RAREST: Final = 5


@dataclass(slots=True)
class Learnt:
    """The statistics, as ranking asks for them."""

    documents: int = 0
    pairs: Any = field(default_factory=lambda: np.zeros(0, dtype="<u4"))
    seen: Any = field(default_factory=lambda: np.zeros(0, dtype="<u4"))
    statutes: dict[str, list[float]] = field(default_factory=dict)

    def rarity(self, grams: Any) -> Any:
        """Return the weight of pairs: the logarithm of how few documents hold them; all alike before anything is learnt."""
        if not len(self.pairs):
            return np.ones(len(grams))
        place = np.minimum(np.searchsorted(self.pairs, grams), len(self.pairs) - 1)
        seen = np.where(self.pairs[place] == grams, self.seen[place], 2)
        return np.log(1 + self.documents / (1 + seen))

    def cited(self, statute: str) -> float:
        """How often other norms name the statute, as a logarithm."""
        return math.log1p(self.statutes.get(statute, (0.0, 0.0))[0])

    def articles(self, statute: str) -> float:
        """How many articles it has, as a logarithm: codes against small rules."""
        return math.log1p(self.statutes.get(statute, (0.0, 20.0))[1])


def learn() -> int:
    """Read all articles in force, keep the statistics; return how many were read. About 20 s for 147,000."""
    names: dict[str, str] = {}
    for title, text, slug in Document.objects.filter(kind="statute", gone=False).values_list(
        "title", "text", "statute"
    ):
        names[title], names[text.removeprefix("中华人民共和国")] = slug, slug
    cited: dict[str, float] = defaultdict(float)
    articles: Counter[str] = Counter()
    total, parts, counted = 0, [], Counter[int]()
    rows = Document.objects.filter(kind="article", gone=False).exclude(state__in=("replaced", "repealed"))
    for statute, level, text, packed in rows.values_list("statute", "level", "text", "profile").iterator(
        chunk_size=2000
    ):
        total += 1
        articles[statute] += 1
        weight = LOCAL if level.startswith("local") else 1.0
        for name in set(_NAMED.findall(text)):
            if names.get(name, statute) != statute:
                cited[names[name]] += weight
        parts.append(unpack(bytes(packed)).grams)
        if len(parts) == 5000:
            _count(counted, parts)
    _count(counted, parts)
    often = sorted((pair, n) for pair, n in counted.items() if n >= RAREST)
    packed_pairs = np.array(often, dtype="<u4").reshape(-1, 2).T.copy()
    body = {
        "documents": total,
        "pairs": base64.b85encode(packed_pairs.tobytes()).decode(),
        "statutes": {slug: [round(cited[slug], 1), n] for slug, n in articles.items()},
    }
    Learned.objects.update_or_create(name="statistics", defaults={"body": body})
    return total


def _count(counted: Counter[int], parts: list[Any]) -> None:
    """Add a stretch of documents to the count and empty the stretch."""
    if parts:
        grams, times = np.unique(np.concatenate(parts), return_counts=True)
        counted.update(dict(zip(grams.tolist(), times.tolist(), strict=True)))
        parts.clear()


class _Kept:
    learnt = Learnt()
    stamp: object = None
    looked = -60.0
    lock = Lock()


def learnt() -> Learnt:
    """The statistics as last learned; looked for every minute."""
    now = time.monotonic()
    if now - _Kept.looked < 60:
        return _Kept.learnt
    with _Kept.lock:
        stamp = Learned.objects.filter(name="statistics").values_list("updated_at", flat=True).first()
        if stamp != _Kept.stamp:
            body = Learned.objects.filter(name="statistics").values_list("body", flat=True).first() or {}
            packed = np.frombuffer(base64.b85decode(body.get("pairs", "")), dtype="<u4").reshape(2, -1)
            _Kept.learnt = Learnt(body.get("documents", 0), packed[0], packed[1], body.get("statutes", {}))
            _Kept.stamp = stamp
        _Kept.looked = now
    return _Kept.learnt


def forget() -> None:
    """Read anew at the next question; for tests and after learning in the same process."""
    _Kept.looked, _Kept.stamp = -60.0, None
