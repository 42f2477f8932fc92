"""Import into the library: versions in time, identity of articles, doubts, and runs that are killed."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from anlan.law.actions import importing
from anlan.law.actions.importing import run_import
from anlan.law.actions.naming import name_statutes
from anlan.law.actions.versions import changes
from anlan.law.models import Alias, Article, Import, Provision, Source, Statute, Version
from anlan.law.parsing import parse
from anlan.law.tests.made_up import LANTERN, LANTERN_2020, LAWS, PAPER, needs_laws, put
from anlan.search.models import Document

pytestmark = pytest.mark.django_db


def bring(root: Path) -> Import:
    """One import run."""
    return run_import(Import.objects.create(source=root.name), root)


def words(run: Import) -> str:
    return " ".join(row["words"] for row in run.report)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Both versions of the lantern law and the measure that it repeals."""
    return put(tmp_path, 社会法__灯笼安全法=LANTERN, 甲__灯笼安全法=LANTERN_2020, 部门规章__纸灯暂行办法=PAPER)


def test_two_versions_become_one_statute_in_time(library: Path) -> None:
    run = bring(library)
    assert (run.state, run.total, run.done, run.added, run.same) == ("done", 3, 3, 3, 0)
    statute = Statute.objects.get(short="灯笼安全法")
    new, old = statute.versions.in_order()
    assert (old.effective_on, old.ended_on, old.repealed) == (date(2010, 5, 1), date(2020, 6, 1), False)
    assert (new.effective_on, new.ended_on) == (date(2020, 6, 1), None)
    assert old.state_on(date(2015, 1, 1)) == Version.State.FORCE
    assert statute.slug == "灯笼安全法"


def test_what_a_later_text_repeals_ends_with_its_commencement(library: Path) -> None:
    bring(library)
    paper = Version.objects.get(statute__short="纸灯暂行办法")
    assert (paper.ended_on, paper.repealed) == (date(2010, 5, 1), True)
    assert paper.ended_words == "《灯笼安全法》第4条"


def test_articles_keep_their_identity_through_renumbering(library: Path) -> None:
    bring(library)
    old, new = Version.objects.filter(statute__short="灯笼安全法").order_by("adopted_on")
    before = dict(old.provisions.exclude(article=None).values_list("ref", "article"))
    after = dict(new.provisions.exclude(article=None).values_list("ref", "article"))
    assert {ref: next((n for n, a in after.items() if a == article), None) for ref, article in before.items()} == {
        "1": "1", "2": "3", "2-1": None, "3": "4", "4": "5",
    }  # fmt: skip
    # The number of an article is the one of the newest version that has it.
    assert Article.objects.get(pk=before["2"]).ref == "3"
    assert Article.objects.get(pk=before["2-1"]).ref == "2-1"


def test_identity_is_the_same_whichever_version_comes_first(tmp_path: Path) -> None:
    bring(put(tmp_path / "a", 甲__灯笼安全法=LANTERN_2020))
    ids = dict(Provision.objects.exclude(article=None).values_list("ref", "article"))
    bring(put(tmp_path / "b", 社会法__灯笼安全法=LANTERN))
    old = Version.objects.get(key="2010-03-01")
    assert dict(old.provisions.exclude(article=None).values_list("ref", "article"))["2"] == ids["3"]
    assert Article.objects.get(pk=ids["3"]).ref == "3"


def test_the_changes_between_two_versions_are_said_article_by_article(library: Path) -> None:
    bring(library)
    old, new = Version.objects.filter(statute__short="灯笼安全法").order_by("adopted_on")
    found = [(c.kind, c.old.ref if c.old else "", c.new.ref if c.new else "") for c in changes(old, new)]
    assert found == [
        ("changed", "1", "1"),
        ("added", "", "2"),
        ("moved", "2", "3"),
        ("removed", "2-1", ""),
        ("changed", "3", "4"),
        ("changed", "4", "5"),
    ]
    four = changes(old, new)[4]
    assert [(part.op, part.words) for part in four.parts if part.op != "equal"] == [("insert", "，系好安全带")]
    assert "".join(p.words for p in four.parts if p.op != "delete") == new.provisions.get(ref="4").text
    assert "".join(p.words for p in four.parts if p.op != "insert") == old.provisions.get(ref="3").text


def test_comparing_takes_two_queries(library: Path, django_assert_num_queries: Any) -> None:
    bring(library)
    old, new = Version.objects.filter(statute__short="灯笼安全法").order_by("adopted_on")
    with django_assert_num_queries(2):
        changes(old, new)


def test_a_second_import_adds_nothing(library: Path) -> None:
    bring(library)
    counts = [model.objects.count() for model in (Statute, Version, Provision, Article, Source, Document)]
    again = bring(library)
    assert (again.added, again.same) == (0, 3)
    assert [model.objects.count() for model in (Statute, Version, Provision, Article, Source, Document)] == counts


def test_a_run_that_is_killed_is_finished_by_the_next(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH", 1)
    stored = importing._Importer._store

    class Killed(BaseException):
        pass

    def store(self: Any, batch: Any) -> None:
        if Version.objects.count() == 2:
            raise Killed
        stored(self, batch)

    monkeypatch.setattr(importing._Importer, "_store", store)
    with pytest.raises(Killed):
        bring(library)
    assert not Document.objects.filter(kind="article").exists()
    monkeypatch.setattr(importing._Importer, "_store", stored)
    run = bring(library)
    assert (run.added, run.same) == (1, 2)
    assert Version.objects.count() == 3
    assert Document.objects.filter(kind="statute", gone=False).exclude(state="").count() == 2
    assert Version.objects.get(key="2010-03-01").ended_on == date(2020, 6, 1)


def test_the_same_text_in_two_collections_is_one_version(tmp_path: Path) -> None:
    run = bring(put(tmp_path, a__灯笼安全法=LANTERN, b__灯笼安全法=LANTERN.replace("第一条 ", "**第一条**　")))
    assert (run.added, run.same) == (1, 1)
    version = Version.objects.get()
    assert [source.agrees for source in version.sources.order_by("place")] == [True, True]
    assert version.doubts == []


def test_a_differing_copy_is_a_doubt_and_names_the_article(tmp_path: Path) -> None:
    run = bring(put(tmp_path, a__灯笼安全法=LANTERN, b__灯笼安全法=LANTERN.replace("三寸", "五寸")))
    assert (run.added, run.same) == (1, 1)
    assert "第 2 条" in Version.objects.get().doubts[0]
    assert Provision.objects.get(ref="2").text.endswith("三寸。")
    assert not Source.objects.get(place="b/灯笼安全法.md").agrees


def test_the_same_words_under_another_day_are_no_new_version(tmp_path: Path) -> None:
    bring(put(tmp_path, a__灯笼安全法=LANTERN, b__灯笼安全法=LANTERN.replace("2010年3月1日", "2010年3月2日")))
    assert Version.objects.count() == 1
    assert "日期不同" in Version.objects.get().doubts[0]


def test_a_corrected_file_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    bring(put(tmp_path, a__灯笼安全法=LANTERN))
    ids = dict(Provision.objects.exclude(article=None).values_list("ref", "article"))
    run = bring(put(tmp_path, a__灯笼安全法=LANTERN.replace("三寸", "五寸")))
    assert "更正" in words(run)
    assert Version.objects.count() == 1
    assert Provision.objects.get(ref="2").text.endswith("五寸。")
    assert dict(Provision.objects.exclude(article=None).values_list("ref", "article")) == ids


def test_files_that_are_no_statutes_are_left_out_and_listed(tmp_path: Path) -> None:
    run = bring(
        put(
            tmp_path,
            README="# 灯笼之家\n\n欢迎来玩。\n",
            _index="---\na: b\n---\n",
            案例__某案="# 灯笼掉落案\n\n## 基本案情\n\n灯掉了。\n",
            空="",
            灯笼安全法=LANTERN,
        )
    )
    assert (run.added, run.skipped) == (1, 4)
    assert "是案例" in words(run)


def test_a_file_in_an_unknown_encoding_or_no_word_file_at_all_is_a_line_of_the_report(tmp_path: Path) -> None:
    (tmp_path / "坏.md").write_bytes(b"\xff\xfe\x00\xd8\xff")
    (tmp_path / "假.docx").write_bytes(b"<html>not found</html>")
    run = bring(put(tmp_path, 灯笼安全法=LANTERN))
    assert (run.added, run.skipped) == (1, 2)
    assert "编码" in words(run)
    assert "docx" in words(run)


def test_volumes_with_one_cover_become_one_statute(tmp_path: Path) -> None:
    cover = "# 中华人民共和国灯法典\n\n2021年1月1日灯会通过\n"
    parts = {
        "灯法典__README": cover, "灯法典__00-附则": "# 附则\n\n**第三条**　本法自2021年2月1日起施行。\n",
        "灯法典__01-总则": "# 第一编　总则\n\n## 第一章　目的\n\n**第一条**　挂灯。\n", "灯法典__02-分则": "# 第二编　分则\n\n**第二条**　收灯。\n",
    }  # fmt: skip
    run = bring(put(tmp_path, **parts))
    assert run.added == 1
    version = Version.objects.get()
    rows = list(version.provisions.order_by("position").values_list("kind", "ref", "parents"))
    assert rows == [
        ("part", "", ""), ("chapter", "", "第一编 总则"), ("article", "1", "第一编 总则 › 第一章 目的"), ("part", "", ""),
        ("article", "2", "第二编 分则"), ("part", "", ""), ("article", "3", "附则"),
    ]  # fmt: skip
    assert version.effective_on == date(2021, 2, 1)


def test_a_source_that_says_repealed_is_believed_with_a_doubt(tmp_path: Path) -> None:
    bring(put(tmp_path, 灯笼安全法='---\nstatus: "废止或失效"\nsource: "某库"\nsynced: "2026-06-08"\n---\n' + LANTERN))
    version = Version.objects.get()
    assert (version.repealed, version.ended_on) == (True, date(2026, 6, 8))
    assert "收录之日" in version.doubts[0]


def test_a_named_statute_takes_its_text_when_it_comes(tmp_path: Path) -> None:
    name_statutes()
    assert name_statutes() == 0
    statute = Statute.objects.get(short="矿山安全法")
    assert Alias.objects.filter(name="安法", statute__short="安全生产法").exists()
    bring(put(tmp_path, 矿山安全法=LANTERN.replace("灯笼安全法", "矿山安全法")))
    assert Version.objects.get().statute == statute


def test_two_places_with_the_same_title_stay_two_statutes(tmp_path: Path) -> None:
    local = "# 关于灯笼的规定\n\n2020年1月1日 {0}第一届人民代表大会常务委员会通过\n\n<!-- INFO END -->\n\n第一条 {0}挂灯。\n"
    bring(put(tmp_path, 河南地方法规__灯=local.format("河南省"), 山东地方法规__灯=local.format("山东省")))
    slugs = sorted(Statute.objects.filter(short="关于灯笼的规定").values_list("slug", flat=True))
    assert slugs == ["关于灯笼的规定", "关于灯笼的规定-41"]


def test_search_learns_of_what_is_in_force_and_of_what_is_coming(library: Path, tmp_path: Path) -> None:
    later = LANTERN_2020.replace("2020年6月1日", "2099年6月1日").replace("系好安全带", "戴好安全帽")
    bring(put(library, 丙__灯笼安全法=later))
    rows = dict(Document.objects.filter(kind="article", statute="灯笼安全法", gone=False).values_list("key", "state"))
    assert rows["灯笼安全法:4"] == "force"
    assert rows["灯笼安全法@2099-06-01:4"] == "future"
    found = Document.objects.get(key="灯笼安全法:4")
    assert (found.url, found.heading) == ("/law/灯笼安全法/4/", "灯笼安全法 › 第二章 挂灯 › 第一节 高处")
    assert Document.objects.get(kind="statute", key="纸灯暂行办法").state == "repealed"


def test_what_the_source_said_can_be_put_together_again_from_the_library(library: Path) -> None:
    bring(library)
    version = Version.objects.get(key="2020-06-01")
    text = parse(LANTERN_2020)
    lines = "".join(p.label + p.heading + p.text for p in version.provisions.order_by("position"))
    assert (version.preamble + lines).replace("\n", "") == "".join(
        p.label + p.heading + p.text for p in text.pieces
    ).replace("\n", "")
    header = "".join(
        row.get("lead", "")
        + (timezone.datetime.fromisoformat(row["on"]).strftime("%Y年%-m月%-d日") if row["on"] else "")
        + row["words"]
        for row in version.history
    )
    assert header == "".join(text.header)


def test_the_command_says_what_came_of_it(library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("law", "import", str(library), "--report", str(tmp_path / "r.txt"))
    assert "新增 3 个版本" in capsys.readouterr().out
    assert "修改决定" in (tmp_path / "r.txt").read_text()


@needs_laws
def test_the_official_texts_come_in_whole(tmp_path: Path) -> None:
    run = bring(LAWS / "LawRefBook" / "社会法")
    assert run.added == 6
    version = Version.objects.get(statute__short="安全生产法")
    assert version.provisions.filter(kind="article").count() == 119
    assert version.effective_on == date(2021, 9, 1)
    assert version.statute.level == Statute.Level.LAW


def test_a_title_with_other_punctuation_is_the_same_statute(tmp_path: Path) -> None:
    a, b = (
        LANTERN.replace("灯笼安全法", "灯笼、纸灯安全法（一）"),
        LANTERN_2020.replace("# 中华人民共和国灯笼安全法", "# 中华人民共和国灯笼 纸灯安全法(一)"),
    )
    bring(put(tmp_path, a__灯=a, b__灯=b))
    assert Version.objects.filter(statute__slug="灯笼纸灯安全法一").count() == 2
