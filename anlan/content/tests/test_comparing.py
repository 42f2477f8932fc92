"""What changed between two versions, and how long a stage may take."""

from __future__ import annotations

from datetime import date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.content.comparing import compare
from anlan.content.deadlines import is_workday, stage_due
from anlan.content.hashing import digest_of
from anlan.lib.dates import SHANGHAI

LINES = st.lists(st.text("停车落叉拔钥匙，。aZ09 ", max_size=30), max_size=8).map("\n".join)


def test_a_changed_word_is_marked_inside_its_line() -> None:
    (change,) = compare({"title": "叉车", "body": "罚款 2 万元\n不变"}, {"title": "叉车", "body": "罚款 5 万元\n不变"})
    assert change.field == "body"
    assert change.rows[0].inline == (("same", "罚款 "), ("out", "2"), ("in", "5"), ("same", " 万元"))
    assert change.rows[1].kind == "same"


def test_lists_and_tables_are_compared_line_by_line() -> None:
    old = {"steps": [{"title": "断电", "text": "拉闸"}], "never": ["用手拉"]}
    new = {"steps": [{"title": "断电", "text": "拉闸"}, {"title": "打 120", "text": ""}], "never": []}
    kinds = {change.field: [row.kind for row in change.rows] for change in compare(old, new)}
    assert kinds == {"steps": ["same", "in"], "never": ["out"]}


@settings(max_examples=60, deadline=None)
@given(LINES, LINES)
def test_both_texts_can_be_read_back_from_the_comparison(old: str, new: str) -> None:
    for change in compare({"body": old}, {"body": new}):
        left = [row for row in change.rows if row.kind != "in"]
        right = [row for row in change.rows if row.kind != "out"]
        assert "\n".join("".join(text for _mark, text in row.old) for row in left) == (old if left else "")
        assert "\n".join("".join(text for _mark, text in row.new) for row in right) == (new if right else "")
        for row in change.rows:
            assert "".join(text for mark, text in row.inline if mark != "in") == "".join(t for _m, t in row.old)


def test_the_hash_knows_words_from_line_ends() -> None:
    assert digest_of({"a": "一\r\n二 ", "b": []}) == digest_of({"b": [], "a": "一\n二"})
    assert digest_of({"a": "一\n二"}) != digest_of({"a": "一二"})
    assert digest_of({"a": ["一", "二"]}) != digest_of({"a": ["二", "一"]})


def test_two_working_days_pass_over_the_weekend_and_the_national_day() -> None:
    friday = datetime(2025, 9, 26, 15, 0, tzinfo=SHANGHAI)  # the Sunday after is a worked one before the holiday
    assert stage_due(friday).date() == date(2025, 9, 29)
    assert stage_due(datetime(2025, 9, 30, 9, 0, tzinfo=SHANGHAI)).date() == date(2025, 10, 10)
    assert stage_due(friday).hour == 18
    assert not is_workday(date(2044, 10, 1))
    assert is_workday(date(2044, 10, 4))
