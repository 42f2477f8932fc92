"""Measuring relevance: questions with the articles that answer them, recall and latency."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from anlan.lib.codes import Malformed
from anlan.lib.numerals import from_chinese
from anlan.search import ranking
from anlan.search.engine import Filters, engine
from anlan.search.learning import learnt
from anlan.search.models import Document
from anlan.search.retrieving import WIDE, ranked, read
from anlan.search.thesaurus import current
from anlan.search.understanding import understand
from anlan.search.words import normalise

ARTICLES: Final = Filters(kinds=("article",))
_NAME: Final = re.compile(r"《?(.+?)》?第([〇零一二三四五六七八九十百千两]+|\d+)条(?:之([一二三四五六七八九十]+|\d+))?")


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the keys of the articles that answer it; `unknown` names are not in the index."""

    words: str
    gold: frozenset[str]
    unknown: tuple[str, ...]
    topic: str

    @property
    def half(self) -> int:
        """0 to tune on, 1 to report: by the hash of the words, so that it never moves."""
        return hashlib.sha256(self.words.encode()).digest()[0] & 1


@dataclass(frozen=True, slots=True)
class Report:
    """Means over questions; latencies in milliseconds."""

    questions: int
    recall: dict[int, float]
    mrr: float
    p50: float
    p95: float

    def __str__(self) -> str:
        recall = "  ".join(f"recall@{k} {value:.3f}" for k, value in self.recall.items())
        return (
            f"{self.questions} questions  {recall}  MRR@10 {self.mrr:.3f}  p50 {self.p50:.1f} ms  p95 {self.p95:.1f} ms"
        )


def questions(path: Path) -> list[Question]:
    """Read {"q", "gold": ["民法典第一千二百四十条"], "topic"} lines; names are found by title, official title or alias."""
    slugs = _slugs()
    known = set(Document.objects.filter(kind="article", gone=False).values_list("key", flat=True))
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip():
            continue
        row: dict[str, Any] = json.loads(line)
        keys = {name: _key(name, slugs) for name in row["gold"]}
        gold = frozenset(key for key in keys.values() if key in known)
        unknown = tuple(name for name, key in keys.items() if key not in known)
        found.append(Question(row["q"], gold, unknown, row.get("topic", "")))
    return found


def evaluate(asked: Iterable[Question]) -> Report:
    """Ask every question that has a known answer; recall counts the share of its right articles among the first k."""
    thesaurus, took, places, recall = current(), [], [], {k: [] for k in (5, 10, 100)}  # type: ignore[var-annotated]
    for question in asked:
        if not question.gold:
            continue
        start = time.perf_counter()
        found = ranked(understand(question.words, thesaurus), ARTICLES)[:100]
        took.append(1000 * (time.perf_counter() - start))
        names = dict(Document.objects.filter(pk__in=[pk for pk, _ in found]).values_list("pk", "key"))
        keys = [names[pk] for pk, _ in found if pk in names]
        for k, shares in recall.items():
            shares.append(len(question.gold.intersection(keys[:k])) / len(question.gold))
        places.append(next((1 / place for place, key in enumerate(keys[:10], 1) if key in question.gold), 0.0))
    if not took:
        return Report(0, dict.fromkeys(recall, 0.0), 0.0, 0.0, 0.0)
    means = {k: float(np.mean(shares)) for k, shares in recall.items()}
    return Report(
        len(took), means, float(np.mean(places)), float(np.percentile(took, 50)), float(np.percentile(took, 95))
    )


def examples(asked: Iterable[Question]) -> Iterator[tuple[Any, Any]]:
    """Yield (features of the candidates, which are right) for learning the weights."""
    thesaurus, statistics = current(), learnt()
    for question in asked:
        understood = understand(question.words, thesaurus)
        rows = read(engine().candidates(understood, ARTICLES, WIDE))
        keys = dict(Document.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "key"))
        right = np.array([float(keys.get(row.pk) in question.gold) for row in rows])
        yield ranking.features(understood, rows, statistics, {}), right


def _slugs() -> dict[str, str]:
    """Every name of a statute → its slug; a title wins over an alias."""
    names: dict[str, str] = {}
    rows = list(Document.objects.filter(kind="statute", gone=False).values_list("statute", "title", "text", "also"))
    for slug, _title, _official, also in rows:
        for name in also.split("\n"):
            names.setdefault(_plain(name), slug)
    for slug, title, official, _also in rows:
        names[_plain(official)] = names[_plain(title)] = slug
    return names


def _plain(name: str) -> str:
    return re.sub(r"[\s《》〈〉()]", "", normalise(name)).removeprefix("中华人民共和国")


def _key(name: str, slugs: dict[str, str]) -> str:
    """Return "slug:ref" for 《民法典》第一千二百四十条; empty when it cannot be read."""
    found = _NAME.fullmatch(name.strip())
    if not found:
        return ""
    try:
        number = [int(part) if part.isdecimal() else from_chinese(part) for part in found.groups()[1:] if part]
    except Malformed:
        return ""
    plain = _plain(found[1])
    return f"{slugs.get(plain, plain)}:{'-'.join(map(str, number))}"
