"""ffmpeg as a subprocess: what is in a file, where it is silent, and HLS out of it.

The bundled build has no ffprobe, so facts are read from what ffmpeg itself says. Every call runs at low priority on
one thread, so that pages stay fast, and dies with its parent where the system offers that.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import imageio_ffmpeg
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Progress = Callable[[float], None]
"""Called with 0.0–1.0 a few times a second; what it raises stops ffmpeg."""

FORMATS: Final = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,asf,flv,wav,mp3,aac,ogg,flac"
"""Containers that people upload. Playlists (HLS, concat) are left out: they could name other files of this machine."""

BROKEN: Final = _("这个文件读不出画面和声音，可能没有传完整，或者不是录像。请在电脑上试着播放，能播再重新上传。")
NO_PICTURE: Final = _("这个文件只有声音，没有画面。请传带画面的录像；只有录音的，可以配上幻灯片导出成视频再传。")
EMPTY: Final = _("这段录像长度是 0，没有内容可以转。请检查后重新上传。")
CODEC: Final = _("这段录像的编码格式读不了。请用手机或剪辑软件另存为 MP4（H.264）后重新上传。")
DISK: Final = _("服务器的磁盘满了，转码没有做完。请联系平台运维腾出空间，再点重试。")
TOO_LONG: Final = _("这段录像超过 12 小时。请分成几段再传。")


class Unreadable(ValueError):
    """A file that cannot become a lesson; `reason` says in plain words what is wrong and what to do."""

    def __init__(self, reason: str | Promise, detail: str = "") -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Probe:
    """What is in a file. Chapters are (start_ms, title)."""

    duration_ms: int
    width: int
    height: int
    has_audio: bool
    chapters: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Sound:
    """Loudness 0–100, one value a second, and silences as (start_ms, end_ms)."""

    waveform: list[int]
    silences: list[tuple[int, int]]


@lru_cache
def _command() -> tuple[str, ...]:
    prefix: list[str] = []
    if setpriv := shutil.which("setpriv"):
        prefix += [setpriv, "--pdeathsig", "KILL"]
    if nice := shutil.which("nice"):
        prefix += [nice, "-n", "10"]
    return (*prefix, imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-y")


def _source(path: Path) -> list[str]:
    return ["-protocol_whitelist", "file,pipe", "-format_whitelist", FORMATS, "-i", str(path)]


def _reason(errors: str) -> Unreadable:
    detail = errors[-2000:]
    if "No space left on device" in errors:
        return Unreadable(DISK, detail)
    if re.search(r"(Unknown decoder|Decoder .*not found|no decoder found|Decoding requested, but no decoder)", errors):
        return Unreadable(CODEC, detail)
    return Unreadable(BROKEN, detail)


def run(args: Sequence[str], *, seconds: float = 0, on_progress: Progress | None = None) -> str:
    """Run ffmpeg and return what it said on stderr. Raises `Unreadable` when it fails; killed when `on_progress` raises."""
    with (
        tempfile.TemporaryFile("w+", errors="replace") as errors,
        subprocess.Popen(  # noqa: S603
            [*_command(), "-nostats", "-progress", "pipe:1", *args], stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            for line in process.stdout or ():
                found = re.fullmatch(r"out_time_us=(\d+)", line.strip())
                if found and on_progress and seconds:
                    on_progress(min(1.0, int(found[1]) / 1e6 / seconds))
        except BaseException:
            process.kill()
            raise
        code = process.wait()
        errors.seek(0)
        said = errors.read()
    if code:
        raise _reason(said)
    return said


def _capture(args: Sequence[str]) -> tuple[int, str, str]:
    done = subprocess.run([*_command(), *args], capture_output=True, check=False)  # noqa: S603
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def probe(path: Path) -> Probe:
    """Read duration, size, streams and chapters. Raises `Unreadable` for anything that cannot become a video lesson."""
    if path.stat().st_size == 0:
        raise Unreadable(EMPTY)
    code, metadata, said = _capture([*_source(path), "-f", "ffmetadata", "-"])
    if code:
        raise _reason(said)
    streams = re.findall(r"^\s*Stream #0:\d+.*?: (Video|Audio): (.*)$", said, re.MULTILINE)
    video = next((rest for kind, rest in streams if kind == "Video" and "attached pic" not in rest), None)
    has_audio = any(kind == "Audio" for kind, _rest in streams)
    if video is None:
        raise Unreadable(NO_PICTURE if has_audio else BROKEN)
    if video.startswith(("none", "unknown")):
        raise Unreadable(CODEC)
    size = re.search(r"\b(\d{2,5})x(\d{2,5})\b", video)
    # A truncated file keeps the length of the whole in its head: what can really be read is what counts. The first
    # frame is decoded as well, because a container can be sound around a picture that is not.
    code, out, errors = _capture(
        ["-v", "error", *_source(path), "-map", "0:v:0", "-c", "copy", "-f", "null", "-progress", "pipe:1", "-"]
    )
    times = re.findall(r"^out_time_us=(\d+)$", out, re.MULTILINE)
    duration_ms = int(times[-1]) // 1000 if times else 0
    if not duration_ms or size is None:
        raise _reason(errors) if errors else Unreadable(EMPTY)
    if duration_ms > 12 * 3600 * 1000:
        raise Unreadable(TOO_LONG)
    code, _out, errors = _capture(["-v", "error", *_source(path), "-map", "0:v:0", "-frames:v", "1", "-f", "null", "-"])
    if code:
        raise _reason(errors)
    return Probe(duration_ms, int(size[1]), int(size[2]), has_audio, _chapters(metadata))


def _chapters(metadata: str) -> tuple[tuple[int, str], ...]:
    """The [CHAPTER] blocks of an ffmetadata file (https://ffmpeg.org/ffmpeg-formats.html#Metadata-2)."""
    found = []
    for block in metadata.split("[CHAPTER]")[1:]:
        fields = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        numerator, _slash, denominator = fields.get("TIMEBASE", "1/1000").partition("/")
        if fields.get("START", "").isdigit() and denominator.isdigit():
            start = int(fields["START"]) * int(numerator) * 1000 // int(denominator)
            found.append((start, re.sub(r"\\(.)", r"\1", fields.get("title", "")).strip()[:120]))
    return tuple(sorted(found))


def listen(path: Path, duration_ms: int, on_progress: Progress | None = None) -> Sound:
    """Loudness for every second and the silences (quieter than -38 dB for 0.6 s), in one pass over the sound."""
    with tempfile.TemporaryDirectory(prefix="anlan-listen-") as folder:
        levels = Path(folder) / "levels"
        said = run(
            [
                *_source(path), "-map", "0:a:0", "-vn", "-ac", "1", "-af",
                "aresample=8000,silencedetect=noise=-38dB:d=0.6,asetnsamples=8000,astats=metadata=1:reset=1,"
                f"ametadata=print:key=lavfi.astats.Overall.RMS_level:file={levels}",
                "-f", "null", "-",
            ],
            seconds=duration_ms / 1000, on_progress=on_progress,
        )  # fmt: skip
        found = re.findall(r"RMS_level=(-?[\d.]+|-inf|nan)", levels.read_text() if levels.exists() else "")
    # -60 dB is the quietest that a room gets, -10 dB a voice close to the microphone.
    waveform = [0 if v in ("-inf", "nan") else round(max(0.0, min(1.0, (float(v) + 60) / 50)) * 100) for v in found]
    starts = [float(s) for s in re.findall(r"silence_start: (-?[\d.]+)", said)]
    ends = [float(s) for s in re.findall(r"silence_end: ([\d.]+)", said)]
    ends += [duration_ms / 1000] * (len(starts) - len(ends))
    silences = [(max(0, round(a * 1000)), min(round(b * 1000), duration_ms)) for a, b in zip(starts, ends, strict=True)]
    return Sound(waveform[: duration_ms // 1000 + 1], [(a, b) for a, b in silences if a < b])


def heights(height: int) -> list[int]:
    """The renditions of a picture of this height, small first; never larger than the source, always even."""
    own = min(height, 720) // 2 * 2
    return [360, own] if own >= 480 else [own]


VOICE: Final = ("-c:a", "aac", "-aac_coder", "fast", "-ac", "1", "-b:a", "48k")
"""Speech. The fast coder takes a quarter of the time; at this rate nobody hears the difference."""


def hls(folder: Path, variants: Sequence[str], *, seconds: int = 6) -> list[str]:
    """The output arguments of an HLS folder with fMP4 segments; `variants` as in ffmpeg's `var_stream_map`."""
    # ffmpeg fills in %v of the first segment's name only where there are several variants.
    init = "v%v_init.mp4" if len(variants) > 1 else "v0_init.mp4"
    return [
        "-f", "hls", "-hls_time", str(seconds), "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4",
        "-hls_flags", "independent_segments", "-master_pl_name", "master.m3u8", "-var_stream_map", " ".join(variants),
        "-hls_segment_filename", str(folder / "v%v_%04d.m4s"), "-hls_fmp4_init_filename", init, str(folder / "v%v.m3u8"),
    ]  # fmt: skip


def encode(
    path: Path, folder: Path, *, start_ms: int, duration_ms: int, probe: Probe, on_progress: Progress | None = None
) -> None:
    """Write one piece as HLS into `folder`: master.m3u8, one playlist a rendition, audio.m4a (with sound), poster.jpg."""
    sizes = heights(probe.height)
    split = f"[0:v:0]split={len(sizes)}"
    graph = [split + "".join(f"[s{n}]" for n in range(len(sizes)))]
    graph += [f"[s{n}]scale=-2:{size},format=yuv420p[v{n}]" for n, size in enumerate(sizes)]
    at = ["-ss", f"{start_ms / 1000:.3f}", "-t", f"{duration_ms / 1000:.3f}"]
    args = [*at, *_source(path), "-filter_complex_threads", "1", "-filter_complex", ";".join(graph)]
    for n in range(len(sizes)):
        args += ["-map", f"[v{n}]", *(["-map", "0:a:0"] if probe.has_audio else [])]
    args += ["-c:v", "libx264", "-preset", "veryfast", "-crf", "24", "-threads", "1", "-fpsmax", "30"]
    args += ["-force_key_frames", "expr:gte(t,n_forced*6)", "-sc_threshold", "0", *VOICE]
    for n, size in enumerate(sizes):
        args += [f"-maxrate:v:{n}", "700k" if size <= 360 else "1800k", f"-bufsize:v:{n}", "3600k"]
    args += hls(folder, [f"v:{n},a:{n}" if probe.has_audio else f"v:{n}" for n in range(len(sizes))])
    if probe.has_audio:
        args += ["-map", "0:a:0", "-vn", *VOICE, "-movflags", "+faststart"]
        args += [str(folder / "audio.m4a")]
    run(["-v", "error", *args], seconds=duration_ms / 1000, on_progress=on_progress)
    poster(path, folder / "poster.jpg", at_ms=start_ms + min(2000, duration_ms // 2))


def poster(path: Path, target: Path, *, at_ms: int) -> None:
    """Write one frame, at most 640 pixels wide."""
    run(
        [
            "-v",
            "error",
            "-ss",
            f"{at_ms / 1000:.3f}",
            *_source(path),
            "-frames:v",
            "1",
            "-vf",
            "scale='min(640,iw)':-2",
            "-q:v",
            "4",
            "-update",
            "1",
            str(target),
        ]
    )
