"""What the media worker does with a recording: store, read, propose cuts, encode. Survives being killed anywhere.

Whoever works on a recording holds it by `run`. Every sign of life is a compare-and-set on it, so that a process that
was taken for dead notices at its next beat and stops, and no two ever write the same recording.
"""

from __future__ import annotations

import errno
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.files.actions import open_blob, store
from anlan.notifications.actions import notify
from anlan.training.actions.recordings import apply_cuts, part_of
from anlan.training.media import cutting, ffmpeg, slides, subtitles
from anlan.training.models import Lesson, Recording

State = Recording.State


class Superseded(Exception):
    """Another process holds the recording now, or a person changed it: stop, silently."""


def work_on(recording_id: int) -> bool:
    """Bring a queued recording as far as it can go; return whether there was anything to do."""
    run = uuid.uuid4().hex
    won = Recording.objects.filter(pk=recording_id, state=State.QUEUED).update(
        state=State.READING, run=run, progress=0, beat_at=timezone.now()
    )
    if not won:
        return False
    recording = Recording.objects.select_related("course", "source").get(pk=recording_id)
    try:
        _work(recording)
    except Superseded:
        return False
    except ffmpeg.Unreadable as unreadable:
        _fail(recording, str(unreadable.reason))
    except OSError as error:
        _fail(recording, str(ffmpeg.DISK) if error.errno == errno.ENOSPC else _broken())
        if error.errno != errno.ENOSPC:
            raise
    except Exception:
        _fail(recording, _broken())
        raise
    return True


def _broken() -> str:
    return _("转码时出了故障，是我们的问题。原件还在，请点重试；再不行请联系平台运维。")


def _work(recording: Recording) -> None:
    scripted = [lesson for lesson in recording.lessons.all() if lesson.script]
    if scripted:
        _set(recording, state=State.ENCODING, progress=0)
        for lesson in scripted:
            if not lesson.media_dir:
                _render_lesson(recording, lesson)
        _set(recording, state=State.READY, progress=100)
        return
    with _source(recording) as path:
        if not recording.duration_ms or (recording.script and not recording.waveform):
            _read(recording, path)
        if recording.cuts:
            _encode(recording, path)


@contextmanager
def _source(recording: Recording) -> Iterator[Path]:
    """The original as a local file: kept for good first, where it came by upload or is rendered from a script."""
    if recording.source is None:
        if recording.script:
            _render_source(recording)
        else:
            _keep(recording, part_of(recording), recording.title + ".mp4")
            part_of(recording).unlink(missing_ok=True)
    blob = recording.source
    assert blob is not None  # noqa: S101
    try:
        local = Path(default_storage.path(blob.path))
    except NotImplementedError:
        with open_blob(blob) as kept, tempfile.NamedTemporaryFile(prefix="anlan-source-") as copy:
            shutil.copyfileobj(kept, copy)
            copy.flush()
            yield Path(copy.name)
    else:
        yield local


def _keep(recording: Recording, path: Path, name: str) -> None:
    if not path.exists() or path.stat().st_size == 0:
        raise ffmpeg.Unreadable(ffmpeg.EMPTY)
    ffmpeg.probe(path)  # what cannot be read is not kept a second time
    with path.open("rb") as content:
        blob = store(
            File(content), name=name, owner=("training.recording", str(recording.pk)),
            by_id=recording.created_by_id, max_mb=1024 * 1024,
        )  # fmt: skip
    _set(recording, source=blob)


def _render_source(recording: Recording) -> None:
    with _work_folder() as folder:
        target = folder / "source.mp4"
        cues = slides.render_recording(
            recording.script, target, course=recording.course.title, on_progress=_beats(recording, 0, 80)
        )
        _keep(recording, target, f"{recording.title}.mp4")
    # The cues of the whole wait in the lessons, cut where the plan cuts; new cuts move them along.
    with transaction.atomic():
        for lesson in recording.lessons.all():
            lesson.subtitles = []
            lesson.save(update_fields=["subtitles"])
        first = recording.lessons.order_by("start_ms").first()
        if first is not None:
            Lesson.objects.filter(pk=first.pk).update(subtitles=[list(cue) for cue in cues])


def _read(recording: Recording, path: Path) -> None:
    """Read length, chapters, loudness and silences; propose cuts. What needs no cutting goes straight on."""
    found = ffmpeg.probe(path)
    sound = (
        ffmpeg.listen(path, found.duration_ms, _beats(recording, 80 if recording.script else 0, 100))
        if found.has_audio
        else None
    )
    planned = bool(recording.cuts)
    cuts = cutting.propose(found.duration_ms, found.chapters, sound.silences if sound else [])
    if planned and not recording.script:  # brought by a package: kept where they fit
        with suppress(cutting.BadCuts):
            cuts = cutting.check([(int(at), str(title)) for at, title in recording.cuts], found.duration_ms)
    if len(cuts) == 1 and not found.chapters:
        cuts = [(0, recording.title)]
    with transaction.atomic():
        _set(
            recording, duration_ms=found.duration_ms, chapters=[list(chapter) for chapter in found.chapters],
            silences=[list(s) for s in sound.silences] if sound else [], waveform=sound.waveform if sound else [],
        )  # fmt: skip
        if planned or len(cuts) == 1:
            _set(recording, cuts=[list(cut) for cut in cuts])
            apply_cuts(recording)
        else:
            _set(recording, state=State.CUTTING, progress=100)
            _tell(recording, "recording_read", _("“%(title)s”读完了，请确认切分点"))


def _encode(recording: Recording, path: Path) -> None:
    """Encode every piece that has no media yet, one after the other."""
    _set(recording, state=State.ENCODING, progress=0)
    lessons = list(recording.lessons.order_by("start_ms"))
    found = ffmpeg.probe(path)
    for n, lesson in enumerate(lessons):
        share = _beats(recording, 100 * n // len(lessons), 100 * (n + 1) // len(lessons))
        if lesson.media_dir:
            continue
        with _work_folder() as folder:
            ffmpeg.encode(
                path, folder, start_ms=lesson.start_ms, duration_ms=lesson.duration_ms, probe=found, on_progress=share
            )
            (folder / "subtitles.vtt").write_text(subtitles.to_vtt(lesson.subtitles), encoding="utf-8")
            _finish_lesson(recording, lesson, folder)
    _set(recording, state=State.READY, progress=100)
    _tell(recording, "recording_ready", _("“%(title)s”转码好了，可以播放"))


def _render_lesson(recording: Recording, lesson: Lesson) -> None:
    with _work_folder() as folder:
        over = _("第 %(n)d 课") % {"n": lesson.position} + "  " + lesson.title
        told = slides.render(
            lesson.script, folder, course=recording.course.title, over=over, on_progress=_beats(recording, 0, 100)
        )
        with transaction.atomic():
            before = slides.planned(lesson.script)
            for prompt in lesson.prompts.all():
                # A prompt belongs behind a slide: find the slide by the plan, then take its real end.
                n = min(range(len(before)), key=lambda i: abs(before[i] - prompt.at_ms))
                prompt.at_ms = max(0, told.slide_ends[n] - slides.TAIL_MS // 2)
                prompt.save(update_fields=["at_ms"])
            _set(recording, duration_ms=told.duration_ms)
            _finish_lesson(
                recording, lesson, folder, duration_ms=told.duration_ms, subtitles=[list(cue) for cue in told.cues]
            )


def _finish_lesson(recording: Recording, lesson: Lesson, folder: Path, **changes: Any) -> None:
    """Give the lesson its media, unless someone changed the lesson or took the recording meanwhile."""
    _beat(recording, recording.progress)
    target = publish(folder)
    won = Lesson.objects.filter(pk=lesson.pk, start_ms=lesson.start_ms, duration_ms=lesson.duration_ms).update(
        media_dir=target, **changes
    )
    if not won:
        raise Superseded


def publish(folder: Path) -> str:
    """Move a finished folder into the storage in one step and return its name there."""
    name = f"lessons/{uuid.uuid4().hex}"
    try:
        target = Path(default_storage.path(name))
    except NotImplementedError:
        # Object stores know no folders: the master playlist goes last, so that nothing points at what is missing.
        for file in sorted(folder.iterdir(), key=lambda file: file.name == "master.m3u8"):
            with file.open("rb") as content:
                default_storage.save(f"{name}/{file.name}", File(content))
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder.rename(target)
        target.chmod(0o750)
    return name


@contextmanager
def _work_folder() -> Iterator[Path]:
    """A folder on the file system of the storage, so that finishing is one rename; removed when the work fails."""
    try:
        parent: Path | None = Path(default_storage.path("tmp"))
        assert parent is not None  # noqa: S101
        parent.mkdir(parents=True, exist_ok=True)
    except NotImplementedError:
        parent = None
    folder = Path(tempfile.mkdtemp(prefix="media-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _set(recording: Recording, **changes: Any) -> None:
    """Write, only while this process still holds the recording."""
    if not Recording.objects.filter(pk=recording.pk, run=recording.run).update(beat_at=timezone.now(), **changes):
        raise Superseded
    for key, value in changes.items():
        setattr(recording, key, value)


def _beat(recording: Recording, percent: int) -> None:
    _set(recording, progress=percent)


def _beats(recording: Recording, low: int, high: int) -> Callable[[float], None]:
    """A progress callback for a share of the whole: one write a second."""
    last = 0.0

    def told(share: float) -> None:
        nonlocal last
        if time.monotonic() - last >= 1:
            last = time.monotonic()
            _beat(recording, round(low + (high - low) * share))

    return told


def _fail(recording: Recording, words: str) -> None:
    try:
        _set(recording, state=State.FAILED, problem=words[:300])
    except Superseded:
        return
    _tell(recording, "recording_failed", _("“%(title)s”没有转成"), words)


def _tell(recording: Recording, kind: str, title: str, text: str = "") -> None:
    """Tell whoever uploaded it, else the course's teacher: once for each outcome of each version."""
    person = recording.created_by_id or recording.course.teacher_id
    if person is not None:
        notify(
            [person], kind, title % {"title": recording.title[:60]}, text=text,
            key=f"{kind}:{recording.pk}:{recording.version}:{recording.run[:8] if text else ''}",
            url=reverse("training:desk-recording", args=[recording.pk]),
        )  # fmt: skip


def sweep_media() -> int:
    """Remove media folders that no lesson names and work folders left by killed processes, a day old; return how many."""
    try:
        root = Path(default_storage.path("lessons"))
    except NotImplementedError:
        return 0
    used = set(Lesson.objects.exclude(media_dir="").values_list("media_dir", flat=True))
    limit = time.time() - timedelta(days=1).total_seconds()
    old = [
        folder
        for parent in (root, root.parent / "tmp")
        for folder in (parent.iterdir() if parent.is_dir() else ())
        if folder.is_dir() and f"{parent.name}/{folder.name}" not in used and folder.stat().st_mtime < limit
    ]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return len(old)
