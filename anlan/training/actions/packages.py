"""Import and export of course packages: the standard form in which courses travel between platforms."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import Organisation, User
from anlan.audit.actions import record
from anlan.files.actions import open_blob, store
from anlan.lib.errors import Refused
from anlan.training.actions.courses import DOCUMENT_KINDS, hold
from anlan.training.actions.recordings import apply_cuts, enqueue, part_of
from anlan.training.actions.tags import tag_for
from anlan.training.media import cutting, slides
from anlan.training.media.packages import BadPackage, Package, copy_out, opened, pack, to_toml
from anlan.training.models import Course, CourseCase, CourseDocument, CourseTag, Lesson, LessonPrompt, Recording


def import_package(path: Path, *, owner: Organisation, by: User | None, published: bool = False) -> Course:
    """Create a course out of a package (folder or zip) and queue its media; first lessons come first.

    `by` None is the platform itself (command line, demo). Raises `Refused` (422) with the reason; then nothing is kept.
    """
    if by is not None and (not by.may(powers.TEACH) or by.post is None or by.post.organisation_id != owner.pk):
        raise Refused(_("您现在的身份不能导入课程。"), code="no_power", status=403)
    try:
        with opened(path, max_mb=settings.ANLAN_MAX_UPLOAD_MB) as package, transaction.atomic():
            return _lay(package, owner, by, published)
    except BadPackage as bad:
        raise Refused(bad.reason, code="bad_package", status=422, field="file") from bad


def _lay(package: Package, owner: Organisation, by: User | None, published: bool) -> Course:
    data = package.course
    slug = str(data.get("slug") or f"c-{secrets.token_hex(5)}")[:60]
    if Course.objects.filter(slug=slug, owner=owner).exists():
        raise Refused(
            _("本单位已经有这门课程（%(slug)s），没有重复导入。") % {"slug": slug},
            code="imported_already",
            field="file",
        )
    if Course.objects.filter(slug=slug).exists():
        slug = f"{slug[:48]}-{secrets.token_hex(4)}"
    course = Course.objects.create(
        owner=owner, slug=slug, title=str(data["title"])[:120], summary=data.get("summary", ""),
        audience=str(data.get("audience", ""))[:200], objectives=data.get("objectives", []),
        industries=data.get("industries", []), job_titles=data.get("posts", []), teacher=by,
        state=Course.State.PUBLISHED if published else Course.State.DRAFT,
        published_at=timezone.now() if published else None,
    )  # fmt: skip
    for path in data.get("tags", []):
        CourseTag.objects.get_or_create(course=course, tag=tag_for(path))
    for position, lesson in enumerate(data["lessons"], 1):
        _lay_lesson(package, course, by, position, lesson)
    CourseCase.objects.bulk_create(
        CourseCase(
            course=course, title=str(case["title"])[:120],
            **{key: case.get(key, []) for key in ("timeline", "causes", "lessons", "cites")},
        )
        for case in data.get("cases", [])
    )  # fmt: skip
    CourseDocument.objects.bulk_create(
        CourseDocument(course=course, title=title, text=text) for title, text in package.handouts
    )
    if package.recording is not None:
        _lay_recording(course, by, package.recording)
    record("import_course", course, by=by, region_code=owner.region_code, lessons=len(data["lessons"]))
    return course


def _lay_lesson(package: Package, course: Course, by: User | None, position: int, data: dict[str, Any]) -> None:
    title = str(data["title"])[:120]
    if data.get("slides"):
        ends = slides.planned(data["slides"])
        recording = Recording.objects.create(
            course=course,
            title=title,
            state=Recording.State.QUEUED,
            duration_ms=ends[-1],
            created_by=by,
            beat_at=timezone.now(),
        )
        lesson = Lesson.objects.create(
            course=course, position=position, title=title, recording=recording, duration_ms=ends[-1],
            script=data["slides"], subtitles=[list(cue) for cue in slides.planned_cues(data["slides"])],
        )  # fmt: skip
        _lay_prompts(lesson, data.get("prompts", []), ends, 0)
        enqueue(recording, priority=max(-40, 60 - 10 * position))
    elif data.get("file"):
        _lay_video(package, course, by, title, data)
    else:
        document = None
        if data.get("document"):
            with (package.folder / data["document"]).open("rb") as content:
                document = store(
                    File(content), name=Path(data["document"]).name, owner=("training.course", str(course.pk)),
                    by_id=by.pk if by else None, kinds=DOCUMENT_KINDS,
                )  # fmt: skip
        Lesson.objects.create(
            course=course,
            position=position,
            title=title,
            kind=Lesson.Kind.DOCUMENT,
            document=document,
            text=data.get("text", ""),
        )


def _lay_video(package: Package, course: Course, by: User | None, title: str, data: dict[str, Any]) -> None:
    """A video of the package goes the way of an upload: read, cut, encoded; its lessons appear when it has been read."""
    source = package.folder / data["file"]
    size = source.stat().st_size
    recording = Recording.objects.create(
        course=course, title=title, state=Recording.State.QUEUED, upload_size=size, uploaded=size, created_by=by,
        cuts=data.get("cuts", []), beat_at=timezone.now(),
    )  # fmt: skip
    shutil.copyfile(source, part_of(recording))
    enqueue(recording)


def _lay_prompts(lesson: Lesson, prompts: list[dict[str, Any]], ends: list[int], start: int) -> None:
    LessonPrompt.objects.bulk_create(
        LessonPrompt(
            lesson=lesson, at_ms=ends[min(prompt["after_slide"], len(ends) - 1)] - slides.TAIL_MS // 2 - start,
            stem=prompt["stem"], options=prompt["options"], answer=prompt["answer"], why=prompt.get("why", ""),
        )
        for prompt in prompts
    )  # fmt: skip


def _lay_recording(course: Course, by: User | None, data: dict[str, Any]) -> None:
    """One long lecture: planned pieces stand at once, the true ones after it is rendered and read."""
    chapters: list[tuple[int, str]] = []
    at = 0
    for chapter in data["lessons"]:
        chapters.append((at, str(chapter["title"])[:120]))
        at += slides.planned(chapter["slides"])[-1] + slides.CHAPTER_PAUSE_MS
    recording = Recording.objects.create(
        course=course, title=str(data["title"])[:120], state=Recording.State.QUEUED, duration_ms=at, chapters=[list(chapter) for chapter in chapters],
        script=[{"title": chapter["title"], "slides": chapter["slides"]} for chapter in data["lessons"]],
        cuts=[list(cut) for cut in cutting.propose(at, chapters)],
        created_by=by, beat_at=timezone.now(),
    )  # fmt: skip
    apply_cuts(recording)
    enqueue(recording, priority=-60)


def export_package(course: Course, target: Path, *, by: User | None) -> None:
    """Write a course as a zip that `import_package` reads: scripts, texts, handouts, cases, tags and original videos."""
    if by is not None:
        hold(course, by)
    with TemporaryDirectory(prefix="anlan-export-") as name:
        folder = Path(name)
        lessons = [
            _export_lesson(folder, lesson) for lesson in course.lessons.filter(recording__script=[]) if lesson.script
        ]
        lessons += [_export_lesson(folder, lesson) for lesson in course.lessons.filter(kind=Lesson.Kind.DOCUMENT)]
        lessons += [
            _export_video(folder, recording)
            for recording in course.recordings.exclude(source=None).order_by("pk")
            if not recording.script
        ]
        tags = course.course_tags.filter(confirmed=True).select_related("tag__parent__parent")
        data: dict[str, Any] = {
            "slug": course.slug, "title": course.title, "summary": course.summary, "audience": course.audience,
            "tags": [[t.tag.parent.parent.name, t.tag.parent.name, t.tag.name] for t in tags if t.tag.parent and t.tag.parent.parent],
            "industries": course.industries, "posts": course.job_titles, "objectives": course.objectives,
            "lessons": lessons,
            "cases": list(course.cases.values("title", "timeline", "causes", "lessons", "cites")),
        }  # fmt: skip
        (folder / "course.toml").write_text(to_toml(data) + "\n", encoding="utf-8")
        for n, handout in enumerate(course.documents.exclude(text=""), 1):
            (folder / f"doc-{n:02d}.md").write_text(handout.text, encoding="utf-8")
        scripted = course.recordings.exclude(script=[]).first()
        if scripted is not None:
            chapters = {"title": scripted.title, "lessons": scripted.script}
            (folder / "recording.toml").write_text(to_toml(chapters) + "\n", encoding="utf-8")
        pack(folder, target)
    record("export_course", course, by=by, region_code=course.owner.region_code)


def _export_lesson(folder: Path, lesson: Lesson) -> dict[str, Any]:
    data: dict[str, Any] = {"title": lesson.title}
    if lesson.script:
        data["slides"] = lesson.script
        ends = slides.planned(lesson.script)
        whole = lesson.duration_ms or ends[-1]
        data["prompts"] = [
            {
                "after_slide": min(range(len(ends)), key=lambda n: abs(ends[n] * whole // ends[-1] - prompt.at_ms)),
                "stem": prompt.stem, "options": prompt.options, "answer": prompt.answer, "why": prompt.why,
            }
            for prompt in lesson.prompts.all()
        ]  # fmt: skip
    if lesson.text:
        data["text"] = lesson.text
    if lesson.document is not None:
        data["document"] = f"files/{lesson.pk}-{Path(lesson.document.name).name}"
        with open_blob(lesson.document) as content:
            copy_out(content, folder / data["document"])
    return data


def _export_video(folder: Path, recording: Recording) -> dict[str, Any]:
    blob = recording.source
    assert blob is not None  # noqa: S101
    name = f"media/{recording.pk}{Path(blob.name).suffix or '.mp4'}"
    with open_blob(blob) as content:
        copy_out(content, folder / name)
    return {"title": recording.title, "file": name, "cuts": recording.cuts}
