"""Writes of the teacher's desk: courses and their lessons, handouts, cases, prompts, and answers to learners."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.core.files.base import File
from django.db import models, transaction
from django.db.models import F, Max
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.files.actions import store
from anlan.files.models import Blob
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify
from anlan.training.models import (
    Course,
    CourseCase,
    CourseDocument,
    Lesson,
    LessonPrompt,
    LessonQuestion,
    Recording,
    learnt_from,
)

DOCUMENT_KINDS: Final = frozenset({"application/pdf", "text/plain", "text/markdown"})
COVER_KINDS: Final = frozenset({"image/png", "image/jpeg", "image/webp"})

COURSE_FIELDS: Final = ("title", "summary", "audience", "objectives", "industries", "job_titles")


def hold(course: Course, by: User) -> None:
    """Refuse, without hints, whoever may not edit this course."""
    if not course.can_edit(by):
        raise Refused(_("没有找到这门课程。"), code="not_found", status=404)


def stale(what: str) -> Refused:
    """The refusal for whoever saved second."""
    return Refused(
        _("“%(what)s”刚刚被别人改过，您这次的没有保存。您写的还在上一页，请打开新的一版对照后再存。") % {"what": what},
        code="stale",
    )


def bump(obj: Course | Lesson | Recording, version: int, **changes: Any) -> None:
    """Compare-and-set: write `changes` only when `obj` still has the version that the form saw."""
    manager: models.Manager[Any] = type(obj)._default_manager
    if not manager.filter(pk=obj.pk, version=version).update(version=F("version") + 1, **changes):
        raise stale(str(obj))
    obj.refresh_from_db()


@transaction.atomic
def create_course(*, by: User, **fields: Any) -> Course:
    """Create a draft owned by the organisation of the teacher's post. `fields` are COURSE_FIELDS."""
    if not by.may(powers.TEACH) or by.post is None or by.post.organisation_id is None:
        raise Refused(_("您现在的身份不能建课。"), code="no_power", status=403)
    course = Course.objects.create(
        owner_id=by.post.organisation_id, slug=f"c-{secrets.token_hex(5)}", teacher=by,
        **{key: fields[key] for key in COURSE_FIELDS if key in fields},
    )  # fmt: skip
    record("create_course", course, by=by, region_code=course.owner.region_code)
    return course


@transaction.atomic
def edit_course(course: Course, *, by: User, version: int, cover: File[Any] | None = None, **fields: Any) -> None:
    """Change what a course says of itself."""
    hold(course, by)
    changes: dict[str, Any] = {key: fields[key] for key in COURSE_FIELDS if key in fields}
    if cover is not None:
        blob = store(
            cover, name=cover.name or "cover", owner=("training.course", str(course.pk)), by_id=by.pk,
            kinds=COVER_KINDS, max_mb=5,
        )  # fmt: skip
        changes["cover"] = blob
    bump(course, version, **changes)
    record("edit_course", course, by=by, region_code=course.owner.region_code, fields=sorted(changes))


@transaction.atomic
def publish_course(course: Course, *, by: User, version: int) -> None:
    """Put a course into the catalogue. Every lesson must be ready: nobody should open a course that does not play."""
    hold(course, by)
    if course.state == Course.State.PUBLISHED:
        raise Refused(_("这门课程已经上架了。"), code="published_already")
    lessons = list(course.lessons.all())
    if not lessons:
        raise Refused(_("还没有一节课，不能上架。先上传录像或写一节文档课。"), code="no_lessons")
    waiting = [lesson for lesson in lessons if lesson.kind == Lesson.Kind.VIDEO and not lesson.media_dir]
    if waiting:
        raise Refused(
            _("“%(title)s”等 %(n)d 节还没有转码完，不能上架。转好后会通知您，再点上架。")
            % {"title": waiting[0].title, "n": len(waiting)},
            code="not_encoded",
        )
    bump(course, version, state=Course.State.PUBLISHED, published_at=timezone.now())
    record("publish_course", course, by=by, region_code=course.owner.region_code, lessons=len(lessons))


@transaction.atomic
def withdraw_course(course: Course, *, by: User, version: int) -> None:
    """Take a course out of the catalogue. Classes that hold it go on; progress and hours are kept."""
    hold(course, by)
    if course.state != Course.State.PUBLISHED:
        raise Refused(_("这门课程没有上架，不用下架。"), code="not_published")
    bump(course, version, state=Course.State.WITHDRAWN)
    record("withdraw_course", course, by=by, region_code=course.owner.region_code)


def next_position(course: Course) -> int:
    """The position after the last lesson."""
    return int(course.lessons.aggregate(last=Max("position"))["last"] or 0) + 1


@transaction.atomic
def add_document_lesson(
    course: Course, *, by: User, title: str, text: str = "", file: File[Any] | None = None
) -> Lesson:
    """Add a lesson to read: Markdown, a PDF, or both."""
    hold(course, by)
    blob = _keep_document(course, by, file)
    if not text.strip() and blob is None:
        raise Refused(_("正文和文件至少要有一样。"), code="empty", status=422, field="text")
    Course.objects.select_for_update(no_key=True).get(pk=course.pk)  # two lessons at once never get one position
    twin = course.lessons.filter(title=title, text=text, kind=Lesson.Kind.DOCUMENT, document=None).first()
    if twin is not None and blob is None:  # the form was sent twice
        return twin
    lesson = Lesson.objects.create(
        course=course, position=next_position(course), title=title, kind=Lesson.Kind.DOCUMENT, text=text, document=blob
    )
    record("add_lesson", lesson, by=by, region_code=course.owner.region_code)
    return lesson


def _keep_document(course: Course, by: User, file: File[Any] | None) -> Blob | None:
    if file is None:
        return None
    owner = ("training.course", str(course.pk))
    return store(file, name=file.name or "document", owner=owner, by_id=by.pk, kinds=DOCUMENT_KINDS, max_mb=50)


@transaction.atomic
def edit_lesson(
    lesson: Lesson, *, by: User, version: int, title: str, text: str | None = None, file: File[Any] | None = None,
    cues: Sequence[Sequence[object]] | None = None,
) -> None:  # fmt: skip
    """Change title, text, document or subtitles of a lesson; None keeps what is there."""
    hold(lesson.course, by)
    changes: dict[str, Any] = {"title": title}
    if text is not None:
        changes["text"] = text
    if file is not None:
        changes["document"] = _keep_document(lesson.course, by, file)
    if cues is not None:
        changes["subtitles"] = [list(cue) for cue in cues]
    bump(lesson, version, **changes)
    record("edit_lesson", lesson, by=by, region_code=lesson.course.owner.region_code, fields=sorted(changes))


@transaction.atomic
def order_lessons(course: Course, *, by: User, version: int, ids: Sequence[int]) -> None:
    """Put the lessons into this order. `ids` must name every lesson once."""
    hold(course, by)
    here = {lesson.pk: lesson for lesson in course.lessons.all()}
    if sorted(ids) != sorted(here):
        raise stale(course.title)
    bump(course, version)
    for position, pk in enumerate(ids, 1):
        here[pk].position = position
    Lesson.objects.bulk_update(here.values(), ["position"])
    record("order_lessons", course, by=by, region_code=course.owner.region_code, order=list(ids))


@transaction.atomic
def move_lesson(lesson: Lesson, *, by: User, version: int, step: int) -> None:
    """Move a lesson by `step` places; at the end it stays."""
    ids = list(lesson.course.lessons.values_list("pk", flat=True))
    here = ids.index(lesson.pk)
    there = max(0, min(len(ids) - 1, here + step))
    ids.insert(there, ids.pop(here))
    order_lessons(lesson.course, by=by, version=version, ids=ids)


@transaction.atomic
def remove_lesson(lesson: Lesson, *, by: User, version: int) -> None:
    """Remove a lesson that nobody has begun. What people have learnt is evidence and stays."""
    hold(lesson.course, by)
    if learnt_from(Lesson.objects.filter(pk=lesson.pk)).exists():
        raise Refused(
            _("已经有人学过“%(title)s”，学时要有据可查，不能删。可以改标题，或者下架整门课。")
            % {"title": lesson.title},
            code="learnt",
        )
    if not Lesson.objects.filter(pk=lesson.pk, version=version).exists():
        raise stale(lesson.title)
    record("remove_lesson", lesson, by=by, region_code=lesson.course.owner.region_code)
    lesson.delete()


@transaction.atomic
def save_prompts(lesson: Lesson, *, by: User, version: int, prompts: Iterable[dict[str, Any]]) -> None:
    """Set the in-video questions of a lesson. A prompt with `id` is changed in place, so that passes stay passes."""
    hold(lesson.course, by)
    bump(lesson, version)
    here = {prompt.pk: prompt for prompt in lesson.prompts.all()}
    kept: set[int] = set()
    for row in prompts:
        prompt = here.get(row.get("id") or 0) or LessonPrompt(lesson=lesson)
        prompt.at_ms, prompt.stem, prompt.options = row["at_ms"], row["stem"], row["options"]
        prompt.answer, prompt.why = row["answer"], row["why"]
        if lesson.duration_ms and prompt.at_ms > lesson.duration_ms:
            raise Refused(
                _("“%(stem)s”的时刻超出了这节课的长度。") % {"stem": prompt.stem}, code="beyond_end", status=422
            )
        prompt.save()
        kept.add(prompt.pk)
    lesson.prompts.exclude(pk__in=kept).delete()
    record("save_prompts", lesson, by=by, region_code=lesson.course.owner.region_code, prompts=len(kept))


@transaction.atomic
def save_case(course: Course, *, by: User, case: CourseCase | None = None, **fields: Any) -> CourseCase:
    """Add or change a case of the course."""
    hold(course, by)
    case = case or CourseCase(course=course)
    for key in ("title", "timeline", "causes", "lessons", "cites"):
        setattr(case, key, fields[key])
    case.save()
    record("save_case", case, by=by, region_code=course.owner.region_code)
    return case


@transaction.atomic
def save_handout(
    course: Course, *, by: User, title: str, text: str, file: File[Any] | None, handout: CourseDocument | None = None
) -> CourseDocument:
    """Add or change a handout: Markdown, a file, or both."""
    hold(course, by)
    handout = handout or CourseDocument(course=course)
    handout.title, handout.text = title, text
    handout.file = _keep_document(course, by, file) or handout.file
    if not text.strip() and handout.file is None:
        raise Refused(_("正文和文件至少要有一样。"), code="empty", status=422, field="text")
    handout.save()
    record("save_handout", handout, by=by, region_code=course.owner.region_code)
    return handout


@transaction.atomic
def remove_part(part: CourseCase | CourseDocument, *, by: User) -> None:
    """Remove a case or a handout."""
    hold(part.course, by)
    record("remove_part", part, by=by, region_code=part.course.owner.region_code)
    part.delete()


@transaction.atomic
def answer_question(question: LessonQuestion, *, by: User, answer: str) -> None:
    """Answer a learner, who is told. An answer may be improved later; the learner is told again."""
    hold(question.lesson.course, by)
    answer = answer.strip()
    if not answer:
        raise Refused(_("还没有写回答。"), code="empty", status=422, field="answer")
    now = timezone.now()
    changed = (
        LessonQuestion.objects.filter(pk=question.pk)
        .exclude(answer=answer)
        .update(answer=answer, answered_by=by, answered_at=now)
    )
    if not changed:  # sent twice
        return
    question.refresh_from_db()
    notify(
        [question.user_id], "question_answered", _("%(name)s 老师回答了您的提问") % {"name": by.name},
        key=f"question-answered:{question.pk}:{now:%Y%m%d%H%M%S%f}", text=answer[:200],
        url=reverse("training:lesson", args=[question.lesson_id]),
    )  # fmt: skip
    record("answer_question", question, by=by, region_code=question.lesson.course.owner.region_code)
