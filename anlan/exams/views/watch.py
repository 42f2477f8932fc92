"""The invigilator's page, and what may be done from it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from anlan.exams.actions.blueprints import kinds_of
from anlan.exams.actions.exams import candidates
from anlan.exams.actions.sittings import extend_sitting, submit_sitting, warn_sitting
from anlan.exams.models import Answer, Exam, Sitting
from anlan.exams.views import Request
from anlan.lib.errors import Refused


@require_GET
def watch(request: Request, pk: int) -> HttpResponse:
    """The invigilator's page: who is in the room, how far, who left it. The table refreshes by itself."""
    exams = Exam.objects.visible_to(request.user).run_by(request.user)
    exam = get_object_or_404(exams.select_related("organisation", "blueprint"), pk=pk)
    if not exam.can_invigilate(request.user):
        raise Refused(_("这场考试不由您监考。"), code="not_invigilator", status=403)
    sittings = list(
        Sitting.objects.visible_to(request.user)
        .filter(exam=exam, state=Sitting.State.RUNNING)
        .select_related("user")
        .defer("result")
        .order_by("ends_at", "id")
    )
    heard = Answer.objects.filter(sitting_id__in=[one.pk for one in sittings]).order_by().values("sitting_id")
    counts = {row["sitting_id"]: row["n"] for row in heard.annotate(n=Count("number", distinct=True))}
    for one in sittings:
        one.answered = counts.get(one.pk, 0)  # type: ignore[attr-defined]  # for the table
    people = candidates(exam).count()
    done = (
        Sitting.objects.visible_to(request.user)
        .filter(exam=exam, state=Sitting.State.SCORED)
        .values("user")
        .distinct()
        .count()
    )
    context = {
        "exam": exam,
        "sittings": sittings,
        "total": sum(kinds_of(exam.blueprint).values()),
        "people": people,
        "done": done,
        "now": timezone.now(),
    }
    return render(request, "exams/_watch.html" if request.htmx else "exams/watch.html", context)


def _running(request: Request, uid: uuid.UUID) -> Sitting:
    return get_object_or_404(Sitting.objects.visible_to(request.user).lean().select_related("user"), uid=uid)


@require_POST
def extend(request: Request, uid: uuid.UUID) -> HttpResponse:
    """Give a candidate more time."""
    sitting, minutes = _running(request, uid), request.POST.get("minutes", "")
    end_at = extend_sitting(
        sitting,
        int(minutes) if minutes.isdecimal() and len(minutes) < 4 else 0,
        request.POST.get("words", ""),
        by=request.user,
    )
    messages.success(
        request,
        _("%(name)s 的考试延长到 %(at)s。") % {"name": sitting.user.name, "at": f"{timezone.localtime(end_at):%H:%M}"},
    )
    return redirect("exams:watch", pk=sitting.exam_id)


@require_POST
def warn(request: Request, uid: uuid.UUID) -> HttpResponse:
    """Say something to a candidate."""
    sitting = _running(request, uid)
    warn_sitting(sitting, request.POST.get("words", ""), by=request.user)
    messages.success(request, _("提醒会在 20 秒内出现在 %(name)s 的考场里。") % {"name": sitting.user.name})
    return redirect("exams:watch", pk=sitting.exam_id)


@require_POST
def end(request: Request, uid: uuid.UUID) -> HttpResponse:
    """End a candidate's sitting now."""
    sitting = _running(request, uid)
    if not sitting.exam.can_invigilate(request.user):
        raise Refused(_("这场考试不由您监考。"), code="not_invigilator", status=403)
    submit_sitting(sitting, by=request.user)
    messages.success(request, _("收了 %(name)s 的卷，已经算分。") % {"name": sitting.user.name})
    return redirect("exams:watch", pk=sitting.exam_id)
