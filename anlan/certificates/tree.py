"""Proofs over a log of which only the full subtrees are kept: O(log n) hashes are read, never the whole log.

`Fetch` answers a set of (level, index) with their hashes; level 0 are the leaves. The proofs equal, hash by hash,
those of `lib.merkle` over all leaves (RFC 6962, 2.1.1 and 2.1.2).
"""

from collections.abc import Callable

from anlan.lib.merkle import node_hash

Node = tuple[int, int]
Span = tuple[int, int]
Fetch = Callable[[set[Node]], dict[Node, bytes]]


def grown(peaks: list[bytes], size: int, leaf: bytes) -> tuple[list[bytes], list[tuple[int, int, bytes]]]:
    """Append a leaf to the edge of a tree of `size`; return the new peaks and the (level, index, hash) completed by it."""
    peaks, made = [*peaks, leaf], []
    level, index = 0, size
    while index & 1:  # a full subtree of the same height stands to the left: join them
        right = peaks.pop()
        peaks[-1] = node_hash(peaks[-1], right)
        level, index = level + 1, index >> 1
        made.append((level, index, peaks[-1]))
    return peaks, made


def _full_subtrees(span: Span) -> list[Node]:
    """The aligned full subtrees that make up leaves [from, below), left to right."""
    start, stop = span
    nodes = []
    while start < stop:
        level = (stop - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def _inclusion_spans(index: int, start: int, stop: int) -> list[Span]:
    if stop - start == 1:
        return []
    middle = start + (1 << (stop - start - 1).bit_length() - 1)
    if index < middle:
        return [*_inclusion_spans(index, start, middle), (middle, stop)]
    return [*_inclusion_spans(index, middle, stop), (start, middle)]


def _consistency_spans(old: int, start: int, stop: int, whole: bool) -> list[Span]:
    if old == stop:
        return [] if whole else [(start, stop)]
    middle = start + (1 << (stop - start - 1).bit_length() - 1)
    if old <= middle:
        return [*_consistency_spans(old, start, middle, whole), (middle, stop)]
    return [*_consistency_spans(old, middle, stop, False), (start, middle)]


def _hashes(spans: list[Span], fetch: Fetch) -> list[bytes]:
    parts = [_full_subtrees(span) for span in spans]
    known = fetch({node for nodes in parts for node in nodes})
    result = []
    for nodes in parts:
        total = known[nodes[-1]]
        for node in reversed(nodes[:-1]):
            total = node_hash(known[node], total)
        result.append(total)
    return result


def inclusion(index: int, size: int, fetch: Fetch) -> list[bytes]:
    """The proof that leaf `index` is in the log of `size` leaves. Raises `IndexError`."""
    if not 0 <= index < size:
        raise IndexError("no such leaf")
    return _hashes(_inclusion_spans(index, 0, size), fetch)


def consistency(old: int, new: int, fetch: Fetch) -> list[bytes]:
    """The proof that the log of `new` leaves begins with the log of `old`. Raises `IndexError`."""
    if not 0 <= old <= new:
        raise IndexError("the log was never that long")
    return _hashes(_consistency_spans(old, 0, new, True), fetch) if 0 < old < new else []
