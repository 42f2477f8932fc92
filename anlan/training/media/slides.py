"""A lesson out of a script: slides drawn by typst, narration spoken where a voice is installed, HLS by ffmpeg.

A script is [{"title", "points": […], "narration", "cites": […]}, …]. The picture stands still for a slide, so one
frame a second and x264's fastest setting give the same picture as any other, a hundred times faster than real time.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import typst
from django.conf import settings
from django.utils.translation import gettext as _

from anlan.lib.codes import Malformed
from anlan.lib.numerals import article
from anlan.training.media import ffmpeg, subtitles

Slide = dict[str, Any]

CHARACTERS_A_MINUTE: Final = 270
LEAST_MS: Final = 6000
FRAMES_A_SECOND: Final = 1
RATE: Final = 22050
LEAD_MS: Final = 300
TAIL_MS: Final = 600
CHAPTER_PAUSE_MS: Final = 2000
VOICE_SPEED: Final = "275"
"""Words a minute as espeak-ng counts them: about 270 characters of Mandarin."""

_FIGURE: Final = re.compile(
    r"(?<![\dA-Za-z.第])(\d+(?:\.\d+)?(?:\s*[-~–—～至到]\s*\d+(?:\.\d+)?)?)\s*"
    r"(%|％|ppm|LEL|毫克|毫安|千伏|伏|安|分钟|小时|学时|个月|公里|千米|厘米|毫米|米|度|℃|°|秒|天|年|倍|次|人|块|千克|公斤|吨)"
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """What came out: length, cues, and where each slide ends, in milliseconds."""

    duration_ms: int
    cues: list[subtitles.Cue]
    slide_ends: list[int]


def planned(script: Sequence[Slide]) -> list[int]:
    """Where each slide will end, reckoned from the length of its narration: what pages show until it is rendered."""
    return list(accumulate(_planned_ms(slide["narration"]) for slide in script))


def planned_cues(script: Sequence[Slide]) -> list[subtitles.Cue]:
    """Cues on the planned times."""
    found: list[subtitles.Cue] = []
    start = 0
    for slide, end in zip(script, planned(script), strict=True):
        found += subtitles.cues(slide["narration"], start + LEAD_MS, end - TAIL_MS)
        start = end
    return found


def _planned_ms(narration: str) -> int:
    spoken = subtitles.weight(narration) * 60_000 // CHARACTERS_A_MINUTE
    return _whole_frames(max(LEAST_MS, LEAD_MS + spoken + TAIL_MS))


def _whole_frames(ms: int) -> int:
    step = 1000 // FRAMES_A_SECOND
    return -(-ms // step) * step


def draw(script: Sequence[Slide], *, course: str, over: str, first_page: int = 1, pages: int = 0) -> list[bytes]:
    """Return one PNG of 1280 × 720 a slide. `over` stands above the title, `course` at the foot."""
    slides = [
        {
            "over": over, "title": slide["title"], "points": list(slide["points"])[:6], "figure": _figure(slide), "foot": course,
            "page": f"{first_page + n} / {pages or len(script)}", "cites": "  ".join(map(_cite, slide.get("cites", [])[:2])),
        }
        for n, slide in enumerate(script)
    ]  # fmt: skip
    drawn = typst.compile(
        Path(__file__).parent.parent / "data" / "slides.typ",
        root=Path(__file__).parent.parent.parent,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        format="png",
        ppi=72,
        sys_inputs={"data": json.dumps({"slides": slides}, ensure_ascii=False)},
    )
    return [drawn] if isinstance(drawn, bytes) else list(drawn)


@lru_cache
def _fonts() -> Any:
    return typst.Fonts(include_system_fonts=False, font_paths=[settings.WEB_DIST / "fonts"])


def _figure(slide: Slide) -> dict[str, Any] | None:
    """The first number with a unit among the points: shown large, because a number is what people take home.

    The few words before it ("不大于") come along, because without them a limit can be read the wrong way round.
    """
    for point in slide["points"]:
        if found := _FIGURE.search(point):
            number = re.sub(r"\s*[-~–—～至到]\s*", "–", found[1])
            unit = found[2].replace("％", "%")
            number, unit = (number + unit, "") if unit in ("%", "℃", "°") else (number, unit)
            before = re.split(r"[，。、；：:,（）()]", point[: found.start()])[-1].strip()
            size = 104 if len(number) <= 3 else 84 if len(number) <= 5 else 58
            return {
                "before": before if len(before) <= 6 and not before.endswith(("和", "与", "或")) else "",
                "number": number,
                "unit": unit,
                "size": size,
            }
    return None


def _cite(reference: str) -> str:
    try:
        return article(reference)
    except Malformed:
        return reference


def voice() -> str | None:
    """Path of the installed voice, or None: then slides are silent and last as long as reading takes."""
    return shutil.which("espeak-ng")


def _speak(narration: str, folder: Path) -> bytes:
    """Narration as 16-bit mono samples at RATE; empty where no voice is installed or it fails."""
    speaker = voice()
    if speaker is None:
        return b""
    target = folder / "spoken.wav"
    done = subprocess.run(  # noqa: S603
        [speaker, "-v", "cmn", "-s", VOICE_SPEED, "-w", str(target), "--stdin"],
        input=narration.encode(), capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode or not target.exists():
        return b""
    with wave.open(str(target)) as spoken:
        fits = (spoken.getframerate(), spoken.getnchannels(), spoken.getsampwidth()) == (RATE, 1, 2)
        return spoken.readframes(spoken.getnframes()) if fits else b""


def _silence(ms: int) -> bytes:
    return bytes(RATE * ms // 1000 * 2)


def _narrate(script: Sequence[Slide], track: wave.Wave_write, folder: Path, start: int) -> Rendered:
    """Append the narration of a script to `track` at `start` ms; return its end, cues and slide ends."""
    cues: list[subtitles.Cue] = []
    ends: list[int] = []
    at = start
    for slide in script:
        samples = _speak(slide["narration"], folder)
        spoken = len(samples) // 2 * 1000 // RATE
        length = (
            _whole_frames(max(LEAST_MS, LEAD_MS + spoken + TAIL_MS)) if samples else _planned_ms(slide["narration"])
        )
        cues += subtitles.cues(
            slide["narration"], at + LEAD_MS, at + (LEAD_MS + spoken if samples else length - TAIL_MS)
        )
        frames = RATE * length // 1000
        track.writeframes((_silence(LEAD_MS) + samples).ljust(frames * 2, b"\0")[: frames * 2])
        at += length
        ends.append(at)
    return Rendered(at - start, cues, ends)


def _still_list(folder: Path, pictures: Sequence[bytes], ends: Sequence[int], start: int = 0) -> Path:
    """Write the pictures and the ffconcat list that shows each until its end."""
    entries = ["ffconcat version 1.0"]
    for n, (picture, end) in enumerate(zip(pictures, ends, strict=True)):
        (folder / f"slide-{n:03d}.png").write_bytes(picture)
        entries += [f"file slide-{n:03d}.png", f"duration {(end - start) / 1000:.3f}"]
        start = end
    entries.append(f"file slide-{len(pictures) - 1:03d}.png")  # the demuxer ignores the duration of the last entry
    target = folder / "slides.ffconcat"
    target.write_text("\n".join(entries))
    return target


_STILL: Final = (
    "-vf", f"format=yuv420p,fps={FRAMES_A_SECOND}", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "stillimage",
    "-crf", "24", "-threads", "1", "-g", str(12 * FRAMES_A_SECOND), "-keyint_min", str(12 * FRAMES_A_SECOND), "-sc_threshold", "0",
)  # fmt: skip


def render(
    script: Sequence[Slide], folder: Path, *, course: str, over: str, on_progress: ffmpeg.Progress | None = None
) -> Rendered:
    """Render a scripted lesson as HLS into `folder` (master.m3u8, audio.m4a, poster.jpg, subtitles.vtt)."""
    with tempfile.TemporaryDirectory(prefix="anlan-slides-") as name:
        work = Path(name)
        with wave.open(str(work / "voice.wav"), "wb") as track:
            track.setparams((1, 2, RATE, 0, "NONE", ""))
            result = _narrate(script, track, work, 0)
        stills = _still_list(work, draw(script, course=course, over=over), result.slide_ends)
        ffmpeg.run(
            [
                "-v",
                "error",
                "-i",
                str(work / "voice.wav"),
                *ffmpeg.VOICE,
                "-threads",
                "1",
                "-movflags",
                "+faststart",
                str(folder / "audio.m4a"),
            ]
        )
        ffmpeg.run(
            [
                "-v", "error", "-f", "concat", "-safe", "0", "-i", str(stills), "-i", str(folder / "audio.m4a"), *_STILL,
                "-c:a", "copy", "-t", str(result.duration_ms / 1000), *ffmpeg.hls(folder, ["v:0,a:0"], seconds=12),
            ],
            seconds=result.duration_ms / 1000, on_progress=on_progress,
        )  # fmt: skip
        ffmpeg.run(
            [
                "-v",
                "error",
                "-i",
                str(work / "slide-000.png"),
                "-vf",
                "scale=640:-2",
                "-q:v",
                "3",
                "-update",
                "1",
                str(folder / "poster.jpg"),
            ]
        )
    (folder / "subtitles.vtt").write_text(subtitles.to_vtt(result.cues), encoding="utf-8")
    return result


def render_recording(
    chapters: Sequence[dict[str, Any]], target: Path, *, course: str, on_progress: ffmpeg.Progress | None = None
) -> list[subtitles.Cue]:
    """Render chapters [{"title", "slides"}, …] into ONE long MP4 with embedded chapters and pauses between them.

    Returns the cues of the whole. What a lecture recorded in one go looks like to the rest of the pipeline.
    """
    pages = sum(len(chapter["slides"]) for chapter in chapters)
    cues: list[subtitles.Cue] = []
    pictures: list[bytes] = []
    ends: list[int] = []
    marks = [";FFMETADATA1"]
    with tempfile.TemporaryDirectory(prefix="anlan-recording-") as name:
        work = Path(name)
        with wave.open(str(work / "voice.wav"), "wb") as track:
            track.setparams((1, 2, RATE, 0, "NONE", ""))
            at = 0
            for chapter in chapters:
                pictures += draw(
                    chapter["slides"], course=course, over=chapter["title"], first_page=len(pictures) + 1, pages=pages
                )
                told = _narrate(chapter["slides"], track, work, at)
                track.writeframes(_silence(CHAPTER_PAUSE_MS))
                end = at + told.duration_ms + CHAPTER_PAUSE_MS
                cues += told.cues
                ends += [*told.slide_ends[:-1], end]
                title = re.sub(r"([=;#\\\n])", r"\\\1", chapter["title"])
                marks += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={at}", f"END={end}", f"title={title}"]
                at = end
        stills = _still_list(work, pictures, ends)
        (work / "chapters").write_text("\n".join(marks) + "\n", encoding="utf-8")
        ffmpeg.run(
            [
                "-v", "error", "-f", "concat", "-safe", "0", "-i", str(stills), "-i", str(work / "voice.wav"),
                "-f", "ffmetadata", "-i", str(work / "chapters"), "-map", "0:v:0", "-map", "1:a:0", "-map_chapters", "2",
                *_STILL, *ffmpeg.VOICE, "-t", str(at / 1000), "-movflags", "+faststart", str(target),
            ],
            seconds=at / 1000, on_progress=on_progress,
        )  # fmt: skip
    return cues


def script_problem(script: Sequence[Slide]) -> str:
    """In words what is wrong with a script, or an empty string."""
    if not script:
        return _("这一课没有幻灯片。")
    for n, slide in enumerate(script, 1):
        if not str(slide.get("title", "")).strip() or not str(slide.get("narration", "")).strip():
            return _("第 %(n)d 张幻灯片缺标题或旁白。") % {"n": n}
        if not isinstance(slide.get("points"), list):
            return _("第 %(n)d 张幻灯片的要点不是列表。") % {"n": n}
    if planned(script)[-1] > 15 * 60 * 1000:
        return _("这一课讲完要超过 15 分钟，请拆成两课。")
    return ""
