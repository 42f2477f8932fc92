"""Scoring of every kind, and the sums."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.exams.scoring import Row, mark, score

CASE_BODY = {
    "parts": [
        {"kind": "single", "options": ["a", "b"]},
        {"kind": "true_false"},
        {"kind": "multiple", "options": ["a", "b", "c"]},
    ]
}
CASE_KEY = {"parts": [{"right": [1]}, {"right": [False]}, {"right": [0, 2]}]}


@pytest.mark.parametrize(
    ("kind", "key", "given", "share", "error"),
    [
        ("single", {"right": [2]}, [2], 1, ""),
        ("single", {"right": [2]}, [1], 0, "wrong"),
        ("single", {"right": [2]}, [1, 2], 0, "empty"),
        ("single", {"right": [2]}, [], 0, "empty"),
        ("single", {"right": [1]}, [True], 0, "empty"),
        ("true_false", {"right": [False]}, [False], 1, ""),
        ("true_false", {"right": [False]}, [True], 0, "wrong"),
        ("true_false", {"right": [False]}, [0], 0, "empty"),
        ("multiple", {"right": [0, 1, 3]}, [3, 0, 1], 1, ""),
        ("multiple", {"right": [0, 1, 3]}, [0], Fraction(1, 2), "missed"),
        ("multiple", {"right": [0, 1, 3]}, [0, 2], 0, "extra"),
        ("multiple", {"right": [0, 1, 3]}, [0, 1, 2, 3], 0, "extra"),
        ("multiple", {"right": [0, 1]}, [2], 0, "wrong"),
        ("fill", {"blanks": [["19.5", "19.5%"], ["23.5"]]}, ["１９．５ ％", " 23.5。"], 1, ""),
        ("fill", {"blanks": [["19.5"], ["23.5"]]}, ["19.5", "24"], Fraction(1, 2), "partly"),
        ("fill", {"blanks": [["LEL"]]}, ["lel"], 1, ""),
        ("fill", {"blanks": [["19.5"]]}, [""], 0, "empty"),
        ("fill", {"blanks": [["19.5"]]}, "19.5", 0, "empty"),
    ],
)
def test_an_answer_earns_its_share(kind: str, key: dict[str, Any], given: Any, share: Fraction, error: str) -> None:
    assert mark(kind, {"options": ["a", "b", "c", "d"]}, key, given) == (share, error)


def test_a_case_is_the_sum_of_its_parts() -> None:
    assert mark("case", CASE_BODY, CASE_KEY, [[1], [False], [0, 2]]) == (1, "")
    assert mark("case", CASE_BODY, CASE_KEY, [[1], [True], [0]]) == (Fraction(1, 2), "partly")
    assert mark("case", CASE_BODY, CASE_KEY, [[1]]) == (Fraction(1, 3), "partly")
    assert mark("case", CASE_BODY, CASE_KEY, [[], [], []]) == (0, "empty")
    assert mark("case", CASE_BODY, CASE_KEY, None) == (0, "empty")


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=10,
)


@given(st.sampled_from(["single", "multiple", "true_false", "fill", "case"]), JUNK)
def test_no_answer_however_odd_breaks_scoring_or_earns_more_than_everything(kind: str, junk: Any) -> None:
    key = {
        "single": {"right": [1]},
        "multiple": {"right": [0, 1]},
        "true_false": {"right": [True]},
        "fill": {"blanks": [["a"]]},
        "case": CASE_KEY,
    }[kind]
    share, error = mark(kind, CASE_BODY if kind == "case" else {"options": ["a", "b"]}, key, junk)
    assert 0 <= share <= 1
    assert (error == "") == (share == 1)


def test_a_result_adds_up_per_question_point_and_error() -> None:
    rows = [
        Row(1, 11, "single", "检测", {"options": ["a", "b"]}, {"right": [0]}, 300),
        Row(2, 12, "multiple", "检测", {"options": ["a", "b", "c"]}, {"right": [0, 1]}, 500),
        Row(3, 13, "case", "救援", CASE_BODY, CASE_KEY, 1000),
        Row(4, 14, "fill", "救援", {}, {"blanks": [["a"]]}, 200),
    ]
    result = score(rows, {1: [0], 2: [0], 3: [[1], [True], []]})
    assert (result["got"], result["full"]) == (300 + 250 + 333, 2000)
    assert result["points"] == {"检测": [550, 800, 1, 2], "救援": [333, 1200, 0, 2]}
    assert result["errors"] == {"missed": 1, "partly": 1, "empty": 1}
    assert [row["got"] for row in result["questions"]] == [300, 250, 333, 0]
