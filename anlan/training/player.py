"""What the player's page and its script are told."""

from __future__ import annotations

import json
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.lib.intervals import from_json, to_json
from anlan.training import coverage
from anlan.training.actions.learning import media_token, year_of
from anlan.training.learner import lesson_rows
from anlan.training.models import (
    CourseCase,
    CourseDocument,
    Enrolment,
    Lesson,
    LessonNote,
    LessonProgress,
    LessonPrompt,
    LessonQuestion,
)


def length_of(lesson: Lesson) -> int:
    """Return the length of a lesson in milliseconds; of a document, the time that reading it takes at least."""
    return coverage.lesson_length(lesson.kind, lesson.duration_ms, len(lesson.text))


def _progress(lesson: Lesson, user: User, enrolment: Enrolment | None) -> LessonProgress:
    year = year_of(enrolment, timezone.now())
    found = LessonProgress.objects.filter(user=user, lesson=lesson, year=year).first()
    return found or LessonProgress(user=user, lesson=lesson, year=year)


def _json(progress: LessonProgress, length: int) -> dict[str, Any]:
    covered = from_json(json.loads(progress.covered))
    return {
        "covered": to_json(covered), "covered_ms": progress.covered_ms, "credited_ms": progress.credited_ms,
        "position_ms": coverage.resume_at(covered, progress.position_ms, length), "passed": progress.prompts_passed,
        "complete": progress.completed_at is not None,
    }  # fmt: skip


def progress_json(lesson: Lesson, user: User, enrolment: Enrolment | None) -> dict[str, Any]:
    """Return what the server believes of a person's progress in a lesson."""
    return _json(_progress(lesson, user, enrolment), length_of(lesson))


def desk(lesson: Lesson, user: User) -> dict[str, Any]:
    """Return notes and questions of a person at a lesson."""
    return {
        "notes": LessonNote.objects.visible_to(user).filter(lesson=lesson).order_by("at_ms", "pk"),
        "questions": LessonQuestion.objects.filter(user=user, lesson=lesson)
        .select_related("answered_by")
        .order_by("-pk"),
    }


def page(lesson: Lesson, user: User, enrolment: Enrolment | None) -> dict[str, Any]:
    """Return the context of the player's page."""
    length = length_of(lesson)
    progress = _progress(lesson, user, enrolment)
    known = _json(progress, length)
    prompts = list(LessonPrompt.objects.filter(lesson=lesson))
    rows = lesson_rows([lesson.course_id], user=user, year=progress.year)
    number = [row.pk for row in rows].index(lesson.pk) + 1
    following = rows[number] if number < len(rows) else None
    ready = lesson.kind == Lesson.Kind.DOCUMENT or bool(lesson.media_dir)
    base = reverse("training:media", args=[media_token(lesson.media_dir), "x"])[:-1] if lesson.media_dir else ""
    strict = enrolment.training_class.no_skipping if enrolment else False
    timed = bool(enrolment and enrolment.training_class.hours) or lesson.kind == Lesson.Kind.DOCUMENT
    return {
        "lesson": lesson, "course": lesson.course, "enrolment": enrolment, "rows": rows, "number": number,
        "following": following, "ready": ready, "length": length, "progress": progress, "known": known, "strict": strict,
        "timed": timed, "class_query": f"?class={enrolment.training_class_id}" if enrolment else "",
        "audio_url": f"{base}audio.m4a" if base else "",
        "seen": [(100 * a / length, 100 * (b - a) / length) for a, b in from_json(known["covered"])] if length else [],
        "asks": [100 * p.at_ms / length for p in prompts] if length else [],
        "cases": CourseCase.objects.filter(course_id=lesson.course_id),
        "documents": CourseDocument.objects.filter(course_id=lesson.course_id).order_by("pk"),
        **desk(lesson, user),
        "data": {
            "lesson": lesson.pk, "user": user.pk, "kind": lesson.kind, "length": length, "ready": ready, "strict": strict,
            "class": enrolment.training_class_id if enrolment else None, "pace": 100 if timed else coverage.FASTEST,
            "hls": f"{base}master.m3u8" if base else "", "audio": f"{base}audio.m4a" if base else "",
            "session": reverse("training:session", args=[lesson.pk]), "beats": "/live/beats", "subtitles": lesson.subtitles,
            "prompts": [
                {"id": p.pk, "at": p.at_ms, "stem": p.stem, "options": p.options,
                 "url": reverse("training:prompt", args=[lesson.pk, p.pk])}
                for p in prompts
            ],
            "next": following and f"{reverse('training:lesson', args=[following.pk])}" + (f"?class={enrolment.training_class_id}" if enrolment else ""),
            "words": _words(), **known,
        },
    }  # fmt: skip


def _words() -> dict[str, str]:
    """Return the sentences of the script, in the language of the page."""
    return {
        "counted": _("本讲已计 {time}"),
        "saved": _("{clock} 存好"),
        "not_started": _("点播放就开始计时。只计真正看过的时间。"),
        "reading": _("页面开着、您在看，时间就在计。"),
        "rule": _("只计真正看过的时间，按服务器的钟。"),
        "strict": _("首次观看不能快进，可以倒回重看。"),
        "offline": _("断网了，{time}的进度存在本机"),
        "offline_more": _("可以接着看，联网后自动补传。断得久了，补传的时间最多按 1 分半计。"),
        "lost": _("您在别的窗口或手机上学起来了，这里不再计时"),
        "lost_more": _("同一时间只有一处计学时。已经计入的都在。"),
        "take": _("在这里接着计时"),
        "failed": _("现在连不上，计时还没有开始"),
        "failed_more": _("内容可以先看，连上以后从那一刻起计时。"),
        "complete": _("这一讲学完了，计 {time}"),
        "complete_more": _("可以倒回重看，重看不再重复计时。"),
        "gap": _("还有 {time} 没看到"),
        "gap_more": _("看到 98% 才算学完。从 {at} 接着看就能补上。"),
        "go_gap": _("去补看"),
        "next": _("学下一讲"),
        "skip": _("首次观看不能快进，已回到 {at}。"),
        "ask_first": _("先答这道题，答对再往下看。"),
        "wrong": _("不对，再想想。倒回去看一遍也行。"),
        "right": _("答对了。"),
        "pick": _("请先选一个答案。"),
        "answer": _("提交答案"),
        "go_on": _("接着看"),
        "back": _("倒回 20 秒再看"),
        "unsent": _("答案没有送到，网络恢复后再点一次。"),
        "media_failed": _("画面没有放出来。请检查网络后刷新，或改听音频。"),
        "play": _("播放"),
        "pause": _("暂停"),
        "read": _("朗读全文"),
        "stop_reading": _("停止朗读"),
        "no_voice": _("这台设备没有朗读功能。"),
        "minutes": _("{m} 分 {s} 秒"),
        "seconds": _("{s} 秒"),
    }
