"""The bank: versions, form, spreadsheet; and blueprints over it."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from anlan.accounts.models import User
from anlan.exams.actions.bank import add_question, import_questions, retire_question, revise_question
from anlan.exams.actions.blueprints import save_blueprint
from anlan.exams.models import Blueprint, Exam, Question
from anlan.exams.questions import Draft, checked, draft_of
from anlan.exams.sheets import HEAD, question_rows, read_questions, template_rows
from anlan.exams.stock import stock_of
from anlan.exams.tests.conftest import RULES, drafts
from anlan.lib.errors import Refused
from anlan.lib.xlsx import write_rows
from anlan.operations.demo import exams as demo
from anlan.operations.demo.cast import Cast
from anlan.training.models import Course

SignIn = Callable[[User], Client]


def sheet(rows: list[list[object]]) -> io.BytesIO:
    buffer = io.BytesIO()
    write_rows(buffer, {"题目": rows})
    buffer.seek(0)
    return buffer


def single(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "single", "point": "动火", "difficulty": "2", "stem": "动火前先做什么？", "option-0": "清场", "option-1": "抽烟", "option-2": "开焊",
        "right": "0", "why": "可燃物要清走。", "cites": "安全生产法:43", **changes,
    }  # fmt: skip


def test_an_edit_is_a_new_version_and_old_papers_keep_the_old_one(cast: Cast, blueprint: Blueprint) -> None:
    old = Question.objects.get(code="s0")
    draft = draft_of(old)
    draft.stem = "换了说法"
    new = revise_question(old, draft, course=old.course, by=cast.teacher)
    old.refresh_from_db()
    assert (old.state, old.stem, new.version, new.state) == ("retired", "单选第0问", 2, "live")
    assert stock_of(blueprint).cards[old.pk].stem == "单选第0问"
    with pytest.raises(Refused) as refused:
        revise_question(old, draft_of(new), course=old.course, by=cast.teacher)
    assert refused.value.code == "stale"


def test_saving_without_a_change_makes_no_version(cast: Cast, blueprint: Blueprint) -> None:
    old = Question.objects.get(code="m0")
    assert revise_question(old, draft_of(old), course=old.course, by=cast.teacher).pk == old.pk


@pytest.mark.parametrize("who", ["worker", "manager", "county", "operator"])
def test_only_teachers_come_near_the_bank(cast: Cast, blueprint: Blueprint, sign_in: SignIn, who: str) -> None:
    client, question = sign_in(getattr(cast, who)), Question.objects.first()
    assert question is not None
    for path in (
        "/bank/",
        "/bank/new/",
        "/bank/import/",
        "/bank/export/",
        "/bank/template/",
        f"/bank/{question.pk}/",
        f"/bank/{question.pk}/edit/",
        "/blueprints/",
        "/blueprints/new/",
    ):
        assert client.get(path).status_code == 403, path
    assert client.post("/bank/new/", single()).status_code == 403
    with pytest.raises(Refused):
        add_question(drafts()[0], course=None, by=getattr(cast, who))
    with pytest.raises(Refused):
        retire_question(question, by=getattr(cast, who))


def test_another_institution_sees_and_changes_nothing(cast: Cast, blueprint: Blueprint, sign_in: SignIn) -> None:
    from anlan.accounts.models import Organisation, Post

    other = Organisation.objects.create(kind="institution", name="别的学校", region_code="4103")
    stranger = User.objects.create_user(name="外校老师", is_demo=True)
    Post.objects.create(user=stranger, role_id="teacher", organisation=other)
    client, question = sign_in(stranger), Question.objects.get(code="s0")
    assert "单选第0问" not in client.get("/bank/").text
    assert client.get(f"/bank/{question.pk}/").status_code == 404
    assert client.post(f"/bank/{question.pk}/edit/", single()).status_code == 404
    assert client.post(f"/bank/{question.pk}/retire/").status_code == 404
    assert client.get(f"/blueprints/{blueprint.pk}/").status_code == 404
    assert client.get(f"/blueprints/{blueprint.pk}/edit/").status_code == 404


@pytest.mark.parametrize(
    ("form", "stored"),
    [
        (single(), {"right": [0]}),
        (single(kind="multiple", right=["0", "2"]), {"right": [0, 2]}),
        (single(kind="true_false", truth="false"), {"right": [False]}),
        (
            single(kind="fill", stem="含氧量 ____% 到 ____%", blanks="19.5|19.5%\n23.5"),
            {"blanks": [["19.5", "19.5%"], ["23.5"]]},
        ),
        (
            single(
                kind="case",
                **{
                    "part-0-kind": "single",
                    "part-0-stem": "问一",
                    "part-0-options": "甲\n*乙",
                    "part-1-kind": "true_false",
                    "part-1-stem": "问二",
                    "part-1-options": "错",
                },
            ),
            {"parts": [{"right": [1], "why": ""}, {"right": [False], "why": ""}]},
        ),
    ],
)
def test_the_form_writes_every_kind_and_opens_again_as_written(
    cast: Cast, sign_in: SignIn, form: dict[str, Any], stored: dict[str, Any]
) -> None:
    client = sign_in(cast.teacher)
    preview = client.post("/bank/new/", form | {"preview": "1"})
    assert "考生看到的样子" in preview.text
    assert not Question.objects.exists()
    assert client.post("/bank/new/", form).status_code == 302
    question = Question.objects.get()
    assert (question.kind, question.key) == (form["kind"], stored)
    assert client.get(f"/bank/{question.pk}/").status_code == 200
    assert client.get(f"/bank/{question.pk}/edit/").status_code == 200
    assert client.post(f"/bank/{question.pk}/edit/", form | {"why": "改一个字"}).status_code == 302
    assert sorted(Question.objects.values_list("version", "state")) == [(1, "retired"), (2, "live")]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cites": ""}, "依据"), ({"cites": "安全生产法"}, "写到条"), ({"cites": "安全生产法:第九"}, "依据"), ({"right": ""}, "哪个选项正确"),
        ({"stem": " "}, "题干是空的"), ({"point": ""}, "知识点"), ({"option-1": "清场"}, "一模一样"), ({"kind": "multiple"}, "至少有两个"),
        ({"kind": "fill", "blanks": "a"}, "一样多"), ({"kind": "case"}, "至少要有一道小题"),
    ],
)  # fmt: skip
def test_a_wrong_question_is_refused_in_words_and_nothing_written_is_lost(
    cast: Cast, sign_in: SignIn, changes: dict[str, Any], words: str
) -> None:
    response = sign_in(cast.teacher).post("/bank/new/", single(**{"why": "我写的理由"} | changes))
    assert response.status_code == 422
    assert words in response.text
    assert "我写的理由" in response.text
    assert not Question.objects.exists()


def test_the_list_filters_and_searches(cast: Cast, blueprint: Blueprint, sign_in: SignIn) -> None:
    client = sign_in(cast.teacher)
    page = client.get("/bank/?kind=fill&point=知识点0").text
    assert "填空0" in page
    assert "单选第0问" not in page
    assert "多选第2问" in client.get("/bank/?q=多选第2").text
    assert "没有符合条件的题" in client.get("/bank/?q=没有这样的题").text


def test_the_exported_bank_imports_again_without_a_change(cast: Cast, blueprint: Blueprint, sign_in: SignIn) -> None:
    client = sign_in(cast.teacher)
    exported = client.get("/bank/export/").content
    lines = read_questions(io.BytesIO(exported), "题库.xlsx")
    assert [line.problem for line in lines] == [""] * 16
    assert import_questions([line.draft for line in lines if line.draft], course=None, by=cast.teacher) == {
        "added": 0,
        "revised": 0,
        "same": 16,
    }
    for line in lines:
        assert line.draft is not None
        stored = Question.objects.get(code=line.draft.code)
        assert checked(line.draft) == {
            name: getattr(stored, name)
            for name in ("kind", "point", "difficulty", "stem", "body", "key", "why", "cites")
        }


def test_an_import_is_previewed_names_every_bad_row_and_writes_only_the_good(
    cast: Cast, blueprint: Blueprint, sign_in: SignIn
) -> None:
    rows = list(question_rows(Question.objects.filter(code="s0")))
    changed = [*rows[1]]
    changed[4] = "改过的题干"
    bad = [
        ["", "问答题", "x", "易", "y"],
        ["", "小题·单选题", "", "", "孤儿"],
        ["", "单选题", "点", "易", "没有依据", "甲", "乙", "", "", "", "", "", "", "A", "", ""],
    ]
    file = sheet([HEAD, changed, *bad, *template_rows()[1:], template_rows()[1]])
    client = sign_in(cast.teacher)
    before = Question.objects.count()
    response = client.post("/bank/import/", {"file": SimpleUploadedFile("题.xlsx", file.read()), "course": ""})
    assert response.status_code == 302
    url = response.headers["Location"]
    page = client.get(url).text
    assert "6 题可以导入" in page or "7 题可以导入" in page
    for words in ("不认识的题型“问答题”", "小题上面没有案例题", "请写依据"):
        assert words in page
    assert Question.objects.count() == before
    assert sign_in(cast.worker).get(url).status_code == 403
    client.post(url)
    assert Question.objects.get(code="s0", state="live").stem == "改过的题干"
    assert Question.objects.filter(point="示例").count() == 5
    client.post(url)
    assert Question.objects.filter(point="示例").count() == 5


def test_a_file_that_is_no_such_sheet_is_refused(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.teacher)
    for name, data, words in (("a.xlsx", b"hello\x00", "不是表格"), ("b.csv", "甲,乙\n1,2".encode(), "表头")):
        response = client.post("/bank/import/", {"file": SimpleUploadedFile(name, data)})
        assert response.status_code == 422
        assert words in response.text


@pytest.mark.parametrize("slug", sorted(path.parent.name for path in Path(demo.COURSES).glob("*/questions.toml")))
def test_the_questions_of_every_demo_course_are_sound(slug: str) -> None:
    rows = tomllib.loads((demo.COURSES / slug / "questions.toml").read_text(encoding="utf-8"))["questions"]
    assert len([checked(Draft.from_toml(row)) for row in rows]) >= 34


# --- blueprints


def test_a_new_version_freezes_new_pools_and_leaves_the_old_alone(
    cast: Cast, blueprint: Blueprint, course: Course
) -> None:
    paper = stock_of(blueprint).paper(77)
    add_question(
        Draft("single", "新加的题", "知识点0", 1, ["甲", "乙"], [0], cites=["安全生产法:28"], code="new"),
        course=course,
        by=cast.teacher,
    )
    newer = save_blueprint(
        title="有限空间考试",
        rules=RULES,
        minutes=30,
        pass_mark=60,
        is_public=True,
        course=course,
        by=cast.teacher,
        previous=blueprint,
    )
    blueprint.refresh_from_db()
    assert (newer.version, len(newer.pools[0]), len(blueprint.pools[0])) == (2, 7, 6)
    assert stock_of(blueprint).paper(77) == paper
    with pytest.raises(Refused) as refused:
        save_blueprint(
            title="晚了",
            rules=RULES,
            minutes=30,
            pass_mark=60,
            is_public=True,
            course=course,
            by=cast.teacher,
            previous=blueprint,
        )
    assert refused.value.code == "stale"


def rules_form(**changes: Any) -> dict[str, Any]:
    return {
        "title": "小卷", "minutes": "20", "pass_mark": "80", "is_public": "on", "course": "", "rows": "3", "rule-0-kind": "single", "rule-0-count": "3",
        "rule-0-points": "2", "rule-1-kind": "single", "rule-1-point": "知识点1", "rule-1-count": "2", "rule-1-points": "3", "rule-2-count": "", **changes,
    }  # fmt: skip


def test_the_form_saves_counts_and_refuses_what_the_bank_cannot_fill(
    cast: Cast, blueprint: Blueprint, sign_in: SignIn
) -> None:
    client = sign_in(cast.teacher)
    counted = client.post("/blueprints/new/", rules_form(count="1"))
    assert "3 题" in counted.text
    assert Blueprint.objects.count() == 1
    short = client.post("/blueprints/new/", rules_form(**{"rule-1-count": "4"}))
    assert short.status_code == 422
    assert "要抽 4 题，题库里只有 3 题" in short.text
    clash = client.post("/blueprints/new/", rules_form(**{"rule-0-count": "5", "rule-1-count": "3"}))
    assert clash.status_code == 422
    assert "同一批题" in clash.text
    assert client.post("/blueprints/new/", rules_form()).status_code == 302
    made = Blueprint.objects.get(title="小卷")
    assert [len(pool) for pool in made.pools] == [6, 3]
    sample = client.get(f"/blueprints/{made.pk}/?sample=4").text
    assert sample.count('class="x-q"') == 5
    assert "秘密" not in sample
    assert client.post(f"/blueprints/{made.pk}/edit/", rules_form(title="小卷改")).status_code == 302
    assert Blueprint.objects.get(title="小卷改").version == 2


def test_an_exam_goes_on_with_its_own_version(cast: Cast, final: Exam, blueprint: Blueprint, course: Course) -> None:
    save_blueprint(
        title="新版",
        rules=RULES[:1],
        minutes=5,
        pass_mark=10,
        is_public=True,
        course=course,
        by=cast.teacher,
        previous=blueprint,
    )
    final.refresh_from_db()
    assert final.blueprint_id == blueprint.pk
