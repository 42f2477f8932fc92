"""The learner's side: my classes, the player, and what the player asks of the server."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from anlan.accounts.models import User
from anlan.lib.asked import number
from anlan.lib.errors import Refused
from anlan.training import player
from anlan.training.actions.learning import (
    TOKEN_LIFE,
    add_note,
    answer_prompt,
    ask_teacher,
    beat_token,
    delete_note,
    enrolment_for,
    held_session,
    start_session,
)
from anlan.training.learner import is_open, my_classes, year_hours
from anlan.training.models import Enrolment, Lesson, LessonNote, LessonPrompt


class Request(HttpRequest):
    """A request behind sign-in, where the user is always a person."""

    user: User


def _lesson(request: Request, pk: int) -> tuple[Lesson, Enrolment | None]:
    """The lesson the person may see (or has been enrolled for), and the class it is learnt for."""
    values = request.POST if request.method == "POST" else request.GET
    class_id = number(values.get("class"))
    enrolled = Lesson.objects.filter(course__classes__enrolments__user=request.user)
    visible = Lesson.objects.visible_to(request.user) | enrolled
    lesson = get_object_or_404(
        Lesson.objects.filter(pk__in=visible.values("pk")).select_related("course__teacher", "recording"), pk=pk
    )
    return lesson, enrolment_for(lesson.course_id, by=request.user, class_id=class_id)


def _here(lesson: Lesson, enrolment: Enrolment | None) -> str:
    query = f"?class={enrolment.training_class_id}" if enrolment else ""
    return reverse("training:lesson", args=[lesson.pk]) + query


@require_GET
def mine(request: Request) -> HttpResponse:
    """My classes by deadline, with the lesson to go on with."""
    rows = my_classes(request.user)
    going = [row for row in rows if is_open(row)]
    return render(request, "training/mine.html", {
        "going": going, "done": [row for row in rows if row not in going], "hours": year_hours(request.user),
        "first": next((row for row in going if row.next is not None), None),
    })  # fmt: skip


@require_GET
@never_cache
def lesson(request: Request, pk: int) -> HttpResponse:
    """The player of a lesson."""
    found, enrolment = _lesson(request, pk)
    return render(request, "training/player.html", player.page(found, request.user, enrolment))


@require_POST
@never_cache
def session(request: Request, pk: int) -> JsonResponse:
    """Begin a sitting, or renew the token of the one that this page holds; `lost` when a newer one took the lease."""
    found, enrolment = _lesson(request, pk)
    uid = request.POST.get("uid", "")
    held = None
    if uid:
        try:
            held = held_session(found, by=request.user, uid=UUID(uid))
        except ValueError:
            raise Refused(_("这个页面的记号认不出来，请刷新。"), code="bad_uid", status=422) from None
        if held is None:
            return JsonResponse({"lost": True, **player.progress_json(found, request.user, enrolment)})
    else:
        held = start_session(found, by=request.user, enrolment=enrolment, device=request.headers.get("User-Agent", ""))
    return JsonResponse({
        "lost": False, "uid": str(held.uid), "token": beat_token(held), "expires_in": int(TOKEN_LIFE.total_seconds()),
        "pace": held.pace, "now": timezone.now().isoformat(), **player.progress_json(found, request.user, enrolment),
    })  # fmt: skip


@require_POST
def prompt(request: Request, pk: int, prompt: int) -> JsonResponse:
    """Check an answer to a question inside the video."""
    found, enrolment = _lesson(request, pk)
    question = get_object_or_404(LessonPrompt, pk=prompt, lesson=found)
    choice = number(request.POST.get("choice"))
    if choice is None:
        raise Refused(_("请先选一个答案。"), code="no_choice", status=422)
    right = answer_prompt(question, by=request.user, choice=choice, enrolment=enrolment)
    return JsonResponse({"right": right, "why": question.why if right else ""})


@require_POST
def notes(request: Request, pk: int) -> HttpResponse:
    """Keep a note."""
    found, enrolment = _lesson(request, pk)
    add_note(found, by=request.user, at_ms=number(request.POST.get("at_ms")) or 0, text=request.POST.get("note", ""))
    return _desk(request, found, enrolment, "training/player_notes.html", _("笔记记下了。"))


@require_POST
def note_delete(request: Request, pk: int, note: int) -> HttpResponse:
    """Delete a note."""
    found, enrolment = _lesson(request, pk)
    delete_note(get_object_or_404(LessonNote.objects.visible_to(request.user), pk=note, lesson=found), by=request.user)
    return _desk(request, found, enrolment, "training/player_notes.html", _("笔记删掉了。"))


@require_POST
def questions(request: Request, pk: int) -> HttpResponse:
    """Ask the teacher."""
    found, enrolment = _lesson(request, pk)
    ask_teacher(
        found, by=request.user, at_ms=number(request.POST.get("at_ms")) or 0, text=request.POST.get("question", "")
    )
    return _desk(request, found, enrolment, "training/player_questions.html", _("问题发给老师了，回复后会通知您。"))


def _desk(request: Request, found: Lesson, enrolment: Enrolment | None, template: str, words: str) -> HttpResponse:
    if getattr(request, "htmx", False):
        context: dict[str, Any] = {
            **player.desk(found, request.user),
            "lesson": found,
            "enrolment": enrolment,
            "said": words,
        }
        return render(request, template, context)
    messages.success(request, words)
    return redirect(_here(found, enrolment))
