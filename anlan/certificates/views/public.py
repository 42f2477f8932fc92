"""Verification and the public log: no account, masks only, limited in how often."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from anlan.certificates import limits, log, pdf, signing
from anlan.certificates.checking import Finding, check
from anlan.certificates.forms import FileForm, NumberForm, plain_number
from anlan.certificates.models import Certificate, LogEntry, LogState, TreeHead
from anlan.lib.codes import has_check_digit

ENTRIES = 1000
"""Leaves in one answer of entries.json."""


def _private(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Ask by number, or hand in a PDF."""
    number_form = NumberForm(request.GET) if "number" in request.GET else NumberForm()
    if number_form.is_bound and number_form.is_valid():
        return redirect("certificates:verify_number", number=number_form.cleaned_data["number"])
    file_form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if file_form.is_bound and file_form.is_valid():
        limits.spend("upload")
        finding = check(file_form.cleaned_data["file"].read(), signing.load_trust())
        return _private(render(request, "certificates/verified_file.html", _about(finding)))
    status = 422 if number_form.is_bound or file_form.is_bound else 200
    context = {"number_form": number_form, "file_form": file_form}
    return _private(render(request, "certificates/verify.html", context, status=status))


def _about(finding: Finding) -> dict[str, Any]:
    """What the page says of a file: the finding, and what the platform knows of the number now."""
    certificate = None
    if finding.verdict == "genuine":
        certificate = Certificate.objects.filter(number=finding.record["number"]).first()
    return {"finding": finding, "certificate": certificate, "state": certificate.state if certificate else ""}


@login_not_required
@never_cache
@require_GET
def verify_number(request: HttpRequest, number: str) -> HttpResponse:
    """What the QR code leads to: the answer in one glance."""
    if number != plain_number(number):
        return redirect("certificates:verify_number", number=plain_number(number) or "-")
    certificate = _looked_up(number)
    if certificate is None:
        context = {"number": number, "typo": not has_check_digit(number), "number_form": NumberForm()}
        return _private(render(request, "certificates/unknown_number.html", context, status=404))
    entry, head = certificate.log_entries.filter(kind=LogEntry.Kind.ISSUE).first(), _newest_head()
    context = {
        "certificate": certificate,
        "entry": entry,
        "head": head if entry and head and head.size > entry.position else None,
        "qr": mark_safe(pdf.qr_svg(certificate.verify_url)),  # noqa: S308  # drawn by us from our own address
    }
    return _private(render(request, "certificates/verified.html", context))


def _looked_up(number: str) -> Certificate | None:
    """Find by number, within the limits; a wrong check digit asks no database and costs nothing."""
    limits.spend("look")
    if not has_check_digit(number):
        return None
    limits.must_have("miss")
    certificate = Certificate.objects.filter(number=number).first()
    if certificate is None:
        limits.spend("miss")
    return certificate


def _newest_head() -> TreeHead | None:
    return TreeHead.objects.order_by("-size").first()


# --- the log -----------------------------------------------------------------------------------------


@login_not_required
@require_GET
def log_page(request: HttpRequest) -> HttpResponse:
    """The log for people: how long, how it proves itself, and its entries."""
    state = LogState.objects.filter(pk=1).first()
    page = Paginator(LogEntry.objects.order_by("-position"), 20).get_page(request.GET.get("page"))
    context = {"size": state.size if state else 0, "head": _newest_head(), "page": page, "log_name": signing.this_log()}
    return render(request, "certificates/log.html", context)


@login_not_required
@require_GET
def heads(request: HttpRequest) -> JsonResponse:
    """Signed heads, newest first, 100 at a time; `before` = size goes on."""
    found = TreeHead.objects.order_by("-size")
    if before := _number(request, "before"):
        found = found.filter(size__lt=before)
    return _json({"log": signing.this_log(), "heads": [log.head_json(head) for head in found[:100]]})


@login_not_required
@require_GET
def entries(request: HttpRequest) -> JsonResponse:
    """Leaves from `from` up to, not including, `to`; at most 1,000."""
    start = _number(request, "from") or 0
    stop = min(_number(request, "to") or start + ENTRIES, start + ENTRIES)
    return _json({"log": signing.this_log(), "entries": list(log.entries_json(start, stop))})


@login_not_required
@never_cache
@require_GET
def proof(request: HttpRequest, number: str) -> JsonResponse:
    """That the certificate of this number is in the log, and its revocation if there is one."""
    certificate = _looked_up(plain_number(number))
    head = _newest_head()
    if certificate is None or head is None:
        raise Http404
    leaves = [
        {"index": entry.position, "kind": entry.kind, "body": entry.body, "proof": log.inclusion(entry, head)}
        for entry in certificate.log_entries.filter(position__lt=head.size)
    ]
    blind = certificate.salts.blind("number")
    answer = _json({"number": certificate.number, "blind": blind, "leaves": leaves, "head": log.head_json(head)})
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer


@login_not_required
@require_GET
def consistency(request: HttpRequest) -> JsonResponse:
    """That the log of `to` leaves (the newest head) only added to that of `from`; both must be sizes of signed heads."""
    head = _newest_head()
    old = get_object_or_404(TreeHead, size=_number(request, "from") or 0)
    new = get_object_or_404(TreeHead, size=_number(request, "to") or (head.size if head else 0))
    if old.size > new.size:
        raise Http404
    return _json({"from": log.head_json(old), "to": log.head_json(new), "proof": log.consistency(old.size, new.size)})


@login_not_required
@require_GET
def trust(request: HttpRequest) -> HttpResponse:
    """Roots, pinned signers and log keys as one PEM file, for whoever verifies without us."""
    folder = signing.home() / "trusted"
    signing.load_trust()
    content = "".join(path.read_text() for path in sorted(folder.glob("*.pem")))
    return HttpResponse(
        content, content_type="application/x-pem-file", headers={"Content-Disposition": 'attachment; filename="anlan-trust.pem"'}
    )  # fmt: skip


def _json(answer: dict[str, Any]) -> JsonResponse:
    return JsonResponse(answer, json_dumps_params={"ensure_ascii": False}, headers={"Access-Control-Allow-Origin": "*"})


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Http404
    return int(text) if text else None
