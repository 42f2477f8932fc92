"""What an agency says of itself: profile, service points, engineers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.accounts import powers
from anlan.agencies import scoring
from anlan.agencies.actions import add_point, close_engineer, edit_agency, remove_point, submit_engineer
from anlan.agencies.forms import PICTURES, EngineerForm, PointForm, ProfileForm, kept
from anlan.agencies.models import Agency, Engineer, Publication, Rating, ServicePoint
from anlan.agencies.queries import with_counts
from anlan.agencies.views.common import counties, done, need, person, status_of
from anlan.files.actions import serve


def _own(request: HttpRequest) -> Agency:
    """The agency that the user runs; 404 where there is none or it may not work."""
    user = person(request)
    need(user, powers.MANAGE_AGENCY)
    assert user.post is not None  # noqa: S101 (a power comes with a post)
    return get_object_or_404(with_counts(Agency.objects.visible_to(user)), pk=user.post.organisation_id)


def mine(request: HttpRequest) -> HttpResponse:
    """Everything the agency says of itself, and how it stands."""
    agency, user = _own(request), person(request)
    context = {
        "agency": agency, "points": agency.points.order_by("pk"),
        "engineers": Engineer.objects.visible_to(user).exclude(state=Engineer.State.CLOSED).order_by("state", "name"),
        "unanswered": Rating.objects.filter(service__agency=agency, answer="").select_related("service__enterprise__organisation").order_by("-pk")[:5],
        "publications": Publication.objects.visible_to(user).filter(partners__organisation_id=agency.pk, partners__agreed=None, state="asked"),
        "factor": scoring.recheck_factor(agency.passed, agency.failed),
    }  # fmt: skip
    return render(request, "agencies/mine.html", context)


def profile(request: HttpRequest) -> HttpResponse:
    """Change the profile."""
    agency, user = _own(request), person(request)
    first = {name: getattr(agency, name) for name in ProfileForm.base_fields}
    form = ProfileForm(request.POST or None, initial=first)
    if done(request, form, lambda said: edit_agency(agency, by=user, **said), _("机构资料已经保存。")):
        return redirect("agencies:mine")
    return render(request, "agencies/profile.html", {"form": form, "agency": agency}, status=status_of(form))


def point_new(request: HttpRequest) -> HttpResponse:
    """Add a service point."""
    agency, user = _own(request), person(request)
    regions = counties(agency.organisation.region_code[:2])
    form = PointForm(
        request.POST or None, regions=regions, initial={"region_code": agency.organisation.region_code[:6]}
    )
    if done(
        request, form, lambda said: add_point(agency, by=user, **said), _("服务点已经加上，企业可以在地图上看到。")
    ):
        return redirect("agencies:mine")
    return render(request, "agencies/point.html", {"form": form, "agency": agency}, status=status_of(form))


@require_POST
def point_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a service point."""
    agency = _own(request)
    point = get_object_or_404(ServicePoint.objects.select_related("agency__organisation"), pk=pk, agency=agency)
    remove_point(point, by=person(request))
    messages.success(request, _("服务点已经删去。"))
    return redirect("agencies:mine")


def engineer_new(request: HttpRequest) -> HttpResponse:
    """Present an engineer for verification."""
    agency, user = _own(request), person(request)
    form = EngineerForm(request.POST or None, request.FILES or None)

    def act(said: dict[str, Any]) -> None:
        picture = kept(said.pop("certificate"), ("agencies.engineer", ""), user.pk, PICTURES)
        submit_engineer(agency, by=user, certificate=picture, **said)

    if done(request, form, act, _("已经提交，县区核验后可以派去服务。")):
        return redirect("agencies:mine")
    return render(request, "agencies/engineer.html", {"form": form, "agency": agency}, status=status_of(form))


@require_POST
def engineer_close(request: HttpRequest, pk: int) -> HttpResponse:
    """An engineer has left the agency."""
    _own(request)
    user = person(request)
    engineer = get_object_or_404(Engineer.objects.visible_to(user).select_related("agency__organisation"), pk=pk)
    close_engineer(engineer, by=user)
    messages.success(request, _("%(who)s已经停用，未完成的服务要另派工程师。") % {"who": engineer})
    return redirect("agencies:mine")


def engineer_certificate(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The picture of a registration: for the agency itself and the county that verifies it."""
    user = person(request)
    need(user, powers.MANAGE_AGENCY, powers.MANAGE_AGENCIES)
    rows = Engineer.objects.visible_to(user).select_related("certificate", "agency__organisation")
    engineer = get_object_or_404(rows, pk=pk)
    if engineer.certificate is None or not (engineer.agency.can_manage(user) or engineer.agency.can_edit(user)):
        raise Http404
    return serve(request, engineer.certificate)
