"""Cut points hold their promises for any recording, and people's own are checked in words."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.training.media.cutting import MAX_MS, MIN_MS, BadCuts, check, pieces, propose

MINUTE = 60_000
durations = st.integers(1, 8 * 60 * MINUTE)
chapters = st.lists(st.tuples(st.integers(0, 8 * 60 * MINUTE), st.text(max_size=20)), max_size=40)
silences = st.lists(
    st.tuples(st.integers(0, 8 * 60 * MINUTE), st.integers(1, 20_000)).map(lambda s: (s[0], s[0] + s[1])), max_size=80
)


@given(durations, chapters, silences)
def test_every_piece_is_at_most_15_minutes_and_none_is_a_scrap(duration, chapters, silences):
    cuts = propose(duration, chapters, silences)
    starts = [start for start, _title in cuts]
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    lengths = [b - a for a, b in pairwise([*starts, duration])]
    assert sum(lengths) == duration
    assert max(lengths) <= MAX_MS
    assert len(lengths) == 1 or min(lengths) >= MIN_MS
    assert all(title.strip() for _start, title in cuts)


@given(durations.filter(lambda d: d >= 10_000), chapters, silences)
def test_what_is_proposed_is_also_accepted(duration, chapters, silences):
    cuts = propose(duration, chapters, silences)
    assert check(cuts, duration) == [(start, title.strip()[:120]) for start, title in cuts]


def test_chapters_come_first() -> None:
    chapters = [(0, "开场"), (6 * MINUTE, "权利"), (14 * MINUTE, "义务")]
    assert propose(20 * MINUTE, chapters, [(9 * MINUTE, 9 * MINUTE + 5000)]) == chapters


def test_a_short_recording_without_chapters_is_one_piece() -> None:
    assert [start for start, _title in propose(15 * MINUTE)] == [0]


def test_without_chapters_the_longest_silence_near_the_ideal_is_taken() -> None:
    quiet = [(8 * MINUTE, 8 * MINUTE + 700), (11 * MINUTE, 11 * MINUTE + 4000), (17 * MINUTE, 17 * MINUTE + 9000)]
    assert [start for start, _title in propose(20 * MINUTE, (), quiet)] == [0, 11 * MINUTE + 2000]


def test_without_anything_to_go_by_the_parts_are_equal() -> None:
    assert [start for start, _title in propose(20 * MINUTE)] == [0, 10 * MINUTE]


def test_a_long_chapter_is_split_and_its_parts_are_numbered() -> None:
    assert [title for _start, title in propose(30 * MINUTE, [(0, "机器"), (20 * MINUTE, "电")])] == [
        "机器（1）", "机器（2）", "电",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cuts", "words"),
    [
        ([], "从 0:00 开始"),
        ([(5000, "a")], "从 0:00 开始"),
        ([(0, "a"), (0, "b")], "同一时刻"),
        ([(0, "a"), (60_000, " ")], "没有标题"),
        ([(0, "a"), (16 * MINUTE, "b")], "第 1 节长 16 分 00 秒，超出 15 分钟 60 秒"),
        ([(0, "a"), (10 * MINUTE, "b"), (10 * MINUTE + 5000, "c")], "不到 10 秒"),
        ([(0, "a"), (10 * MINUTE, "b"), (99 * MINUTE, "c")], "超出"),
    ],
)
def test_what_a_person_chose_wrongly_is_refused_in_words(cuts, words):
    with pytest.raises(BadCuts, match=words):
        check(cuts, 20 * MINUTE)


def test_pieces_follow_the_cuts() -> None:
    assert pieces([(0, "a"), (10, "b")], 30) == [(0, 10, "a"), (10, 30, "b")]
