"""Working days: published arrangements, corrections, years that nobody has published."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.hazards import deadlines, workdays
from anlan.lib.errors import Refused

DAYS = st.dates(date(2024, 1, 1), date(2029, 12, 31))


def test_the_national_day_of_2026_and_its_worked_saturday() -> None:
    assert not workdays.is_workday(date(2026, 10, 1))
    assert workdays.is_workday(date(2026, 10, 10))
    assert workdays.on_or_after(date(2026, 10, 1)) == date(2026, 10, 8)


def test_a_correction_wins_over_what_is_published() -> None:
    day = date(2026, 10, 10)
    assert not workdays.is_workday(day, {day: False})
    assert workdays.on_or_after(day, {day: False}) == date(2026, 10, 12)


def test_a_year_that_nobody_published_has_weekends_and_fixed_days_only() -> None:
    year = workdays.KNOWN.stop
    assert not workdays.is_workday(date(year, 10, 1))
    assert not workdays.is_workday(date(year, 5, 2))
    assert workdays.lacking([year - 1, year]) == [year]
    assert workdays.lacking([year], {date(year, 2, 1): False}) == []


@given(DAYS, st.integers(1, 12))
def test_back_and_between_agree(day: date, n: int) -> None:
    start = workdays.back(day, n)
    assert workdays.between(start, day) >= n
    assert workdays.between(start + timedelta(days=1), day) < n


@given(DAYS, st.integers(0, 12))
def test_adding_lands_on_the_nth_working_day(day: date, n: int) -> None:
    end = workdays.add(day, n)
    assert workdays.between(day, end) == n
    assert n == 0 or workdays.is_workday(end)


@given(DAYS, st.sampled_from(["general", "major"]))
def test_every_proposed_deadline_is_worked_and_may_be_set(today: date, grade: str) -> None:
    day = deadlines.propose(grade, today)
    assert workdays.is_workday(day)
    assert deadlines.settle(day, grade=grade, found=today, today=today) == (day, None)


def test_a_holiday_moves_and_says_to_which_weekday() -> None:
    settled = deadlines.settle(date(2026, 11, 7), grade="general", found=date(2026, 11, 2), today=date(2026, 11, 2))
    assert settled == (date(2026, 11, 9), date(2026, 11, 7))
    assert deadlines.says_moved(settled) == "11 月 7 日不上班，期限顺延到 11 月 9 日（周一）"
    with pytest.raises(Refused):
        deadlines.settle(date(2026, 11, 1), grade="general", found=date(2026, 11, 1), today=date(2026, 11, 2))
