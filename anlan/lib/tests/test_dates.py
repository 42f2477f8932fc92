from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.lib.codes import Malformed
from anlan.lib.dates import cn_date, parse_date

TODAY = date(2026, 11, 20)
DAY = date(2024, 3, 1)


@pytest.mark.parametrize(
    "value",
    [
        "2024-03-01",
        "2024/3/1",
        "2024.3.1",
        "2024年3月1日",
        "2024年 3 月 1 日",
        "20240301",
        "２０２４－０３－０１",
        "２０２４年３月１日",
        " 2024-03-01 08:30:00 ",
        "2024-03-01T08:30",
        "'2024-03-01",
        "2024。3。1",
        45352,
        45352.75,
        "45352",
        "45352.0",
        20240301,
        DAY,
        datetime(2024, 3, 1, 23, 59),  # noqa: DTZ001 (spreadsheets know no zone)
        datetime(2024, 2, 29, 16, 0, tzinfo=UTC),
    ],
)
def test_dates_are_read_as_people_and_spreadsheets_write_them(value: object) -> None:
    assert parse_date(value, today=TODAY) == DAY


@pytest.mark.parametrize(
    "value",
    [
        "",
        "2024-02-30",
        "2023-2-29",
        "24-3-1",
        "24年3月1日",
        "240301",
        "2024",
        2024,
        60,
        0,
        -1,
        1.5e9,
        float("nan"),
        float("inf"),
        True,
        None,
        "3/1/2024",
        "2024-3/1",
        "2024-13-01",
        "2024年3月",
        "1899-12-31",
        "9999-12-31",
        "长期",
        b"2024-03-01",
        "2024-03月01日",
        "2024年3年1",
    ],
)
def test_the_impossible_and_the_ambiguous_are_refused(value: object) -> None:
    with pytest.raises(Malformed) as caught:
        parse_date(value, today=TODAY)
    assert str(caught.value.reason)


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_every_spelling_gives_the_same_day(day: date) -> None:
    for value in (
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y%m%d}",
    ):
        assert parse_date(value, today=TODAY) == day


@given(st.integers(1, 73050))
def test_serial_days_agree_with_excel(serial: int) -> None:
    try:
        day = parse_date(serial, today=TODAY)
    except Malformed:
        assert serial == 60 or 1900 <= serial <= 2100
    else:
        assert day == date(1899, 12, 31) + timedelta(days=serial - (serial > 60))


@given(st.text(max_size=20) | st.floats() | st.integers())
def test_reading_raises_nothing_but_malformed(value: object) -> None:
    with suppress(Malformed):
        parse_date(value, today=TODAY)


def test_dates_are_shown_with_the_year_only_when_it_differs() -> None:
    assert cn_date(date(2026, 11, 20), TODAY) == "11 月 20 日"
    assert cn_date(date(2025, 1, 2), TODAY) == "2025 年 1 月 2 日"
