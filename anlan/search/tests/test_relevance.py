"""Relevance on an invented body of law: what ranking promises, small enough to reason about."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command

from anlan.search import ranking, training
from anlan.search.actions import index
from anlan.search.evaluating import ARTICLES, evaluate, questions
from anlan.search.models import Document
from anlan.search.retrieving import ranked
from anlan.search.tests.conftest import article, keys
from anlan.search.thesaurus import current
from anlan.search.understanding import understand

pytestmark = pytest.mark.usefixtures("law")
AddTerm = Callable[..., None]


def best(query: str, n: int = 1) -> list[str]:
    names = keys()
    return [names[pk] for pk, _ in ranked(understand(query, current()), ARTICLES)[:n]]


def test_the_article_that_says_it_comes_first() -> None:
    assert best("没有订立书面约书，双倍酬金") == ["山川劳作法:3"]


def test_the_thesaurus_leads_from_lay_words(add_term: AddTerm) -> None:
    assert "山川劳作法:4" not in best("爬悬崖要带什么", 1)
    add_term(["爬悬崖"], ["登崖作业"])
    assert best("爬悬崖要带什么", 2)[0].startswith("山川劳作法:4")


def test_an_answered_question_leads_to_the_article_it_cites() -> None:
    assert "山川劳作法:2" in best("雇主一直不给钱", 2)


def test_another_question_is_not_bridged() -> None:
    assert best("驮马夜里要不要挂灯")[0] == "驮马通行规则:1"


def test_who_asks_for_the_penalty_gets_it_first(add_term: AddTerm) -> None:
    add_term(["欠薪"], ["拖欠酬金"])
    assert best("欠薪罚多少", 1) == ["山川劳作法:5"]


def test_evaluation_counts_recall_and_names_what_is_unknown(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    lines = [
        {"q": "双倍酬金", "gold": ["中华人民共和国山川劳作法第三条"]},
        {"q": "强令登崖", "gold": ["劳作法第四条之一", "无此法第一条"]},
    ]
    file.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines))
    asked = questions(file)
    assert asked[0].gold == {"山川劳作法:3"} and asked[1].gold == {"山川劳作法:4-1"}
    assert asked[1].unknown == ("无此法第一条",)
    report = evaluate(asked)
    assert report.questions == 2 and report.recall[5] == 1.0 and report.mrr == 1.0
    out = StringIO()
    call_command("search", "eval", str(file), stdout=out, stderr=StringIO())
    assert "recall@5 1.000" in out.getvalue()


def test_training_learns_what_separates_right_from_wrong() -> None:
    random = np.random.default_rng(5)
    rows = []
    for _ in range(40):
        x = random.normal(size=(12, 3))
        y = np.zeros(12)
        y[np.argmax(2 * x[:, 0] - x[:, 1])] = 1
        rows.append((x, y))
    weights = training.fit(rows, steps=200)
    assert weights[0] > 0.5 and weights[1] < -0.2 and abs(weights[2]) < weights[0] / 3


def test_the_shipped_weights_fit_the_features() -> None:
    assert len(ranking.weights()) == len(ranking.FEATURES) and np.isfinite(ranking.weights()).all()


def test_evaluation_on_documents_of_a_folder_leaves_the_house_as_it_was(tmp_path: Path) -> None:
    rows = [
        {"kind": "statute", "key": "借物法", "title": "借物法", "text": "借物法", "url": "/", "statute": "借物法"},
        {
            "key": "借物法:1",
            "title": "借物法 第一条",
            "text": "借物应当按期归还。",
            "url": "/",
            "statute": "借物法",
            "ref": "1",
        },
    ]
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    file = tmp_path / "q.jsonl"
    file.write_text(json.dumps({"q": "东西不按期归还", "gold": ["借物法第一条"]}, ensure_ascii=False))
    before, out = Document.objects.count(), StringIO()
    call_command("search", "eval", str(file), docs=tmp_path / "docs", stdout=out, stderr=StringIO())
    assert "recall@5 1.000" in out.getvalue() and Document.objects.count() == before
    assert best("双倍酬金") == ["山川劳作法:3"]


def test_what_was_just_imported_is_measured_without_a_worker(tmp_path: Path) -> None:
    index("article", article("山川劳作法:9", "雇主应当备好灯油，夜间作业不得摸黑。"))
    file = tmp_path / "q.jsonl"
    file.write_text(json.dumps({"q": "夜间作业灯油", "gold": ["山川劳作法第九条"]}), encoding="utf-8")
    out = StringIO()
    call_command("search", "eval", str(file), stdout=out, stderr=StringIO())
    assert "recall@5 1.000" in out.getvalue()
