"""Articles of other statutes that say much the same: found by the rare words of the text, judged by the rare pairs that
both hold. Nobody has to have linked them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from anlan.search.engine import Filters, engine, prior
from anlan.search.learning import learnt
from anlan.search.models import Document
from anlan.search.profile import gram, profile, unpack
from anlan.search.ranking import alike
from anlan.search.retrieving import read
from anlan.search.understanding import Understood
from anlan.search.words import meaningful, pairs

WORDS: Final = 16
"""The rarest words of a text by which its like is looked for; more only make it slower."""
WIDE: Final = 80
LEAST: Final = 0.2
"""Below this likeness two articles only share the law's manner of speaking."""


@dataclass(frozen=True, slots=True)
class Similar:
    """An article of another statute, and how alike the two are, 0–1."""

    document: Document
    alike: float


def similar(statute: str, ref: str, limit: int = 6) -> list[Similar]:
    """Return articles of other statutes, in force or to come, that say much the same as this one, at most one of each, the closest and
    highest first; nothing for an article that the index does not hold. About ten milliseconds."""
    own = Document.objects.filter(kind="article", key=f"{statute}:{ref}", gone=False).only("text", "also").first()
    if own is None:
        return []
    statistics = learnt()
    grams = unpack(profile(own.text, own.also)).grams
    rarity = dict(zip(grams.tolist(), statistics.rarity(grams).tolist(), strict=True))
    words = sorted(meaningful(own.text), key=lambda word: -_weight(word, rarity))[:WORDS]
    twos = tuple(dict.fromkeys(pair for word in words for pair in pairs(word)))
    asked = Understood("", own.text, tuple(words), twos, matches=(), penalty=False)
    rows = [
        row for row in read(engine().candidates(asked, Filters(kinds=("article",)), WIDE)) if row.statute != statute
    ]
    found: dict[str, tuple[float, float, int]] = {}
    values = alike(grams, [unpack(row.profile).grams for row in rows], statistics).tolist()
    for row, value in zip(rows, values, strict=True):
        place = (value * prior("article", row.level, row.state) ** 0.5, value, row.pk)
        if value >= LEAST and place > found.get(row.statute, (0.0, 0.0, 0)):
            found[row.statute] = place
    best = sorted(found.values(), reverse=True)[:limit]
    documents = Document.objects.defer("profile").in_bulk([pk for _, _, pk in best])
    return [Similar(documents[pk], value) for _, value, pk in best if pk in documents]


def _weight(word: str, rarity: dict[int, float]) -> float:
    """How rare a word is: the mean of its pairs, and a long word a little more than a short one."""
    grams = [gram(pair) for pair in pairs(word)]
    return sum(rarity.get(one, 0.0) for one in grams) / max(len(grams), 1) * (1 + 0.1 * min(len(word), 5))
