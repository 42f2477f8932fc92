"""The list of firms with its filters, saved views and bulk actions; the map."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anlan.accounts.models import Organisation, SavedView, User
from anlan.enterprises.models import Enterprise, Export, FirmTag, Permit
from anlan.operations.demo.cast import Cast

LIST, MAP = "/enterprises/", "/enterprises/map/"
SignIn = Callable[[User], Client]


def many(count: int, place: str = "410105018G07", **values: Any) -> list[Enterprise]:
    made = []
    for n in range(count):
        organisation = Organisation.objects.create(kind="enterprise", name=f"众多{n:04d}厂", region_code=place)
        made.append(Enterprise.objects.create(organisation=organisation, industry="C3311", **values))
    return made


@pytest.mark.parametrize(
    ("query", "forge", "bakery"),
    [
        ("", True, True), ("section=C33", True, False), ("section=C3", True, True), ("has=dust", True, False),
        ("has=dust&has=chemicals", False, False), ("has=nonsense", True, True), ("code=none", False, True), ("verified=never", True, False),
        ("verified=old", False, True), ("verified=fresh", False, False), ("permit=expired", True, False), ("permit=30", True, True),
        ("permit=x", True, True), ("place=none", False, True), ("status=closed", False, False), ("q=9199", True, False),
        ("tag=999999", False, False), ("tag=²", True, True), ("ids=abc.²", True, True),
    ],
)  # fmt: skip
def test_conditions_choose(cast: Cast, sign_in: SignIn, query: str, forge: bool, bakery: bool) -> None:
    today = timezone.localdate()
    Enterprise.objects.filter(pk=cast.forge.pk).update(has_dust=True)
    Enterprise.objects.filter(pk=cast.bakery.pk).update(verified_at=timezone.now() - timedelta(days=400), latitude=None)
    Organisation.objects.filter(pk=cast.bakery.pk).update(credit_code=None)
    Permit.objects.create(enterprise_id=cast.forge.pk, name="一", until=today - timedelta(days=1))
    Permit.objects.create(enterprise_id=cast.bakery.pk, name="二", until=today + timedelta(days=20))
    rows = sign_in(cast.county).get(f"{LIST}?{query}").context["rows"]
    assert {row["firm"].pk for row in rows} == {
        pk for pk, shown in ((cast.forge.pk, forge), (cast.bakery.pk, bakery)) if shown
    }


def test_closed_firms_are_not_listed_unless_asked_for(cast: Cast, sign_in: SignIn) -> None:
    Enterprise.objects.filter(pk=cast.forge.pk).update(status="closed")
    client = sign_in(cast.county)
    assert cast.forge.name not in client.get(LIST).content.decode()
    assert cast.forge.name in client.get(f"{LIST}?status=any").content.decode()
    assert cast.forge.name not in client.get(MAP).content.decode()


def test_a_chip_leads_to_the_list_without_that_condition(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.county).get(f"{LIST}?has=dust&has=space&risk=red")
    chips = {chip.label: chip.without for chip in page.context["chips"]}
    assert chips["有可燃粉尘"] == "?risk=red&has=space"


def test_the_list_costs_the_same_queries_for_two_and_twenty(cast: Cast, sign_in: SignIn) -> None:
    client, costs = sign_in(cast.county), []
    client.get(LIST)
    for count in (2, 18):
        many(count)
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            client.get(f"{LIST}?section=C33&order=name")
        costs.append(len(queries))
    assert costs[0] == costs[1]
    assert costs[1] <= 15  # with nothing in the cache
    with CaptureQueriesContext(connection) as queries:
        client.get(f"{LIST}?section=C33&order=name")
    assert len(queries) < costs[1]


def test_views_are_saved_counted_renamed_and_deleted(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.county)
    client.post("/enterprises/views/save/", {"name": "红企业", "conditions": "?risk=red&page=3&evil=1"})
    view = SavedView.objects.get()
    assert (view.name, view.query) == ("红企业", "risk=red")
    assert client.post("/enterprises/views/save/", {"name": "红企业", "conditions": "?"}).status_code == 422
    assert client.post("/enterprises/views/save/", {"name": " ", "conditions": "?"}).status_code == 422
    fragment = client.get("/enterprises/views/")
    assert [saved.count for saved in fragment.context["views"]] == [1]
    client.post(f"/enterprises/views/{view.pk}/rename/", {"name": "重大"})
    assert sign_in(cast.town).post(f"/enterprises/views/{view.pk}/delete/").status_code == 404
    view.refresh_from_db()
    assert view.name == "重大"
    client.post(f"/enterprises/views/{view.pk}/delete/")
    assert not SavedView.objects.exists()


def test_ticked_firms_are_moved_and_labelled(cast: Cast, sign_in: SignIn) -> None:
    one, two, three = many(3)
    client = sign_in(cast.town)
    page = client.get(f"/enterprises/move/?ids={one.pk}.{two.pk}")
    assert "移动这 2 家" in page.content.decode()
    client.post(f"/enterprises/move/?ids={one.pk}.{two.pk}", {"to": "410105018G08", "because": "调整"})
    places = dict(Organisation.objects.filter(name__startswith="众多").values_list("pk", "region_code"))
    assert places == {one.pk: "410105018G08", two.pk: "410105018G08", three.pk: "410105018G07"}
    client.post(f"/enterprises/tag/?firms={one.pk}&firms={three.pk}", {"name": " 粉尘 ", "remove": "add"})
    tag = FirmTag.objects.get()
    assert (tag.name, tag.region_code, tag.enterprises.count()) == ("粉尘", "410105", 2)
    client.post(f"/enterprises/tag/?ids={one.pk}", {"name": "粉尘", "remove": "remove"})
    assert tag.enterprises.count() == 1


def test_a_place_outside_the_territory_is_no_choice(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.town).post(f"/enterprises/move/?ids={cast.forge.pk}", {"to": "410105019", "because": "试"})
    assert answer.status_code == 422
    assert Organisation.objects.get(pk=cast.forge.pk).region_code == "410105018G07"


def test_firms_outside_the_territory_are_not_chosen(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.town).get(f"/enterprises/move/?ids={cast.luoyang.pk}.{cast.bakery.pk}")
    assert "没有选中企业" in page.content.decode()


def test_an_export_of_ticked_firms_is_refused_when_it_would_lose_some(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.county)
    ids = ".".join(str(100_000 + n) for n in range(120))
    assert client.post("/enterprises/export/", {"conditions": f"?ids={ids}"}).status_code == 422
    assert client.post("/enterprises/export/", {"conditions": f"?ids={cast.forge.pk}"}).status_code == 302
    assert Export.objects.get().rows == 1


def test_few_firms_are_single_marks_and_many_are_cells(
    cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from anlan.enterprises.views import map as view

    client = sign_in(cast.county)
    few = client.get(f"{MAP}marks/?bbox=113,34,114.5,35.5").json()
    assert not few["gathered"]
    assert {one["properties"]["name"] for one in few["features"]} == {cast.forge.name, cast.bakery.name}
    monkeypatch.setattr(view, "MOST_MARKS", 5)
    many(9, latitude=34.8, longitude=113.7, risk="red")
    cells = client.get(f"{MAP}marks/?bbox=113,34,114.5,35.5").json()
    assert cells["gathered"]
    assert sum(one["properties"]["count"] for one in cells["features"]) == 11
    assert "red" in {one["properties"]["risk"] for one in cells["features"]}


@pytest.mark.parametrize("bbox", ["", "a,b,c,d", "1,2,3", "nan,nan,nan,nan", "114,34,113,35", "-999,0,999,1"])
def test_nonsense_bounds_mean_the_whole_world(cast: Cast, sign_in: SignIn, bbox: str) -> None:
    assert len(sign_in(cast.county).get(f"{MAP}marks/", {"bbox": bbox}).json()["features"]) == 2


def test_the_map_says_how_many_have_no_position(cast: Cast, sign_in: SignIn) -> None:
    many(3)
    page = sign_in(cast.county).get(MAP).content.decode()
    assert "3 家没有定位" in page
    assert cast.luoyang.name not in page
    assert sign_in(cast.boss).get(MAP).status_code == 404
