"""Agencies by distance and score; distances that a person could check on a map."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from anlan.accounts.models import Organisation, User
from anlan.agencies.geo import distance_km, within_box
from anlan.agencies.models import Agency, ServicePoint
from anlan.agencies.queries import find_agencies
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]
HERE = (34.83, 113.72)
latitudes, longitudes = st.floats(20, 50), st.floats(80, 130)


def test_zhengzhou_to_luoyang_is_about_110_kilometres() -> None:
    assert 105 < distance_km((34.7466, 113.6254), (34.6197, 112.4540)) < 112


@given(latitudes, longitudes, latitudes, longitudes)
def test_distance_is_symmetric_and_zero_only_at_home(a: float, b: float, c: float, d: float) -> None:
    assert distance_km((a, b), (c, d)) == pytest.approx(distance_km((c, d), (a, b)))
    assert distance_km((a, b), (a, b)) == 0


@given(latitudes, longitudes, st.floats(1, 100), st.floats(-1, 1), st.floats(-1, 1))
def test_the_box_holds_whatever_lies_within(lat: float, lon: float, km: float, dy: float, dx: float) -> None:
    place = (lat + dy, lon + dx)
    bounds = dict(within_box((lat, lon), km).children)  # type: ignore[arg-type]
    inside_box = all(low <= value <= high for value, (low, high) in zip(place, bounds.values(), strict=True))
    assert inside_box or distance_km((lat, lon), place) > km


def lay(
    n: int, *, score: float = 3.5, state: str = "active", kinds: tuple[str, ...] = ("risk",), km: float | None = None
) -> Agency:
    """An agency so many kilometres to the north of HERE."""
    organisation = Organisation.objects.create(kind="agency", name=f"机构{n}", region_code="410105", is_demo=True)
    agency = Agency.objects.create(organisation=organisation, state=state, kinds=list(kinds), score=score)
    if km is not None:
        ServicePoint.objects.create(
            agency=agency,
            name=f"点{n}",
            address="路",
            latitude=HERE[0] + km / 111.19,
            longitude=HERE[1],
            region_code="410102",
        )
    return agency


@pytest.mark.django_db
def test_the_nearest_point_counts_and_the_list_is_ordered() -> None:
    near, far, best = lay(1, km=2), lay(2, km=40), lay(3, km=20, score=4.8)
    ServicePoint.objects.create(
        agency=far, name="近点", address="路", latitude=HERE[0] + 0.009, longitude=HERE[1], region_code="410102"
    )
    nowhere = lay(4)
    order = [row.agency_id for row in find_agencies(Agency.objects.all(), at=HERE)]
    assert order == [far.pk, near.pk, best.pk, nowhere.pk]
    assert next(row.agency_id for row in find_agencies(Agency.objects.all(), at=HERE, order="score")) == best.pk
    assert [row.agency_id for row in find_agencies(Agency.objects.all(), at=HERE, km=10)] == [far.pk, near.pk]
    assert next(row.agency_id for row in find_agencies(Agency.objects.all(), at=None)) == best.pk


@pytest.mark.django_db
def test_kind_and_region_filter() -> None:
    risk, drill = lay(1, km=2), lay(2, km=3, kinds=("drill",))
    assert [row.agency_id for row in find_agencies(Agency.objects.all(), at=HERE, kind="drill")] == [drill.pk]
    assert {row.agency_id for row in find_agencies(Agency.objects.all(), at=HERE, region="410102")} == {
        risk.pk,
        drill.pk,
    }
    assert find_agencies(Agency.objects.all(), at=HERE, region="410303") == []


@pytest.mark.django_db
def test_only_active_agencies_are_found(cast: Cast, sign_in: SignIn) -> None:
    hidden = lay(7, state="suspended", km=1)
    page = sign_in(cast.manager).get(reverse("agencies:map"))
    assert "机构7" not in page.content.decode()
    assert cast.anhe.name in page.content.decode()
    assert sign_in(cast.manager).get(reverse("agencies:detail", args=[hidden.pk])).status_code == 404


@pytest.mark.django_db
def test_strange_filters_do_not_break_the_page(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    for query in ("kind=x&km=abc&region=²&order=?", "km=999999999999999999999", "page=-1", "region=" + "9" * 40):
        assert client.get(reverse("agencies:map") + "?" + query).status_code == 200, query


@pytest.mark.django_db
def test_the_map_costs_the_same_for_two_and_twenty(cast: Cast, sign_in: SignIn) -> None:
    client, counts = sign_in(cast.manager), []
    for n in (2, 18):
        for i in range(n):
            lay(n * 100 + i, km=i + 1)
        client.get(reverse("agencies:map"))
        with CaptureQueriesContext(connection) as found:
            client.get(reverse("agencies:map"))
        counts.append(len(found))
    assert counts[0] == counts[1] <= 15
