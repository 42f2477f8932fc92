"""Small recordings, made once a session by ffmpeg's own test sources."""

import subprocess
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

import imageio_ffmpeg


@lru_cache
def _folder() -> Path:
    return Path(mkdtemp(prefix="anlan-clips-"))


@lru_cache
def clip(
    name: str = "clip.mp4", *, seconds: float = 4, size: str = "160x120", sound: str = "gap", picture: bool = True,
    chapters: tuple[tuple[float, str], ...] = (),
) -> Path:  # fmt: skip
    """A moving test picture with a tone. `sound`: "gap" is silent for its middle second, "tone" is not, "" has none."""
    target = _folder() / name
    args = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y"]
    if picture:
        args += ["-f", "lavfi", "-i", f"testsrc=size={size}:rate=10:duration={seconds}"]
    if sound:
        middle = seconds / 2
        quiet = f",volume=0:enable='between(t,{middle - 0.75},{middle + 0.75})'" if sound == "gap" else ""
        args += ["-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=16000:duration={seconds}{quiet}"]
    if chapters:
        marks = [";FFMETADATA1"]
        ends = [start for start, _title in chapters[1:]] + [seconds]
        for (start, title), end in zip(chapters, ends, strict=True):
            marks += [
                "[CHAPTER]",
                "TIMEBASE=1/1000",
                f"START={start * 1000:.0f}",
                f"END={end * 1000:.0f}",
                f"title={title}",
            ]
        notes = target.with_suffix(".chapters")
        notes.write_text("\n".join(marks))
        args += ["-f", "ffmetadata", "-i", str(notes), "-map_metadata", str(int(picture) + int(bool(sound)))]
    args += ["-preset", "ultrafast", "-pix_fmt", "yuv420p"] if picture else []
    subprocess.run([*args, str(target)], check=True, capture_output=True)
    return target
