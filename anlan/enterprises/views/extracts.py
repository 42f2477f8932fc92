"""Extracts of the business registration: upload, preview with its questions, progress, outcome, undo."""

import io
from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.accounts import powers
from anlan.enterprises.actions.extract_undoing import undo_words
from anlan.enterprises.actions.extracts import (
    UNDO_DAYS,
    answer_extract,
    drop_extract,
    map_extract,
    resume_extract,
    start_extract,
    undo_extract,
    upload_extract,
)
from anlan.enterprises.extract_making import template_rows
from anlan.enterprises.extract_reading import FIELDS
from anlan.enterprises.forms import RosterForm
from anlan.enterprises.models import Extract
from anlan.enterprises.tasks import begin_extract
from anlan.files.actions import serve
from anlan.lib.asked import number
from anlan.lib.errors import Refused
from anlan.lib.xlsx import write_rows

PER_PAGE = 20
SHOWN = 50


def _bringer(request: HttpRequest) -> Any:
    user: Any = request.user
    if user.post is None or not user.post.is_territorial or not user.may(powers.MANAGE_GRIDS):
        raise Refused(_("没有找到这一页。"), code="not_found", status=404)
    return user


def extract_list(request: HttpRequest) -> HttpResponse:
    """Upload and history."""
    user = _bringer(request)
    form = RosterForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data["file"]
        try:
            extract = upload_extract(given, given.name, by=user)
        except Refused as refused:
            form.add_error("file", str(refused.message))
        else:
            begin_extract(extract)
            return redirect("enterprises:extract", extract.pk)
    extracts = Extract.objects.visible_to(user).exclude(state=Extract.State.DROPPED)
    page = Paginator(extracts.select_related("file", "created_by").order_by("-pk"), PER_PAGE)
    context = {"form": form, "page": page.get_page(request.GET.get("page"))}
    return render(request, "enterprises/extracts.html", context, status=422 if form.is_bound else 200)


def template_file(request: HttpRequest) -> HttpResponseBase:
    """A table with the columns that are understood and a line of example."""
    _bringer(request)
    file = io.BytesIO()
    write_rows(file, template_rows())
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=_("企业名录模板.xlsx"))


def _extract(request: HttpRequest, pk: int) -> Extract:
    extracts = Extract.objects.visible_to(_bringer(request))
    return get_object_or_404(extracts.select_related("file", "errors_file", "created_by"), pk=pk)


def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of an extract in whatever state it is."""
    extract = _extract(request, pk)
    if extract.state == Extract.State.READ:
        return render(request, "enterprises/extract_preview.html", _preview(extract))
    problems = extract.problems.order_by("-refused", "row")
    context = {
        "extract": extract, "problems": problems[:SHOWN], "problem_count": problems.count(), "undo_words": undo_words(extract),
        "undo_days": UNDO_DAYS, "touched": extract.created + extract.updated,
    }  # fmt: skip
    return render(request, "enterprises/extract.html", context)


def _preview(extract: Extract) -> dict[str, Any]:
    shown = extract.preview
    fields = {index: name for name, index in extract.columns.items()}
    titles = shown.get("titles", [])
    questions = (
        extract.problems.filter(candidate__isnull=False).select_related("candidate__organisation").order_by("row")
    )
    problems = extract.problems.filter(candidate__isnull=True).order_by("-refused", "row")
    return {
        "extract": extract, "fields": FIELDS.items(),
        "columns": [{"index": n, "title": title, "field": fields.get(n, "")} for n, title in enumerate(titles)],
        "rows": [list(zip(range(len(row)), row, strict=True)) for row in shown.get("rows", [])],
        "missing": [title for name, title in FIELDS.items() if name not in extract.columns],
        "questions": questions[:SHOWN], "question_count": questions.count(), "answered": len(shown.get("answers", {})),
        "problems": problems[:SHOWN], "problem_count": problems.count(), "to_write": extract.created + extract.updated,
        "good": extract.created + extract.updated + extract.unchanged, "ready": "name" in extract.columns,
    }  # fmt: skip


def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The fragment of a working extract; when it has finished the page is loaded anew."""
    extract = _extract(request, pk)
    response = render(request, "enterprises/_extract_progress.html", {"extract": extract})
    if not extract.at_work:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct what the columns are."""
    extract = _extract(request, pk)
    chosen = [
        (request.POST.get(f"column-{index}", ""), index) for index in range(len(extract.preview.get("titles", [])))
    ]
    named = [name for name, _index in chosen if name in FIELDS]
    if len(set(named)) != len(named):
        twice = next(name for name in named if named.count(name) > 1)
        raise Refused(
            _("有两列都选了“%(field)s”，请只留一列。") % {"field": FIELDS[twice]}, code="columns_twice", status=422
        )
    header = number(request.POST.get("header_row"))
    row = extract.header_row if header is None else header
    map_extract(
        extract, {name: index for name, index in chosen if name in FIELDS}, header_row=row, by=cast(Any, request.user)
    )
    extract.refresh_from_db()
    begin_extract(extract)
    messages.success(request, _("列已改好，重新核对了一遍。"))
    return redirect("enterprises:extract", pk)


@require_POST
def answers(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which rows are known firms, and whether firms are moved or closed as the file says."""
    extract = _extract(request, pk)
    given = {
        row: value
        for key, value in request.POST.items()
        if key.startswith("row-") and (row := number(key.removeprefix("row-"))) is not None and isinstance(value, str)
    }
    answer_extract(
        extract, given, moves="moves" in request.POST, closes="closes" in request.POST, rest=request.POST.get("rest", ""),
        by=cast(Any, request.user),
    )  # fmt: skip
    extract.refresh_from_db()
    begin_extract(extract)
    messages.success(request, _("已记下，按您的回答重新核对了一遍。"))
    return redirect("enterprises:extract", pk)


STEPS: dict[str, Callable[..., None]] = {
    "start": start_extract,
    "resume": resume_extract,
    "undo": undo_extract,
    "drop": drop_extract,
}


@require_POST
def take_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Confirm, go on, take back or give up."""
    extract = _extract(request, pk)
    if step not in STEPS:
        raise Http404
    STEPS[step](extract, by=request.user)
    if step == "drop":
        messages.success(request, _("已放弃这份名录，没有写入任何企业。"))
        return redirect("enterprises:extracts")
    extract.refresh_from_db()
    begin_extract(extract)
    return redirect("enterprises:extract", pk)


def errors_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The rows that were not imported, ready to be corrected."""
    extract = _extract(request, pk)
    if extract.errors_file is None:
        raise Http404
    return serve(request, extract.errors_file, download=True)
