"""Drawing: exact, without repetition, reproducible, fair."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.exams.papers import KINDS, Dice, Rule, TooFew, draw, option_order

SEEDS = st.integers(0, 2**62 - 1)


@st.composite
def blueprints(shaker: st.DrawFn) -> tuple[list[Rule], list[list[int]]]:
    rules: list[Rule] = []
    pools: list[list[int]] = []
    start = 1
    for kind in shaker(st.lists(st.sampled_from(KINDS), min_size=1, max_size=5, unique=True)):
        size = shaker(st.integers(1, 30))
        pools.append(list(range(start, start + size)))
        rules.append({"kind": kind, "count": shaker(st.integers(1, size)), "points": 2})
        start += size
    return rules, pools


@given(blueprints(), SEEDS)
def test_a_paper_has_the_exact_count_of_every_rule_and_no_question_twice(
    made: tuple[list[Rule], list[list[int]]], seed: int
) -> None:
    rules, pools = made
    paper = draw(rules, pools, seed)
    ids = [item.question for item in paper.items]
    assert len(set(ids)) == len(ids) == sum(rule["count"] for rule in rules)
    for rule, pool in zip(rules, pools, strict=True):
        assert sum(one in pool for one in ids) == rule["count"]
    assert [item.number for item in paper.items] == list(range(1, len(ids) + 1))


@given(blueprints(), SEEDS)
def test_the_same_seed_is_the_same_paper(made: tuple[list[Rule], list[list[int]]], seed: int) -> None:
    assert draw(*made, seed) == draw(*made, seed)


def test_the_paper_of_a_stored_seed_never_changes() -> None:
    rules: list[Rule] = [{"kind": "single", "count": 3, "points": 2}, {"kind": "case", "count": 1, "points": 5}]
    paper = draw(rules, [[1, 2, 3, 4, 5, 6, 7, 8], [20, 21]], 20261121)
    assert [item.question for item in paper.items] == [5, 7, 1, 21]
    assert option_order(paper.items[0].mix, 4) == [1, 2, 3, 0]
    assert Dice(1234567).roll() == 6457827717110365317  # published test value of SplitMix64


def test_overlapping_pools_are_filled_whenever_that_is_possible() -> None:
    rules: list[Rule] = [{"kind": "single", "count": 2, "points": 1}, {"kind": "single", "count": 1, "points": 1}]
    for seed in range(50):
        ids = [item.question for item in draw(rules, [[1, 2, 3], [1]], seed).items]
        assert sorted(ids) == [1, 2, 3]
    with pytest.raises(TooFew):
        draw(rules, [[1, 2], [1]], 0)


@given(SEEDS, st.integers(1, 8), st.integers(0, 6))
def test_the_options_are_a_permutation(mix: int, count: int, part: int) -> None:
    assert sorted(option_order(mix, count, part)) == list(range(count))


def test_the_right_answer_stands_in_every_place_equally_often() -> None:
    rules: list[Rule] = [{"kind": "single", "count": 20, "points": 1}]
    places = Counter(
        option_order(item.mix, 4).index(0) for seed in range(400) for item in draw(rules, [list(range(40))], seed).items
    )
    assert all(abs(places[place] - 2000) < 200 for place in range(4))  # 2000 expected, five standard deviations


def test_every_question_of_a_pool_is_drawn_equally_often() -> None:
    drawn = Counter(
        item.question
        for seed in range(2000)
        for item in draw([{"kind": "fill", "count": 5, "points": 1}], [list(range(20))], seed).items
    )
    assert all(abs(drawn[one] - 500) < 100 for one in range(20))
