"""Sensitive changes that wait for a second person (P-06): mine to decide, mine asked, decided."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from anlan.accounts.actions import decide_approval, withdraw_approval
from anlan.accounts.actions.approvals import EFFECTS, approvers_of, explain, label_of
from anlan.accounts.models import Approval
from anlan.accounts.views.who import signed_in
from anlan.lib.errors import Refused

PAGE = 20
NAMED = 5


@never_cache
@require_GET
def approvals(request: HttpRequest) -> HttpResponse:
    """What waits for me, what I asked for, what was decided."""
    user = signed_in(request)
    visible = Approval.objects.visible_to(user)
    views = {
        "": visible.open().exclude(asked_by=user),
        "mine": Approval.objects.filter(asked_by=user),
        "done": visible.exclude(state=Approval.State.ASKED),
    }
    view = request.GET.get("view", "")
    view = view if view in views else ""
    found = views[view]
    kind = request.GET.get("kind", "")
    if kind in EFFECTS:
        found = found.filter(kind=kind)
    page = Paginator(found.select_related("asked_by", "decided_by").order_by("-pk"), PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "page": page, "view": view, "kind": kind if kind in EFFECTS else "",
        "rows": [(approval, label_of(approval.kind)) for approval in page],
        "kinds": [(code, change.label) for code, change in EFFECTS.items()],
        "waiting": views[""].count(), "asked": views["mine"].open().count(),
    }  # fmt: skip
    fragment = getattr(request, "htmx", False)
    return render(request, "accounts/_approvals.html" if fragment else "accounts/approvals.html", context)


@never_cache
@require_GET
def approval(request: HttpRequest, pk: int) -> HttpResponse:
    """One change: what, who asked, why, what happens on approval."""
    return _page(request, pk)


def _page(request: HttpRequest, pk: int, *, words: str = "", wrong: str = "", status: int = 200) -> HttpResponse:
    user = signed_in(request)
    found = get_object_or_404(Approval.objects.visible_to(user).select_related("asked_by", "decided_by"), pk=pk)
    rows, then = explain(found)
    others = approvers_of(found.region_code, but=found.asked_by)[:NAMED] if found.asked_by_id == user.pk else []
    context = {
        "approval": found, "label": label_of(found.kind), "rows": rows, "then": then, "may_decide": found.can_decide(user),
        "own": found.asked_by_id == user.pk, "others": others, "words": words, "wrong": wrong,
    }  # fmt: skip
    return render(request, "accounts/approval.html", context, status=status)


@require_POST
def approval_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve or refuse."""
    user = signed_in(request)
    found = get_object_or_404(Approval.objects.visible_to(user).select_related("asked_by"), pk=pk)
    approve, words = request.POST.get("answer") == "yes", request.POST.get("words", "")[:500]
    if request.POST.get("answer") not in ("yes", "no"):
        return redirect("accounts:approval", pk)
    try:
        decide_approval(found, by=user, approve=approve, words=words)
    except Refused as refused:
        if refused.code == "no_words":
            return _page(request, pk, words=words, wrong=str(refused.message), status=422)
        raise
    said = _("已批准，现在生效：%(name)s。") if approve else _("没有批准：%(name)s。提出人会收到您的意见。")
    messages.success(request, said % {"name": found.subject_name})
    return redirect("accounts:approvals")


@require_POST
def approval_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back what I asked for."""
    user = signed_in(request)
    found = get_object_or_404(Approval.objects.visible_to(user), pk=pk)
    withdraw_approval(found, by=user)
    messages.success(request, _("已撤回：%(name)s。") % {"name": found.subject_name})
    return redirect("accounts:approval", pk)
