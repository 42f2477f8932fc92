"""What a query means: the words that count, the law's words for them, and what sort of answer is wanted. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from anlan.search.thesaurus import Match, Thesaurus
from anlan.search.words import STOP, meaningful, normalise, pairs

LONGEST_QUERY: Final = 200
"""Characters of a query that are looked at; the rest of a long story rarely adds to its first lines."""
_PENALTY: Final = re.compile(r"罚|处分|判|坐牢|拘留|犯法|犯罪|违法|什么责任|后果")
_POLITE: Final = re.compile(
    r"(?:请问一?下?|谢谢|你好|您好|麻烦问下|想?咨询一?下?|求助|急+|在线等|各位|律师|大神|朋友们)[，,。！!？?\s]*"
)
_SECRET: Final = re.compile(r"(?<!\d)(?:\d{17}[\dxX]|1\d{10}|\d{15,})(?!\d)")


@dataclass(frozen=True, slots=True)
class Understood:
    """A query, understood.

    `typed` is what was typed, cleaned; `text` with typing errors mended; `words` and `pairs` what counts of it;
    `matches` lay wordings with the law's words; `penalty` says that it asks what something costs.
    """

    typed: str
    text: str
    words: tuple[str, ...]
    pairs: tuple[str, ...]
    matches: tuple[Match, ...]
    penalty: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing searchable was typed."""
        return not self.pairs


def clean(query: str) -> str:
    """One line of at most 200 characters, without control characters and without numbers of IDs and phones."""
    return _SECRET.sub("", " ".join(query[: LONGEST_QUERY * 4].split()))[:LONGEST_QUERY].strip()


def understand(query: str, thesaurus: Thesaurus, *, mend: bool = True) -> Understood:
    """Read a query with the help of a thesaurus; `mend=False` takes every word as it stands."""
    typed = clean(query)
    text = _POLITE.sub("", normalise(typed)) or normalise(typed)
    text = thesaurus.mend(text) if mend else text
    found = tuple(dict.fromkeys(pairs(text)))
    return Understood(
        typed=typed,
        text=text,
        words=tuple(meaningful(text)),
        pairs=tuple(pair for pair in found if pair not in STOP) or found,
        matches=tuple(thesaurus.find(text)),
        penalty=bool(_PENALTY.search(text)),
    )
