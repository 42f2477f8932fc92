"""What a learner does at a lesson: open a sitting, answer its questions, take notes, ask, rate."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import BigIntegerField, F, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.enterprises.models import Worker
from anlan.lib.crypto import sign
from anlan.lib.errors import Refused
from anlan.lib.prepared import Prepared
from anlan.notifications.actions import notify
from anlan.training import coverage
from anlan.training.actions.enrolments import refresh_enrolments
from anlan.training.actions.folding import complete_if_due, lesson_facts
from anlan.training.models import (
    ClassCourse,
    Course,
    Enrolment,
    LearningSession,
    Lease,
    Lesson,
    LessonNote,
    LessonProgress,
    LessonPrompt,
    LessonQuestion,
    Rating,
)

TOKEN_LIFE = timedelta(minutes=15)
MEDIA_LIFE = timedelta(hours=6)


def enrolment_for(course_id: int, *, by: User, class_id: int | None = None) -> Enrolment | None:
    """Return the class for which a person learns a course: the one named, else the open one that is due first."""
    if class_id is None:
        return _due_first.first(course=course_id, user=by.pk)
    return _learning(course_id, by).filter(training_class_id=class_id).first()


def _learning(course: Any, user: Any) -> QuerySet[Enrolment]:
    """The enrolments in which a person learns a course."""
    return (
        Enrolment.objects.filter(user=user, training_class__class_courses__course_id=course)
        .exclude(state=Enrolment.State.WITHDRAWN)
        .select_related("training_class")
    )


_due_first: Prepared[Enrolment] = Prepared(
    lambda course, user: (
        _learning(course, user).filter(training_class__state="open").order_by("training_class__deadline")[:1]
    ),
    course=BigIntegerField(),
    user=BigIntegerField(),
)


def year_of(enrolment: Enrolment | None, now: datetime) -> int:
    """Return the year for which progress counts: that in which the class began, else the present one in Asia/Shanghai."""
    return enrolment.training_class.starts_on.year if enrolment else timezone.localtime(now).year


@transaction.atomic
def start_session(
    lesson: Lesson, *, by: User, enrolment: Enrolment | None = None, device: str = "", now: datetime | None = None
) -> LearningSession:
    """Open a sitting and take the person's lease: whatever else is open on any device earns nothing from now on.

    Raises `Refused` (409) while the lesson has nothing to play.
    """
    now = now or timezone.now()
    length = lesson_facts([lesson.pk])[lesson.pk].length_ms
    if length == 0 or (lesson.kind == Lesson.Kind.VIDEO and not lesson.media_dir):
        raise Refused(_("这一讲还在转码，现在不能播放。转好后刷新这一页。"), code="not_ready")
    User.objects.select_for_update(no_key=True).get(pk=by.pk)  # one sitting at a time is opened for a person
    LearningSession.objects.filter(user=by, closed_at=None).update(closed_at=now)
    year = year_of(enrolment, now)
    progress, _new = LessonProgress.objects.get_or_create(user=by, lesson=lesson, year=year)
    job = _job(by, enrolment)
    session = LearningSession.objects.create(
        user=by, lesson=lesson, enrolment=enrolment, progress=progress, device=device[:64], year=year,
        enterprise_id=job.enterprise_id if job else None,
        region_code=job.enterprise.organisation.region_code if job else "",
        industry=job.enterprise.industry[:3] if job else "",
        pace=_pace(lesson, enrolment), started_at=now, counted_until=now,
    )  # fmt: skip
    Lease.objects.update_or_create(user=by, defaults={"session": session, "since": now})
    if enrolment is not None and enrolment.state == Enrolment.State.ASSIGNED:
        refresh_enrolments([enrolment.pk], at=now)
    return session


def _job(user: User, enrolment: Enrolment | None) -> Worker | None:
    """Return the employment for which the hours count: that of the class, else the first one held."""
    jobs = Worker.objects.working().filter(user=user).select_related("enterprise__organisation").order_by("pk")
    if enrolment is not None and enrolment.enterprise_id:
        return jobs.filter(enterprise_id=enrolment.enterprise_id).first() or jobs.first()
    return jobs.first()


def _pace(lesson: Lesson, enrolment: Enrolment | None) -> int:
    """Reading, and classes that ask for hours, go by the server's clock; elsewhere 1.5× is allowed."""
    if lesson.kind == Lesson.Kind.DOCUMENT or (enrolment is not None and enrolment.training_class.hours):
        return 100
    return coverage.FASTEST


def held_session(lesson: Lesson, *, by: User, uid: UUID) -> LearningSession | None:
    """Return the sitting with this id if it still holds the person's lease."""
    return LearningSession.objects.filter(
        uid=uid, user=by, lesson=lesson, closed_at=None, pk=F("user__lease__session_id")
    ).first()


def beat_token(session: LearningSession, *, now: datetime | None = None) -> str:
    """Return the token under which the player sends what it played; readable, signed, good for 15 minutes."""
    length = lesson_facts([session.lesson_id])[session.lesson_id].length_ms
    payload = {"s": session.pk, "u": session.user_id, "d": length}
    return sign(payload, purpose="beat", expires_at=(now or timezone.now()) + TOKEN_LIFE)


def media_token(media_dir: str, *, now: datetime | None = None) -> str:
    """Return the token that opens one folder of media for at most six hours."""
    return sign({"d": media_dir}, purpose="media", expires_at=(now or timezone.now()) + MEDIA_LIFE)


@transaction.atomic
def answer_prompt(
    prompt: LessonPrompt, *, by: User, choice: int, enrolment: Enrolment | None = None, now: datetime | None = None
) -> bool:
    """Check an answer to a question inside a video; only a right one opens what lies behind it. Return whether it was."""
    if choice != prompt.answer:
        return False
    now = now or timezone.now()
    LessonProgress.objects.get_or_create(user=by, lesson_id=prompt.lesson_id, year=year_of(enrolment, now))
    progress = LessonProgress.objects.select_for_update().get(
        user=by, lesson_id=prompt.lesson_id, year=year_of(enrolment, now)
    )
    if prompt.pk in progress.prompts_passed:
        return True
    progress.prompts_passed = [*progress.prompts_passed, prompt.pk]
    completed = complete_if_due(progress, lesson_facts([prompt.lesson_id])[prompt.lesson_id], now)
    progress.save(update_fields=["prompts_passed", "completed_at", "updated_at"])
    if completed:
        classes = ClassCourse.objects.filter(course__lessons=prompt.lesson_id).values("training_class_id")
        due = Enrolment.objects.filter(
            user=by, training_class_id__in=classes, training_class__starts_on__year=progress.year
        )
        refresh_enrolments(due.values_list("pk", flat=True), at=now)
    return True


def _words(text: str, field: str) -> str:
    text = text.strip()
    if not text:
        raise Refused(_("还没有写内容。"), code="empty", status=422, field=field)
    if len(text) > 500:
        raise Refused(_("最多写 500 字，现在 %(n)d 字。") % {"n": len(text)}, code="too_long", status=422, field=field)
    return text


@transaction.atomic
def add_note(lesson: Lesson, *, by: User, at_ms: int, text: str) -> LessonNote:
    """Keep a private note at a moment of a lesson; the same words at the same moment are kept once."""
    note = {"user": by, "lesson": lesson, "at_ms": max(0, at_ms), "text": _words(text, "note")}
    User.objects.select_for_update(no_key=True).get(pk=by.pk)  # a form sent twice at once
    return LessonNote.objects.filter(**note).first() or LessonNote.objects.create(**note)


def delete_note(note: LessonNote, *, by: User) -> None:
    """Delete one's own note."""
    if note.user_id != by.pk:
        raise Refused(_("这条笔记不是您的。"), code="not_yours", status=404)
    note.delete()


@transaction.atomic
def ask_teacher(lesson: Lesson, *, by: User, at_ms: int, text: str) -> LessonQuestion:
    """Ask the teacher of the course at a moment of the lesson; an unanswered question with the same words is asked once."""
    asked = {"user": by, "lesson": lesson, "text": _words(text, "question"), "answered_at": None}
    User.objects.select_for_update(no_key=True).get(pk=by.pk)  # a form sent twice at once
    question = LessonQuestion.objects.filter(**asked).first()
    if question is None:
        question = LessonQuestion.objects.create(**asked, at_ms=max(0, at_ms))
        record("ask_teacher", question, by=by)
        if lesson.course.teacher_id:
            notify(
                [lesson.course.teacher_id],
                "question",
                _("%(name)s 问：%(text)s") % {"name": by.name, "text": question.text[:60]},
                key=f"lesson-question:{question.pk}",
                url=reverse("training:questions"),
            )
    return question


@transaction.atomic
def rate_course(course: Course, *, by: User, score: int, words: str = "") -> Rating:
    """Rate a course 1–5 after having learnt some of it; one rating per person, changed by rating again."""
    if not 1 <= score <= 5:
        raise Refused(_("请选 1 到 5 分。"), code="score", status=422, field="score")
    if not LessonProgress.objects.filter(user=by, lesson__course=course, covered_ms__gt=0).exists():
        raise Refused(_("学过这门课再评分。先学一讲，评分入口一直在这里。"), code="not_learnt", status=409)
    rating, _new = Rating.objects.update_or_create(
        course=course, user=by, defaults={"score": score, "words": words.strip()[:300]}
    )
    record("rate_course", course, by=by, score=score)
    return rating
