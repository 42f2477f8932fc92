"""XLSForm: upload with a preview, create, download."""

from __future__ import annotations

import io
import uuid
from contextlib import suppress

from django.contrib import messages
from django.core.files.base import ContentFile
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from anlan.files.actions import open_blob, store
from anlan.files.models import Blob
from anlan.ledgers.actions.building import create_template
from anlan.ledgers.models import TemplateVersion
from anlan.ledgers.show import lines
from anlan.ledgers.views import Request
from anlan.ledgers.views.templates import builder_only, found_template
from anlan.ledgers.xlsforms import MAX_BYTES, Imported, read_xlsform, write_xlsform
from anlan.lib.asked import number
from anlan.lib.errors import Refused

OWNER = "ledgers.xlsform"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_http_methods(["GET", "POST"])
def upload(request: Request) -> HttpResponse:
    """Choose a file, see what would be created and what would be left out, then create it."""
    builder_only(request)
    if request.method == "GET":
        return render(request, "ledgers/import.html")
    try:
        if "create" in request.POST:
            return _create(request)
        file = request.FILES.get("file")
        if file is None:
            raise Refused(_("请先选择 xlsx 文件。"), code="no_file", status=422)
        data = file.read(MAX_BYTES + 1)
        found = read_xlsform(io.BytesIO(data), file.name or "")
    except Refused as refused:
        if refused.status != 422:
            raise
        return render(request, "ledgers/import.html", {"refused": refused}, status=422)
    blob = store(
        ContentFile(data),
        name=file.name or "form.xlsx",
        owner=(OWNER, str(request.user.pk)),
        by_id=request.user.pk,
        max_mb=5,
    )
    return _preview(request, found, blob)


def _preview(request: Request, found: Imported, blob: Blob) -> HttpResponse:
    return render(
        request, "ledgers/import.html", {"found": found, "blob": blob, "lines": lines(found.fields, {}, form=True)}
    )


def _create(request: Request) -> HttpResponse:
    uid = None
    with suppress(ValueError):
        uid = uuid.UUID(request.POST.get("blob", ""))
    blob = get_object_or_404(Blob, uid=uid, owner_kind=OWNER, owner_id=str(request.user.pk))
    with open_blob(blob) as file:
        found = read_xlsform(io.BytesIO(file.read()), blob.name)
    title = request.POST.get("name", "").strip()[:60] or found.title
    made = create_template({"name": title}, by=request.user, fields=found.fields, source=TemplateVersion.Source.XLSFORM)
    messages.success(request, _("“%(name)s”已导入成草稿，核对后发布。") % {"name": title})
    return redirect("ledgers:build", pk=made.pk)


@require_GET
def download(request: Request, pk: int) -> HttpResponse:
    """A version as XLSForm."""
    one = found_template(request, pk)
    versions = TemplateVersion.objects.visible_to(request.user).filter(template=one)
    chosen = versions.filter(number=number(request.GET.get("version")) or 0).first() or one.current or versions.first()
    if chosen is None:
        raise Refused(_("这个模板还没有内容。"), code="empty", status=404)
    file = io.BytesIO()
    write_xlsform(chosen, file)
    response = HttpResponse(file.getvalue(), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="ledger-{one.pk}-v{chosen.number}.xlsx"'
    return response
