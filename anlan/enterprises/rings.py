"""Rings that people draw on a map: reading them, and what a grid keeps of them."""

from __future__ import annotations

import json
import math
from typing import Any, Final

MOST_CORNERS: Final = 200
MOST_RINGS: Final = 20
Place = tuple[float, float]
Geometry = dict[str, Any]


def read_rings(text: str) -> Geometry | None:
    """GeoJSON (RFC 7946: longitude first, the first corner again at the end) of rings that came as JSON lists of
    [latitude, longitude]; None when nothing was drawn or it is no list of rings. To six decimals: a hand's breadth."""
    if not text or len(text) > MOST_RINGS * MOST_CORNERS * 48:
        return None
    try:
        rings = [[_place(corner) for corner in ring] for ring in json.loads(text)]
    except (RecursionError, TypeError, ValueError):
        return None
    if not rings or len(rings) > MOST_RINGS or not all(3 <= len(ring) <= MOST_CORNERS for ring in rings):
        return None
    closed = [[[lng, lat] for lat, lng in (*ring, ring[0])] for ring in rings]
    if len(closed) == 1:
        return {"type": "Polygon", "coordinates": closed}
    return {"type": "MultiPolygon", "coordinates": [[ring] for ring in closed]}


def _place(corner: Any) -> Place:
    lat, lng = corner
    if isinstance(lat, bool) or isinstance(lng, bool) or not math.isfinite(lat) or not math.isfinite(lng):
        raise ValueError
    if abs(lat) > 90 or abs(lng) > 180:
        raise ValueError
    return round(float(lat), 6), round(float(lng), 6)


def together(parts: list[Geometry | None]) -> Geometry | None:
    """The rings of several grids as one; None where one of them was never drawn: half a border is none."""
    if not parts or any(part is None for part in parts):
        return None
    found: list[Any] = []
    for part in parts:
        assert part is not None  # noqa: S101 (above)
        found += [part["coordinates"]] if part["type"] == "Polygon" else part["coordinates"]
    return (
        {"type": "Polygon", "coordinates": found[0]}
        if len(found) == 1
        else {"type": "MultiPolygon", "coordinates": found}
    )
