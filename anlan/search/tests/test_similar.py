"""Articles of other statutes that say much the same."""

import pytest
from django.test import Client

from anlan.law.models import Statute
from anlan.search.actions import index, index_many
from anlan.search.engine import engine
from anlan.search.similar import similar
from anlan.search.tests.conftest import ARTICLES, STATUTES, article, catch_up, statute

pytestmark = pytest.mark.usefixtures("law")


def found(statute_slug: str, ref: str) -> list[str]:
    return [row.document.key for row in similar(statute_slug, ref)]


@pytest.fixture(params=["tantivy", "postgres"])
def either(request: pytest.FixtureRequest, settings: pytest.FixtureRequest) -> None:
    if request.param == "postgres":
        settings.ANLAN_SEARCH_URL = "postgres:"  # type: ignore[attr-defined]
        engine().rebuild()
        catch_up()


def test_what_says_the_same_is_found_in_other_statutes_only(either: None) -> None:
    assert found("山川劳作法", "2") == ["云溪省劳作条例:2"]
    assert found("云溪省劳作条例", "2")[0].startswith("山川劳作法:")


def test_of_one_statute_the_closest_article_stands_alone(either: None) -> None:
    assert len(found("云溪省劳作条例", "2")) == 1


def test_what_nobody_else_says_and_what_is_not_here_have_no_like(either: None) -> None:
    assert found("山川劳作法", "4") == []
    assert found("山川劳作法", "400") == found("没有这部法", "1") == []


def test_a_text_no_longer_in_force_is_not_offered(either: None) -> None:
    index("article", article("云溪省劳作条例:2", ARTICLES["云溪省劳作条例:2"], state="repealed"))
    catch_up()
    assert found("山川劳作法", "2") == []


def test_the_page_of_an_article_fetches_them_and_without_script_they_have_a_page(client: Client) -> None:
    Statute.objects.create(slug="山川劳作法", title="中华人民共和国山川劳作法", short="山川劳作法", level="law")
    whole = client.get("/law/山川劳作法/2/similar/").content.decode()
    assert "云溪省劳作条例 第2条" in whole and "催告" in whole and "<html" in whole
    part = client.get("/law/山川劳作法/2/similar/", headers={"HX-Request": "true"}).content.decode()
    assert "云溪省劳作条例 第2条" in part and "<html" not in part
    assert "没有找到内容相近的条文" in client.get("/law/山川劳作法/4/similar/").content.decode()
    assert client.get("/law/没有这部法/4/similar/").status_code == 404


def test_it_is_kept_until_the_index_changes(client: Client) -> None:
    Statute.objects.create(slug="山川劳作法", title="中华人民共和国山川劳作法", short="山川劳作法", level="law")
    etag = client.get("/law/山川劳作法/2/similar/").headers["ETag"]
    assert client.get("/law/山川劳作法/2/similar/", headers={"If-None-Match": etag}).status_code == 304
    index_many("statute", [statute(next(iter(STATUTES)))])
    index("article", article("驮马通行规则:2", "驮马撞伤行人的，主人应当赔偿，不得拖延。"))
    assert client.get("/law/山川劳作法/2/similar/", headers={"If-None-Match": etag}).status_code == 200
