"""Finding an agency: map and list, one agency, asking it."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import Region
from anlan.agencies import scoring
from anlan.agencies.actions import ask_service
from anlan.agencies.forms import AskForm
from anlan.agencies.geo import distance_km
from anlan.agencies.models import Agency, Contract, Engineer, Kind, Rating, Service, ServicePoint, ServiceRequest
from anlan.agencies.queries import find_agencies, with_counts
from anlan.agencies.views.common import PER_PAGE, done, need, own_firm, person, status_of
from anlan.enterprises.models import Enterprise
from anlan.lib.asked import number

RADII = (10, 30, 60)


def _seeker(request: HttpRequest) -> Enterprise | None:
    """The firm that looks for an agency; None for regulators and associations."""
    user = person(request)
    return own_firm(user) if user.may(powers.MANAGE_ENTERPRISE) else None


def _place(firm: Enterprise | None) -> tuple[float, float] | None:
    if firm is None or firm.latitude is None or firm.longitude is None:
        return None
    return firm.latitude, firm.longitude


def find(request: HttpRequest) -> HttpResponse:
    """Agencies by distance and score, as a list and on a map."""
    user = person(request)
    need(user, powers.MANAGE_ENTERPRISE, powers.SUPERVISE, powers.MANAGE_ASSOCIATION)
    firm = _seeker(request)
    at = _place(firm)
    kind = request.GET.get("kind", "") if request.GET.get("kind") in Kind.values else ""
    km = number(request.GET.get("km")) if at else None
    region = request.GET.get("region", "") if number(request.GET.get("region")) else ""
    order = "score" if request.GET.get("order") == "score" or not at else "near"
    agencies = Agency.objects.visible_to(user).active()
    rows = find_agencies(agencies, at=at, km=km if km in RADII else None, kind=kind, region=region, order=order)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    known = with_counts(agencies).in_bulk([near.agency_id for near in page])
    cards = [(near, known[near.agency_id]) for near in page if near.agency_id in known]
    places = ServicePoint.objects.filter(agency__in=agencies).values_list("region_code", flat=True).distinct()
    codes = sorted({code[:6] for code in places})
    marks = [
        {"n": page.start_index() + n, "name": str(agency), "at": [near.latitude, near.longitude], "url": str(agency.pk)}
        for n, (near, agency) in enumerate(cards)
        if near.latitude is not None
    ]
    context = {
        "firm": firm, "at": at, "cards": cards, "page": page, "kinds": Kind.choices, "kind": kind, "radii": RADII, "km": km,
        "order": order, "region": region, "regions": Region.objects.filter(pk__in=codes).order_by("code"),
        "map": {"here": at, "marks": marks, "words": {"here": _("您的企业")}}, "filtered": bool(kind or km or region),
    }  # fmt: skip
    return render(request, "agencies/map.html", context)


def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One agency as others see it: what it does, where, by whom, and what firms said of it."""
    user = person(request)
    agency = get_object_or_404(with_counts(Agency.objects.visible_to(user)), pk=pk)
    firm = _seeker(request)
    at = _place(firm)
    points = [
        (point, distance_km(at, (point.latitude, point.longitude)) if at else None)
        for point in agency.points.order_by("pk")
    ]
    ratings = Rating.objects.visible_to(user).filter(service__agency=agency)
    rated = ratings.select_related("service__enterprise__organisation").order_by("-pk")[:10]
    between: dict[str, Any] = {}
    if firm is not None:
        asked = ServiceRequest.objects.visible_to(user).filter(agency=agency, state=ServiceRequest.State.OPEN).first()
        contract = (
            Contract.objects.visible_to(user)
            .filter(agency=agency, state__in=["offered", "accepted"])
            .order_by("-pk")
            .first()
        )
        between = {"asked": asked, "contract": contract}
    context = {
        "agency": agency, "firm": firm, "points": sorted(points, key=lambda row: row[1] or 0),
        "engineers": Engineer.objects.assignable().filter(agency=agency).order_by("name"), "ratings": rated,
        "score": scoring.score(_sum(agency), agency.ratings, agency.passed, agency.failed), "prior": scoring,
        "n_done": Service.objects.filter(agency=agency, state=Service.State.ACCEPTED).count(),
        "show_names": not user.may(powers.MANAGE_ENTERPRISE), **between,
    }  # fmt: skip
    return render(request, "agencies/detail.html", context)


def _sum(agency: Agency) -> float:
    """The sum of ratings behind the score that is kept, so that what is explained is what is shown."""
    shrunk = agency.score / scoring.recheck_factor(agency.passed, agency.failed)
    total = shrunk * (agency.ratings + scoring.PRIOR_COUNT) - scoring.PRIOR_MEAN * scoring.PRIOR_COUNT
    return min(5.0 * agency.ratings, max(float(agency.ratings), total))


def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """A firm asks this agency for services."""
    user = person(request)
    firm = own_firm(user)
    agency = get_object_or_404(Agency.objects.visible_to(user).active().select_related("organisation"), pk=pk)
    kind = request.GET.get("kind")
    form = AskForm(request.POST or None, initial={"kinds": [kind] if kind else [], "wanted_by": timezone.localdate()})
    if done(
        request,
        form,
        lambda said: ask_service(agency, firm, by=user, **said),
        _("需求已经发给机构，答复会进您的消息。"),
    ):
        return redirect("agencies:contracts")
    return render(request, "agencies/ask.html", {"form": form, "agency": agency, "firm": firm}, status=status_of(form))
