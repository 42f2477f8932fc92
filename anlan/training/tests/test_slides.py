"""A script becomes pictures, sound and cues whose times agree."""

import os
from pathlib import Path

import pytest

from anlan.training.media import ffmpeg, slides

SCRIPT = [
    {
        "title": "先通风",
        "points": ["打开所有口", "送风 30 分钟"],
        "narration": "先通风。",
        "cites": ["GB 30871-2022:6.1"],
    },
    {"title": "再检测", "points": ["氧不低于 19.5%"], "narration": "再检测，氧气要够。", "cites": ["安全生产法:41"]},
]


@pytest.fixture(params=["voice", "silent"])
def voice(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With a voice, where this machine has one, and without."""
    if request.param == "silent":
        monkeypatch.setenv("PATH", "/nonexistent")
        ffmpeg._command.cache_clear()
        request.addfinalizer(ffmpeg._command.cache_clear)
    elif slides.voice() is None:
        pytest.skip("no voice on this machine")
    return str(request.param)


def test_a_lesson_is_rendered(tmp_path: Path, voice: str) -> None:
    told = slides.render(SCRIPT, tmp_path, course="有限空间", over="第 1 课")
    assert told.slide_ends[-1] == told.duration_ms
    assert all(end % 1000 == 0 for end in told.slide_ends)
    assert told.slide_ends[0] >= slides.LEAST_MS
    assert [text for _a, _b, text in told.cues] == ["先通风。", "再检测，氧气要够。"]
    assert told.cues[1][0] > told.slide_ends[0]
    assert told.cues[-1][1] < told.duration_ms
    assert {"master.m3u8", "audio.m4a", "poster.jpg", "subtitles.vtt"} <= set(os.listdir(tmp_path))
    lengths = [
        float(line[8:].rstrip(","))
        for line in (tmp_path / "v0.m3u8").read_text().splitlines()
        if line[:8] == "#EXTINF:"
    ]
    assert abs(sum(lengths) * 1000 - told.duration_ms) <= 1000


def test_a_recording_carries_chapters_and_pauses(tmp_path: Path) -> None:
    target = tmp_path / "source.mp4"
    chapters = [{"title": "第一章 通风", "slides": SCRIPT[:1]}, {"title": "第二章 检测", "slides": SCRIPT[1:]}]
    cues = slides.render_recording(chapters, target, course="实录")
    found = ffmpeg.probe(target)
    assert [title for _start, title in found.chapters] == ["第一章 通风", "第二章 检测"]
    assert cues[1][0] > found.chapters[1][0]
    assert abs(found.duration_ms - 16_000) < 3000 or found.duration_ms > 16_000


def test_slides_are_1280_by_720() -> None:
    drawn = slides.draw(SCRIPT, course="有限空间", over="第 1 课")
    assert len(drawn) == 2
    assert drawn[0][16:24] == (1280).to_bytes(4, "big") + (720).to_bytes(4, "big")


def test_the_number_to_take_home_keeps_the_words_that_turn_it_round() -> None:
    shown = slides._figure({"points": ["先开盖", "氧气，不低于 19.5%"]})
    assert shown is not None
    assert (shown["before"], shown["number"], shown["unit"]) == ("不低于", "19.5%", "")
    assert slides._figure({"points": ["见 GB 30871 的规定", "第 3 条"]}) is None


def test_the_plan_is_long_enough_to_read() -> None:
    assert slides.planned([{"narration": "短"}]) == [6000]
    assert 60_000 <= slides.planned([{"narration": "字" * 270}])[0] <= 62_000


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ([], "没有幻灯片"),
        ([{"title": "a", "points": []}], "缺标题或旁白"),
        ([{"title": "a", "points": [], "narration": "字" * 5000}], "15 分钟"),
    ],
)
def test_a_script_that_will_not_do_is_refused(script, words) -> None:
    assert words in slides.script_problem(script)
