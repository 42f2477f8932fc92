"""The approval chain of a permit: hand in, sign or return, close."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.ledgers.actions import permits as actions
from anlan.ledgers.actions.entries import Invalid
from anlan.ledgers.models import Step
from anlan.ledgers.views import Request
from anlan.ledgers.views.entering import visible
from anlan.lib.asked import number
from anlan.lib.errors import Refused


@require_POST
def hand_in_page(request: Request, pk: int) -> HttpResponse:
    """Hand a permit in; what is not filled in yet leads back to the form."""
    entry = visible(request, pk)
    try:
        actions.hand_in(entry, request.POST, by=request.user)
    except Invalid as wrong:
        first = next(iter(wrong.read.errors.values()))
        messages.error(request, _("还不能提交：%(why)s") % {"why": first})
        return redirect("ledgers:edit", pk=pk)
    except Refused as refused:
        if refused.status != 422:
            raise
        messages.error(request, str(refused.message))
        return redirect("ledgers:entry", pk=pk)
    messages.success(request, _("已提交审批，已经通知下一位签字人。"))
    return redirect("ledgers:entry", pk=pk)


@require_POST
def sign(request: Request, pk: int) -> HttpResponse:
    """Sign the step whose turn it is, or return the permit."""
    entry = visible(request, pk)
    step = get_object_or_404(
        entry.steps.select_related("entry__template", "entry__version"), pk=number(request.POST.get("step")) or 0
    )
    try:
        if "return" in request.POST:
            actions.return_permit(step, request.POST.get("words", ""), by=request.user)
            messages.success(request, _("已退回，申请人会收到您写的原因。"))
        else:
            entry = actions.sign_step(step, request.POST, by=request.user)
            done = not entry.steps.filter(round=entry.round, state=Step.State.WAITING).exists()
            messages.success(request, _("已签字，作业票生效。") if done else _("已签字，已经通知下一位。"))
    except Refused as refused:
        if refused.status != 422:
            raise
        messages.error(request, str(refused.message))
    return redirect("ledgers:entry", pk=pk)


@require_POST
def close(request: Request, pk: int) -> HttpResponse:
    """Record that the work is done."""
    entry = visible(request, pk)
    try:
        actions.close_permit(entry, request.POST.get("words", ""), by=request.user)
        messages.success(request, _("已验收，这张票完结。"))
    except Refused as refused:
        if refused.status != 422:
            raise
        messages.error(request, str(refused.message))
    return redirect("ledgers:entry", pk=pk)
