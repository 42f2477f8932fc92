"""The index follows what was published, and comes back by itself."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from anlan.search.actions import index, unindex
from anlan.search.engine import Filters, engine
from anlan.search.learning import learnt
from anlan.search.models import Document, Learned, Posting
from anlan.search.tests.conftest import ARTICLES, article, catch_up, forget_everything, keys
from anlan.search.thesaurus import current
from anlan.search.understanding import understand


@pytest.fixture(autouse=True, params=["tantivy", "postgres"])
def _each_engine(request: pytest.FixtureRequest, settings: Any, _own_index: None) -> None:
    """Everything here holds for both engines."""
    if request.param == "postgres":
        settings.ANLAN_SEARCH_URL = "postgres:"
        forget_everything()


def found(query: str, **filters: object) -> list[str]:
    names = dict(Document.objects.values_list("pk", "key"))
    asked = understand(query, current())
    return [names[pk] for pk, _ in engine().candidates(asked, Filters(**filters), 50)]  # type: ignore[arg-type]


@pytest.mark.usefixtures("law")
def test_a_new_publication_is_found_after_following() -> None:
    assert "山川劳作法:7" not in found("采药")
    index("article", article("山川劳作法:7", "采药的人不得毁坏树根。"))
    assert catch_up() == 1
    assert found("采药")[0] == "山川劳作法:7"


@pytest.mark.usefixtures("law")
def test_what_was_changed_or_withdrawn_is_found_no_longer(settings: Any) -> None:
    index("article", article("山川劳作法:2", "雇主应当提供饮水。"))
    unindex("article", "山川劳作法:5")
    catch_up()
    assert "山川劳作法:2" in found("饮水")
    assert "山川劳作法:5" not in found("拖欠酬金")
    if settings.ANLAN_SEARCH_URL != "postgres:":  # there old terms lead to a changed text until the next full build
        assert "山川劳作法:2" not in found("拖欠酬金")


@pytest.mark.usefixtures("law")
def test_following_twice_takes_nothing_over() -> None:
    assert catch_up() == 0


@pytest.mark.usefixtures("law")
def test_a_lost_index_is_built_anew(settings: Any) -> None:
    if settings.ANLAN_SEARCH_URL == "postgres:":
        Learned.objects.filter(name="database").delete()
        Posting.objects.all().delete()
    else:
        shutil.rmtree(Path(settings.ANLAN_SEARCH_URL.removeprefix("tantivy:")))
    assert catch_up() == Document.objects.count()
    assert found("登崖")


@pytest.mark.usefixtures("law")
@pytest.mark.parametrize("module", ["tantivy", "database"])
def test_an_index_of_another_format_is_built_anew(monkeypatch: pytest.MonkeyPatch, settings: Any, module: str) -> None:
    monkeypatch.setattr(f"anlan.search.engine.{module}.FORMAT", 9999)
    used = "database" if settings.ANLAN_SEARCH_URL == "postgres:" else "tantivy"
    assert catch_up() == (Document.objects.count() if used == module else 0)
    assert found("登崖")


def test_nothing_breaks_before_the_first_build() -> None:
    assert found("登崖") == []


@pytest.mark.usefixtures("law")
def test_one_and_two_characters_find() -> None:
    assert "驮马通行规则:1" in found("灯")
    assert "山川劳作法:4" in found("登崖")


@pytest.mark.usefixtures("law")
def test_filters_hold() -> None:
    index("article", article("山川劳作法:8", "旧法所说的酬金。", state="repealed"))
    catch_up()
    assert set(found("酬金", kinds=("statute",))) <= {"山川劳作法", "云溪省劳作条例", "驮马通行规则"}
    assert set(found("酬金", levels=("local",))) == {"云溪省劳作条例:2"}
    assert "山川劳作法:8" not in found("酬金")
    assert found("酬金", states=("repealed",)) == ["山川劳作法:8"]


@pytest.mark.usefixtures("law")
def test_the_nation_stands_before_a_region() -> None:
    index("article", article("山川劳作法:9", "采石应当洒水。"))
    index("article", article("云溪省劳作条例:9", "采石应当洒水。"))
    catch_up()
    assert found("采石洒水")[:2] == ["山川劳作法:9", "云溪省劳作条例:9"]


@pytest.mark.usefixtures("law")
def test_the_statistics_know_rare_pairs_and_cited_statutes() -> None:
    index("article", article("驮马通行规则:3", "依照《山川劳作法》处理。"))
    catch_up()
    assert learnt().documents == len(ARTICLES) + 1
    assert learnt().cited("山川劳作法") > learnt().cited("驮马通行规则") == 0
    assert len(keys()) == len(ARTICLES) + 1
