"""The official table of divisions, and the pages that look it up."""

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from anlan.accounts.actions import load_regions
from anlan.accounts.divisions import read_divisions
from anlan.accounts.models import Region, User
from anlan.audit.models import Record
from anlan.operations.demo.cast import Cast

pytestmark = pytest.mark.django_db
TABLE = settings.WEB_DIST / "regions"
needs_table = pytest.mark.skipif(not (TABLE / "streets.json").exists(), reason="anlan frontend has not run")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A small table: one province, one city, a county that answers to the province."""
    write(tmp_path, "杨金路街道")
    return tmp_path


def write(folder: Path, street: str, *, with_zone: bool = True) -> None:
    rows = {
        "provinces": [{"code": "41", "name": "河南省"}],
        "cities": [
            {"code": "4101", "name": "郑州市", "provinceCode": "41"},
            {"code": "4190", "name": "省直辖县级行政区划", "provinceCode": "41"},
        ],
        "areas": [
            {"code": "410105", "name": "金水区", "cityCode": "4101", "provinceCode": "41"},
            *(
                [{"code": "410171", "name": "郑州经济技术开发区", "cityCode": "4101", "provinceCode": "41"}]
                if with_zone
                else []
            ),
            {"code": "419001", "name": "济源市", "cityCode": "4190", "provinceCode": "41"},
        ],
        "streets": [
            {"code": "410105018", "name": street, "areaCode": "410105"},
            {"code": "419001001", "name": "济源市沁园街道", "areaCode": "419001"},
        ],
    }
    for name, content in rows.items():
        (folder / f"{name}.json").write_bytes(orjson.dumps(content))


@needs_table
def test_henan_is_whole() -> None:
    levels = load_regions(TABLE, "41").levels
    assert levels == {1: 1, 2: 18, 3: 181, 4: 2586}
    assert Region.objects.count() == 2786
    names = {
        code: Region.objects.get(pk=code).full_name for code in ("410105018", "410171", "410472", "419001", "419001001")
    }
    assert names == {
        "410105018": "河南省郑州市金水区杨金路街道",
        "410171": "河南省郑州市郑州经济技术开发区",
        "410472": "河南省平顶山市城乡一体化示范区",
        "419001": "河南省济源市",
        "419001001": "河南省济源市沁园街道",
    }


@needs_table
def test_every_province_can_be_read_and_every_code_extends_its_parent() -> None:
    rows = read_divisions(TABLE)
    assert len({row.code for row in rows}) == len(rows) > 44_000
    assert all(row.code.startswith(row.parent) for row in rows)
    assert all(len(row.full_name) <= 60 for row in rows)
    assert not [
        row.full_name for row in rows if row.level >= 3 and ("市辖区" in row.full_name or "直辖县级" in row.full_name)
    ]


def test_loading_again_changes_nothing(table: Path) -> None:
    first = load_regions(table, "41")
    again = load_regions(table, "41")
    assert (first.created, again.created, again.changed, again.closed) == (8, 0, 0, 0)
    assert Record.objects.filter(verb="load_regions").count() == 1


def test_renames_update_and_grids_stay_and_follow(table: Path) -> None:
    load_regions(table, "41")
    Region.objects.create(pk="410105018G07", name="第 7 网格", full_name="", level=6, parent_id="410105018")
    write(table, "杨金街道")
    loaded = load_regions(table, "41")
    assert (loaded.created, loaded.changed, loaded.closed) == (0, 1, 0)
    assert Region.objects.get(pk="410105018").name == "杨金街道"
    grid = Region.objects.get(pk="410105018G07")
    assert (grid.full_name, grid.closed_on) == ("河南省郑州市金水区杨金街道第 7 网格", None)


def test_what_vanished_is_closed_and_opens_again_when_it_returns(table: Path) -> None:
    load_regions(table, "41")
    write(table, "杨金路街道", with_zone=False)
    assert load_regions(table, "41").closed == 1
    assert Region.objects.get(pk="410171").closed_on is not None
    write(table, "杨金路街道")
    assert load_regions(table, "41").changed == 1
    assert Region.objects.get(pk="410171").closed_on is None


def test_other_provinces_are_left_alone(table: Path) -> None:
    Region.objects.create(pk="42", name="湖北省", full_name="湖北省", level=1)
    load_regions(table, "41")
    assert Region.objects.get(pk="42").closed_on is None


def test_the_command_refuses_what_is_no_province(table: Path) -> None:
    for province in ("4101", "xx", "99"):
        with pytest.raises(CommandError):
            call_command("regions", "load", province)


def test_regions_are_found_by_name_inside_ones_territory(cast: Cast, sign_in: Callable[[User], Client]) -> None:
    client = sign_in(cast.county)
    page = client.get("/regions/", {"q": "郑州 杨金"}).content.decode()
    assert "河南省郑州市金水区杨金路街道" in page
    assert (
        "王城路"
        not in client.get("/regions/", {"q": "王城路"}).content.decode().split("<main")[1].split('id="regions"')[1]
    )
    assert "王城路街道" in sign_in(cast.province).get("/regions/", {"q": "王城路"}).content.decode()


def test_a_region_outside_does_not_exist(cast: Cast, sign_in: Callable[[User], Client]) -> None:
    assert sign_in(cast.county).get("/regions/", {"in": "410303"}).status_code == 404
    assert sign_in(cast.county).get("/regions/", {"in": "410105"}).status_code == 200


def test_the_picker_offers_radios(cast: Cast, sign_in: Callable[[User], Client]) -> None:
    fragment = sign_in(cast.city).get(
        "/regions/", {"q": "杨金路街道", "pick": "region_code", "level": "4"}, headers={"HX-Request": "true"}
    )
    assert 'name="region_code" value="410105018" checked' in fragment.content.decode()
    assert "<html" not in fragment.content.decode()


def test_looking_asks_the_same_for_many_as_for_few(cast: Cast, sign_in: Callable[[User], Client]) -> None:
    client = sign_in(cast.province)
    counts = []
    for n in (2, 20):
        for i in range(n):
            Region.objects.get_or_create(
                pk=f"41030310{i:02d}"[:9] + str(i),
                defaults={"name": f"街道{i}", "full_name": f"街道{i}", "level": 4, "parent_id": "410303"},
            )
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get("/regions/", {"q": "街道"})
        counts.append(len(queries))
    assert counts[0] == counts[1]
