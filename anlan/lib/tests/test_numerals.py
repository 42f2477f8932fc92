from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.lib.codes import Malformed
from anlan.lib.numerals import article, from_chinese, to_chinese


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "零"),
        (7, "七"),
        (10, "十"),
        (28, "二十八"),
        (100, "一百"),
        (101, "一百零一"),
        (110, "一百一十"),
        (115, "一百一十五"),
        (1003, "一千零三"),
        (1010, "一千零一十"),
        (2040, "二千零四十"),
        (9999, "九千九百九十九"),
        (1000, "一千"),
    ],
)
def test_numerals(n: int, text: str) -> None:
    assert to_chinese(n) == text and from_chinese(text) == n


@given(st.integers(0, 9999))
def test_numerals_there_and_back(n: int) -> None:
    assert from_chinese(to_chinese(n)) == n


@pytest.mark.parametrize("text", ["", "三三", "十百", "一百零", "张三", "一百一百", "零三", "28"])
def test_what_is_no_numeral_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        from_chinese(text)


@given(st.text("零〇一二两三九十百千 万x", max_size=8))
def test_reading_raises_nothing_but_malformed(text: str) -> None:
    with suppress(Malformed):
        assert 0 <= from_chinese(text) <= 9999


def test_other_spellings() -> None:
    assert from_chinese("一十二") == 12 and from_chinese("两千〇五") == 2005


@pytest.mark.parametrize(
    ("cite", "text"),
    [
        ("安全生产法:28", "《安全生产法》第二十八条"),
        ("安全生产法:28-1", "《安全生产法》第二十八条之一"),
        ("《安全生产法》：110", "《安全生产法》第一百一十条"),
        ("GB 30871-2022:6.1", "《GB 30871-2022》6.1"),
        ("GB 30871-2022:6", "《GB 30871-2022》6"),
        ("安全生产法", "《安全生产法》"),
        ("GB 2894-2008", "《GB 2894-2008》"),
        ("工贸企业有限空间作业安全规定:4", "《工贸企业有限空间作业安全规定》第四条"),
    ],
)
def test_citations(cite: str, text: str) -> None:
    assert article(cite) == text


@pytest.mark.parametrize("cite", ["安全生产法:0", "安全生产法:二十", "安全生产法:28-1-2", "安全生产法:12345"])
def test_a_citation_needs_a_number(cite: str) -> None:
    with pytest.raises(Malformed):
        article(cite)
