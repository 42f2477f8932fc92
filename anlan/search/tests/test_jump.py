"""Every way of writing an article's number leads to it; everything else is a question in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.lib.numerals import to_chinese
from anlan.search.jump import Jump, Names, parse

NAMES = Names.of(
    [
        ("安全生产法", ["安全生产法", "中华人民共和国安全生产法", "安法"]),
        ("消防法", ["消防法"]),
        ("工伤保险条例", ["工伤保险条例"]),
        ("刑法", ["刑法"]),
        ("民法典", ["民法典"]),
        ("突发事件应对法", ["突发事件应对法"]),
    ]
)


@pytest.mark.parametrize(
    ("query", "slug", "ref", "paragraph", "item", "year"),
    [
        ("安法38", "安全生产法", "38", 0, 0, 0),
        ("安全生产法 25", "安全生产法", "25", 0, 0, 0),
        ("安全生产法第38条第2款", "安全生产法", "38", 2, 0, 0),
        ("《安全生产法》第三十八条第二款第（三）项", "安全生产法", "38", 2, 3, 0),
        ("中华人民共和国安全生产法　第２８条", "安全生产法", "28", 0, 0, 0),
        ("消防法 6-2", "消防法", "6-2", 0, 0, 0),
        ("刑法一百三十四条之一", "刑法", "134-1", 0, 0, 0),
        ("刑法第134条之一", "刑法", "134-1", 0, 0, 0),
        ("刑法134之1", "刑法", "134-1", 0, 0, 0),
        ("民法典1165", "民法典", "1165", 0, 0, 0),
        ("民法典第一千二百四十条", "民法典", "1240", 0, 0, 0),
        ("工伤条例14", "工伤保险条例", "14", 0, 0, 0),
        ("突发事件应对法2007 第10条", "突发事件应对法", "10", 0, 0, 2007),
        ("突发事件应对法2007年版第十条", "突发事件应对法", "10", 0, 0, 2007),
        ("安全生产法第二十八条是什么", "安全生产法", "28", 0, 0, 0),
        ("aqscf38", "安全生产法", "38", 0, 0, 0),
        ("anquanshengchanfa 38", "安全生产法", "38", 0, 0, 0),
        ("安全生产法", "安全生产法", "", 0, 0, 0),
        ("突发事件应对法2007", "突发事件应对法", "", 0, 0, 2007),
    ],
)
def test_every_form_is_read(query: str, slug: str, ref: str, paragraph: int, item: int, year: int) -> None:
    assert parse(query, NAMES) == Jump((slug,), ref, paragraph, item, year)


@pytest.mark.parametrize("query", ["第三十八条", "38条", "第38条", "三十八条"])
def test_a_number_alone_means_the_safety_statutes_first(query: str) -> None:
    found = parse(query, NAMES)
    assert found is not None and found.ref == "38"
    assert found.slugs[:3] == ("安全生产法", "消防法", "工伤保险条例")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "12350",
        "2024年",
        "扣工资3个月",
        "我被罚了3000",
        "工地 3",
        "第5款",
        "劳动仲裁要多久",
        "安全",
        "x" * 5000,
        "0",
        "安法0",
        "安法9999",
    ],
)
def test_everything_else_is_a_question_in_words(query: str) -> None:
    assert parse(query, NAMES) is None


@given(
    st.integers(1, 1499), st.integers(0, 20), st.sampled_from(["安法", "消防法", "《民法典》", "刑 法"]), st.booleans()
)
def test_chinese_and_arabic_numbers_mean_the_same(number: int, inserted: int, name: str, spaced: bool) -> None:
    tail = f"之{to_chinese(inserted)}" if inserted else ""
    gap = " " if spaced else ""
    written = parse(f"{name}{gap}第{to_chinese(number)}条{tail}", NAMES)
    assert written is not None
    assert written == parse(f"{name}{gap}第{number}条{tail}", NAMES)
    assert written.ref == (f"{number}-{inserted}" if inserted else str(number))


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    parse(text, NAMES)
