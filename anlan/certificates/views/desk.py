"""Pages of those who hold certificates and those in charge of them."""

import re
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.accounts import powers
from anlan.accounts.views.who import signed_in
from anlan.certificates import actions
from anlan.certificates.forms import RevocationForm, plain_number
from anlan.certificates.models import Certificate, CertificateQuerySet, LogEntry, PrintBatch, Revocation
from anlan.certificates.tasks import gather_batch
from anlan.files.actions import serve
from anlan.lib.asked import number
from anlan.lib.errors import Refused
from anlan.training.models import Enrolment

STATES = ("", "valid", "expiring", "expired", "revoked")


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """One's own certificates, those in force first."""
    rows = list(
        Certificate.objects.filter(user=signed_in(request)).select_related("training_class").order_by("-issued_at")
    )
    order = {"expiring": 0, "valid": 1, "expired": 2, "revoked": 3}
    rows.sort(key=lambda certificate: order[certificate.state])
    return render(request, "certificates/mine.html", {"certificates": rows})


def _chosen(request: HttpRequest) -> tuple[CertificateQuerySet, CertificateQuerySet]:
    """What the person is in charge of, and what of it the filters leave."""
    user = signed_in(request)
    if not (user.may(powers.MANAGE_ENTERPRISE) or user.may(powers.SUPERVISE)):
        raise Http404
    everything = Certificate.objects.in_charge_of(user)
    if words := request.GET.get("q", "").strip()[:60]:
        found = Q(holder__icontains=words) | Q(enterprise_name__icontains=words) | Q(title__icontains=words)
        if number := plain_number(words):
            found |= Q(number__startswith=number)
        everything = everything.filter(found)
    if re.fullmatch("20[0-9]{2}", year := request.GET.get("year", "")):
        everything = everything.filter(issued_at__year=int(year))
    state = request.GET.get("state", "")
    if state == "valid":
        return everything, everything.in_force()
    if state == "expiring":
        return everything, everything.expiring()
    if state == "expired":
        return everything, everything.expired()
    return everything, everything.revoked() if state == "revoked" else everything


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Certificates of the firm or territory: find, see what ends soon, print."""
    everything, shown = _chosen(request)
    counts = _counts(everything)
    page = Paginator(shown.order_by("-id"), 50).get_page(request.GET.get("page"))
    labels = [_("全部"), _("有效"), _("60 天内到期"), _("已过期"), _("已注销")]
    tabs = [(state, label, counts[state or "all"]) for state, label in zip(STATES, labels, strict=True)]
    this_year = timezone.localdate().year
    context = {
        "page": page,
        "tabs": tabs,
        "state": request.GET.get("state", ""),
        "years": range(this_year, this_year - 4, -1),
        "filtered": bool(request.GET.get("q") or request.GET.get("year")),
        "firm": signed_in(request).may(powers.MANAGE_ENTERPRISE),
        "waiting": Revocation.objects.visible_to(signed_in(request))
        .waiting()
        .select_related("certificate", "asked_by"),
        "batch": PrintBatch.objects.visible_to(signed_in(request)).order_by("-id").first(),
        "limit": PrintBatch.LIMIT,
    }
    return render(request, "certificates/list.html", context)


def _counts(certificates: CertificateQuerySet) -> dict[str, int]:
    today = timezone.localdate()
    live = Q(revoked_at=None, valid_until__gte=today)
    counts: dict[str, int] = certificates.aggregate(
        all=Count("pk"),
        valid=Count("pk", filter=live),
        expiring=Count("pk", filter=live & Q(valid_until__lte=today + timedelta(days=60))),
        expired=Count("pk", filter=Q(revoked_at=None, valid_until__lt=today)),
        revoked=Count("pk", filter=Q(revoked_at__isnull=False)),
    )
    return counts


def _found(request: HttpRequest, pk: int) -> Certificate:
    rows = Certificate.objects.visible_to(signed_in(request))
    return get_object_or_404(rows.select_related("training_class", "pdf", "revoked_by"), pk=pk)


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One certificate, and what the viewer may do with it now."""
    return render(request, "certificates/detail.html", _detail(request, _found(request, pk), RevocationForm()))


def _detail(request: HttpRequest, certificate: Certificate, form: RevocationForm) -> dict[str, Any]:
    user = signed_in(request)
    requests = list(certificate.revocations.select_related("asked_by", "decided_by").order_by("-id"))
    waiting = next((found for found in requests if found.approved is None), None)
    may_revoke = certificate.can_revoke(user)
    return {
        "certificate": certificate,
        "entry": certificate.log_entries.filter(kind=LogEntry.Kind.ISSUE).first(),
        "requests": requests if may_revoke else [],
        "waiting": waiting if may_revoke else None,
        "may_decide": waiting is not None and waiting.can_decide(user),
        "own_request": waiting is not None and waiting.asked_by_id == user.pk,
        "may_ask": may_revoke and waiting is None and certificate.revoked_at is None,
        "may_reissue": may_revoke and certificate.revoked_at is not None and certificate.training_class_id is not None,
        "form": form,
    }


@require_GET
def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The signed PDF, to those who may see the certificate."""
    certificate = _found(request, pk)
    if certificate.pdf is None:
        raise Http404
    return serve(request, certificate.pdf, download="download" in request.GET)


@require_http_methods(["POST"])
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask to revoke."""
    certificate, form = _found(request, pk), RevocationForm(request.POST)
    if not certificate.can_revoke(signed_in(request)):
        raise Refused(_("注销证书由辖区监管人员申请。证书没有变。"), code="not_regulator", status=403)
    if not form.is_valid():
        return render(request, "certificates/detail.html", _detail(request, certificate, form), status=422)
    actions.ask_revocation(certificate, by=signed_in(request), because=form.cleaned_data["because"])
    messages.success(request, _("注销申请已提交，等另一位监管人员复核。复核前证书仍然有效。"))
    return redirect("certificates:detail", pk=pk)


@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve or turn down a request to revoke."""
    revocation = get_object_or_404(Revocation.objects.visible_to(signed_in(request)), pk=pk)
    approve = request.POST.get("approve") == "yes"
    actions.decide_revocation(revocation, by=signed_in(request), approve=approve)
    messages.success(
        request,
        _("证书已注销，已通知持证人和所在单位。") if approve else _("注销申请已退回，证书仍然有效。"),
    )
    return redirect("certificates:detail", pk=revocation.certificate_id)


@require_POST
def reissue(request: HttpRequest, pk: int) -> HttpResponse:
    """Issue anew after a revocation, with the person's data of today."""
    old = _found(request, pk)
    if not old.can_revoke(signed_in(request)):
        raise Refused(_("重新签发由辖区监管人员办理。"), code="not_regulator", status=403)
    enrolment = get_object_or_404(Enrolment, training_class_id=old.training_class_id, user_id=old.user_id)
    certificate = actions.issue_certificate(enrolment, by=signed_in(request))
    messages.success(request, _("新证书已签发，PDF 正在生成。"))
    return redirect("certificates:detail", pk=certificate.pk)


@require_POST
def print_batch(request: HttpRequest) -> HttpResponse:
    """Gather the ticked certificates, or all that the filters show, in the background."""
    _everything, shown = _chosen(request)
    if "all" not in request.POST:
        shown = shown.filter(pk__in=[pk for text in request.POST.getlist("id") if (pk := number(text)) is not None])
    with transaction.atomic():
        batch = actions.start_batch(shown.order_by("pk")[: PrintBatch.LIMIT + 1], by=signed_in(request))
        transaction.on_commit(lambda: gather_batch.enqueue(batch.pk))
    return redirect(batch)


@require_GET
def batch_page(request: HttpRequest, uid: str) -> HttpResponse:
    """How far the gathering is; a fragment while it runs."""
    batch = get_object_or_404(PrintBatch.objects.visible_to(signed_in(request)).select_related("file"), uid=uid)
    name = "certificates/batch_task.html" if getattr(request, "htmx", False) else "certificates/batch.html"
    return render(request, name, {"batch": batch})


@require_GET
def batch_file(request: HttpRequest, uid: str) -> HttpResponseBase:
    """The gathered file, to whoever asked for it and is still in charge of everything in it."""
    user = signed_in(request)
    batch = get_object_or_404(PrintBatch.objects.visible_to(user).select_related("file"), uid=uid)
    if batch.file is None or not batch.can_take(user):
        raise Http404
    return serve(request, batch.file, download=True)
