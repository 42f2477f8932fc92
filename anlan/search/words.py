"""How text becomes terms, the same for documents and for queries: words of a dictionary and pairs of characters.

Words alone miss what the dictionary splits differently in two texts; pairs alone drown in chance. Both together, in
fields of their own, let the ranking weigh them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Final

import rjieba

LEXICON: Final = Path(__file__).parent / "data" / "lexicon.txt"

_RUNS: Final = re.compile(r"[㐀-鿿]+|[a-z0-9]+(?:\.[0-9]+)*")
STOP: Final = frozenset((LEXICON.parent / "stop.txt").read_text(encoding="utf-8").split())
"""Words that say nothing about the matter; never searched unless the query holds nothing else."""


def normalise(text: str) -> str:
    """Half-width, lower case, no marks of variant width."""
    return unicodedata.normalize("NFKC", text).lower()


@lru_cache(maxsize=1)
def segmenter() -> rjieba.Jieba:
    """The dictionary of the library with our words on top."""
    jieba = rjieba.Jieba()
    if LEXICON.exists():
        for line in LEXICON.read_text(encoding="utf-8").splitlines():
            word = line.strip()
            if word and not word.startswith("#"):
                jieba.add_word(word, 2000, "n")
    return jieba


def words(text: str) -> list[str]:
    """Return the words of two characters and more, long ones also in their parts; Latin letters and digits whole."""
    return [w for w in segmenter().cut_for_search(normalise(text)) if len(w) > 1 and _RUNS.fullmatch(w)]


def pairs(text: str) -> list[str]:
    """Return every two neighbouring characters of every run of Chinese, and Latin words and numbers whole."""
    found: list[str] = []
    for run in _RUNS.findall(normalise(text)):
        if run[0].isascii():
            found.append(run)
        else:
            found += [run[i : i + 2] for i in range(len(run) - 1)] or [run]
    return found


def characters(text: str) -> list[str]:
    """Return the different Chinese characters, for queries of one."""
    return sorted({c for run in _RUNS.findall(normalise(text)) if not run[0].isascii() for c in run})


def meaningful(text: str) -> list[str]:
    """Return the words of a query that say what it is about, in order, without repetition."""
    return list(dict.fromkeys(w for w in words(text) if w not in STOP))
