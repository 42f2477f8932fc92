"""The agency's tasks, and one service from plan to rating."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.agencies.actions import (
    accept_service,
    answer_rating,
    assign_service,
    deliver_service,
    dispute_service,
    rate_service,
    start_service,
)
from anlan.agencies.forms import DeliverForm, RateForm, kept
from anlan.agencies.models import Engineer, Rating, Service
from anlan.agencies.views.common import PER_PAGE, done, need, person
from anlan.files.actions import serve
from anlan.lib.asked import number

WITH = ("enterprise__organisation", "agency__organisation", "engineer", "contract__agency__organisation")
TABS = (
    ("open", gettext_lazy("要做的"), Q(state__in=["planned", "doing", "disputed"])),
    ("delivered", gettext_lazy("等企业验收"), Q(state="delivered")),
    ("accepted", gettext_lazy("已验收"), Q(state="accepted")),
    ("all", gettext_lazy("全部"), Q()),
)


def service_list(request: HttpRequest) -> HttpResponse:
    """The tasks of the agency; an engineer may look at their own."""
    user = person(request)
    need(user, powers.SERVE)
    everything = Service.objects.visible_to(user)
    mine = request.GET.get("mine") == "1"
    if mine:
        everything = everything.filter(engineer__user=user)
    counts = everything.aggregate(
        **{key: Count("pk", filter=rule) if key != "all" else Count("pk") for key, _words, rule in TABS}
    )
    state = request.GET.get("state", "open")
    rule = next((found for key, _words, found in TABS if key == state), TABS[0][2])
    rows = everything.filter(rule).select_related(*WITH).order_by("planned_on", "pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page, "state": state, "mine": mine, "tabs": [(key, words, counts[key]) for key, words, _rule in TABS],
        "late": everything.filter(state__in=["planned", "doing"], planned_on__lt=timezone.localdate()).count(),
    }  # fmt: skip
    return render(request, "agencies/services.html", context)


def _service(request: HttpRequest, pk: int) -> Service:
    return get_object_or_404(
        Service.objects.visible_to(person(request)).select_related(*WITH, "report", "delivered_by"), pk=pk
    )


def _shown(service: Service, user: User, **forms: Any) -> dict[str, Any]:
    """What the page of a service needs."""
    is_agency, is_firm = service.is_agency(user), service.is_firm(user)
    states = Service.State
    rating = Rating.objects.filter(service=service).select_related("by").first()
    work = (
        is_agency and service.state in (states.PLANNED, states.DOING, states.DISPUTED) and service.contract.is_running
    )
    steps = [states.PLANNED, states.DOING, states.DELIVERED, states.ACCEPTED]
    stands = {states.DISPUTED: 1, states.DROPPED: -1}.get(states(service.state), 0)
    at = steps.index(states(service.state)) if service.state in steps else stands
    return {
        "service": service, "rating": rating, "is_firm": is_firm, "is_head": service.is_head(user), "work": work,
        "engineers": Engineer.objects.assignable().filter(agency_id=service.agency_id).order_by("name") if work else [],
        "expired": service.engineer is not None and service.engineer.expired and work,
        "deliver": DeliverForm(initial={"summary": service.summary}) if work and service.engineer else None,
        "rate": RateForm(initial=_said(rating)) if is_firm and service.can_be_rated and (rating is None or rating.can_change) else None,
        "steps": [(n + 1, step.label, n < at or service.state == states.ACCEPTED, n == at) for n, step in enumerate(steps)],
        "disputed": service.state == states.DISPUTED, "delivered": service.state == states.DELIVERED, **forms,
    }  # fmt: skip


def _said(rating: Rating | None) -> dict[str, Any]:
    if rating is None:
        return {"skill": 5, "timeliness": 5, "effect": 5}
    return {name: getattr(rating, name) for name in ("skill", "timeliness", "effect", "words")}


def service(request: HttpRequest, pk: int) -> HttpResponse:
    """One service: where it stands, what was delivered, what the firm said."""
    found = _service(request, pk)
    return render(request, "agencies/service.html", _shown(found, person(request)))


@require_POST
def service_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Assign, start, deliver (agency); accept, dispute, rate (firm); answer a rating (agency)."""
    user, found = person(request), _service(request, pk)
    if step == "assign":
        chosen = number(request.POST.get("engineer"))
        engineer = get_object_or_404(Engineer.objects.visible_to(user).filter(agency_id=found.agency_id), pk=chosen)
        assign_service(found, engineer, by=user)
        messages.success(request, _("已经派%(who)s，本人收到了消息。") % {"who": engineer})
    elif step == "start":
        start_service(found, by=user)
        messages.success(request, _("已经记下开始服务。"))
    elif step == "deliver":
        form = DeliverForm(request.POST, request.FILES)

        def act(said: dict[str, Any]) -> None:
            report = kept(said["report"], ("agencies.service", str(found.pk)), user.pk)
            deliver_service(found, by=user, summary=said["summary"], report=report)

        if not done(request, form, act, _("成果已经交给企业，等对方验收。")):
            return render(request, "agencies/service.html", _shown(found, user, deliver=form), status=422)
    elif step == "accept":
        accept_service(found, by=user)
        messages.success(request, _("已经验收。现在可以评价这次服务。"))
    elif step == "dispute":
        dispute_service(found, by=user, because=request.POST.get("because", ""))
        messages.success(request, _("异议已经告诉机构，等对方重新交付。"))
    elif step == "rate":
        rating = RateForm(request.POST)
        if not done(
            request, rating, lambda said: rate_service(found, by=user, **said), _("评价已经保存，7 天内可以改。")
        ):
            return render(request, "agencies/service.html", _shown(found, user, rate=rating), status=422)
    elif step == "answer":
        answer_rating(get_object_or_404(Rating, service=found), by=user, answer=request.POST.get("answer", ""))
        messages.success(request, _("答复已经显示在评价下面。"))
    else:
        raise Http404
    return redirect("agencies:service", found.pk)


def service_report(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The report that was delivered."""
    found = _service(request, pk)
    if found.report is None:
        raise Http404
    return serve(request, found.report)
