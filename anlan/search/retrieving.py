"""From a query to documents in order: candidates of the engine, the bridge over answered questions, the ranking."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from anlan.search import ranking
from anlan.search.engine import Filters, engine
from anlan.search.learning import Learnt, learnt
from anlan.search.models import Document
from anlan.search.profile import grams_of
from anlan.search.ranking import Candidate
from anlan.search.understanding import Understood

WIDE: Final = 200
"""Candidates that are put in order."""
ANSWERED: Final = ("faq", "knowledge", "guide", "case", "news")
"""Kinds that answer questions in plain words and name the article."""
ALIKE: Final = 0.35
"""Below this likeness a question answered elsewhere is another question."""
_CITE: Final = re.compile(r"([^:：\s]+)[:：]([1-9]\d*(?:-[1-9]\d*)?)")


def ranked(asked: Understood, filters: Filters) -> list[tuple[int, float]]:
    """Return (key of the document, value), the best first."""
    statistics = learnt()
    rows = read(engine().candidates(asked, filters, WIDE))
    bridged = _bridged(asked, statistics) if rows else {}
    if bridged:
        known = {(row.statute, row.ref) for row in rows if row.kind == "article"}
        rows += _articles([place for place in bridged if place not in known], filters)
    return ranking.order(asked, rows, statistics, bridged)


def read(found: Sequence[tuple[int, float]]) -> list[Candidate]:
    """Read what ranking needs of candidates; those taken out meanwhile are left out."""
    scores = dict(found)
    rows = Document.objects.filter(pk__in=scores, gone=False).values_list(
        "pk", "kind", "statute", "ref", "level", "state", "profile"
    )
    return [
        Candidate(pk, scores[pk], kind, statute, ref, level, state, bytes(packed))
        for pk, kind, statute, ref, level, state, packed in rows
    ]


def _bridged(asked: Understood, statistics: Learnt) -> dict[tuple[str, str], float]:
    """Return the articles that answers to questions like this one cite, with the likeness of the closest."""
    # Answers speak as people do: what was typed finds them, without the law's words.
    found = engine().candidates(replace(asked, matches=()), Filters(kinds=ANSWERED), 12)
    articles: dict[tuple[str, str], float] = {}
    rows = Document.objects.filter(pk__in=[pk for pk, _ in found], gone=False)
    answers = list(rows.only("kind", "title", "also", "tags", "statute", "ref"))
    # Each wording of a question by itself: a list of ten would be like nothing.
    wordings = [
        (place, grams_of(words)) for place, row in enumerate(answers) for words in (row.title, *row.also.split("\n")) if words
    ]  # fmt: skip
    values = ranking.likeness(asked, [grams for _, grams in wordings], statistics)
    for (place, _), value in zip(wordings, values.tolist(), strict=True):
        row = answers[place]
        if value >= ALIKE:
            for cited in [(row.statute, row.ref)] if row.kind == "guide" else _cites(row.tags):
                articles[cited] = max(articles.get(cited, 0.0), value)
    return articles


def _cites(tags: Iterable[str]) -> list[tuple[str, str]]:
    """Of the tags of an answer those that name articles: 安全生产法:28."""
    return [(match[1], match[2]) for tag in tags if (match := _CITE.fullmatch(tag))]


def _articles(places: Sequence[tuple[str, str]], filters: Filters) -> list[Candidate]:
    """Read articles that no word led to, but an answered question."""
    if not places or (filters.kinds and "article" not in filters.kinds):
        return []
    keys = [f"{statute}:{ref}" for statute, ref in places[:20]]
    rows = read(
        [(pk, 0.0) for pk in Document.objects.filter(kind="article", key__in=keys).values_list("pk", flat=True)]
    )
    wanted = [row for row in rows if not filters.levels or row.level in filters.levels]
    return [replace(row, score=0.0) for row in wanted]
