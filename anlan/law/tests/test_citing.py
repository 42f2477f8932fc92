"""Who cites what, and what waits when an article changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from anlan.exams.models import Question
from anlan.hazards.models import Checklist, ChecklistVersion
from anlan.law.actions.citing import Cite, cite_laws, take_citations
from anlan.law.actions.guides import install_guides
from anlan.law.actions.stale import mark_stale, review_citation, waiting_for, with_changes
from anlan.law.actions.translating import take_translations
from anlan.law.due import due_for
from anlan.law.models import Citation, Guide, Statute, Translation
from anlan.law.tests.statutes import cite, lay_new, lay_old
from anlan.lib.errors import Refused
from anlan.operations.citing import recite
from anlan.operations.demo.cast import Cast
from anlan.training.models import Course, CourseCase

pytestmark = pytest.mark.django_db
Kind = Citation.Kind


def test_taking_citations_keeps_what_stays_and_drops_what_went(tmp_path: Path) -> None:
    lay_old(tmp_path)
    cite(ref="灯笼安全法:3")
    kept = Citation.objects.get(kind=Kind.CHECK)
    assert kept.article is not None and kept.digest
    rows = [Cite("a", "新标题", ("灯笼安全法:3", "灯笼安全法:1", "没有这部法:2"), "/x/")]
    assert take_citations(Kind.CHECK, rows) == 1
    assert Citation.objects.get(pk=kept.pk).title == "新标题"
    assert take_citations(Kind.CHECK, rows) == 0, "a second time nothing is new"
    take_citations(Kind.CHECK, [])
    assert not Citation.objects.filter(kind=Kind.CHECK).exists()


def test_a_citation_waits_for_its_statute(tmp_path: Path) -> None:
    statute = Statute.objects.create(
        slug="灯笼安全法", title="中华人民共和国灯笼安全法", short="灯笼安全法", level="law"
    )
    cite()
    assert Citation.objects.get(kind=Kind.CHECK, statute=statute).article is None
    lay_old(tmp_path)
    found = Citation.objects.get(kind=Kind.CHECK, statute=statute)
    assert found.article is not None and found.article.ref == "3" and found.stale_since is None


def test_statutes_cite_each_other(tmp_path: Path) -> None:
    lay_old(tmp_path)
    lay_new(tmp_path)
    lantern = Citation.objects.filter(kind=Kind.PROVISION, statute__slug="灯笼安全法")
    assert {(row.title, row.ref, row.paragraph) for row in lantern} == {
        ("桥灯管理条例 第一条", "3", 1),
        ("桥灯管理条例 第二条", "4", 0),
    }
    count = Citation.objects.filter(kind=Kind.PROVISION).count()
    assert cite_laws() == 0, "nothing to read again"
    cite_laws(Statute.objects.filter(versions__isnull=False).values_list("pk", flat=True))
    assert Citation.objects.filter(kind=Kind.PROVISION).count() == count


def test_a_new_version_flags_what_cites_a_changed_or_moved_article(tmp_path: Path) -> None:
    lay_old(tmp_path)
    take_citations(Kind.CHECK, [Cite("changed", "甲", ("灯笼安全法:3",)), Cite("moved", "乙", ("灯笼安全法:2",))])
    assert mark_stale() == 0
    lay_new(tmp_path)
    waits = {row.key: row.stale_why for row in Citation.objects.stale().filter(kind=Kind.CHECK)}
    assert "文字也改了" in waits["changed"] and "第 4 条" in waits["changed"]
    assert "文字没有变" in waits["moved"] and "第 3 条" in waits["moved"]
    assert Citation.objects.stale().filter(kind=Kind.GUIDE).exists(), "guides wait too"
    assert not Citation.objects.stale().filter(kind=Kind.PROVISION).exists()
    assert mark_stale() == 0, "flagged once"


def test_an_article_that_is_gone_is_said_to_be_gone(tmp_path: Path) -> None:
    lay_old(tmp_path)
    cite(ref="灯笼安全法:2-1")
    lay_new(tmp_path)
    assert "没有这一条" in Citation.objects.get(kind=Kind.CHECK).stale_why


def test_a_review_signs_the_words_that_were_seen(tmp_path: Path, cast: Cast) -> None:
    lay_old(tmp_path)
    cite(Kind.FAQ)
    lay_new(tmp_path)
    citation = waiting_for(cast.editor).get(kind=Kind.FAQ)
    row = with_changes([citation])[0]
    assert any(part.op == "insert" and "安全带" in part.words for part in row.parts)
    with pytest.raises(Refused):
        review_citation(citation, by=cast.editor, seen="stale signature")
    review_citation(citation, by=cast.editor, seen=row.now.signature)
    citation.refresh_from_db()
    assert citation.stale_since is None and citation.reviewed_by == cast.editor.name
    assert mark_stale() == 0, "what was signed stays signed"
    with pytest.raises(Refused):
        review_citation(citation, by=cast.editor, seen=row.now.signature)


def test_who_reads_what_again(tmp_path: Path, cast: Cast) -> None:
    lay_old(tmp_path)
    Guide.objects.all().delete()
    take_citations(Kind.GUIDE, [])
    owner = cast.teacher.post.organisation.name
    cite(Kind.QUESTION, owner=owner)
    take_citations(Kind.CHECK, [Cite("c", "检查项", ("灯笼安全法:3",))])
    lay_new(tmp_path)
    assert {row.kind for row in waiting_for(cast.teacher)} == {Kind.QUESTION}
    assert Kind.CHECK in {row.kind for row in waiting_for(cast.editor)}
    assert not waiting_for(cast.worker).exists()
    assert len(due_for(cast.editor)) == 1 and due_for(cast.worker) == []
    Citation.objects.filter(kind=Kind.QUESTION).update(owner="别的机构")
    assert not waiting_for(cast.teacher).exists()


def test_shipped_guides_come_once_and_edits_stay(tmp_path: Path) -> None:
    place = tmp_path / "灯笼安全法"
    place.mkdir()
    words = '[[guide]]\narticle = "1"\ntitle = "甲"\nwho = "谁"\nduty = ["做"]\ncost = "无"\nexample = "例"\n[guide.en]\ntitle = "A"\n'
    (place / "001.toml").write_text(words, encoding="utf-8")
    assert install_guides(tmp_path) == 1
    assert install_guides(tmp_path) == 0
    (place / "001.toml").write_text(words.replace("甲", "乙"), encoding="utf-8")
    assert install_guides(tmp_path) == 1
    Guide.objects.filter(statute__slug="灯笼安全法").update(edited=True)
    (place / "001.toml").write_text(words.replace("甲", "丙"), encoding="utf-8")
    assert install_guides(tmp_path) == 0
    assert Guide.objects.get(statute__slug="灯笼安全法").body["title"] == "乙"


def test_every_article_of_the_work_safety_law_has_its_guide_in_both_languages() -> None:
    install_guides()
    guides = {guide.ref: guide for guide in Guide.objects.filter(statute__slug="安全生产法")}
    assert set(guides) == {str(n) for n in range(1, 120)}
    for guide in guides.values():
        assert all(guide.body.get(name) for name in ("title", "who", "duty", "cost", "example")), guide.ref
        assert all(guide.english.get(name) for name in ("title", "who", "duty", "cost", "example")), guide.ref


def test_translations_come_from_a_table_and_what_fits_nowhere_is_said(tmp_path: Path) -> None:
    lay_old(tmp_path)
    path = tmp_path / "t.csv"
    rows = [
        "灯笼安全法,2010-03-01,3,en,Two people hang a lantern.",
        "灯笼安全法,2010-03-01,99,en,Nothing",
        "灯笼安全法,2010-03-01,4,en,",
    ]
    path.write_text("slug,key,ref,language,text\n" + "\n".join(rows) + "\n", encoding="utf-8")
    taken = take_translations(path)
    assert taken.written == 1 and len(taken.refused) == 2
    assert take_translations(path).written == 1 and Translation.objects.count() == 1
    assert Citation.objects.filter(kind=Kind.TRANSLATION, ref="3").count() == 1
    path.write_text("slug,text\n", encoding="utf-8")
    with pytest.raises(ValueError, match="ref"):
        take_translations(path)


def test_the_texts_of_all_apps_are_taken_in(tmp_path: Path, cast: Cast) -> None:
    owner = cast.teacher.post.organisation
    Question.objects.create(
        owner=owner, code="q", kind="single", point="消防", stem="疏散通道能不能堆货", key=0, cites=["消防法:28"]
    )
    checklist = Checklist.objects.create(code="fire", name="消防检查")
    checklist.current = ChecklistVersion.objects.create(
        checklist=checklist,
        number=1,
        items=[{"key": "1", "group": "通道", "text": "通道畅通", "cite": "消防法第二十八条"}],
    )
    checklist.save()
    course = Course.objects.create(owner=owner, slug="fire-case", title="火灾案例", state=Course.State.PUBLISHED)
    CourseCase.objects.create(course=course, title="堵门", cites=["消防法:28", "安全生产法:42"])
    recite()
    assert set(Citation.objects.filter(statute__slug="消防法", ref="28").values_list("kind", "is_public")) >= {
        (Kind.QUESTION, False), (Kind.CHECK, False), (Kind.COURSE, True),
    }  # fmt: skip
    kinds = set(Citation.objects.values_list("kind", flat=True))
    assert {Kind.GUIDE, Kind.RULE, Kind.SELFCHECK} <= kinds
    before = set(Citation.objects.values_list("pk", flat=True))
    recite()
    assert set(Citation.objects.values_list("pk", flat=True)) == before
