"""From an upload to lessons that play, also through a killed process, two processes, and files that are none."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.training.actions import encoding, recordings
from anlan.training.media import ffmpeg
from anlan.training.models import Course, Lesson, LessonProgress, LessonPrompt, Recording
from anlan.training.tasks import process_recording
from anlan.training.tests.clips import clip


@pytest.fixture
def course(cast: Cast) -> Course:
    return Course.objects.create(owner=cast.school, slug="confined", title="有限空间", teacher=cast.teacher)


def upload(cast: Cast, course: Course, path: Path) -> Recording:
    with path.open("rb") as file:
        return recordings.receive_whole(
            course,
            by=cast.teacher,
            name=path.name,
            size=path.stat().st_size,
            chunks=iter(lambda: file.read(65536), b""),
        )


LONG = {"seconds": 40, "size": "32x32", "chapters": ((0, "开票"), (20, "通风"))}


def work(recording: Recording) -> Recording:
    encoding.work_on(recording.pk)
    recording.refresh_from_db()
    return recording


def test_a_short_video_becomes_one_lesson_that_plays(cast: Cast, course: Course) -> None:
    recording = work(upload(cast, course, clip()))
    assert (recording.state, recording.progress, recording.problem) == ("ready", 100, "")
    lesson = course.lessons.get()
    assert (lesson.title, lesson.duration_ms) == ("clip", recording.duration_ms)
    assert default_storage.exists(f"{lesson.media_dir}/master.m3u8")
    assert default_storage.exists(f"{lesson.media_dir}/subtitles.vtt")
    assert not recordings.part_of(recording).exists()
    assert recording.source is not None
    assert Notice.objects.filter(user=cast.teacher, kind="recording_ready").count() == 1


def test_a_long_one_waits_for_its_cut_points(cast: Cast, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anlan.training.media.cutting.MIN_MS", 5000)
    recording = work(upload(cast, course, clip("long.mp4", **LONG)))
    assert recording.state == "cutting"
    assert [title for _start, title in recording.chapters] == ["开票", "通风"]
    assert not course.lessons.exists()
    assert Notice.objects.filter(user=cast.teacher, kind="recording_read").exists()

    recordings.confirm_cuts(recording, by=cast.teacher, version=1, cuts=[(0, "开票"), (20_000, "通风")])
    assert [(lesson.position, lesson.title, lesson.start_ms) for lesson in course.lessons.all()] == [
        (1, "开票", 0), (2, "通风", 20_000),
    ]  # fmt: skip
    assert work(recording).state == "ready"
    first, second = course.lessons.all()
    assert first.media_dir
    assert second.media_dir
    kept = first.media_dir

    # One cut moves: what did not change is not encoded again, prompts and cues stay at their moment.
    Lesson.objects.filter(pk=second.pk).update(subtitles=[[0, 1000, "先开风机"], [15_000, 16_000, "再测"]])
    LessonPrompt.objects.create(lesson=second, at_ms=14_000, stem="?", options=["a", "b"], answer=0)
    recording.refresh_from_db()
    recordings.confirm_cuts(
        recording, by=cast.teacher, version=2, cuts=[(0, "开票"), (20_000, "通风"), (30_000, "检测")]
    )
    first, second, third = course.lessons.all()
    assert (first.media_dir, second.media_dir, third.media_dir) == (kept, "", "")
    assert (second.subtitles, third.subtitles) == ([[0, 1000, "先开风机"]], [[5000, 6000, "再测"]])
    assert third.prompts.get().at_ms == 4000
    with pytest.raises(Refused, match="改过"):
        recordings.confirm_cuts(recording, by=cast.teacher, version=2, cuts=[(0, "开票")])


def test_cuts_stay_once_somebody_has_learnt(cast: Cast, course: Course) -> None:
    recording = work(upload(cast, course, clip()))
    LessonProgress.objects.create(user=cast.worker, lesson=course.lessons.get(), year=2026)
    with pytest.raises(Refused, match="已经有人学过"):
        recordings.remove_recording(recording, by=cast.teacher)
    Recording.objects.update(duration_ms=60_000)
    recording.refresh_from_db()
    with pytest.raises(Refused, match="已经有人学过"):
        recordings.confirm_cuts(recording, by=cast.teacher, version=recording.version, cuts=[(0, "a"), (30_000, "b")])
    assert Lesson.objects.get().media_dir


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"\0" * 4000, "读不出画面和声音"), ("不是录像".encode() * 500, "读不出画面和声音")],
)
def test_what_is_no_video_fails_in_words_and_can_be_replaced(
    cast: Cast, course: Course, tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "坏文件.mp4"
    path.write_bytes(content)
    recording = work(upload(cast, course, path))
    assert recording.state == "failed"
    assert words in recording.problem
    assert Notice.objects.get(user=cast.teacher, kind="recording_failed").text == recording.problem
    recordings.remove_recording(recording, by=cast.teacher)
    assert not Recording.objects.exists()


def test_sound_without_picture_fails_and_says_what_to_do(cast: Cast, course: Course) -> None:
    recording = work(upload(cast, course, clip("sound.m4a", picture=False)))
    assert "只有声音，没有画面" in recording.problem
    assert recordings.can_retry(recording)


def test_a_full_disk_keeps_the_original_and_can_be_retried(
    cast: Cast, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = upload(cast, course, clip())

    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(ffmpeg, "encode", full)
        assert "磁盘满了" in work(recording).problem
    recordings.retry_recording(recording, by=cast.operator)
    with pytest.raises(Refused):
        recordings.retry_recording(recording, by=cast.operator)
    assert work(recording).state == "ready"


def test_a_killed_encode_goes_on_with_what_is_left(cast: Cast, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anlan.training.media.cutting.MIN_MS", 5000)
    recording = work(upload(cast, course, clip("long.mp4", **LONG)))
    recordings.confirm_cuts(recording, by=cast.teacher, version=1, cuts=[(0, "开票"), (20_000, "通风")])

    class Killed(BaseException):
        """As kill -9: nothing is written any more."""

    whole = ffmpeg.encode

    def dies_at_the_second(*args: object, **kwargs: object) -> None:
        if kwargs["start_ms"]:
            raise Killed
        whole(*args, **kwargs)  # type: ignore[arg-type]

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(ffmpeg, "encode", dies_at_the_second)
        encoding.work_on(recording.pk)
    recording.refresh_from_db()
    assert recording.state == "encoding"
    kept = course.lessons.first()
    assert kept is not None
    assert kept.media_dir
    assert recordings.requeue_dead_recordings() == 0  # it may still be alive

    Recording.objects.update(beat_at=timezone.now() - timedelta(minutes=3))
    DBTaskResult.objects.all().delete()
    assert recordings.requeue_dead_recordings() == 1
    assert recordings.requeue_dead_recordings() == 0
    assert DBTaskResult.objects.filter(queue_name="media").count() == 1
    assert work(recording).state == "ready"
    assert [lesson.media_dir != "" for lesson in course.lessons.all()] == [True, True]
    assert course.lessons.first().media_dir == kept.media_dir  # type: ignore[union-attr]


def test_a_process_taken_for_dead_notices_and_stops(
    cast: Cast, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = upload(cast, course, clip())

    def taken_meanwhile(*_args: object, **_kwargs: object) -> None:
        Recording.objects.filter(pk=recording.pk).update(run="another")

    monkeypatch.setattr(ffmpeg, "encode", taken_meanwhile)
    assert encoding.work_on(recording.pk) is False
    recording.refresh_from_db()
    assert (recording.run, recording.state) == ("another", "encoding")
    assert not course.lessons.get().media_dir


def test_a_task_that_comes_twice_works_once(cast: Cast, course: Course) -> None:
    recording = upload(cast, course, clip())
    process_recording.call(recording.pk)
    folder = course.lessons.get().media_dir
    process_recording.call(recording.pk)
    assert course.lessons.get().media_dir == folder


def test_media_that_no_lesson_names_is_swept_after_a_day(cast: Cast, course: Course) -> None:
    import os
    import time

    work(upload(cast, course, clip()))
    old = Path(default_storage.path(course.lessons.get().media_dir))
    os.utime(old, (time.time() - 90_000,) * 2)
    encoding.sweep_media()
    assert old.exists()
    Lesson.objects.update(media_dir="")
    assert encoding.sweep_media() >= 1
    assert not old.exists()
