"""The thesaurus and the quality report, for editors only."""

from collections.abc import Callable
from io import BytesIO

import pytest
from django.test import Client

from anlan.accounts.models import User
from anlan.audit.models import Record
from anlan.lib.xlsx import read_rows
from anlan.operations.demo.cast import Cast
from anlan.search.actions import tracing
from anlan.search.actions.terms import install_terms
from anlan.search.models import Term, Trace
from anlan.search.thesaurus import current
from anlan.search.understanding import understand

SignIn = Callable[[User], Client]
NEW = {"kind": "synonym", "lay": "爬悬崖\n 爬悬崖 \n攀岩", "formal": "登崖作业", "note": ""}


def test_an_entry_is_added_once_and_works_at_once(cast: Cast, sign_in: SignIn) -> None:
    response = sign_in(cast.editor).post("/search/terms/new/", NEW)
    assert response.status_code == 302
    term = Term.objects.get(formal=["登崖作业"])
    assert term.lay == ["爬悬崖", "攀岩"] and term.updated_by_name == cast.editor.name
    assert Record.objects.filter(verb="save_term", subject_id=str(term.pk)).count() == 1
    assert understand("爬悬崖", current(at_once=True)).matches[0].formal == ("登崖作业",)


def test_an_entry_is_changed_and_switched_off(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.editor)
    term = Term.objects.create(kind="synonym", lay=["攀岩"], formal=["登崖"])
    client.post(f"/search/terms/{term.pk}/", NEW | {"lay": "攀岩墙"})
    term.refresh_from_db()
    assert term.lay == ["攀岩墙"]
    client.post(f"/search/terms/{term.pk}/switch/", {"on": "0"})
    client.post(f"/search/terms/{term.pk}/switch/", {"on": "0"})
    assert Record.objects.filter(verb="switch_term").count() == 1
    assert not [m for m in understand("攀岩墙", current(at_once=True)).matches if m.lay == "攀岩墙"]


@pytest.mark.parametrize(
    "bad",
    [{"lay": " \n "}, {"formal": ""}, {"kind": "typo", "formal": "一\n二"}, {"kind": "nothing"}, {"lay": "长" * 2000}],
)
def test_bad_entries_are_refused_and_kept_on_the_page(cast: Cast, sign_in: SignIn, bad: dict[str, str]) -> None:
    before = Term.objects.count()
    response = sign_in(cast.editor).post("/search/terms/new/", NEW | bad)
    assert response.status_code == 200 and "要改" in response.content.decode() and Term.objects.count() == before


def test_the_list_is_searched_and_shows_how_a_query_is_understood(cast: Cast, sign_in: SignIn) -> None:
    Term.objects.create(kind="synonym", lay=["登崖索"], formal=["绳索"])
    client = sign_in(cast.editor)
    assert "登崖索" in client.get("/search/terms/", {"q": "登崖索"}).content.decode()
    text = client.get("/search/terms/", {"try": "登崖索断了"}).content.decode()
    assert "登崖索</b> → 绳索" in text


@pytest.mark.parametrize("path", ["/search/terms/", "/search/terms/new/", "/search/quality/", "/search/quality/table/"])
def test_others_may_not(cast: Cast, sign_in: SignIn, path: str) -> None:
    assert sign_in(cast.worker).get(path).status_code == 403
    assert sign_in(cast.operator).get(path).status_code == 403
    assert Client().get(path).status_code == 302


def test_others_may_not_write(cast: Cast, sign_in: SignIn) -> None:
    term = Term.objects.create(kind="synonym", lay=["攀岩"], formal=["登崖"])
    assert sign_in(cast.boss).post(f"/search/terms/{term.pk}/", NEW).status_code == 403
    assert sign_in(cast.boss).post(f"/search/terms/{term.pk}/switch/", {"on": "0"}).status_code == 403
    assert sign_in(cast.editor).get(f"/search/terms/{term.pk}/switch/").status_code == 405


def test_shipped_entries_come_once_and_stay_as_edited(cast: Cast) -> None:
    assert Term.objects.exclude(shipped="").count() > 500 and install_terms() == 0
    term = Term.objects.exclude(shipped="").earliest("pk")
    Term.objects.filter(pk=term.pk).update(lay=["改过的"], is_active=False)
    assert install_terms() == 0
    term.refresh_from_db()
    assert term.lay == ["改过的"] and not term.is_active


def test_the_report_says_what_was_asked_and_what_found_nothing(cast: Cast, sign_in: SignIn) -> None:
    for _ in range(4):
        tracing.trace("酬金", 8)
    tracing.trace("鎏龘", 0)
    client = sign_in(cast.editor)
    assert "酬金" in client.get("/search/quality/").content.decode()
    none = client.get("/search/quality/", {"view": "none"}).content.decode()
    assert "鎏龘" in none and "?lay=%E9%8E%8F" in none and "酬金</a>" not in none
    assert "酬金" in client.get("/search/quality/", {"view": "low"}).content.decode()
    client.get("/search/quality/", {"days": "²", "view": "x"})


def test_the_report_is_exported(cast: Cast, sign_in: SignIn) -> None:
    tracing.trace("=cmd()", 1)
    tracing.trace("酬金", 8)
    response = sign_in(cast.editor).get("/search/quality/table/")
    rows = list(read_rows(BytesIO(response.content), "x.xlsx"))
    assert [row[0] for row in rows[1:]] == ["=cmd()", "酬金"] and Trace.objects.count() == 2


def test_a_scene_of_one_group_is_no_scene(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.editor)
    scene = {"kind": "scene", "lay": "车间、工地", "formal": "工作原因受到事故伤害", "note": "登高摔伤"}
    assert "情景至少要两行" in client.post("/search/terms/new/", scene).content.decode()
    client.post("/search/terms/new/", scene | {"lay": "车间、工地\n压断、摔"})
    assert Term.objects.get(note="登高摔伤").lay == ["车间、工地", "压断、摔"]
    assert understand("在工地摔了", current(at_once=True)).matches[-1].formal == ("工作原因受到事故伤害",)
