"""Distances on the map: enough for finding who is near, in kilometres."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from typing import Final

from django.db.models import Q

EARTH_KM: Final = 6371.0088
"""Mean radius of the earth (IUGG)."""
KM_PER_DEGREE: Final = 111.0
"""A little less than a degree of latitude, so that the box is never too small."""


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the great-circle distance between two (latitude, longitude) pairs in degrees (haversine formula)."""
    (lat1, lon1), (lat2, lon2) = (tuple(map(radians, a)), tuple(map(radians, b)))
    h = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(h)))


def within_box(centre: tuple[float, float], km: float) -> Q:
    """Rows whose `latitude` and `longitude` lie in a box that holds every place within `km` of the centre.

    A range test that an index serves; the true distance is computed of what is left.
    """
    lat, lon = centre
    tall = km / KM_PER_DEGREE
    wide = km / (KM_PER_DEGREE * max(0.05, cos(radians(min(89.0, abs(lat) + tall)))))
    return Q(latitude__range=(lat - tall, lat + tall), longitude__range=(lon - wide, lon + wide))
