"""The arithmetic of credit, for every history of claims: never more than time, never more than media, never twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from anlan.lib.intervals import Intervals, clip, minus, normalise, total
from anlan.training import coverage

LENGTH = 600_000
spans = st.lists(st.tuples(st.integers(0, LENGTH + 50_000), st.integers(0, LENGTH)), max_size=6).map(
    lambda pairs: normalise((a, a + b) for a, b in pairs)
)
claims = st.lists(st.tuples(st.integers(0, 200_000), spans), max_size=12)


@given(claims, st.integers(0, LENGTH), st.sampled_from([100, 150]))
def test_credit_never_exceeds_elapsed_time_nor_media_and_media_never_exceeds_the_pace(
    history: list[tuple[int, Intervals]], reach: int, pace: int
) -> None:
    covered: Intervals = ()
    until = now = 1_000_000
    credited = media = 0
    for waited, claimed in history:
        now += waited
        verdict = coverage.settle(covered, until, now, claimed, reach_ms=reach, pace=pace)
        assert 0 <= verdict.credited_ms <= verdict.new_ms <= total(minus(claimed, covered))
        assert verdict.refused_ms >= 0
        assert total(minus(covered, verdict.covered)) == 0  # nothing covered is ever lost
        covered, until = verdict.covered, verdict.until_ms
        credited += verdict.credited_ms
        media += verdict.new_ms
    elapsed = now - 1_000_000
    assert until <= now
    assert credited <= elapsed
    assert media == total(covered) <= reach
    assert media * 100 <= elapsed * pace


@given(claims)
def test_the_order_in_time_of_a_late_envelope_cannot_earn_more(history: list[tuple[int, Intervals]]) -> None:
    until = 1_000_000
    verdict = coverage.settle((), until, until - 5_000, ((0, 9_000),), reach_ms=LENGTH)
    assert (verdict.credited_ms, verdict.until_ms) == (0, until)


@given(spans, st.integers(0, LENGTH * 2))
def test_first_keeps_the_earliest_part(intervals: Intervals, amount: int) -> None:
    kept = coverage.first(intervals, amount)
    assert total(kept) == min(amount, total(intervals))
    assert total(minus(kept, intervals)) == 0
    assert not kept or kept == clip(intervals, 0, kept[-1][1])


@given(st.integers(0, 90_000), st.integers(0, 135_000), st.integers(0, 86_400))
def test_days_add_up_to_the_credit(credited: int, extra: int, second: int) -> None:
    at = datetime(2026, 6, 9, 16, 0, tzinfo=UTC) + timedelta(seconds=second)  # midnight in Shanghai, and on
    rows = coverage.by_day(at, credited, credited + extra)
    assert sum(row[2] for row in rows) == credited
    assert sum(row[3] for row in rows) == credited + extra
    assert all((end - begin) == timedelta(milliseconds=share) for begin, end, share, _media in rows)


def test_a_learner_who_plays_evenly_loses_nothing() -> None:
    covered: Intervals = ()
    until, now = 0, 0
    for n in range(40):
        now += 15_000 + (400 if n % 3 else -300)  # envelopes never arrive evenly
        verdict = coverage.settle(covered, until, now, ((n * 15_000, (n + 1) * 15_000),), reach_ms=LENGTH)
        covered, until = verdict.covered, verdict.until_ms
    assert total(covered) == LENGTH


def test_two_minutes_without_a_network_are_covered_and_mostly_credited() -> None:
    verdict = coverage.settle((), 0, 120_000, ((0, 120_000),), reach_ms=LENGTH)
    assert (verdict.new_ms, verdict.credited_ms) == (120_000, 90_000)


def test_where_to_go_on() -> None:
    covered = ((0, 60_000), (90_000, 120_000))
    assert coverage.resume_at(covered, 110_000, LENGTH) == 110_000
    assert coverage.resume_at(covered, 121_500, LENGTH) == 120_000  # stopped just behind a question
    assert coverage.resume_at(covered, 300_000, LENGTH) == 60_000
    assert coverage.resume_at(((0, 60_000), (90_000, LENGTH)), LENGTH, LENGTH) == 60_000
    assert coverage.resume_at(((0, LENGTH),), LENGTH, LENGTH) == 0
    assert coverage.gaps(covered, LENGTH) == ((60_000, 90_000), (120_000, LENGTH))


def test_a_lesson_is_complete_at_98_percent() -> None:
    assert coverage.is_covered(588_000, LENGTH)
    assert not coverage.is_covered(587_999, LENGTH)
    assert not coverage.is_covered(0, 0)


def test_a_page_takes_as_long_as_reading_it_and_at_least_a_minute() -> None:
    assert coverage.lesson_length("document", 0, 10) == 60_000
    assert coverage.lesson_length("document", 0, 1500) == 300_000
    assert coverage.lesson_length("video", 0, 1500) == 0
