"""Grids (P-02): opened, renamed, closed, handed to another officer; every change leaves a trace."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from anlan.accounts import gridding
from anlan.accounts.actions import close_grid, open_grid, reassign_grid, rename_grid
from anlan.accounts.actions.grids import next_code
from anlan.accounts.gridding import firm_counts
from anlan.accounts.models import Organisation, Post, Region, RegionChange, User
from anlan.accounts.models.regions import inside
from anlan.audit.models import Record
from anlan.lib.codes import demo_phone
from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]
TOWN, SEVEN, EIGHT = "410105018", "410105018G07", "410105018G08"


def region(code: str) -> Region:
    return Region.objects.get(pk=code)


def firm(code: str, n: int) -> Organisation:
    return Organisation.objects.create(kind="enterprise", name=f"小厂{n}", region_code=code)


def test_a_new_grid_gets_the_next_code(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.town).post(
        "/grids/new/", {"parent": TOWN, "name": " 杨金路第 9  网格 ", "because": "企业多了"}
    )
    assert answer.status_code == 302 and answer["Location"] == "/grids/410105018G09/"
    grid = region("410105018G09")
    assert (grid.name, grid.full_name, grid.level) == (
        "杨金路第 9 网格",
        "河南省郑州市金水区杨金路街道杨金路第 9 网格",
        6,
    )
    change = RegionChange.objects.get()
    assert (change.kind, change.region_code, change.after, change.because, change.by) == (
        "open", TOWN, [["410105018G09", "杨金路第 9 网格"]], "企业多了", cast.town,
    )  # fmt: skip
    assert Record.objects.filter(verb="open_grid", region_code="410105018G09").exists()


def test_a_small_grid_extends_the_large_one_and_belongs_to_its_officer(cast: Cast) -> None:
    small = open_grid(region(SEVEN), "科源路", by=cast.town)
    assert small.pk == "410105018G0701" and small.is_small
    assert Region.objects.filter(inside(SEVEN, "code"), pk=small.pk).exists()
    assert not Region.objects.filter(inside(EIGHT, "code"), pk=small.pk).exists()
    assert Organisation.objects.visible_to(cast.grid).filter(pk=firm(small.pk, 1).pk).exists()
    with pytest.raises(Refused) as refused:
        open_grid(small, "再小", by=cast.town)
    assert refused.value.code == "too_deep"


def test_codes_are_never_used_again_and_run_out_with_words(cast: Cast) -> None:
    nine = open_grid(region(TOWN), "九", by=cast.town)
    close_grid(nine, by=cast.town)
    assert open_grid(region(TOWN), "十", by=cast.town).pk == "410105018G10"
    town = region(TOWN)
    Region.objects.bulk_create(
        Region(code=f"{TOWN}G{n:02d}", name=str(n), full_name=str(n), level=6, parent=town) for n in range(11, 100)
    )
    assert next_code(town) == f"{TOWN}G01"  # the gaps come last
    Region.objects.bulk_create(
        Region(code=f"{TOWN}G{n:02d}", name=str(n), full_name=str(n), level=6, parent=town) for n in range(1, 7)
    )
    with pytest.raises(Refused) as refused:
        open_grid(town, "第一百个", by=cast.town)
    assert refused.value.code == "codes_exhausted"


def test_two_grids_of_a_town_do_not_share_a_name(cast: Cast, sign_in: SignIn) -> None:
    client, form = sign_in(cast.town), {"parent": TOWN, "name": "新网格", "because": ""}
    assert client.post("/grids/new/", form).status_code == 302
    again = client.post("/grids/new/", form)
    assert again.status_code == 422 and "已经有一个网格叫" in again.content.decode()
    assert client.post("/grids/new/", form | {"name": " "}).status_code == 422
    assert Region.objects.filter(name="新网格").count() == 1


@pytest.mark.parametrize("who", ["grid", "province", "city", "boss", "worker"])
def test_without_the_power_nothing_is_divided(cast: Cast, sign_in: SignIn, who: str) -> None:
    client = sign_in(getattr(cast, who))
    for url in ("/grids/new/", f"/grids/{SEVEN}/rename/", f"/grids/{SEVEN}/officer/", f"/grids/{SEVEN}/close/"):
        assert client.post(url, {"parent": TOWN, "name": "x", "because": "y"}).status_code == 403, url
    with pytest.raises(Refused):
        rename_grid(region(SEVEN), "x", by=getattr(cast, who))


def test_another_county_finds_nothing(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.other_county)
    for url in (f"/grids/{SEVEN}/", f"/grids/{SEVEN}/rename/", f"/grids/{SEVEN}/officer/", f"/grids/new/?in={SEVEN}"):
        assert client.get(url).status_code == 404, url
    assert client.post(f"/grids/{SEVEN}/close/").status_code == 404
    assert "第 7 网格" not in client.get("/grids/").content.decode()
    with pytest.raises(Refused) as refused:
        open_grid(region(TOWN), "x", by=cast.other_county)
    assert refused.value.status == 404


def test_an_officer_sees_the_own_grid_only(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.grid)
    assert client.get(f"/grids/{SEVEN}/").status_code == 200
    assert client.get(f"/grids/{EIGHT}/").status_code == 404
    page = client.get("/grids/").content.decode()
    assert "第 7 网格" in page and "第 8 网格" not in page and "新建网格" not in page


@pytest.mark.parametrize("code", ["410105018G99", "nonsense", "410105", "0"])
def test_a_code_that_does_not_exist_is_not_found(cast: Cast, sign_in: SignIn, code: str) -> None:
    assert sign_in(cast.county).get(f"/grids/{code}/").status_code == 404


def test_renaming_keeps_the_code_and_the_old_name(cast: Cast, sign_in: SignIn) -> None:
    small = open_grid(region(SEVEN), "科源路", by=cast.town)
    answer = sign_in(cast.town).post(f"/grids/{SEVEN}/rename/", {"name": "杨金路东网格", "because": "方位更清楚"})
    assert answer.status_code == 302
    small.refresh_from_db()
    assert small.full_name.endswith("杨金路东网格科源路")
    change = RegionChange.objects.filter(kind="rename").get()
    assert (change.before, change.after) == ([[SEVEN, "杨金路第 7 网格"]], [[SEVEN, "杨金路东网格"]])
    assert "杨金路第 7 网格更名为杨金路东网格" in sign_in(cast.town).get(f"/grids/{SEVEN}/").content.decode()
    rename_grid(region(SEVEN), "杨金路东网格", by=cast.town)  # the same again is no change
    assert RegionChange.objects.filter(kind="rename").count() == 1


def test_a_town_is_not_renamed_or_closed(cast: Cast) -> None:
    for act in (
        lambda: rename_grid(region(TOWN), "x", by=cast.county),
        lambda: close_grid(region(TOWN), by=cast.county),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "not_a_grid"


def test_only_an_empty_grid_is_closed_and_its_officer_is_told(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.town)
    full = client.post(f"/grids/{SEVEN}/close/")
    assert full.status_code == 409 and "还有 1 家" in full.content.decode()
    assert client.post(f"/grids/{EIGHT}/close/").status_code == 302
    assert not region(EIGHT).is_open
    assert not Post.objects.open().filter(region_code=EIGHT).exists()
    assert User.objects.get(pk=cast.other_grid.pk).post is None
    assert Notice.objects.get(user=cast.other_grid).kind == "grid_closed"
    assert client.post(f"/grids/{EIGHT}/close/").status_code == 409
    assert client.post(f"/grids/{EIGHT}/rename/", {"name": "x"}).status_code == 422
    assert "已撤销" in client.get(f"/grids/{EIGHT}/").content.decode()
    assert "第 8 网格" in client.get("/grids/?state=closed").content.decode()


def test_whose_grid_was_closed_sees_nothing_any_more(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.other_grid)
    close_grid(region(EIGHT), by=cast.town)
    assert client.get(f"/grids/{EIGHT}/").status_code == 403
    assert client.get("/home/", follow=True).status_code == 200


def test_a_small_grid_keeps_the_large_one_open(cast: Cast) -> None:
    open_grid(region(EIGHT), "小", by=cast.town)
    with pytest.raises(Refused) as refused:
        close_grid(region(EIGHT), by=cast.town)
    assert refused.value.code == "has_grids"


def test_nothing_is_opened_in_what_was_closed(cast: Cast, sign_in: SignIn) -> None:
    close_grid(region(EIGHT), by=cast.town)
    with pytest.raises(Refused) as refused:
        open_grid(region(EIGHT), "小", by=cast.town)
    assert refused.value.code == "closed_region"
    assert sign_in(cast.town).get(f"/grids/new/?in={EIGHT}").status_code == 404


def test_a_new_officer_by_phone_replaces_the_old_one(cast: Cast, sign_in: SignIn) -> None:
    form = {"person": "", "name": "丁晓东", "phone": demo_phone(5301), "because": "刘海涛调走"}
    assert sign_in(cast.town).post(f"/grids/{SEVEN}/officer/", form).status_code == 302
    assert [post.user.name for post in Post.objects.officers([SEVEN])] == ["丁晓东"]
    assert User.objects.get(pk=cast.grid.pk).post is None
    change = RegionChange.objects.get(kind="reassign")
    assert (change.before, change.after) == ([[SEVEN, "刘海涛"]], [[SEVEN, "丁晓东"]])
    assert Notice.objects.filter(user=cast.grid, kind="grid_officer").count() == 1
    assert Notice.objects.filter(user__name="丁晓东", kind="grid_officer").count() == 1
    page = sign_in(cast.town).get(f"/grids/{SEVEN}/").content.decode()
    assert "刘海涛" in page and "换为" in page and "刘海涛调走" in page


def test_an_officer_of_the_town_takes_a_second_grid_beside_the_present_one(cast: Cast, sign_in: SignIn) -> None:
    form = {"person": str(cast.other_grid.pk), "name": "", "phone": "", "keep": "on", "because": "顶班"}
    assert sign_in(cast.town).post(f"/grids/{SEVEN}/officer/", form).status_code == 302
    assert [post.user.name for post in Post.objects.officers([SEVEN, EIGHT])] == ["刘海涛", "王鹏", "王鹏"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"because": ""}, "理由"),
        ({"phone": "123"}, "手机号应为 11 位数字"),
        ({"name": ""}, "请填写姓名"),
        ({"name": "刘海涛", "phone": "HOLDER"}, "已经有这个身份"),
        ({"person": "999999"}, "有效"),
    ],
)
def test_a_bad_choice_of_officer_is_explained_and_changes_nothing(
    cast: Cast, sign_in: SignIn, changes: dict[str, str], words: str
) -> None:
    form = {"person": "", "name": "丁晓东", "phone": demo_phone(5302), "because": "调整"} | changes
    form["phone"] = cast.grid.phone if form["phone"] == "HOLDER" else form["phone"]
    answer = sign_in(cast.town).post(f"/grids/{SEVEN}/officer/", form)
    assert answer.status_code == 422 and words in answer.content.decode()
    assert [post.user.name for post in Post.objects.officers([SEVEN])] == ["刘海涛"]


def test_an_officer_from_elsewhere_is_not_taken_over_by_number(cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        reassign_grid(region(SEVEN), by=cast.town, because="x", person=cast.other_county)
    assert refused.value.status == 404


def test_counts_are_counted_and_small_grids_count_for_the_large(cast: Cast, sign_in: SignIn) -> None:
    small = open_grid(region(SEVEN), "小", by=cast.town)
    firm(small.pk, 1), firm(small.pk, 2), firm(TOWN, 3), firm("410105019", 4)
    assert firm_counts([SEVEN, small.pk, EIGHT]) == {SEVEN: 3, small.pk: 2}
    page = sign_in(cast.town).get("/grids/").content.decode()
    assert "1 家企业还没有分到网格" in page and "3 家" in page


def test_the_list_is_filtered_by_town_and_name(cast: Cast, sign_in: SignIn) -> None:
    open_grid(region("410105019"), "丰庆路第 1 网格", by=cast.county)
    client = sign_in(cast.county)
    assert "丰庆路第 1 网格" in client.get("/grids/").content.decode()
    assert "丰庆路第 1 网格" not in client.get(f"/grids/?town={TOWN}").content.decode()
    fragment = client.get("/grids/?q=丰庆路", headers={"HX-Request": "true"}).content.decode()
    assert "丰庆路第 1 网格" in fragment and "第 7 网格" not in fragment and "<html" not in fragment
    assert "没有符合条件的网格" in client.get("/grids/?q=没有这个").content.decode()
    assert "这里还没有网格" in sign_in(cast.other_county).get("/grids/").content.decode()


def test_the_list_asks_the_same_for_many_as_for_few(cast: Cast, sign_in: SignIn) -> None:
    client, counts = sign_in(cast.county), []
    for start, end in ((0, 2), (2, 20)):
        for n in range(start, end):
            grid = open_grid(region(TOWN), f"测试{n}", by=cast.town)
            reassign_grid(grid, by=cast.town, because="新", phone=demo_phone(5400 + n), name=f"甲{n}")
        with CaptureQueriesContext(connection) as queries:
            client.get("/grids/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_history_of_a_grid_is_said_in_whole_sentences() -> None:
    seven, eight = ("G07", "East"), ("G08", "West")
    rows = {
        ("open", (), (seven,)): "New grid: East",
        ("rename", (seven,), (eight,)): "East renamed to West",
        ("split", (seven,), (seven, eight)): "East split into East, West",
        ("merge", (seven, eight), (seven,)): "East, West merged into East",
        ("close", (seven,), ()): "Close grid",
        ("reassign", (seven,), (eight,)): "Grid officer changed from East to West",
        ("reassign", (), (eight,)): "Grid officer: West",
    }
    with translation.override("en"):
        for (kind, before, after), words in rows.items():
            assert gridding.say(RegionChange(kind=kind, before=list(before), after=list(after))) == words
