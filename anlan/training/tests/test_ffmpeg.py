"""What is read from real files, and what is said of files that are none."""

import os
from pathlib import Path

import pytest

from anlan.training.media import ffmpeg
from anlan.training.tests.clips import clip


def test_length_size_sound_and_chapters_are_read() -> None:
    found = ffmpeg.probe(clip("chapters.mp4", chapters=((0, "开场"), (2.5, "通风=检测"))))
    assert (found.width, found.height, found.has_audio) == (160, 120, True)
    assert 3900 <= found.duration_ms <= 4200
    assert found.chapters == ((0, "开场"), (2500, "通风=检测"))


def test_the_silence_in_the_middle_is_heard() -> None:
    sound = ffmpeg.listen(clip(), 4000)
    assert len(sound.silences) == 1
    begin, end = sound.silences[0]
    assert abs(begin - 1250) < 200
    assert abs(end - 2750) < 200
    assert len(sound.waveform) == 4  # one value a second, whatever the rate of the recording
    assert sound.waveform[0] > 50
    assert sound.waveform[3] > 50


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.write_bytes(b""), "长度是 0"),
        (lambda path: path.write_bytes(b"\0" * 5000), "读不出画面和声音"),
        (lambda path: path.write_text("三人下池，两人没有上来。" * 50), "读不出画面和声音"),
        (lambda path: path.write_bytes(clip().read_bytes()[: clip().stat().st_size // 3]), "读不出画面和声音"),
        (lambda path: path.write_bytes(clip("sound.m4a", picture=False).read_bytes()), "只有声音"),
        # A playlist could name other files of this machine: it is not even opened.
        (lambda path: path.write_text("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n#EXT-X-ENDLIST\n"), "读不出画面和声音"),
        (lambda path: path.write_text(f"ffconcat version 1.0\nfile {clip()}\n"), "读不出画面和声音"),
    ],
)
def test_what_cannot_become_a_lesson_is_refused_in_plain_words(tmp_path: Path, make, words) -> None:
    path = tmp_path / "upload.part"
    make(path)
    with pytest.raises(ffmpeg.Unreadable, match=words):
        ffmpeg.probe(path)


def test_a_piece_becomes_hls_with_sound_and_poster(tmp_path: Path) -> None:
    source = clip()
    ffmpeg.encode(source, tmp_path, start_ms=1000, duration_ms=2000, probe=ffmpeg.probe(source))
    assert {"master.m3u8", "v0.m3u8", "v0_init.mp4", "audio.m4a", "poster.jpg"} <= set(os.listdir(tmp_path))
    assert "v0.m3u8" in (tmp_path / "master.m3u8").read_text()
    playlist = (tmp_path / "v0.m3u8").read_text()
    assert "#EXT-X-ENDLIST" in playlist
    lengths = [float(line[8:].rstrip(",")) for line in playlist.splitlines() if line.startswith("#EXTINF:")]
    assert abs(sum(lengths) - 2) < 0.3
    assert all((tmp_path / line).exists() for line in playlist.splitlines() if line and not line.startswith("#"))
    assert (tmp_path / "poster.jpg").read_bytes()[:3] == b"\xff\xd8\xff"


def test_two_renditions_of_a_large_picture_and_none_larger_than_the_source(tmp_path: Path) -> None:
    source = clip("large.mp4", seconds=1, size="854x480", sound="")
    ffmpeg.encode(source, tmp_path, start_ms=0, duration_ms=1000, probe=ffmpeg.probe(source))
    master = (tmp_path / "master.m3u8").read_text()
    assert "x360" in master
    assert "x480" in master
    assert (tmp_path / "v0_init.mp4").exists()
    assert (tmp_path / "v1_init.mp4").exists()
    assert not (tmp_path / "audio.m4a").exists()


def test_heights_never_grow() -> None:
    assert [ffmpeg.heights(h) for h in (120, 359, 480, 720, 1080)] == [[120], [358], [360, 480], [360, 720], [360, 720]]


def test_a_callback_that_raises_stops_ffmpeg() -> None:
    class Stop(Exception):
        pass

    def stop(_share: float) -> None:
        raise Stop

    with pytest.raises(Stop):
        ffmpeg.run(
            ["-v", "error", "-re", "-f", "lavfi", "-i", "testsrc=duration=60", "-f", "null", "-"],
            seconds=60,
            on_progress=stop,
        )


def test_a_full_disk_is_named() -> None:
    assert "磁盘满了" in str(ffmpeg._reason("av_interleaved_write_frame(): No space left on device").reason)
    assert "编码格式" in str(ffmpeg._reason("Decoding requested, but no decoder found for: xyz").reason)
