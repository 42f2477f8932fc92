"""Ledgers on paper and as files: PDF of one entry and of a list, xlsx, zip with photos."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from anlan.enterprises.models import Enterprise
from anlan.files.actions import serve
from anlan.ledgers.actions.entries import own_firm
from anlan.ledgers.actions.exports import start_pack, xlsx_of
from anlan.ledgers.models import LedgerExport
from anlan.ledgers.paper import entry_pdf, list_pdf
from anlan.ledgers.tasks import work_on_pack
from anlan.ledgers.views import Request
from anlan.ledgers.views.entering import visible
from anlan.ledgers.views.lists import chosen, readable
from anlan.lib.asked import number
from anlan.lib.errors import Refused

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _answer(data: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(data, content_type=kind)
    way = "inline" if kind == "application/pdf" else "attachment"
    response["Content-Disposition"] = f"{way}; filename*=utf-8''{quote(name)}"
    return response


def _firm(request: Request) -> Enterprise:
    """The firm asked about: `?firm=` among those one may read, else one's own."""
    asked = number(request.GET.get("firm") or request.POST.get("firm"))
    if asked is None:
        return own_firm(request.user)
    firm: Enterprise = get_object_or_404(readable(request), pk=asked)
    return firm


@require_GET
def print_entry(request: Request, pk: int) -> HttpResponse:
    """One entry as PDF, with photos and signatures."""
    entry = visible(request, pk)
    return _answer(entry_pdf(entry), "application/pdf", f"{entry.number or entry.pk}.pdf")


@require_GET
def print_list(request: Request, pk: int) -> HttpResponse:
    """The entries that the filters leave, as PDF."""
    firm = _firm(request)
    template, found, asked = chosen(request, firm, pk)
    found = found.exclude(number="")  # drafts are nobody's record yet
    if found.count() > 500:
        raise Refused(_("一次最多打印 500 条，请按日期分几次，或导出 xlsx。"), code="too_many", status=422)
    return _answer(list_pdf(firm, template, found, asked), "application/pdf", f"{template.name}.pdf")


@require_GET
def xlsx(request: Request, pk: int) -> HttpResponse:
    """The entries that the filters leave, as xlsx."""
    template, found, _asked = chosen(request, _firm(request), pk)
    found = found.exclude(number="")
    return _answer(xlsx_of(template, found, by=request.user), XLSX, f"{template.name}.xlsx")


@require_POST
def pack(request: Request, pk: int) -> HttpResponse:
    """Have a zip with the photos made."""
    firm = _firm(request)
    template, _found, asked = chosen(request, firm, pk)
    made = start_pack(template, firm, asked, by=request.user)
    work_on_pack.enqueue(made.pk)
    return redirect("ledgers:packed", pk=made.pk)


@require_GET
def packed(request: Request, pk: int) -> HttpResponse:
    """How far the zip is; can be left and found again."""
    one = get_object_or_404(
        LedgerExport.objects.visible_to(request.user).select_related("template", "enterprise", "file"), pk=pk
    )
    name = "ledgers/_pack.html" if request.htmx else "ledgers/pack.html"
    return render(request, name, {"pack": one})


@require_GET
def pack_file(request: Request, pk: int) -> HttpResponseBase:
    """The zip."""
    one = get_object_or_404(
        LedgerExport.objects.visible_to(request.user).select_related("file"), pk=pk, file__isnull=False
    )
    if one.file is None:
        raise Refused(_("文件还没有做好。"), code="not_ready", status=404)
    return serve(request, one.file, download=True)
