"""The code at a firm's door: printing it, and what scanning it leads to."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse

from anlan.accounts import powers
from anlan.accounts.models import Region
from anlan.enterprises.door import firm_of as firm_by_token
from anlan.enterprises.door import token_of
from anlan.enterprises.models import Enterprise
from anlan.enterprises.pdf import Door, render_door
from anlan.enterprises.views.files import firm_of


def qr(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The sheet to hang at the door as PDF: A4, or A6 with `?size=a6`. The address on it never changes."""
    firm = firm_of(request, pk)
    path = reverse("enterprises:door", args=[token_of(firm.pk)])
    address = settings.ANLAN_PUBLIC_URL + path
    region = Region.objects.filter(pk=firm.organisation.region_code).first()
    door = Door(firm.organisation.name, region.full_name if region else "", address)
    size = "a6" if request.GET.get("size") == "a6" else "a4"
    answer = HttpResponse(render_door(door, size), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="qr-{token_of(firm.pk)}-{size}.pdf"'
    return answer


@login_not_required
def door(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever scans: officers are led to the firm's file, its managers to their own, the public to a name and 12350."""
    pk = firm_by_token(token)
    firm = Enterprise.objects.select_related("organisation", "merged_into").filter(pk=pk).first() if pk else None
    if firm is None:
        raise Http404
    if firm.merged_into is not None:  # the sheet on the wall outlives the merger
        firm = firm.merged_into
    user: Any = request.user
    if user.is_authenticated and Enterprise.objects.with_file_for(user).filter(pk=firm.pk).exists():
        if user.may(powers.INSPECT) and "file" not in request.GET:
            return _to_patrol(firm)
        return redirect("enterprises:detail", firm.pk)
    region = Region.objects.filter(pk=firm.organisation.region_code).select_related("parent").first()
    place = region.parent if region and region.level == Region.Level.GRID else region
    closed = firm.status == Enterprise.Status.CLOSED
    context = {"firm": firm, "place": place.full_name if place else "", "closed": closed}
    return render(request, "enterprises/door.html", context)


def _to_patrol(firm: Enterprise) -> HttpResponse:
    """To the patrol of this firm where that page is; else to its file."""
    try:
        return redirect(f"{reverse('hazards:patrol')}?firm={firm.pk}")
    except NoReverseMatch:
        return redirect("enterprises:detail", firm.pk)
