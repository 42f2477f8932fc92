"""Splitting and merging grids: the firms move, the past stays, the officers are told."""

import json
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils.html import escape

from anlan.accounts.actions import open_grid
from anlan.accounts.models import Organisation, Post, Region, RegionChange, User
from anlan.audit.models import Record
from anlan.enterprises.actions.grids import firms_in, merge_grids, split_grid
from anlan.enterprises.models import Enterprise, Placement
from anlan.enterprises.rings import read_rings
from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]
TOWN, SEVEN, EIGHT = "410105018", "410105018G07", "410105018G08"


def region(code: str) -> Region:
    return Region.objects.get(pk=code)


def lay(code: str, n: int, street: str = "东三街") -> list[Enterprise]:
    return [
        Enterprise.objects.create(
            organisation=Organisation.objects.create(kind="enterprise", name=f"小厂{code[-2:]}-{i}", region_code=code),
            industry="C3311", address=f"{street} {i} 号",
        )
        for i in range(n)
    ]  # fmt: skip


def where(firm: Enterprise) -> str:
    return Organisation.objects.get(pk=firm.pk).region_code


def test_chosen_firms_go_to_the_new_grids_and_the_rest_stays(cast: Cast, sign_in: SignIn) -> None:
    one, two, three = lay(SEVEN, 3)
    client = sign_in(cast.town)
    form = {
        "name": ["东网格", "西网格"],
        f"to{one.pk}": "1",
        f"to{two.pk}": "2",
        f"to{three.pk}": "",
        "because": "太大",
    }
    answer = client.post(f"/grids/{SEVEN}/split/", form)
    assert answer.status_code == 302 and answer["Location"] == "/grids/410105018G09/"
    assert [where(firm) for firm in (one, two, three)] == ["410105018G09", "410105018G10", SEVEN]
    assert list(Placement.objects.filter(enterprise=one).order_by("pk").values_list("region_code", flat=True)) == [
        SEVEN,
        "410105018G09",
    ]
    change = RegionChange.objects.get(kind="split")
    assert [row[0] for row in change.before] == [SEVEN]
    assert [row[0] for row in change.after] == [SEVEN, "410105018G09", "410105018G10"]
    assert Record.objects.filter(verb="split_grid").count() == 1
    page = client.get("/grids/410105018G09/").content.decode()
    assert "拆分为" in page and "还没有人负责" in page


RING = [[34.8, 113.6], [34.8, 113.7], [34.9, 113.7]]
BORDER = {"type": "Polygon", "coordinates": [[[113.6, 34.8], [113.7, 34.8], [113.7, 34.9], [113.6, 34.8]]]}


def test_the_ring_drawn_around_the_firms_becomes_the_border_and_shows_on_the_map(cast: Cast, sign_in: SignIn) -> None:
    one, _two = lay(SEVEN, 2)
    Enterprise.objects.filter(pk=one.pk).update(latitude=34.82, longitude=113.68)
    client, form = sign_in(cast.town), {"name": "东网格", f"to{one.pk}": "1", "ring1": json.dumps([RING])}
    refused = client.post(f"/grids/{SEVEN}/split/", form)  # no reason yet: what was drawn is kept on the page
    assert refused.status_code == 422 and escape(form["ring1"]) in refused.content.decode()
    Region.objects.filter(pk=SEVEN).update(boundary=BORDER)
    assert client.post(f"/grids/{SEVEN}/split/", form | {"because": "太大"}).status_code == 302
    assert region("410105018G09").boundary == BORDER
    assert region(SEVEN).boundary is None  # it does not reach so far any more
    features = client.get("/enterprises/map/").context["grids"]
    assert [(one["properties"]["name"], one["geometry"]) for one in features] == [("东网格", BORDER)]
    assert sign_in(cast.other_county).get("/enterprises/map/").context["grids"] == []


def test_merged_grids_keep_their_borders_together_or_none(cast: Cast) -> None:
    Region.objects.filter(pk__in=[SEVEN, EIGHT]).update(boundary=BORDER)
    small = open_grid(region(SEVEN), "小", by=cast.town)
    merge_grids(region(SEVEN), [small], by=cast.town, because="小网格撤回")
    assert region(SEVEN).boundary == BORDER  # it lay inside
    merge_grids(region(SEVEN), [region(EIGHT)], by=cast.town, because="企业少")
    assert region(SEVEN).boundary == {"type": "MultiPolygon", "coordinates": [BORDER["coordinates"]] * 2}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "x", "[[[1,2],[3,4]]]", "[[[1,2],[3,4],[91,0]]]", '[[[1,2],[3,4],["5",6]]]', "[[[1,2],[3,4],[NaN,6]]]",
     "[[[true,2],[3,4],[5,6]]]", "[" * 5000, "7", "[[[1,2,3],[3,4],[5,6]]]"],
)  # fmt: skip
def test_what_is_no_ring_is_no_border(text: str) -> None:
    assert read_rings(text) is None


def test_what_was_chosen_is_kept_while_one_looks_for_others(cast: Cast, sign_in: SignIn) -> None:
    east, west = lay(SEVEN, 1)[0], lay(SEVEN, 1, "西五路")[0]
    client = sign_in(cast.town)
    form = {"name": ["东网格"], f"to{east.pk}": "1", "q": "西五路", "find": "1", "because": "太大"}
    page = client.post(f"/grids/{SEVEN}/split/", form).content.decode()
    assert f'name="to{east.pk}" value="1"' in page and "另有 1 家" in page and f'id="to{west.pk}"' in page
    assert "太大" in page and 'value="东网格"' in page
    assert where(east) == SEVEN
    more = client.post(f"/grids/{SEVEN}/split/", form | {"more": "1"}).content.decode()
    assert 'id="name2"' in more


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"because": " "}, "请写明理由"),
        ({"name": [""]}, "请填写网格的名称"),
        ({"name": ["杨金路第 8 网格"]}, "已经有一个网格叫"),
        ({"to": "none"}, "没有企业要划入"),
        ({"to": "all"}, "一家企业也不剩"),
        ({"to": "9"}, "没有企业要划入"),
    ],
)
def test_a_bad_split_changes_nothing_and_says_why(
    cast: Cast, sign_in: SignIn, changes: dict[str, object], words: str
) -> None:
    firms = [*lay(SEVEN, 2), Enterprise.objects.get(pk=cast.forge.pk)]
    form: dict[str, object] = {"name": ["东网格"], "because": "太大", f"to{firms[0].pk}": "1"}
    to = changes.pop("to", None)
    if to == "none":
        form.pop(f"to{firms[0].pk}")
    elif to == "9":
        form[f"to{firms[0].pk}"] = "9"
    elif to == "all":
        form |= {f"to{firm.pk}": "1" for firm in firms}
    answer = sign_in(cast.town).post(f"/grids/{SEVEN}/split/", form | changes)
    assert answer.status_code == 422 and words in answer.content.decode()
    assert all(where(firm) == SEVEN for firm in firms)
    assert not RegionChange.objects.exists() and Region.objects.filter(parent=TOWN).count() == 2


def test_a_firm_of_another_grid_is_not_pulled_in_by_number(cast: Cast, sign_in: SignIn) -> None:
    mine, other = lay(SEVEN, 1)[0], lay(EIGHT, 1)[0]
    form = {"name": ["东网格"], "because": "太大", f"to{mine.pk}": "1", f"to{other.pk}": "1"}
    assert sign_in(cast.town).post(f"/grids/{SEVEN}/split/", form).status_code == 302
    assert where(other) == EIGHT


def test_firms_that_were_not_listed_go_together(cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anlan.enterprises.views.grids.LISTED", 2)
    firms = lay(SEVEN, 5)
    page = sign_in(cast.town).get(f"/grids/{SEVEN}/split/?q=东三街").content.decode()
    assert page.count("<select") == 3 and "没有列出的企业" in page
    form = {"name": ["东网格"], "because": "太大", "q": "东三街", "rest": "1", f"to{firms[0].pk}": "1"}
    assert sign_in(cast.town).post(f"/grids/{SEVEN}/split/", form).status_code == 302
    # the second listed firm had the choice to stay, and stayed out of the search's rest only if it was listed
    assert firms_in(region("410105018G09")).count() == 5
    assert where(Enterprise.objects.get(pk=cast.forge.pk)) == SEVEN


def test_merging_moves_the_firms_closes_the_grids_and_tells_the_officers(cast: Cast, sign_in: SignIn) -> None:
    firms = lay(EIGHT, 2)
    small = open_grid(region(EIGHT), "小", by=cast.town)
    firms += lay(small.pk, 1)
    answer = sign_in(cast.town).post(f"/grids/{SEVEN}/merge/", {"other": [EIGHT], "because": "企业少"})
    assert answer.status_code == 302
    assert {where(firm) for firm in firms} == {SEVEN}
    assert not region(EIGHT).is_open and not region(small.pk).is_open and region(SEVEN).is_open
    assert User.objects.get(pk=cast.other_grid.pk).post is None
    assert Post.objects.officers([SEVEN]).exists()
    assert Notice.objects.filter(user=cast.other_grid, kind="grid_closed").count() == 1
    change = RegionChange.objects.get(kind="merge")
    assert [row[0] for row in change.before] == [SEVEN, EIGHT] and [row[0] for row in change.after] == [SEVEN]
    page = sign_in(cast.town).get(f"/grids/{EIGHT}/").content.decode()
    assert "已撤销" in page and "合并为" in page
    assert sign_in(cast.other_grid).get(f"/grids/{EIGHT}/").status_code == 403


def test_a_merged_grid_takes_no_firms_and_is_not_merged_again(cast: Cast, sign_in: SignIn) -> None:
    merge_grids(region(SEVEN), [region(EIGHT)], by=cast.town, because="企业少")
    for act in (
        lambda: merge_grids(region(SEVEN), [region(EIGHT)], by=cast.town, because="x"),
        lambda: merge_grids(region(EIGHT), [region(SEVEN)], by=cast.town, because="x"),
        lambda: split_grid(region(EIGHT), [("x", Enterprise.objects.all(), None)], by=cast.town, because="x"),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "closed_region"
    answer = sign_in(cast.town).post(f"/grids/{SEVEN}/merge/", {"other": [EIGHT], "because": "再来"})
    assert answer.status_code == 422


def test_merging_stays_within_a_town_and_does_not_eat_itself(cast: Cast) -> None:
    far = open_grid(region("410105019"), "丰庆", by=cast.county)
    small = open_grid(region(SEVEN), "小", by=cast.town)
    with pytest.raises(Refused) as refused:
        merge_grids(region(SEVEN), [far], by=cast.county, because="x")
    assert refused.value.code == "not_one_town"
    with pytest.raises(Refused) as refused:
        merge_grids(small, [region(SEVEN)], by=cast.county, because="x")
    assert refused.value.code == "holds_it"
    with pytest.raises(Refused) as refused:
        merge_grids(region(SEVEN), [], by=cast.county, because="x")
    assert refused.value.code == "no_grids"
    with pytest.raises(Refused) as refused:
        merge_grids(region(SEVEN), [small], by=cast.county, because="")
    assert refused.value.code == "no_reason"
    assert merge_grids(region(SEVEN), [small], by=cast.county, because="小网格撤回") == 0


@pytest.mark.parametrize(("who", "status"), [("grid", 403), ("city", 403), ("boss", 403), ("other_county", 404)])
def test_outsiders_neither_split_nor_merge(cast: Cast, sign_in: SignIn, who: str, status: int) -> None:
    client = sign_in(getattr(cast, who))
    for page in ("split", "merge"):
        assert client.get(f"/grids/{SEVEN}/{page}/").status_code == status
        assert client.post(f"/grids/{SEVEN}/{page}/", {"other": [EIGHT], "because": "x"}).status_code == status
    assert region(EIGHT).is_open
