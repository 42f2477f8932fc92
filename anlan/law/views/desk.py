"""The law desk of the editors: bring texts in, watch imports, settle doubts."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from anlan.accounts import powers
from anlan.law.actions.checking import confirm_version
from anlan.law.actions.uploading import retry_import, upload_texts
from anlan.law.forms import DatesForm, TextsForm
from anlan.law.models import Import, Statute, Version
from anlan.law.tasks import work_on_import
from anlan.lib.errors import Refused

PAGE: Final = 20
RUNS: Final = 8
LINES: Final = 100
WHAT: Final = {
    "doubt": gettext_lazy("疑点"), "differs": gettext_lazy("不一致"), "skipped": gettext_lazy("没有导入"), "corrected": gettext_lazy("已更正"), "missed": gettext_lazy("没有取到"),
}  # fmt: skip


def _only_editors(request: HttpRequest) -> Any:
    user: Any = request.user
    if not user.may(powers.EDIT_CONTENT):
        raise Refused(_("没有找到这一页"), code="not_found", status=404)
    return user


def desk(request: HttpRequest) -> HttpResponse:
    """Upload, the last imports, and the versions that somebody should look at."""
    user = _only_editors(request)
    form = TextsForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data["file"]
        try:
            run = upload_texts(given, given.name, by=user)
        except Refused as refused:
            if refused.status == 403:
                raise
            form.add_error("file", str(refused.message))
        else:
            work_on_import.enqueue(run.pk)
            return redirect("law:import", run.pk)
    words = request.GET.get("q", "").strip()[:60]
    doubtful = Version.objects.exclude(doubts=[]).select_related("statute").order_by("-imported_at", "-pk")
    if words:
        doubtful = doubtful.filter(statute__title__icontains=words)
    page = Paginator(doubtful.defer("preamble", "history"), PAGE).get_page(request.GET.get("page"))
    return render(request, "law/desk.html", {
        "form": form, "page": page, "q": words, "runs": Import.objects.order_by("-pk").defer("report")[:RUNS],
        "statutes": Statute.objects.filter(versions__isnull=False).distinct().count(), "versions": Version.objects.count(),
    }, status=422 if form.is_bound else 200)  # fmt: skip


@require_safe
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """One import in whatever state it is."""
    _only_editors(request)
    found = get_object_or_404(Import, pk=pk)
    lines = [row | {"label": WHAT.get(row["what"], row["what"])} for row in found.report[:LINES]]
    return render(request, "law/import.html", {"run": found, "lines": lines, "more": len(found.report) - len(lines)})


@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The fragment of a working import; when it has finished the page is loaded anew."""
    _only_editors(request)
    found = get_object_or_404(Import.objects.defer("report"), pk=pk)
    response = render(request, "law/_import_progress.html", {"run": found})
    if found.state != Import.State.RUNNING:
        response["HX-Refresh"] = "true"
    return response


@require_safe
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that an import had to say, as a table for a spreadsheet."""
    _only_editors(request)
    found = get_object_or_404(Import, pk=pk)
    rows = [
        (_("文件"), _("类别"), _("说明")),
        *((r["file"], str(WHAT.get(r["what"], r["what"])), r["words"]) for r in found.report),
    ]
    # A cell that begins like a formula is disarmed; the mark at the front lets spreadsheets read UTF-8.
    lines = [
        ",".join('"' + ("'" * (cell[:1] in "=+-@") + cell).replace('"', '""') + '"' for cell in map(str, row))
        for row in rows
    ]
    response = HttpResponse("\ufeff" + "\r\n".join(lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="import-{found.pk}.csv"'
    return response


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a broken import again."""
    user = _only_editors(request)
    found = retry_import(get_object_or_404(Import, pk=pk), by=user)
    work_on_import.enqueue(found.pk)
    messages.success(request, _("已重新开始，读过的不会重复。"))
    return redirect("law:import", found.pk)


def check(request: HttpRequest, pk: int) -> HttpResponse:
    """The doubts of one version, its sources, and the day it binds from."""
    user = _only_editors(request)
    version = get_object_or_404(Version.objects.select_related("statute"), pk=pk)
    form = DatesForm(request.POST or None, initial={"effective_on": version.effective_on})
    if request.method == "POST" and form.is_valid():
        try:
            confirm_version(version, **form.cleaned_data, by=user)
        except Refused as refused:
            if refused.field not in form.fields:
                raise
            form.add_error(refused.field, str(refused.message))
        else:
            messages.success(request, _("已核对：%(title)s") % {"title": version})
            return redirect("law:desk")
    sources = version.sources.order_by("pk")
    return render(
        request,
        "law/check.html",
        {"form": form, "version": version, "sources": sources},
        status=422 if form.is_bound else 200,
    )
