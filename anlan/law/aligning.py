"""Which article of one version is which of another. Pure.

Equal texts first, whatever their numbers; then, between these anchors and in order, the most similar pairs; last, what moved
out of order. Similarity is the normalised insertion-deletion distance over characters (`rapidfuzz.fuzz.ratio`).

The thresholds were set on 突发事件应对法 2007→2024 (70→106 articles), 矿产资源法 2009→2024 (53→80), 北京市安全生产条例 2016→2022
(98→66) and the tests hold them: below 0.40 unrelated articles begin to pair, above 0.55 rewritten ones are lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from rapidfuzz import fuzz, process

from anlan.law.parsing.marks import squeeze

IN_ORDER: Final = 0.42
"""Least similarity of two articles at corresponding places."""
MOVED: Final = 0.62
"""Least similarity of two articles that changed their order: more, for place says nothing for them."""
ENOUGH: Final = 24
"""Texts shorter than this many characters are alike by accident: they pair only in order."""

Pair = tuple[int, int, float]


def align(old: Sequence[str], new: Sequence[str]) -> list[Pair]:
    """Return (index in old, index in new, similarity 0 to 1), each index at most once, sorted by the new order."""
    before, after = [squeeze(text) for text in old], [squeeze(text) for text in new]
    pairs = _equal(before, after)
    anchors = _increasing(pairs)
    used_old, used_new = {i for i, _j, _s in pairs}, {j for _i, j, _s in pairs}
    edges = [(-1, -1), *anchors, (len(before), len(after))]
    for (i0, j0), (i1, j1) in pairwise(edges):
        rows = [i for i in range(i0 + 1, i1) if i not in used_old]
        columns = [j for j in range(j0 + 1, j1) if j not in used_new]
        if rows and columns:
            pairs += _in_order(before, after, rows, columns)
    used_old, used_new = {i for i, _j, _s in pairs}, {j for _i, j, _s in pairs}
    rows = [i for i in range(len(before)) if i not in used_old and len(before[i]) >= ENOUGH]
    columns = [j for j in range(len(after)) if j not in used_new and len(after[j]) >= ENOUGH]
    pairs += _moved(before, after, rows, columns)
    return sorted(pairs, key=lambda pair: pair[1])


def _equal(before: list[str], after: list[str]) -> list[Pair]:
    places: dict[str, list[int]] = {}
    for j, text in enumerate(after):
        places.setdefault(text, []).append(j)
    pairs: list[Pair] = []
    for i, text in enumerate(before):
        if text and places.get(text):
            pairs.append((i, places[text].pop(0), 1.0))
    return pairs


def _increasing(pairs: list[Pair]) -> list[tuple[int, int]]:
    """The longest chain of pairs that keeps the order in both: the anchors."""
    best: list[list[tuple[int, int]]] = []
    for i, j, _score in sorted(pairs):
        low, high = 0, len(best)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if best[middle][-1][1] < j else (low, middle)
        chain = [*(best[low - 1] if low else []), (i, j)]
        best[low : low + 1] = [chain]
    return best[-1] if best else []


def _scores(
    before: list[str], after: list[str], rows: list[int], columns: list[int], cutoff: float
) -> list[list[float]]:
    found = process.cdist(
        [before[i] for i in rows], [after[j] for j in columns], scorer=fuzz.ratio, score_cutoff=cutoff * 100
    )
    return [[float(value) / 100 for value in row] for row in found]


def _in_order(before: list[str], after: list[str], rows: list[int], columns: list[int]) -> list[Pair]:
    """The chain of pairs with the greatest total similarity above the threshold."""
    scores = _scores(before, after, rows, columns, IN_ORDER)
    total = [[0.0] * (len(columns) + 1) for _ in range(len(rows) + 1)]
    for r in range(len(rows) - 1, -1, -1):
        for c in range(len(columns) - 1, -1, -1):
            skip = max(total[r + 1][c], total[r][c + 1])
            take = total[r + 1][c + 1] + scores[r][c] - IN_ORDER * 0.5 if scores[r][c] else 0.0
            total[r][c] = max(skip, take)
    pairs: list[Pair] = []
    r = c = 0
    while r < len(rows) and c < len(columns):
        take = total[r + 1][c + 1] + scores[r][c] - IN_ORDER * 0.5
        if scores[r][c] and total[r][c] == take:
            pairs.append((rows[r], columns[c], scores[r][c]))
            r, c = r + 1, c + 1
        elif total[r][c] == total[r + 1][c]:
            r += 1
        else:
            c += 1
    return pairs


def _moved(before: list[str], after: list[str], rows: list[int], columns: list[int]) -> list[Pair]:
    if not rows or not columns:
        return []
    scores = _scores(before, after, rows, columns, MOVED)
    ranked = sorted(
        ((scores[r][c], i, j) for r, i in enumerate(rows) for c, j in enumerate(columns) if scores[r][c]), reverse=True
    )
    pairs: list[Pair] = []
    taken_old: set[int] = set()
    taken_new: set[int] = set()
    for score, i, j in ranked:
        if i not in taken_old and j not in taken_new:
            pairs.append((i, j, score))
            taken_old.add(i)
            taken_new.add(j)
    return pairs
