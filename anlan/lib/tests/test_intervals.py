from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.lib.intervals import Interval, Intervals, clip, from_json, minus, normalise, to_json, total, union

raw = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=12
)
normal = raw.map(normalise)


def points(intervals: list[Interval] | Intervals) -> set[int]:
    return {moment for start, end in intervals for moment in range(start, end)}


def is_normal(a: Intervals) -> bool:
    return all(start < end for start, end in a) and all(x[1] < y[0] for x, y in pairwise(a))


@given(raw)
def test_normalise_keeps_the_moments(a: list[Interval]) -> None:
    assert is_normal(normalise(a)) and points(normalise(a)) == points(a) and total(a) == len(points(a))


@given(normal, normal)
def test_union_and_minus_are_those_of_sets(a: Intervals, b: Intervals) -> None:
    for result, expected in ((union(a, b), points(a) | points(b)), (minus(a, b), points(a) - points(b))):
        assert is_normal(result) and points(result) == expected
    assert union(a, b) == union(b, a) and union(a, a) == a


@given(normal, st.integers(-5, 90), st.integers(-5, 90))
def test_clip_is_a_window(a: Intervals, lo: int, hi: int) -> None:
    assert is_normal(clip(a, lo, hi)) and points(clip(a, lo, hi)) == points(a) & set(range(lo, hi))


@given(normal)
def test_json_there_and_back(a: Intervals) -> None:
    assert from_json(to_json(a)) == a


def test_touching_intervals_join() -> None:
    assert normalise([(5, 9), (0, 5)]) == ((0, 9),)


@pytest.mark.parametrize("flat", [[1], [1, 2, 3], [5, 1], [1, 2.5], ["1", 2], [True, 5], [None, 1]])
def test_what_a_browser_invents_is_refused(flat: list[object]) -> None:
    with pytest.raises(ValueError):
        from_json(flat)
