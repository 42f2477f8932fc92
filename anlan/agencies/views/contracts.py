"""Requests and contracts, for the firm and for the agency."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.accounts import powers
from anlan.agencies.actions import (
    accept_contract,
    decline_contract,
    decline_request,
    offer_contract,
    plan_service,
    terminate_contract,
    withdraw_contract,
    withdraw_request,
)
from anlan.agencies.forms import OfferForm, PlanForm, kept
from anlan.agencies.models import Agency, Contract, Kind, Service, ServiceRequest
from anlan.agencies.views.common import PER_PAGE, done, need, person, status_of
from anlan.files.actions import serve

BOTH = ("enterprise__organisation", "agency__organisation")


def contract_list(request: HttpRequest) -> HttpResponse:
    """Open requests first, then contracts by state."""
    user = person(request)
    need(user, powers.MANAGE_ENTERPRISE, powers.SERVE, powers.SUPERVISE)
    everything = Contract.objects.visible_to(user)
    counts = dict(everything.order_by().values_list("state").annotate(n=Count("pk")))
    state = request.GET.get("state", "")
    chosen = everything.filter(state=state) if state in Contract.State.values else everything
    page = Paginator(chosen.select_related(*BOTH).order_by("-pk"), PER_PAGE).get_page(request.GET.get("page"))
    requests = ServiceRequest.objects.visible_to(user).select_related(*BOTH)
    context = {
        "page": page, "state": state, "asked": requests.filter(state="open").order_by("wanted_by", "pk")[:20],
        "answered": requests.filter(state="declined").order_by("-pk")[:5],
        "tabs": [("", _("全部"), sum(counts.values())), *((code, words, counts[code]) for code, words in Contract.State.choices if code in counts)],
        "firm_side": user.may(powers.MANAGE_ENTERPRISE), "agency_side": user.may(powers.SERVE),
    }  # fmt: skip
    return render(request, "agencies/contracts.html", context)


def request_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What a firm asked of an agency, and what became of it."""
    user = person(request)
    asked = get_object_or_404(ServiceRequest.objects.visible_to(user).select_related(*BOTH, "asked_by"), pk=pk)
    context = {
        "asked": asked, "open": asked.state == ServiceRequest.State.OPEN, "is_firm": asked.is_firm(user), "is_head": asked.is_head(user),
        "contract": asked.offers.order_by("-pk").first(),
    }  # fmt: skip
    return render(request, "agencies/request.html", context)


@require_POST
def request_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Withdraw (firm) or decline (agency) a request."""
    user = person(request)
    asked = get_object_or_404(ServiceRequest.objects.visible_to(user).select_related(*BOTH), pk=pk)
    if step == "withdraw":
        withdraw_request(asked, by=user)
        messages.success(request, _("需求已经撤回。"))
    elif step == "decline":
        decline_request(asked, by=user, because=request.POST.get("because", ""))
        messages.success(request, _("已经告诉企业，这次不接。"))
    else:
        raise Http404
    return redirect("agencies:request", asked.pk)


def offer(request: HttpRequest, pk: int) -> HttpResponse:
    """The agency answers a request with a contract."""
    user = person(request)
    need(user, powers.MANAGE_AGENCY)
    asked = get_object_or_404(ServiceRequest.objects.visible_to(user).select_related(*BOTH), pk=pk)
    today = timezone.localdate()
    first = {
        "kinds": asked.kinds,
        "since": today,
        "until": today.replace(month=12, day=31),
        "number": f"{today:%Y%m%d}-{asked.pk}",
    }
    form = OfferForm(request.POST or None, request.FILES or None, initial=first)

    def act(said: dict[str, Any]) -> None:
        fields = {name: said[name] for name in ("number", "kinds", "since", "until", "plan", "words")}
        offer_contract(
            asked,
            by=user,
            fee_fen=int(said["fee"] * 100),
            file=kept(said["file"], ("agencies.contract", ""), user.pk),
            **fields,
        )

    if done(request, form, act, _("合同已经报给企业，等对方签。")):
        return redirect("agencies:contracts")
    return render(request, "agencies/offer.html", {"form": form, "asked": asked}, status=status_of(form))


def contract(request: HttpRequest, pk: int) -> HttpResponse:
    """One contract: its terms, its services, what each side may do now."""
    user = person(request)
    found = get_object_or_404(
        Contract.objects.visible_to(user).select_related(*BOTH, "offered_by", "decided_by", "file"), pk=pk
    )
    services = found.services.select_related("engineer", "rating").order_by("planned_on", "pk")
    states = Contract.State
    context = {
        "contract": found, "services": services, "is_firm": found.is_firm(user), "is_agency": found.is_agency(user), "is_head": found.is_head(user),
        "done": sum(service.state == Service.State.ACCEPTED for service in services), "plan": _plan(found),
        "offered": found.state == states.OFFERED, "running": found.state == states.ACCEPTED, "form": PlanForm(),
        "over": found.state not in (states.OFFERED, states.ACCEPTED), "suspended": found.agency.state == Agency.State.SUSPENDED,
    }  # fmt: skip
    return render(request, "agencies/contract.html", context)


def _plan(found: Contract) -> list[tuple[str, str]]:
    return [(str(dict(Kind.choices).get(kind, kind)), day) for kind, day in found.plan]


@require_POST
def contract_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Accept, decline (firm), withdraw (agency), terminate (either)."""
    user = person(request)
    found = get_object_or_404(Contract.objects.visible_to(user).select_related(*BOTH), pk=pk)
    because = request.POST.get("because", "")
    if step == "accept":
        accept_contract(found, by=user)
        messages.success(request, _("合同已签。机构现在可以看到您企业的档案和隐患，并按计划服务。"))
    elif step == "decline":
        decline_contract(found, by=user, because=because)
        messages.success(request, _("已经告诉机构，这份合同不签。"))
    elif step == "withdraw":
        withdraw_contract(found, by=user)
        messages.success(request, _("合同已经撤回，可以重新报一份。"))
    elif step == "terminate":
        terminate_contract(found, by=user, because=because)
        messages.success(request, _("合同已经终止，机构不再看到企业的资料。"))
    else:
        raise Http404
    return redirect("agencies:contract", found.pk)


@require_POST
def service_new(request: HttpRequest, pk: int) -> HttpResponse:
    """The agency adds a service to a contract."""
    user = person(request)
    found = get_object_or_404(Contract.objects.visible_to(user).select_related(*BOTH), pk=pk)
    form = PlanForm(request.POST)
    if not done(
        request, form, lambda said: plan_service(found, by=user, **said), _("服务已经排进计划，企业收到了消息。")
    ):
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    return redirect("agencies:contract", found.pk)


def contract_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The text of the contract."""
    found = get_object_or_404(Contract.objects.visible_to(person(request)).select_related("file"), pk=pk)
    if found.file is None:
        raise Http404
    return serve(request, found.file)
