"""Citations in running text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.law.recognising import expanded, recognise, recognise_short
from anlan.lib.numerals import to_chinese


def seen(text: str, **more: object) -> list[tuple[str, str, int, int]]:
    return [(m.name, m.ref, m.paragraph, m.item) for m in recognise(text, **more)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("依照《中华人民共和国安全生产法》第三十八条第二款第（三）项", [("安全生产法", "38", 2, 3)]),
        ("《消防法》（2021年修正）第六条之二", [("消防法", "6-2", 0, 0)]),
        ("《消防法》和《劳动法》", [("消防法", "", 0, 0), ("劳动法", "", 0, 0)]),
        ("违反本法第七条、第九条第二款、第三款", [("", "7", 0, 0), ("", "9", 2, 0), ("", "9", 3, 0)]),
        (
            "《安全生产法》第八条、第十条，本法第三条",
            [("安全生产法", "8", 0, 0), ("安全生产法", "10", 0, 0), ("", "3", 0, 0)],
        ),
        ("《安全生产法》施行后，该法第五条", [("安全生产法", "", 0, 0), ("安全生产法", "5", 0, 0)]),
        ("《甲乙法》（以下简称《甲法》）第二条，《甲法》第三条", [("甲乙法", "2", 0, 0), ("甲乙法", "3", 0, 0)]),
        ("第 38 条第2款", [("", "38", 2, 0)]),
        ("第三次会议的第二项工作", []),
    ],
)
def test_forms_of_citations(text: str, found: list[tuple[str, str, int, int]]) -> None:
    assert seen(text) == found


def test_words_that_point_back_know_where_they_stand() -> None:
    assert seen("依照前款规定", ref="28", paragraph=3) == [("", "28", 2, 0)]
    assert seen("前条规定", ref="28") == [("", "27", 0, 0)]
    assert seen("前条规定", ref="28", previous="27-2") == [("", "27-2", 0, 0)]
    assert seen("本条第二款", ref="7") == [("", "7", 2, 0)]
    assert seen("前款规定", ref="28", paragraph=1) == []


def test_a_range_cites_all_between_its_ends() -> None:
    assert [m.ref for m in expanded(recognise("本法第八条至第十一条"))] == ["8", "9", "10", "11"]
    assert [m.ref for m in expanded(recognise("本法第八条至第九百条"))] == ["8", "900"], (
        "a stretch too wide cites its ends"
    )


def test_names_without_brackets_count_only_where_known() -> None:
    assert seen("依照刑法第一百三十四条之一", known={"刑法"}) == [("刑法", "134-1", 0, 0)]
    assert seen("消防法第二十八条", inside=False) == []
    assert [(m.name, m.ref) for m in recognise_short(["消防法 第28条"], known={"消防法"})] == [("消防法", "28")]


def test_short_references_and_standards() -> None:
    known = {"安全生产法"}
    found = recognise_short(["安全生产法:38", "安全生产法：6-1", "安全生产法", "GB 50016-2014", ""], known=known)
    assert [(m.name, m.ref) for m in found] == [("安全生产法", "38"), ("安全生产法", "6-1"), ("安全生产法", "")]


@given(st.text(alphabet="《》第一二十百条款项之前本法至、（）零九0 简称:", max_size=60))
def test_any_text_is_read_in_order_and_inside_its_bounds(text: str) -> None:
    at = 0
    for mention in recognise(text, ref="5", paragraph=2):
        assert 0 <= mention.start <= mention.end <= len(text)
        assert mention.start >= at or mention.start == mention.end
        at = mention.start


@given(st.integers(1, 1500), st.integers(0, 9))
def test_every_number_is_found_again(number: int, inserted: int) -> None:
    tail = f"之{to_chinese(inserted)}" if inserted else ""
    ref = f"{number}-{inserted}" if inserted else str(number)
    assert seen(f"《灯法》第{to_chinese(number)}条{tail}") == [("灯法", ref, 0, 0)]
