"""The map of firms: a page that works without tiles, and its marks: single ones when few, cells with counts when many."""

from typing import Any, Final

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Avg, Count, F, Max, Min, Q
from django.db.models.functions import Floor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from anlan.accounts.models import Region
from anlan.accounts.models.regions import inside
from anlan.enterprises.conditions import Conditions
from anlan.enterprises.models import Enterprise
from anlan.enterprises.queries import around, trade_name
from anlan.enterprises.views.board import filters, regulator

MOST_MARKS: Final = 500
"""Single marks in one view; more become cells."""
CELLS_ACROSS: Final = 12
"""Cells from edge to edge of the view when marks are gathered."""
PER_PAGE: Final = 50
BOUNDS: Final = (-180.0, -90.0, 180.0, 90.0)
MOST_BORDERS: Final = 400
"""Grids of two towns: more lines than that are a thicket."""
CHINA: Final = (73.0, 18.0, 136.0, 54.0)


def _asked(request: HttpRequest) -> tuple[Any, Conditions, Any]:
    user = regulator(request)
    asked = Conditions.read(request.GET, user.post.region_code)
    return user, asked, asked.apply(Enterprise.objects.visible_to(user))


def page(request: HttpRequest) -> HttpResponse:
    """Filters, the map, and the same firms as a table for whoever does not see or use it."""
    user, asked, firms = _asked(request)
    region, children = around(asked.region)
    counts = firms.aggregate(
        all=Count("pk"), placed=Count("pk", filter=Q(latitude__isnull=False, longitude__isnull=False)),
        west=Min("longitude"), south=Min("latitude"), east=Max("longitude"), north=Max("latitude"),
    )  # fmt: skip
    placed = firms.filter(latitude__isnull=False, longitude__isnull=False).select_related("organisation")
    table = Paginator(placed.order_by("rank", "-headcount", "pk"), PER_PAGE)
    table.count = counts["placed"]
    context = filters(user, asked, region, children) | {
        "page": table.get_page(request.GET.get("page")), "placed": counts["placed"], "lost": counts["all"] - counts["placed"],
        "total": counts["all"], "lost_query": asked.query(place="none"), "conditions": asked.address,
        "bounds": _bounds(counts), "grids": _borders(asked.region), "tiles": settings.ANLAN_TILES_URL, "credit": settings.ANLAN_TILES_CREDIT,
    }  # fmt: skip
    return render(request, "enterprises/map.html", context)


def _borders(region: str) -> list[dict[str, Any]]:
    """The grids in view whose border somebody drew, as GeoJSON features."""
    drawn = Region.objects.open().filter(inside(region, "code"), boundary__isnull=False).order_by("code")
    return [
        {"type": "Feature", "geometry": border, "properties": {"name": name}}
        for name, border in drawn.values_list("name", "boundary")[:MOST_BORDERS]
    ]


def _bounds(counts: dict[str, Any]) -> str:
    """What the map shows first: all firms with a little room around; the country when none has a position."""
    if counts["west"] is None or counts["south"] is None:
        return ",".join(map(str, CHINA))
    room = max(0.01, 0.05 * max(counts["east"] - counts["west"], counts["north"] - counts["south"]))
    west, south = counts["west"] - room, counts["south"] - room
    return f"{west:.5f},{south:.5f},{counts['east'] + room:.5f},{counts['north'] + room:.5f}"


def marks(request: HttpRequest) -> JsonResponse:
    """GeoJSON of the firms inside `bbox` (west,south,east,north): up to 500 points, else cells with counts by risk."""
    _user, _asked_for, firms = _asked(request)
    west, south, east, north = _bbox(request.GET.get("bbox", ""))
    inside = firms.filter(latitude__gte=south, latitude__lte=north, longitude__gte=west, longitude__lte=east)
    points = list(
        inside.order_by("rank", "pk").values_list(
            "pk", "organisation__name", "longitude", "latitude", "risk", "industry", "address", "headcount"
        )[: MOST_MARKS + 1]
    )
    if len(points) <= MOST_MARKS:
        features = [_point(*row) for row in points]
        return _collection(features, gathered=False)
    size = max(east - west, north - south) / CELLS_ACROSS
    cells = (
        inside.order_by()
        .annotate(x=Floor((F("longitude") - west) / size), y=Floor((F("latitude") - south) / size))
        .values_list("x", "y")
        .annotate(
            n=Count("pk"), lon=Avg("longitude"), lat=Avg("latitude"), worst=Min("rank"),
            w=Min("longitude"), s=Min("latitude"), e=Max("longitude"), t=Max("latitude"),
        )
    )  # fmt: skip
    return _collection([_cell(*row[2:]) for row in cells], gathered=True)


def _bbox(text: str) -> tuple[float, float, float, float]:
    """Four numbers inside the world, west before east; anything else is the whole world."""
    try:
        west, south, east, north = (float(part) for part in text.split(",", 3))
    except ValueError:
        return BOUNDS
    sane = BOUNDS[0] <= west < east <= BOUNDS[2] and BOUNDS[1] <= south < north <= BOUNDS[3]  # also refuses NaN
    return (west, south, east, north) if sane else BOUNDS


def _point(
    pk: int, name: str, longitude: float, latitude: float, risk: str, industry: str, address: str, headcount: int
) -> dict[str, Any]:
    properties = {
        "name": name, "risk": risk, "grade": str(dict(Enterprise.Risk.choices)[risk]), "trade": trade_name(industry),
        "address": address, "people": _("%(n)d 人") % {"n": headcount} if headcount else "",
        "url": reverse("enterprises:detail", args=[pk]),
    }  # fmt: skip
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [longitude, latitude]},
        "properties": properties,
    }


def _cell(
    n: int, longitude: float, latitude: float, worst: int, west: float, south: float, east: float, north: float
) -> dict[str, Any]:
    risk = ("red", "orange", "yellow", "blue")[worst]
    properties = {
        "count": n, "risk": risk, "grade": str(dict(Enterprise.Risk.choices)[risk]), "bounds": [[south, west], [north, east]],
    }  # fmt: skip
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [longitude, latitude]},
        "properties": properties,
    }


def _collection(features: list[dict[str, Any]], *, gathered: bool) -> JsonResponse:
    return JsonResponse({"type": "FeatureCollection", "gathered": gathered, "features": features})
