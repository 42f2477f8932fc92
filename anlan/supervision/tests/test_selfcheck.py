"""The self-check: questionnaires, answers, results, who may see them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anlan.accounts.models import User
from anlan.audit.models import Record
from anlan.lib.errors import Refused
from anlan.lib.numerals import article
from anlan.operations.demo.cast import Cast
from anlan.supervision.actions.selfcheck import (
    answer_section,
    clear_old_checks,
    delete_check,
    finish_check,
    start_check,
)
from anlan.supervision.models import SelfCheck
from anlan.supervision.selfcheck import figures, questionnaires
from anlan.supervision.selfcheck.judging import compare, first_open, is_asked, judge
from anlan.supervision.selfcheck.questionnaires import Malformed, fitting, questions_of, read, shipped

SignIn = Callable[[User], Client]
LAWS = Path(__file__).resolve().parents[4] / "shared" / "data" / "laws"
BODY = {
    "sections": [
        {"title": "有什么", "questions": [{"key": "fact", "fact": True, "when": "", "severity": ""}]},
        {
            "title": "做了没有",
            "questions": [
                {"key": "a", "fact": False, "when": "", "severity": "high"},
                {"key": "b", "fact": False, "when": "fact", "severity": "low"},
                {"key": "c", "fact": False, "when": "", "severity": "medium"},
            ],
        },
    ]
}


def fill(check: SelfCheck, answer: str = "yes", **other: str) -> SelfCheck:
    """Answer everything alike, some otherwise, and finish."""
    for section in range(len(check.body["sections"])):
        said = {q["key"]: other.get(q["key"], "yes" if q["fact"] else answer) for q in questions_of(check.body)}
        answer_section(check, section, said)
    return finish_check(check, by=check.made_by)  # type: ignore[arg-type]


def walk(client: Client, code: str = "kitchen", answer: str = "yes", **other: str) -> str:
    """Go through all pages as a person does; return the address of the result."""
    url = client.post(f"/selfcheck/{code}/")["Location"]
    for _page in range(12):
        page = client.get(url)
        if page.status_code == 302:
            return str(page["Location"])
        rows = page.context["rows"]
        said = {row["q"]["key"]: other.get(row["q"]["key"], "yes" if row["q"]["fact"] else answer) for row in rows}
        url = client.post(f"{url.split('?')[0]}?s={page.context['section']}", said)["Location"]
        if "/result/" in url:
            return url
    raise AssertionError(url)


# --- questionnaires


def test_eight_industries_ship_with_twenty_to_thirty_five_questions_each() -> None:
    assert len(shipped()) == 8
    for code, one in shipped().items():
        judged = [question for question in questions_of(one.body) if not question["fact"]]
        assert 20 <= len(judged) <= 35, code
        for question in judged:
            assert all(":" in cite and article(cite) for cite in question["cites"]), question["key"]
            ways = question["course"] or question["ledger"] or question["checklist"]
            assert ways or question["penalty"] or question["severity"] == "low", question["key"]


def test_every_remedy_named_is_in_the_product() -> None:
    root = Path(questionnaires.__file__).resolve().parents[2]
    courses = {path.name for path in (root / "operations/demo/courses").iterdir()}
    lists = {path.stem for path in (root / "hazards/data/checklists").glob("*.toml")}
    ledgers = (root / "ledgers/data/ready.toml").read_text(encoding="utf-8")
    for one in shipped().values():
        for question in questions_of(one.body):
            assert not question["course"] or question["course"] in courses
            assert not question["checklist"] or question["checklist"] in lists
            assert not question["ledger"] or f'code = "{question["ledger"]}"' in ledgers


@pytest.mark.skipif(not LAWS.is_dir(), reason="the official texts are not beside the project")
def test_every_article_named_exists_in_the_official_text() -> None:
    texts: dict[str, str] = {}
    for one in shipped().values():
        for question in questions_of(one.body):
            for cite in (*question["cites"], *(question["penalty"]["cites"] if question["penalty"] else ())):
                name = cite.rpartition(":")[0]
                files = sorted(
                    path for path in LAWS.rglob("*.md") if path.name.split("(")[0].removesuffix(".md") == name
                )
                if files:  # one statute (gas) is only in the large collection
                    texts.setdefault(name, files[-1].read_text(encoding="utf-8"))
                    assert article(cite).rpartition("》")[2] in texts[name], cite
    assert len(texts) >= 10


def test_the_industry_of_a_firm_chooses_the_questionnaire() -> None:
    assert fitting("C3391") == "machining"
    assert fitting("C3360") == "plating"  # the longer prefix wins over the machine shops
    assert fitting("H6210") == "kitchen"
    assert fitting("P8334") == "general"


def test_a_file_that_says_something_impossible_is_refused() -> None:
    raw: dict[str, Any] = {"code": "x", "title": "x", "who": "x", "icon": "x", "order": 1, "industries": []}
    with pytest.raises(Malformed, match="no common question"):
        read(raw | {"section": [{"title": "1", "take": ["nobody"]}]}, {}, {})
    twice = [{"title": "1", "take": ["a", "a"]}]
    with pytest.raises(Malformed, match="twice"):
        read(raw | {"section": twice}, {"a": {"text": "有吗", "fact": True}}, {})
    late = [
        {
            "title": "1",
            "question": [{"key": "a", "text": "t", "when": "b", "gap": "g", "cites": ["x:1"], "severity": "low"}],
        }
    ]
    with pytest.raises(Malformed, match="earlier page"):
        read(raw | {"section": late}, {}, {})
    with pytest.raises(Malformed, match="no penalty"):
        read(raw | {"section": [{"title": "1", "question": [{"key": "a", "text": "t", "penalty": "p"}]}]}, {}, {})


# --- judging


def test_the_score_counts_what_applies_and_nothing_else() -> None:
    verdict = judge(BODY, {"fact": "yes", "a": "yes", "b": "no", "c": "unknown"})
    assert (verdict.got, verdict.full, verdict.score) == (5, 9, 55)  # cut off: 55.5 is not 56
    assert [gap["key"] for gap in verdict.gaps] == ["b"]
    assert [gap["key"] for gap in verdict.unsure] == ["c"]
    assert judge(BODY, {"fact": "yes", "a": "na", "b": "na", "c": "na"}).score is None


def test_what_a_firm_does_not_have_is_not_asked() -> None:
    assert not is_asked(BODY["sections"][1]["questions"][1], {"fact": "no"})
    verdict = judge(BODY, {"fact": "no", "a": "no", "b": "no", "c": "yes"})
    assert [gap["key"] for gap in verdict.gaps] == ["a"]
    assert first_open(BODY, {"fact": "no", "a": "no", "c": "yes"}) is None
    assert first_open(BODY, {"fact": "unknown", "a": "no", "c": "yes"}) == 1


def test_the_comparison_names_what_closed_what_is_new_and_what_stayed() -> None:
    before = judge(BODY, {"fact": "yes", "a": "no", "b": "no", "c": "yes"})
    change = compare(judge(BODY, {"fact": "yes", "a": "yes", "b": "no", "c": "no"}), before)
    assert [[gap["key"] for gap in row] for row in (change.closed, change.fresh, change.open)] == [["a"], ["c"], ["b"]]
    doubt = compare(judge(BODY, {"fact": "yes", "a": "unknown", "b": "yes", "c": "yes"}), before)
    assert [gap["key"] for gap in doubt.closed] == ["b"]  # nobody knows about a: that is no cure


# --- pages


def test_a_visitor_without_an_account_goes_from_tile_to_result(db: None) -> None:
    client = Client()
    assert "餐饮后厨" in client.get("/selfcheck/").content.decode()
    assert client.get("/selfcheck/kitchen/").status_code == 200
    text = client.get(walk(client, "kitchen", **{"k-alarm": "no", "k-hose": "unknown"})).content.decode()
    assert "没有可燃气体报警装置" in text
    assert "《安全生产法》第九十九条" in text
    assert "先弄清楚" in text
    assert SelfCheck.objects.get().enterprise is None


def test_an_unanswered_question_keeps_the_rest_and_says_which(db: None) -> None:
    client = Client()
    url = client.post("/selfcheck/kitchen/")["Location"]
    page = client.post(f"{url}?s=1", {"agency": "yes", "bottle": "maybe", "nonsense": "yes"})
    assert page.status_code == 422
    assert "还有 4 题没有选" in page.content.decode()
    assert SelfCheck.objects.get().answers == {"agency": "yes"}
    saved = client.post(f"{url}?s=1", {"bottle": "no"}, headers={"accept": "application/json"})
    assert saved.json()["done"] == 2
    assert client.get(url).context["section"] == 1  # goes on where something is open


def test_finishing_early_leads_to_what_is_open(db: None) -> None:
    client = Client()
    url = client.post("/selfcheck/kitchen/")["Location"]
    last = len(shipped()["kitchen"].body["sections"])
    rows = client.get(f"{url}?s={last}").context["rows"]
    answer = client.post(f"{url}?s={last}", {row["q"]["key"]: "yes" for row in rows})
    assert answer["Location"].endswith("?s=1")
    with pytest.raises(Refused):
        finish_check(SelfCheck.objects.get(), by=None)  # type: ignore[arg-type]


def test_the_answers_of_a_result_are_closed(db: None) -> None:
    client = Client()
    result = walk(client)
    run = result.replace("/result/", "/run/")
    assert client.get(run)["Location"] == result
    assert client.post(f"{run}?s=1", {"agency": "no"})["Location"] == result
    with pytest.raises(Refused):
        answer_section(SelfCheck.objects.get(), 0, {"agency": "no"})


def test_a_firm_sees_its_remedies_as_one_press(cast: Cast, sign_in: SignIn) -> None:
    from anlan.ledgers.actions.ready import install_ready_templates

    install_ready_templates()
    client = sign_in(cast.manager)
    page = client.get(walk(client, "machining", **{"b-charge": "no"}))
    text = page.content.decode()
    assert 'href="/ledgers/' in text
    assert "监管人员看不到" in text
    assert Record.objects.filter(verb="finish_self_check").count() == 1


def test_nobody_but_the_firm_opens_its_check_until_it_shares(cast: Cast, sign_in: SignIn) -> None:
    owner = sign_in(cast.manager)
    result = walk(owner, "machining", answer="no")
    key = result.rstrip("/").rpartition("/")[2]
    for person in (cast.other_boss, cast.county, cast.grid, cast.province, cast.worker, cast.operator):
        assert sign_in(person).get(result).status_code == 404
        assert sign_in(person).post(f"/selfcheck/run/{key}/share/").status_code == 404
        assert not SelfCheck.objects.visible_to(person).exists() or person == cast.boss
    assert Client().get(result).status_code == 404
    assert sign_in(cast.boss).get(result).status_code == 200
    owner.post(f"/selfcheck/run/{key}/share/")
    shared = SelfCheck.objects.get().share_key
    page = Client().get(f"/selfcheck/shared/{shared}/")
    assert page.status_code == 200
    assert "删掉这次自查" not in page.content.decode()
    assert key not in page.content.decode()  # the read-only address does not give the other away
    owner.post(f"/selfcheck/run/{key}/unshare/")
    assert Client().get(f"/selfcheck/shared/{shared}/").status_code == 404


def test_the_second_check_of_a_firm_is_compared_with_the_first(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    first = walk(client, "machining", **{"b-charge": "no", "p-new": "no"})
    second = walk(client, "machining", **{"p-new": "no", "h-plan": "no"})
    assert first != second
    change = client.get(second).context["change"]
    assert [gap["key"] for gap in change.closed] == ["b-charge"]
    assert [gap["key"] for gap in change.fresh] == ["h-plan"]


def test_a_begun_check_of_a_firm_is_gone_on_with_by_its_other_manager(cast: Cast, sign_in: SignIn) -> None:
    begun = sign_in(cast.manager).post("/selfcheck/machining/")["Location"]
    assert sign_in(cast.boss).post("/selfcheck/machining/")["Location"] == begun
    assert SelfCheck.objects.count() == 1


def test_an_anonymous_check_is_kept_for_the_firm_once(cast: Cast, sign_in: SignIn) -> None:
    result = walk(Client(), "machining")
    key = result.rstrip("/").rpartition("/")[2]
    assert sign_in(cast.worker).post(f"/selfcheck/run/{key}/keep/").status_code == 403
    assert sign_in(cast.manager).post(f"/selfcheck/run/{key}/keep/").status_code == 302
    assert SelfCheck.objects.get().enterprise_id == cast.forge.pk
    assert Client().get(result).status_code == 404
    assert sign_in(cast.other_boss).post(f"/selfcheck/run/{key}/keep/").status_code == 404
    assert sign_in(cast.manager).post(f"/selfcheck/run/{key}/keep/").status_code == 409


def test_deleting_takes_the_answers_and_leaves_the_record(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    key = walk(client, "machining").rstrip("/").rpartition("/")[2]
    client.post(f"/selfcheck/run/{key}/delete/")
    assert not SelfCheck.objects.exists()
    assert Record.objects.filter(verb="delete_self_check").count() == 1
    assert client.post(f"/selfcheck/run/{key}/delete/").status_code == 404


def test_what_nobody_comes_back_for_is_forgotten(cast: Cast) -> None:
    old, firm = start_check("general", by=cast.worker), start_check("general", by=cast.manager)
    SelfCheck.objects.update(saved_at=timezone.now() - timedelta(days=91))
    assert clear_old_checks() == 1
    assert list(SelfCheck.objects.values_list("pk", flat=True)) == [firm.pk] != [old.pk]


def test_a_check_keeps_the_words_it_was_made_with(cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    client = sign_in(cast.manager)
    result = walk(client, "kitchen", **{"k-alarm": "no"})
    one = shipped()["kitchen"]
    new = questionnaires.Shipped("kitchen", one.body | {"title": "新版"}, "0" * 64)
    questionnaires.shipped.cache_clear()
    known = {**shipped(), "kitchen": new}
    monkeypatch.setattr("anlan.supervision.views.selfcheck.shipped", lambda: known)
    text = client.get(result).content.decode()
    assert "自查表更新过" in text
    assert "餐饮后厨" in text


def test_unknown_industries_steps_and_addresses_are_not_found(db: None) -> None:
    client = Client()
    assert client.get("/selfcheck/nothing/").status_code == 404
    assert client.post("/selfcheck/nothing/").status_code == 404
    assert client.get("/selfcheck/run/nothing/").status_code == 404
    assert client.get("/selfcheck/shared/None/").status_code == 404
    url = client.post("/selfcheck/kitchen/")["Location"]
    assert client.post(f"{url}fly/").status_code == 404
    assert client.get(f"{url}share/").status_code == 405
    assert client.post(f"{url}share/").status_code == 409  # no result yet
    assert client.get(f"{url}?s=99").status_code == 200
    assert client.get(f"{url}?s=-3").status_code == 200
    assert client.get(url.replace("/run/", "/result/"))["Location"] == url


def test_too_many_beginnings_from_one_address_are_refused(db: None) -> None:
    client = Client()
    for _n in range(30):
        assert client.post("/selfcheck/general/").status_code == 302
    assert client.post("/selfcheck/general/").status_code == 429
    assert SelfCheck.objects.count() == 30


def test_the_paper_is_a_pdf(db: None) -> None:
    client = Client()
    answer = client.get(walk(client, "general", answer="no") + "print.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")


def test_a_regulator_sees_counts_from_five_firms_on_and_no_names(cast: Cast, sign_in: SignIn) -> None:
    fill(start_check("general", by=cast.manager), "no")
    lacks = figures.territory(cast.county)
    assert lacks is not None
    assert (lacks.firms, lacks.enough, lacks.top) == (1, False, [])
    text = sign_in(cast.county).get("/selfcheck/").content.decode()
    assert "不到 5 家" in text
    assert figures.territory(cast.manager) is None
    assert figures.territory(cast.other_county).firms == 0  # type: ignore[union-attr]


def test_the_result_costs_as_many_queries_for_twenty_gaps_as_for_two(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    few = walk(client, "general", **{"b-charge": "no", "p-new": "no"})
    many = walk(client, "general", answer="no")
    client.get(many)
    counts = []
    for url in (few, many):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            client.get(url)
        counts.append(len(seen))
    assert counts[1] <= counts[0] + 1  # the second is compared with the first
    assert counts[1] <= 20


def test_deleting_the_earlier_check_leaves_the_later_one(cast: Cast) -> None:
    first = fill(start_check("general", by=cast.manager), "no")
    second = fill(start_check("general", by=cast.manager), "yes")
    assert second.before_id == first.pk
    delete_check(first, by=cast.manager)
    second.refresh_from_db()
    assert second.before is None
