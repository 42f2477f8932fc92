"""Writes on recordings: resumable upload, cut points, the queue and its retries."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django_tasks_db.models import DBTaskResult

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.lib.errors import Refused
from anlan.training.actions.courses import bump, hold, next_position
from anlan.training.media import cutting, subtitles
from anlan.training.models import Course, Lesson, LessonPrompt, Recording, learnt_from

CHUNK_MB: Final = 8
CHUNK_BYTES: Final = CHUNK_MB * 1024 * 1024
DEAD_AFTER: Final = timedelta(minutes=2)
"""A process that has said nothing for so long is taken for dead; it speaks every second while it works."""
FORGOTTEN_AFTER: Final = timedelta(days=7)
"""An upload that nobody continues is removed after this time."""

PROCESS: Final = "anlan.training.tasks.media.process_recording"


def uploads() -> Path:
    """Where uploads grow until they are whole. Web nodes and media workers must share this folder."""
    folder = Path(settings.VAR_DIR) / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def part_of(recording: Recording) -> Path:
    """The file of an upload in progress."""
    return uploads() / f"{recording.pk}.part"


def enqueue(recording: Recording, *, priority: int = 0) -> None:
    """Queue the work in the caller's transaction. By path, as the queue stores it: tasks stand above actions."""
    import_string(PROCESS).using(priority=priority).enqueue(recording.pk)


def too_large() -> str:
    """The limit in words: said before an upload and again by the server."""
    return _("录像最大 %(mb)d MB。请先压缩或分成几段，再上传。") % {"mb": settings.ANLAN_MAX_UPLOAD_MB}


@transaction.atomic
def start_recording(course: Course, *, by: User, name: str, size: int) -> Recording:
    """Begin an upload, or find the one that the same person began with the same file: then it resumes."""
    hold(course, by)
    if size <= 0:
        raise Refused(_("这个文件是空的（0 字节）。请换一个文件。"), code="empty_file", status=422, field="file")
    if size > settings.ANLAN_MAX_UPLOAD_MB * 1024 * 1024:
        raise Refused(too_large(), code="file_too_large", status=422, field="file")
    if shutil.disk_usage(uploads()).free < size * 3 + 512 * 1024 * 1024:
        raise Refused(
            _("服务器的磁盘空间不够放下这段录像，没有开始上传。请联系平台运维。"), code="disk_full", status=507
        )
    title = Path(name).stem[:120] or _("未命名录像")
    begun = Recording.objects.filter(
        course=course, created_by=by, title=title, upload_size=size, state=Recording.State.UPLOADING
    ).first()
    if begun is not None:
        return begun
    recording = Recording.objects.create(
        course=course, title=title, upload_size=size, created_by=by, beat_at=timezone.now()
    )
    record("start_recording", recording, by=by, region_code=course.owner.region_code, size=size)
    return recording


def receive_chunk(recording: Recording, *, by: User, offset: int, data: bytes) -> Recording:
    """Take the bytes at `offset`. Compare-and-set on `uploaded`: a chunk that comes twice, or late, changes nothing.

    Raises `Refused` with code `offset` when the server holds another length: the page reads it and goes on from there.
    """
    hold(recording.course, by)
    recording.refresh_from_db()
    if recording.state != Recording.State.UPLOADING:
        raise Refused(_("这段录像已经传完了。"), code="uploaded_already")
    if len(data) > CHUNK_BYTES or offset + len(data) > recording.upload_size:
        raise Refused(_("这一块比说好的大，没有保存。请重新选择文件。"), code="chunk_too_large", status=422)
    if offset != recording.uploaded or not data:
        raise Refused(_("已经传到别的位置，从那里接着传。"), code="offset")
    try:
        # Written before it is counted: a crash in between leaves bytes that the next try writes over with the same.
        handle = os.open(part_of(recording), os.O_CREAT | os.O_WRONLY, 0o640)
        try:
            os.pwrite(handle, data, offset)
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise Refused(
            _("服务器的磁盘写不下了。已经传上的都在，腾出空间后接着传。"), code="disk_full", status=507
        ) from error
    with transaction.atomic():
        counted = Recording.objects.filter(pk=recording.pk, uploaded=offset, state=Recording.State.UPLOADING).update(
            uploaded=offset + len(data), beat_at=timezone.now()
        )
        if not counted:
            raise Refused(_("已经传到别的位置，从那里接着传。"), code="offset")
        recording.refresh_from_db()
        if recording.uploaded == recording.upload_size:
            _queue(recording)
            record("finish_upload", recording, by=by, region_code=recording.course.owner.region_code)
    return recording


def receive_whole(course: Course, *, by: User, name: str, size: int, chunks: Iterable[bytes]) -> Recording:
    """Take a file that came in one request (pages without script), through the same door."""
    recording = start_recording(course, by=by, name=name, size=size)
    offset = 0
    for data in chunks:
        for begin in range(0, len(data), CHUNK_BYTES):
            piece = data[begin : begin + CHUNK_BYTES]
            if offset == recording.uploaded:  # what an earlier try brought is not written again
                recording = receive_chunk(recording, by=by, offset=offset, data=piece)
            offset += len(piece)
    return recording


def _queue(recording: Recording, *, priority: int = 0) -> None:
    Recording.objects.filter(pk=recording.pk).update(
        state=Recording.State.QUEUED, progress=0, problem="", run="", beat_at=timezone.now()
    )
    recording.refresh_from_db()
    enqueue(recording, priority=priority)


def can_cut(recording: Recording) -> bool:
    """Whether its length is known, so that cut points can be set."""
    unread = (Recording.State.UPLOADING, Recording.State.READING, Recording.State.FAILED)
    return bool(recording.source_id and recording.duration_ms and recording.state not in unread)


@transaction.atomic
def confirm_cuts(recording: Recording, *, by: User, version: int, cuts: Sequence[tuple[int, str]]) -> None:
    """Put cut points in force: lessons are made or changed, and what changed is encoded."""
    hold(recording.course, by)
    if not can_cut(recording):
        raise Refused(_("这段录像还没有读完，现在不能切分。"), code="not_read")
    try:
        checked = cutting.check(cuts, recording.duration_ms)
    except cutting.BadCuts as bad:
        raise Refused(bad.reason, code="bad_cuts", status=422, field="cuts") from bad
    bump(recording, version, cuts=[list(cut) for cut in checked])
    apply_cuts(recording)
    _queue(recording)
    record("confirm_cuts", recording, by=by, region_code=recording.course.owner.region_code, pieces=len(checked))


def apply_cuts(recording: Recording) -> None:
    """Make lessons out of the cuts in force. Unchanged pieces keep their media; cues and prompts stay at their moment."""
    lessons = list(recording.lessons.order_by("start_ms"))
    wanted = cutting.pieces([(int(start), str(title)) for start, title in recording.cuts], recording.duration_ms)
    changed = [
        lesson
        for n, lesson in enumerate(lessons)
        if n >= len(wanted) or (lesson.start_ms, lesson.start_ms + lesson.duration_ms) != wanted[n][:2]
    ]
    if learnt_from(Lesson.objects.filter(pk__in=[lesson.pk for lesson in changed if lesson.media_dir])).exists():
        raise Refused(
            _("已经有人学过其中的课，切分点不能再动，学时要有据可查。要重新切分，请另传一份录像。"), code="learnt"
        )
    cues = [[lesson.start_ms + a, lesson.start_ms + b, text] for lesson in lessons for a, b, text in lesson.subtitles]
    prompts = [
        (p.lesson.start_ms + p.at_ms, p)
        for p in LessonPrompt.objects.filter(lesson__in=lessons).select_related("lesson")
    ]
    at = lessons[0].position if lessons else next_position(recording.course)
    if len(wanted) > len(lessons) and lessons:
        more = len(wanted) - len(lessons)
        last = lessons[-1].position
        recording.course.lessons.filter(position__gt=last).update(position=F("position") + more)
    made: list[Lesson] = []
    for n, (start, end, title) in enumerate(wanted):
        lesson = (
            lessons[n] if n < len(lessons) else Lesson(course=recording.course, recording=recording, position=at + n)
        )
        if lesson in changed or not lesson.media_dir:
            lesson.media_dir = ""
            lesson.subtitles = subtitles.clip(cues, start, end)
        if lesson.title != title:
            lesson.version += 1
        lesson.start_ms, lesson.duration_ms, lesson.title = start, end - start, title
        lesson.save()
        made.append(lesson)
    for moment, prompt in prompts:
        home = next((lesson for lesson in reversed(made) if lesson.start_ms <= moment), made[0])
        LessonPrompt.objects.filter(pk=prompt.pk).update(
            lesson=home, at_ms=min(moment - home.start_ms, home.duration_ms)
        )
    for lesson in lessons[len(wanted) :]:
        lesson.delete()


@transaction.atomic
def rename_recording(recording: Recording, *, by: User, title: str) -> None:
    """Give a recording another name."""
    hold(recording.course, by)
    Recording.objects.filter(pk=recording.pk).update(title=title.strip()[:120] or recording.title)


@transaction.atomic
def remove_recording(recording: Recording, *, by: User) -> None:
    """Remove a recording that nobody has learnt from, with its lessons and its original."""
    hold(recording.course, by)
    if learnt_from(recording.lessons.all()).exists():
        raise Refused(_("已经有人学过用它切出的课，学时要有据可查，不能删。"), code="learnt")
    record("remove_recording", recording, by=by, region_code=recording.course.owner.region_code)
    part, source = part_of(recording), recording.source
    recording.delete()
    if source is not None:
        source.delete()
    transaction.on_commit(lambda: part.unlink(missing_ok=True))


@transaction.atomic
def retry_recording(recording: Recording, *, by: User) -> None:
    """Try a failed recording again; its original is still there."""
    if not by.may(powers.OPERATE):
        hold(recording.course, by)
    if not can_retry(recording):
        raise Refused(_("原件没有保存下来，不能重试。请重新上传。"), code="no_source")
    won = Recording.objects.filter(pk=recording.pk, state=Recording.State.FAILED).update(state=Recording.State.QUEUED)
    if not won:
        raise Refused(_("它已经在排队或转码，不用再点。"), code="not_failed")
    _queue(recording)
    record("retry_recording", recording, by=by, region_code=recording.course.owner.region_code)


def can_retry(recording: Recording) -> bool:
    """Whether there is anything to try again with."""
    return bool(
        recording.source_id
        or recording.script
        or part_of(recording).exists()
        or any(lesson.script for lesson in recording.lessons.all())
    )


def requeue_dead_recordings() -> int:
    """Queue again what a process held that has died (kill -9, power), and what lost its place; return how many.

    Run every minute. Pieces already encoded are kept: the next try goes on where the last one stopped.
    """
    now = timezone.now()
    busy = Q(state__in=(Recording.State.READING, Recording.State.ENCODING))
    lost = Q(state=Recording.State.QUEUED)
    waiting = DBTaskResult.objects.filter(queue_name="media", status="READY").exists()
    stopped = busy if waiting else busy | lost
    count = 0
    for recording in Recording.objects.filter(stopped, beat_at__lt=now - DEAD_AFTER):
        with transaction.atomic():
            won = Recording.objects.filter(
                pk=recording.pk, run=recording.run, state=recording.state, beat_at=recording.beat_at
            ).update(state=Recording.State.QUEUED)
            if won:
                _queue(recording, priority=40)  # what was begun is finished before what is new
                count += 1
    return count


def drop_forgotten_uploads() -> int:
    """Remove uploads that nobody has continued for a week; return how many. Run daily."""
    old = Recording.objects.filter(state=Recording.State.UPLOADING, beat_at__lt=timezone.now() - FORGOTTEN_AFTER)
    count = 0
    for recording in old:
        part_of(recording).unlink(missing_ok=True)
        recording.delete()
        count += 1
    return count
