"""The record of who did what, for auditors."""

import csv
from collections.abc import Iterator

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from anlan.audit.actions import note_reading, record
from anlan.audit.forms import RecordFilter
from anlan.audit.models import Head, Record, RecordQuerySet
from anlan.audit.sheet import HEAD, line
from anlan.audit.tasks import check_chain, seal, verify_chain
from anlan.lib.errors import Refused

PAGE = 50
EXPORT_LIMIT = 50_000
INLINE_LIMIT = 20_000
"""Chains up to this length are verified while the auditor waits; longer ones by the worker."""
READ_AUDIT = "read_audit"  # accounts.powers.READ_AUDIT: accounts lies above this app


class Echo:
    """A file that hands back what is written, for streaming."""

    def write(self, value: str) -> str:
        """Return the value."""
        return value


def _readable(request: HttpRequest) -> RecordQuerySet:
    user = request.user
    if isinstance(user, AnonymousUser) or not user.may(READ_AUDIT):
        raise Refused(_("您现在的身份不能查看操作记录。"), code="no_power", status=403)
    return Record.objects.visible_to(user)


@require_GET
def record_list(request: HttpRequest) -> HttpResponse:
    """Search the record; the state of the chain stands above it."""
    visible = _readable(request)
    note_reading(request.user)  # type: ignore[arg-type]  # a signed-in user, see `_readable`
    form = RecordFilter(request.GET or None)
    found = form.apply(visible) if request.GET else visible
    page = Paginator(found.order_by("-id"), PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "head": Head.objects.filter(pk=1).first(),
        "waiting": Record.objects.unsealed().count(),
        "export_limit": EXPORT_LIMIT,
    }
    return render(request, "audit/_records.html" if getattr(request, "htmx", False) else "audit/list.html", context)


@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Verify the whole chain now; a long one in the worker."""
    _readable(request)
    record("verify_audit", ("audit.record", "", "操作记录"), by=request.user)  # type: ignore[arg-type]
    if Record.objects.count() > INLINE_LIMIT:
        check_chain.enqueue()
        messages.success(request, _("核对已经开始，记录较多，过几分钟刷新这一页看结果。"))
    else:
        seal()
        verdict = verify_chain()
        if verdict.intact:
            messages.success(request, _("核对了 %(n)d 条，没有改动。") % {"n": verdict.checked})
        else:
            messages.error(request, _("链在第 %(n)d 条断开：%(why)s") % {"n": verdict.position, "why": verdict.why})
    return redirect("audit:list")


@require_GET
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The found records as a spreadsheet, at most EXPORT_LIMIT rows; the export is recorded with its conditions."""
    form = RecordFilter(request.GET)
    found = form.apply(_readable(request)).order_by("-id")[:EXPORT_LIMIT]
    rows = found.count()
    record("export_audit", ("audit.record", "", "操作记录"), by=request.user, rows=rows, filter=form.conditions)  # type: ignore[arg-type]

    def lines() -> Iterator[str]:
        writer = csv.writer(Echo())
        yield "\ufeff"
        yield writer.writerow(HEAD)
        for item in found.iterator(2000):
            yield writer.writerow(line(item))

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response
