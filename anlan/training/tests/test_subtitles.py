"""Cues are short, in order, lose no character, and survive a trip through WebVTT."""

from hypothesis import given
from hypothesis import strategies as st

from anlan.training.media.subtitles import WIDTH, clip, cues, from_vtt, lines, to_vtt

narration = st.text(alphabet="安全生产先通风再检测后作业，。、！？；：“”19.5%abc \n", min_size=1, max_size=300)


@given(narration)
def test_lines_are_short_and_lose_nothing(text):
    broken = lines(text)
    assert "".join(broken) == "".join(text.split())
    assert all(0 < len(line) <= WIDTH for line in broken)


@given(narration, st.integers(0, 100_000), st.integers(1000, 100_000))
def test_cues_fill_the_time_in_order(text, start, length):
    found = cues(text, start, start + length)
    assert all(a <= b for a, b, _text in found)
    assert [a for a, _b, _text in found[1:]] == [b for _a, b, _text in found[:-1]]
    if found:
        assert (found[0][0], found[-1][1]) == (start, start + length)


def test_a_line_ends_with_its_sentence() -> None:
    assert lines("先通风。再检测，合格才能进。") == ["先通风。", "再检测，合格才能进。"]


def test_vtt_round_trip_escapes_markup() -> None:
    written = to_vtt([[0, 1500, "氧 <19.5% & 缺氧"], [3_600_000, 3_601_250, "第二句"]])
    assert "<19.5" not in written
    assert from_vtt(written) == [(0, 1500, "氧 <19.5% & 缺氧"), (3_600_000, 3_601_250, "第二句")]


def test_srt_is_read_as_well() -> None:
    assert from_vtt("1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>小心</i>\r\n\r\n") == [(1000, 2500, "小心")]
    assert from_vtt("什么也不是") == []


def test_clip_counts_from_the_start_of_the_piece() -> None:
    assert clip([[0, 900, "a"], [900, 1200, "b"], [2000, 2100, "c"]], 1000, 2000) == [[0, 200, "b"]]
