"""What the results page shows for a query: the jump, hits of all kinds in one order, counts, what was perhaps meant."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

import numpy as np
from django.utils.safestring import SafeString

from anlan.search import jump
from anlan.search.engine import Filters, engine
from anlan.search.hooks import MOVED
from anlan.search.learning import learnt
from anlan.search.models import Document
from anlan.search.names import catalogue
from anlan.search.passages import passage, terms
from anlan.search.profile import grams_of, unpack
from anlan.search.ranking import likeness
from anlan.search.retrieving import ranked
from anlan.search.thesaurus import current
from anlan.search.understanding import Understood, clean, understand
from anlan.search.words import normalise

SHOWN: Final = 100
"""Articles at most in the results: who did not find it there asks otherwise."""
OTHERS: Final = 60
ELSEWHERE: Final = 0.18
"""How like a query the title and wordings of a card, question or course must be to stand among the articles."""
_LAW: Final = ("article", "statute")
_ELSE: Final = tuple(kind for kind in Document.Kind.values if kind != "article")


@dataclass(frozen=True, slots=True)
class Hit:
    """A document as the page shows it."""

    document: Document
    title: SafeString
    passage: SafeString
    value: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where the jump leads: the document, or a statute without that article (`missing`); `moved` warns."""

    document: Document
    url: str
    missing: str = ""
    moved: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Results:
    """All of it. `counts` per kind; `meant` another wording to try; `mended` what typing errors became."""

    asked: Understood
    places: list[Place] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    meant: str = ""
    mended: str = ""

    @property
    def total(self) -> int:
        """How many there are of all kinds."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the address asks for."""

    q: str = ""
    kind: str = ""
    level: str = ""
    state: str = ""
    since: date | None = None
    exact: bool = False


def find(chosen: Chosen, start: int = 0, size: int = 20) -> Results:
    """Answer a query; hits only of the page asked for."""
    words, names = clean(chosen.q), catalogue()
    asked = understand(words, current(), mend=not chosen.exact)
    results = Results(asked)
    if asked.is_empty:
        return results
    if not chosen.exact and current().mend(normalise(words)) != normalise(words):
        results.mended = asked.text
    if not chosen.kind or chosen.kind in _LAW:
        results.places = _places(jump.parse(words, names.names))
    if not results.places and not chosen.exact and (meant := names.sounds_like(words)) and words.isascii():
        asked = results.asked = understand(meant, current())
        results.mended = meant
    order = _order(asked, chosen)
    shown = {place.document.pk for place in results.places}
    order = [(pk, kind, value) for pk, kind, value in order if pk not in shown]
    results.counts = Counter(kind for _, kind, _ in order)
    if chosen.kind:
        order = [row for row in order if row[1] == chosen.kind]
    if not results.places and not results.mended:
        results.meant = names.sounds_like(words) or names.looks_like(words)
    results.hits = _hits(asked, order[start : start + size])
    return results


def _order(asked: Understood, chosen: Chosen) -> list[tuple[int, str, float]]:
    """Return (key, kind, value) of all kinds, the best first."""
    filters = Filters(
        levels=(chosen.level,) if chosen.level else (),
        states=(chosen.state,) if chosen.state else (),
        since=chosen.since,
    )
    rows = [(pk, "article", value) for pk, value in ranked(asked, replace(filters, kinds=("article",)))[:SHOWN]]
    if not chosen.level and not chosen.state:
        rows += _others(asked, replace(filters, kinds=_ELSE), rows[0][2] if rows else 0.0)
    return sorted(rows, key=lambda row: -row[2])


def _others(asked: Understood, filters: Filters, top: float) -> list[tuple[int, str, float]]:
    """Other kinds stand among the articles by how alike their title or one of their wordings is to the query."""
    found = [pk for pk, _ in engine().candidates(asked, filters, OTHERS)]
    rows = Document.objects.filter(pk__in=found, gone=False).values_list("pk", "kind", "title", "also", "profile")
    documents = list(rows)
    # The whole text shares less with a question than a title does: its likeness counts more.
    texts = [
        (place, grams, share)
        for place, (_, _, title, also, packed) in enumerate(documents)
        for grams, share in [
            *((grams_of(words), 1.0) for words in [title, *filter(None, also.split("\n"))][:20]),
            (unpack(bytes(packed)).grams, 1.4),
        ]
    ]
    best = np.zeros(len(documents))
    values = likeness(asked, [grams for _, grams, _ in texts], learnt())
    np.maximum.at(best, [place for place, _, _ in texts], values * [share for _, _, share in texts])
    # A likeness of one half stands with the best article, a perfect one before it.
    return [
        (pk, kind, top + 6 * (alike - 0.5))
        for (pk, kind, *_), alike in zip(documents, best.tolist(), strict=True)
        if alike >= ELSEWHERE
    ]


def _hits(asked: Understood, order: list[tuple[int, str, float]]) -> list[Hit]:
    values = {pk: value for pk, _, value in order}
    documents = Document.objects.defer("profile").in_bulk(values)
    marked = terms(asked)
    return [
        Hit(row, passage(row.title, marked, 200), passage(row.text, marked), values[pk])
        for pk in values
        if (row := documents.get(pk)) is not None and not row.gone
    ]


def _places(target: jump.Jump | None) -> list[Place]:
    """Look up where the jump leads; of an ambiguous one the first five."""
    if target is None:
        return []
    statutes = {row.key: row for row in Document.objects.filter(kind="statute", key__in=target.slugs, gone=False)}
    as_of = f"?on={target.year}-12-31" if target.year else ""
    if not target.ref:
        return [Place(statutes[slug], statutes[slug].url + as_of) for slug in target.slugs if slug in statutes][:3]
    keys = {slug: f"{slug}:{target.ref}" for slug in target.slugs}
    rows = Document.objects.filter(kind__in=("article", "guide"), key__in=keys.values(), gone=False)
    # Where the official text is not here yet, the guide to the article is what there is.
    articles = {row.key: row for row in sorted(rows, key=lambda row: row.kind == "article")}
    places = []
    for slug in target.slugs:
        anchor = f"#k{target.paragraph}" if target.paragraph else ""
        if row := articles.get(keys[slug]):
            moved = tuple(pair for ask in MOVED for pair in ask(slug, target.ref)) if not target.year else ()
            places.append(Place(row, row.url + as_of + anchor, moved=moved))
        elif slug in statutes and (target.year or len(target.slugs) == 1):
            # An older version may have had it: the page of that day knows.
            url = f"{statutes[slug].url}{target.ref}/{as_of}" if target.year else statutes[slug].url
            places.append(Place(statutes[slug], url, missing="" if target.year else target.ref))
    return places[:5]
