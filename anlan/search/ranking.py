"""The order of the candidates: a linear model over a dozen plain facts about query and document.

The weights are learned from questions with known answers (`anlan search train`), half of them kept apart for the report
in docs/search.md. Everything is arithmetic on the packed profiles, so three hundred candidates cost a few milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from anlan.search.learning import Learnt
from anlan.search.profile import OFFICE, PENALTY, PURPOSE, gram, unpack
from anlan.search.understanding import Understood
from anlan.search.words import pairs

WEIGHTS: Final = Path(__file__).parent / "data" / "ranker.json"
FEATURES: Final = (
    "engine", "typed", "law_words", "whole", "statute_best", "statute_first", "law", "administrative", "judicial", "local",
    "cited", "articles", "length", "office", "purpose", "penalty_asked", "penalty_unasked", "strongest", "bridge",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """What ranking reads of a document."""

    pk: int
    score: float
    kind: str
    statute: str
    ref: str
    level: str
    state: str
    profile: bytes


def features(
    asked: Understood, rows: Sequence[Candidate], learnt: Learnt, bridged: Mapping[tuple[str, str], float]
) -> Any:
    """Return a matrix, a line per candidate with the columns FEATURES; values lie near 0–1.

    `bridged` holds articles that answered questions like this one cite, with the likeness of those questions.
    """
    if not rows:
        return np.zeros((0, len(FEATURES)))
    profiles = [unpack(row.profile) for row in rows]
    phrases = [[(phrase, {gram(pair) for pair in pairs(phrase)}) for phrase in match.formal] for match in asked.matches]
    typed = {gram(pair) for pair in asked.pairs}
    vocabulary = np.array(sorted(typed.union(*(grams for group in phrases for _, grams in group))), dtype="<u4")
    holds = _holds([p.grams for p in profiles], vocabulary)
    weight = learnt.rarity(vocabulary)

    def share(grams: set[int]) -> Any:
        """Per candidate, how much of these pairs it holds, rare ones counting more."""
        chosen = np.isin(vocabulary, np.fromiter(grams, dtype="<u4", count=len(grams))) * weight
        return holds @ chosen / max(float(chosen.sum()), 1e-9)

    groups = [np.max([share(grams) for _, grams in group], axis=0) for group in phrases if group]
    sizes = np.array([1 + 0.2 * (min(m.size, 6) - 2) for m, group in zip(asked.matches, phrases, strict=True) if group])
    best = np.array(groups) if groups else np.zeros((1, len(rows)))
    sizes = sizes if groups else np.ones(1)

    scores = np.array([row.score for row in rows])
    top = max(float(scores.max()), 1e-9)
    strongest: dict[str, float] = {}
    for row in rows:
        strongest[row.statute] = max(strongest.get(row.statute, 0.0), row.score)
    first = max(strongest, key=lambda name: strongest[name])
    level = np.array([row.level for row in rows])
    kinds = np.array([p.kinds for p in profiles])
    punishes = (kinds & PENALTY) > 0
    columns = (
        scores / top,
        share(typed),
        (sizes @ best) / sizes.sum(),
        (best > 0.75).mean(axis=0),
        np.array([strongest[row.statute] for row in rows]) / top,
        np.array([row.statute == first for row in rows]),
        np.isin(level, ("law", "constitution")),
        level == "administrative",
        level == "judicial",
        np.isin(level, ("local", "local_rule", "document")),
        np.array([learnt.cited(row.statute) for row in rows]) / 5,
        np.array([learnt.articles(row.statute) for row in rows]) / 7,
        np.log(20 + np.array([p.length for p in profiles])) / 7,
        (kinds & OFFICE) > 0,
        (kinds & PURPOSE) > 0,
        punishes & asked.penalty,
        punishes & (not asked.penalty),
        best.max(axis=0) ** 2,
        np.array([bridged.get((row.statute, row.ref), 0.0) for row in rows]),
    )
    return np.stack([np.asarray(column, dtype=float) for column in columns], axis=1)


def order(
    asked: Understood, rows: Sequence[Candidate], learnt: Learnt, bridged: Mapping[tuple[str, str], float]
) -> list[tuple[int, float]]:
    """Return (key, value), the best first. Values compare within one query only."""
    values = features(asked, rows, learnt, bridged) @ weights()
    return sorted(zip((row.pk for row in rows), values.tolist(), strict=True), key=lambda pair: -pair[1])


def likeness(asked: Understood, texts: Sequence[Any], learnt: Learnt) -> Any:
    """How much each text (of packed pairs) and the query say the same, 0–1: the share of either's rare pairs in the other,
    multiplied under a root, so that neither a long story nor a short title wins alone. An array of one value a text."""
    return alike(np.array(sorted({gram(pair) for pair in asked.pairs}), dtype="<u4"), texts, learnt)


def alike(one: Any, others: Sequence[Any], learnt: Learnt) -> Any:
    """The same for one text and several, as sorted arrays of `gram` numbers; all at once, for it is asked of dozens."""
    if not others:
        return np.zeros(0)
    every = np.concatenate(others)
    owner = np.repeat(np.arange(len(others)), [len(other) for other in others])
    rarity = learnt.rarity(every)
    whole = np.bincount(owner, rarity, minlength=len(others))
    shared = np.bincount(owner, rarity * np.isin(every, one), minlength=len(others))
    return shared / np.maximum(np.sqrt(learnt.rarity(one).sum() * whole), 1e-9)


@lru_cache(maxsize=1)
def weights() -> Any:
    """The learned weights, in the order of FEATURES."""
    kept = json.loads(WEIGHTS.read_text())
    return np.array([kept[name] for name in FEATURES])


def _holds(grams: Sequence[Any], vocabulary: Any) -> Any:
    """Return which candidate holds which pair: a matrix of zeros and ones."""
    found = np.zeros((len(grams), len(vocabulary)))
    if not len(vocabulary):
        return found
    every = np.concatenate(grams)
    owner = np.repeat(np.arange(len(grams)), [len(g) for g in grams])
    place = np.minimum(np.searchsorted(vocabulary, every), len(vocabulary) - 1)
    hit = vocabulary[place] == every
    found[owner[hit], place[hit]] = 1.0
    return found
