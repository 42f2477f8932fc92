"""Appeals: the list, and one with its records, words and answer."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from anlan.lib.errors import Refused
from anlan.supervision.actions import decide_appeal
from anlan.supervision.models import Appeal, Score
from anlan.supervision.performance import reading
from anlan.supervision.performance.indicators import INDICATORS
from anlan.supervision.views.performance import person

PER_PAGE = 20


@require_GET
def appeals(request: HttpRequest) -> HttpResponse:
    """Those that wait, or the answered ones: one's own, and of the territory for whoever answers."""
    user = person(request)
    rows = Appeal.objects.visible_to(user)
    view = "done" if request.GET.get("view") == "done" else ""
    shown = rows.exclude(state=Appeal.State.OPEN).order_by("-pk") if view else rows.open().order_by("pk")
    page = Paginator(shown.select_related("score__snapshot", "by"), PER_PAGE).get_page(request.GET.get("page"))
    lines = [(row, INDICATORS[row.indicator].name) for row in page]
    return render(
        request,
        "supervision/appeals.html",
        {"page": page, "lines": lines, "view": view, "waiting": rows.open().count()},
    )


def appeal(request: HttpRequest, pk: int) -> HttpResponse:
    """What is objected to and why; who answers decides here."""
    user = person(request)
    found = get_object_or_404(
        Appeal.objects.visible_to(user).select_related(
            "score__snapshot", "score__evidence", "by", "answered_by", "correction"
        ),
        pk=pk,
    )
    refused: Refused | None = None
    if request.method == "POST":
        upheld = request.POST.get("decision") == "uphold"
        try:
            decide_appeal(found, by=user, upheld=upheld, words=request.POST.get("words", ""))
        except Refused as error:
            if error.status != 422:
                raise
            refused = error
        else:
            messages.success(request, _("已按申诉更正，新结果已经发布。") if upheld else _("已答复，维持原结果。"))
            return redirect("supervision:appeal", pk=pk)
    values = dict(map(tuple, found.score.evidence.cases.get(found.indicator, [])))
    context = {
        "appeal": found, "score": found.score, "shot": found.score.snapshot, "indicator": INDICATORS[found.indicator],
        "lines": reading.lines_of(found.indicator, [(key, values.get(key, 0)) for key in found.cases], user),
        "can_answer": found.can_answer(user), "refused": refused, "words": request.POST.get("words", ""),
        "seen": Score.objects.visible_to(user).filter(pk=found.score_id).exists(),
        "newest": reading.newest_of(found.score, user),
    }  # fmt: skip
    return render(request, "supervision/appeal.html", context, status=refused.status if refused else 200)
