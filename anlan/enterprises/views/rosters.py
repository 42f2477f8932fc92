"""Bringing a roster: upload, preview, confirm, watch, take back."""

import io
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.enterprises.actions import drop_roster, map_roster, resume_roster, start_roster, undo_roster, upload_roster
from anlan.enterprises.actions.rosters import UNDO_DAYS
from anlan.enterprises.actions.undoing import undo_words
from anlan.enterprises.forms import RosterForm
from anlan.enterprises.models import Roster
from anlan.enterprises.roster_making import template_rows
from anlan.enterprises.roster_reading import FIELDS
from anlan.enterprises.tasks import begin
from anlan.enterprises.views.files import own_enterprise
from anlan.files.actions import serve
from anlan.lib.asked import number
from anlan.lib.errors import Refused
from anlan.lib.xlsx import write_rows

PER_PAGE = 20
PROBLEMS_SHOWN = 50


def roster_list(request: HttpRequest) -> HttpResponse:
    """Upload and history."""
    user: Any = request.user
    firm = own_enterprise(user)
    form = RosterForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data["file"]
        try:
            roster = upload_roster(firm, given, given.name, by=user)
        except Refused as refused:
            form.add_error("file", str(refused.message))
        else:
            begin(roster)
            return redirect("enterprises:roster", roster.pk)
    rosters = (
        Roster.objects.visible_to(user)
        .exclude(state=Roster.State.DROPPED)
        .select_related("file", "created_by")
        .order_by("-pk")
    )
    page = Paginator(rosters, PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "enterprises/rosters.html",
        {"form": form, "page": page, "firm": firm},
        status=422 if form.is_bound else 200,
    )


def template_file(request: HttpRequest) -> HttpResponseBase:
    """An empty roster with the columns that are understood and two lines of example."""
    own_enterprise(request.user)  # type: ignore[arg-type]  # signed in: the gate is before every view
    file = io.BytesIO()
    write_rows(file, template_rows())
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=_("员工花名册模板.xlsx"))


def _roster(request: HttpRequest, pk: int) -> Roster:
    rosters = Roster.objects.visible_to(request.user)  # type: ignore[arg-type]
    return get_object_or_404(
        rosters.select_related("file", "errors_file", "created_by", "enterprise__organisation"), pk=pk
    )


def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of a roster in whatever state it is."""
    roster = _roster(request, pk)
    if roster.state == Roster.State.READ:
        return render(request, "enterprises/roster_preview.html", _preview(roster))
    problems = roster.problems.order_by("row")
    context = {
        "roster": roster,
        "problems": problems[:PROBLEMS_SHOWN],
        "problem_count": problems.count(),
        "undo_words": undo_words(roster),
        "undo_days": UNDO_DAYS,
        "touched": roster.created + roster.updated,
    }
    return render(request, "enterprises/roster.html", context)


def _preview(roster: Roster) -> dict[str, Any]:
    shown = roster.preview
    fields = {index: field for field, index in roster.columns.items()}
    problems = roster.problems.order_by("-refused", "row")
    good = roster.created + roster.updated + roster.unchanged
    ready = "name" in roster.columns and bool({"id_number", "phone"} & roster.columns.keys())
    return {
        "roster": roster,
        "columns": [
            {"index": index, "title": title, "field": fields.get(index, "")}
            for index, title in enumerate(shown["titles"])
        ],
        "rows": [list(zip(range(len(row)), row, strict=True)) for row in shown["rows"]],
        "fields": FIELDS.items(),
        "mapped": [
            (FIELDS[field], shown["titles"][index] if index < len(shown["titles"]) else "")
            for field, index in roster.columns.items()
        ],
        "missing": [title for field, title in FIELDS.items() if field not in roster.columns],
        "problems": problems[:PROBLEMS_SHOWN],
        "problem_count": problems.count(),
        "good": good,
        "to_write": roster.created + roster.updated,
        "ready": ready,
    }


def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The fragment of a working roster; when it has finished the page is loaded anew."""
    roster = _roster(request, pk)
    response = render(request, "enterprises/_progress.html", {"roster": roster})
    if not roster.at_work:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct what the columns are."""
    roster = _roster(request, pk)
    chosen = [(request.POST.get(f"column-{index}", ""), index) for index in range(len(roster.preview["titles"]))]
    named = [field for field, _index in chosen if field in FIELDS]
    if len(set(named)) != len(named):
        twice = next(field for field in named if named.count(field) > 1)
        raise Refused(
            _("有两列都选了“%(field)s”，请只留一列。") % {"field": FIELDS[twice]}, code="columns_twice", status=422
        )
    header = number(request.POST.get("header_row"))
    row = roster.header_row if header is None else header
    map_roster(roster, {field: index for field, index in chosen if field in FIELDS}, header_row=row, by=request.user)  # type: ignore[arg-type]
    roster.refresh_from_db()
    begin(roster)
    messages.success(request, _("列已改好，重新核对了一遍。"))
    return redirect("enterprises:roster", pk)


STEPS: dict[str, Callable[..., None]] = {
    "start": start_roster,
    "resume": resume_roster,
    "undo": undo_roster,
    "drop": drop_roster,
}


@require_POST
def take_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Confirm, go on, take back or give up."""
    roster = _roster(request, pk)
    if step not in STEPS:
        raise Http404
    STEPS[step](roster, by=request.user)
    if step == "drop":
        messages.success(request, _("已放弃这份花名册，没有写入任何人。"))
        return redirect("enterprises:rosters")
    roster.refresh_from_db()
    begin(roster)
    return redirect("enterprises:roster", pk)


def errors_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The rows that were not imported, ready to be corrected."""
    roster = _roster(request, pk)
    if roster.errors_file is None:
        raise Http404
    return serve(request, roster.errors_file, download=True)
