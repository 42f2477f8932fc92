"""Recordings on the desk: upload that resumes, progress, cut points; and the operator's queue."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.accounts import powers
from anlan.lib.asked import number
from anlan.lib.errors import Refused
from anlan.training.actions import recordings as actions
from anlan.training.forms.courses import UploadForm, read_cuts
from anlan.training.media import cutting
from anlan.training.models import Recording
from anlan.training.views.desk import Request, own_course

BARS = 300


def _recording(request: Request, pk: int) -> Recording:
    return get_object_or_404(Recording.objects.visible_to(request.user).select_related("course__owner"), pk=pk)


@require_http_methods(["GET", "POST"])
def upload(request: Request, pk: int) -> HttpResponse:
    """Choose a recording. With script: JSON {name, size} begins or resumes; without: the file itself, at once."""
    course = own_course(request, pk)
    form = UploadForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST" and request.POST.get("name"):
        size = number(request.POST.get("size")) or 0
        begun = actions.start_recording(course, by=request.user, name=request.POST["name"], size=size)
        return JsonResponse(_state(begun))
    if request.method == "POST":
        status = 422
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                recording = actions.receive_whole(
                    course, by=request.user, name=file.name, size=file.size, chunks=file.chunks(actions.CHUNK_BYTES)
                )
            except Refused as refused:
                form.add_error("file", str(refused.message))
                status = refused.status
            else:
                return redirect("training:desk-recording", recording.pk)
    context = {
        "form": form, "course": course, "max_mb": settings.ANLAN_MAX_UPLOAD_MB, "too_large": actions.too_large(),
        "chunk": actions.CHUNK_BYTES,
        "begun": course.recordings.filter(state=Recording.State.UPLOADING, created_by=request.user).order_by("-pk"),
    }  # fmt: skip
    return render(request, "training/desk_upload.html", context, status=status)


def _state(recording: Recording) -> dict[str, Any]:
    return {
        "uploaded": recording.uploaded, "size": recording.upload_size, "state": recording.state,
        "chunk": reverse("training:desk-chunk", args=[recording.pk]),
        "page": reverse("training:desk-recording", args=[recording.pk]),
    }  # fmt: skip


@require_http_methods(["GET", "POST"])
def chunk(request: Request, pk: int) -> HttpResponse:
    """GET tells how much has arrived; POST ?offset=N with the bytes as body adds to it."""
    recording = _recording(request, pk)
    if not recording.course.can_edit(request.user):
        raise Http404
    if request.method == "GET":
        return JsonResponse(_state(recording))
    offset = number(request.GET.get("offset"))
    data = request.read(actions.CHUNK_BYTES + 1)
    try:
        recording = actions.receive_chunk(
            recording, by=request.user, offset=-1 if offset is None else offset, data=data
        )
    except Refused as refused:
        recording.refresh_from_db()
        words = {"code": refused.code, "message": str(refused.message)}
        return JsonResponse({**_state(recording), **words}, status=refused.status)
    return JsonResponse(_state(recording))


@require_GET
def recording(request: Request, pk: int) -> HttpResponse:
    """A recording: progress while it is worked on, then sound, silences and cut points to move."""
    found = _recording(request, pk)
    if not found.course.can_edit(request.user):
        raise Http404
    name = "training/desk_recording_state.html" if "state" in request.GET else "training/desk_recording.html"
    return render(request, name, _recording_context(found))


def _recording_context(
    recording: Recording, rows: list[tuple[int, str]] | None = None, problem: str = ""
) -> dict[str, Any]:
    chapters = [(int(start), str(title)) for start, title in recording.chapters]
    proposed = cutting.propose(
        recording.duration_ms, chapters, [(int(a), int(b)) for a, b in recording.silences]
    ) if recording.duration_ms else []  # fmt: skip
    cuts = rows or [(int(start), str(title)) for start, title in recording.cuts] or proposed
    ends = [start for start, _title in cuts[1:]] + [recording.duration_ms][: len(cuts)]
    return {
        "recording": recording,
        "course": recording.course,
        "problem": problem,
        "lessons": recording.lessons.order_by("start_ms"),
        "cuts": [
            {
                "n": n, "start": start, "minute": start // 60_000, "second": f"{start % 60_000 / 1000:g}", "title": title,
                "length": end - start, "x": start / max(1, recording.duration_ms) * 1000, "over": end - start > cutting.MAX_MS,
            }
            for n, ((start, title), end) in enumerate(zip(cuts, ends, strict=True), 1)
        ],
        "editable": actions.can_cut(recording),
        "can_retry": recording.state == Recording.State.FAILED and actions.can_retry(recording),
        "bars": _bars(recording.waveform),
        "quiet": [
            (round(a / recording.duration_ms * 1000, 2), round(max(1.5, (b - a) / recording.duration_ms * 1000), 2))
            for a, b in recording.silences
            if recording.duration_ms and b - a >= 1000
        ],
        "received": 100 * recording.uploaded // recording.upload_size if recording.upload_size else 100,
    }  # fmt: skip


def _bars(waveform: list[int]) -> str:
    """An SVG path of at most BARS vertical strokes on a canvas of 1000 × 100, mirrored about the middle."""
    step = max(1, -(-len(waveform) // BARS))
    peaks = [sum(waveform[n : n + step]) / len(waveform[n : n + step]) for n in range(0, len(waveform), step)]
    wide = 1000 / max(1, len(peaks))
    return "".join(
        f"M{(n + 0.5) * wide:.1f} {50 - peak * 0.45:.0f}V{50 + max(1, peak) * 0.45:.0f}" for n, peak in enumerate(peaks)
    )


@require_POST
def cuts(request: Request, pk: int) -> HttpResponse:
    """Put cut points in force. What is refused is shown again as it was written."""
    found = _recording(request, pk)
    rows: list[tuple[int, str]] = []
    try:
        rows = read_cuts(request.POST)
        actions.confirm_cuts(found, by=request.user, version=number(request.POST.get("version")) or 0, cuts=rows)
    except ValueError:
        problem, status = _("分和秒要写数字，例如 12 分 30 秒。"), 422
    except Refused as refused:
        if refused.status == 404:
            raise
        problem, status = str(refused.message), refused.status
    else:
        messages.success(request, _("已按新的切分点排队转码，好了会通知您。"))
        return redirect("training:desk-recording", pk)
    return render(
        request, "training/desk_recording.html", _recording_context(found, sorted(rows), problem), status=status
    )


@require_POST
def retry(request: Request, pk: int) -> HttpResponse:
    """Try a failed recording again."""
    actions.retry_recording(_recording(request, pk), by=request.user)
    messages.success(request, _("已重新排队。"))
    if request.POST.get("next") == "queue":
        return redirect("training:media-queue")
    return redirect("training:desk-recording", pk)


@require_POST
def remove(request: Request, pk: int) -> HttpResponse:
    """Remove a recording with its lessons."""
    found = _recording(request, pk)
    actions.remove_recording(found, by=request.user)
    messages.success(request, _("已删除录像“%(title)s”。") % {"title": found.title})
    return redirect("training:desk-course", found.course_id)


@require_GET
def queue(request: Request) -> HttpResponse:
    """The operator's view of everything that is read, cut and encoded."""
    if not request.user.may(powers.OPERATE):
        raise Http404
    rows = Recording.objects.visible_to(request.user)
    counts = dict(rows.values_list("state").annotate(n=Count("pk")).order_by())
    state = request.GET.get("state", "")
    if state in Recording.State.values:
        rows = rows.filter(state=state)
    tabs = [(value, label, counts.get(value, 0)) for value, label in Recording.State.choices]
    shown = rows.select_related("course__owner").order_by("-beat_at", "-pk")
    page = Paginator(shown, 30).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "tabs": tabs,
        "state": state,
        "total": sum(counts.values()),
        "busy": counts.get("encoding", 0) + counts.get("reading", 0),
    }
    name = "training/desk_queue_rows.html" if request.headers.get("HX-Request") else "training/desk_queue.html"
    return render(request, name, context)
