"""Sets of moments as sorted, disjoint, half-open intervals of whole milliseconds: what was watched, what is missing.

An `Intervals` is always normal: ascending, no empty interval, a gap between neighbours. Everything here returns
such, and `union`, `minus` and `clip` expect such; `normalise` and `from_json` make one of anything.
"""

from collections.abc import Iterable, Sequence

Interval = tuple[int, int]  # (from, to): from is inside, to is not
Intervals = tuple[Interval, ...]


def normalise(intervals: Iterable[Interval]) -> Intervals:
    """Sorted, merged where they overlap or touch, empty ones dropped. Raises `ValueError` on one that runs backwards."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if start > end:
            raise ValueError("an interval must not end before it starts")
        if start == end:
            continue
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return tuple(merged)


def union(a: Intervals, b: Intervals) -> Intervals:
    """Everything in `a` or in `b`."""
    return normalise(a + b)  # the sort finds two sorted runs and only merges them


def total(intervals: Iterable[Interval]) -> int:
    """Milliseconds covered; a list that is not normal is made so first."""
    return sum(end - start for start, end in normalise(intervals))


def minus(a: Intervals, b: Intervals) -> Intervals:
    """What is in `a` and not in `b`."""
    left: list[Interval] = []
    i = 0
    for start, end in a:
        while i < len(b) and b[i][1] <= start:
            i += 1
        j = i  # b[i] may reach into the next interval of a as well, so only a copy moves on
        while j < len(b) and b[j][0] < end:
            if b[j][0] > start:
                left.append((start, b[j][0]))
            start = max(start, b[j][1])
            j += 1
        i = max(i, j - 1)
        if start < end:
            left.append((start, end))
    return tuple(left)


def clip(a: Intervals, lo: int, hi: int) -> Intervals:
    """The part of `a` inside [lo, hi)."""
    return tuple((max(start, lo), min(end, hi)) for start, end in a if max(start, lo) < min(end, hi))


def to_json(intervals: Intervals) -> list[int]:
    """Flat: [from, to, from, to, …]."""
    return [moment for interval in intervals for moment in interval]


def from_json(flat: Sequence[object]) -> Intervals:
    """Back from the flat list, whatever a browser sent: normal, or `ValueError`."""
    moments = [moment for moment in flat if isinstance(moment, int) and not isinstance(moment, bool)]
    if len(moments) != len(flat) or len(moments) % 2:
        raise ValueError("intervals are an even number of whole numbers")
    return normalise(zip(moments[::2], moments[1::2], strict=True))
