"""Search in the database of the house, for several machines behind one address: no shared folder, no extension.

PostgreSQL's own full text knows no rarity: ranking by it reads every row that holds any word of the question, and took
longer than this even where the rare words alone were looked up (docs/search.md). Here a term leads to the packed keys of its documents, a question reads some
fifty such rows, and adds up rarities in memory; `ranking` then puts the candidates in order, the same as with Tantivy.
It works on every database that Django knows.
"""

from __future__ import annotations

import math
import time
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from threading import Lock
from typing import Any, Final

import numpy as np
from django.db import transaction
from django.db.models import Sum

from anlan.search.engine import FORMAT, Filters, prior
from anlan.search.models import Cursor, Document, Learned, Posting
from anlan.search.understanding import Understood
from anlan.search.words import characters, meaningful, pairs, words

NAME: Final = "database"
BATCH: Final = 2_000
READ: Final = 250_000
"""Keys that one question may read together, the rarest terms first: a megabyte."""
CLOSER: Final = 1_500
"""Documents that are looked at phrase by phrase."""
OFTEN: Final = 0.25
"""A term that so many of the documents hold says nothing."""
STEPS: Final = 0.2
"""Changes since the full build, of all documents, after which it is built anew."""
ALL: Final = "="


def open_engine(place: str) -> DatabaseEngine:
    """`postgres:` works in the database of the house."""
    return DatabaseEngine()


class DatabaseEngine:
    """Postings beside the documents; one worker follows, every process reads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[str, tuple[float, int]] = {}

    # — reading —

    def candidates(self, asked: Understood, filters: Filters, limit: int) -> list[tuple[int, float]]:
        """Return (key of the document, score), the best first."""
        ways = _ways(asked)
        chosen = self._chosen(ways, filters)
        rows = Posting.objects.filter(term__in=chosen).values_list("term", "ids")
        held: dict[str, list[Any]] = {}
        for term, ids in rows:
            held.setdefault(term, []).append(np.frombuffer(ids, dtype="<i4"))
        if not held:
            return []
        # First everything added up, to see which thousand documents deserve a closer look.
        every = np.concatenate([keys for parts in held.values() for keys in parts])
        sizes = [len(keys) for parts in held.values() for keys in parts]
        weights = [chosen[term] for term, parts in held.items() for _ in parts]
        rough = np.bincount(every, weights=np.repeat(weights, sizes))
        near = np.argpartition(-rough, min(CLOSER, len(rough) - 1))[:CLOSER]
        near = near[rough[near] > 0]
        scores = _closer(near, len(rough), ways, held, chosen)
        best = np.argsort(-scores)[: 2 * limit + 100]
        return self._standing(dict(zip(near[best].tolist(), scores[best].tolist(), strict=True)), filters)[:limit]

    @staticmethod
    def _standing(scores: dict[int, float], filters: Filters) -> list[tuple[int, float]]:
        """Keep what the filters let through, multiplied by how much the document counts anyway."""
        rows = Document.objects.filter(pk__in=scores, gone=False)
        if filters.kinds:
            rows = rows.filter(kind__in=filters.kinds)
        if filters.levels:
            rows = rows.filter(level__in=filters.levels)
        rows = (
            rows.filter(state__in=filters.states)
            if filters.states
            else rows.exclude(state__in=("replaced", "repealed"))
        )
        if filters.since:
            rows = rows.filter(day__gte=filters.since)
        found = [
            (pk, scores[pk] * max(1.0, 2 * prior(kind, level, state)))
            for pk, kind, level, state in rows.values_list("pk", "kind", "level", "state")
        ]
        return sorted(found, key=lambda pair: -pair[1])

    def _chosen(self, ways: list[list[dict[str, float]]], filters: Filters) -> dict[str, float]:
        """Return the rarest terms with their weights, as many as may be read in time."""
        wanted: dict[str, float] = {}
        for term, weight in (pair for group in ways for way in group for pair in way.items()):
            wanted[term] = max(wanted.get(term, 0.0), weight)
        if not wanted:
            return {}
        shelves = (
            ("a",)
            if filters.kinds == ("article",)
            else ("o",)
            if "article" not in (filters.kinds or ("article",))
            else ("a", "o")
        )
        named = {f"{shelf}{term}": weight for shelf in shelves for term, weight in wanted.items()}
        seen, total = self._frequencies(named)
        weighed = sorted((w * math.log(1 + total / (1 + seen[term])), term) for term, w in named.items() if seen[term])
        chosen: dict[str, float] = {}
        read = 0
        for weight, term in reversed(weighed):
            if read + seen[term] <= READ and (seen[term] < max(50, OFTEN * total) or len(named) < 4):
                chosen[term] = weight
                read += seen[term]
        return chosen

    def _frequencies(self, terms: Iterable[str]) -> tuple[dict[str, int], int]:
        """How many documents hold each term; remembered for five minutes, since they move slowly."""
        now = time.monotonic()
        with self._lock:
            if len(self._known) > 100_000:
                self._known.clear()
            stale = [term for term in (*terms, ALL) if now - self._known.get(term, (-1e9, 0))[0] > 300]
        if stale:
            rows = Posting.objects.filter(term__in=stale).values_list("term").annotate(n=Sum("count"))
            found = dict(rows.values_list("term", "n"))
            # What is not there yet may come with the next publication: asked again.
            with self._lock:
                self._known |= {term: (now, found[term]) for term in stale if term in found}
        return {term: self._known.get(term, (0.0, 0))[1] for term in terms}, self._known.get(ALL, (0.0, 1))[1]

    # — writing: the worker alone —

    def follow(self) -> int:
        """Take over what changed; build anew where nothing of this format stands or much changed since."""
        standing = Learned.objects.filter(name=NAME).values_list("body", flat=True).first() or {}
        last = _last()
        if standing.get("format") != FORMAT or standing["number"] > last:
            return self.rebuild()
        if standing["number"] == last:
            return 0
        taken, steps = self._take(standing["number"], last), standing["steps"]
        if steps + taken > 1_000 + STEPS * standing["documents"]:
            return self.rebuild()
        self._note(last, standing["documents"], steps + taken)
        return taken

    def rebuild(self) -> int:
        """Empty and fill in one transaction: readers see the old postings until it is complete."""
        last = _last()
        with transaction.atomic():
            Posting.objects.all()._raw_delete("default")  # a million rows need no look at relations
            taken = self._take(0, last)
            self._note(last, taken, 0)
        with self._lock:
            self._known.clear()
        return taken

    @staticmethod
    def _note(number: int, documents: int, steps: int) -> None:
        body = {"format": FORMAT, "number": number, "documents": documents, "steps": steps}
        Learned.objects.update_or_create(name=NAME, defaults={"body": body})

    @staticmethod
    def _take(since: int, upto: int) -> int:
        """Write the terms of what changed as one block. Older blocks keep the old terms of a changed document: it may
        be a candidate for them once more, and ranking looks at the text as it is now."""
        held: defaultdict[str, array[int]] = defaultdict(lambda: array("i"))
        taken = 0
        rows = Document.objects.filter(changed__gt=since, changed__lte=upto)
        for row in rows.order_by("pk").defer("tags", "profile", "digest", "url").iterator(chunk_size=BATCH):
            taken += 1
            if not row.gone:
                for term in _document_terms(row):
                    held[term].append(row.pk)
        blocks = (
            Posting(term=term, block=upto, count=len(ids), ids=np.array(ids, "<i4").tobytes())
            for term, ids in held.items()
        )
        with transaction.atomic():
            Posting.objects.filter(block=upto).delete()
            while batch := list(islice(blocks, BATCH)):
                Posting.objects.bulk_create(batch)
        return taken


def _ways(asked: Understood) -> list[list[dict[str, float]]]:
    """Return groups of terms with weights: what was typed is one; each lay wording is one with a way per phrase of the
    law, of which the best counts."""
    if asked.is_empty:
        return []
    if len(asked.text) == 1:
        return [[{f"c{asked.text}": 1.0}]]
    groups = [[dict.fromkeys(_terms(asked.words, asked.pairs), 1.0)]]
    for match in asked.matches:
        group = []
        for phrase in match.formal:
            found = meaningful(phrase) or [phrase]
            weight = 1.5 * (1 + 0.2 * (min(match.size, 5) - 2)) / len(found) ** 0.5
            twos = [word for word in found if len(word) == 2] if match.is_scene else pairs(phrase)
            group.append(dict.fromkeys(_terms(found, twos), weight))
        groups.append(group)
    return groups


def _closer(
    near: Any, span: int, ways: list[list[dict[str, float]]], held: dict[str, list[Any]], chosen: dict[str, float]
) -> Any:
    """Return the scores of some documents: typed terms, and of each lay wording the best phrase, the others a little."""
    place = np.full(span, -1, dtype=np.int32)
    place[near] = np.arange(len(near))
    most: dict[str, float] = {}
    for term, weight in (pair for group in ways for way in group for pair in way.items()):
        most[term] = max(most.get(term, 0.0), weight)
    found: dict[str, Any] = {}
    rarity: dict[str, float] = {}
    for term, parts in held.items():
        at = place[np.concatenate(parts)]
        bare = term[1:]
        found[bare] = np.concatenate([found[bare], at[at >= 0]]) if bare in found else at[at >= 0]
        rarity[bare] = max(rarity.get(bare, 0.0), chosen[term] / most[bare])
    scores = np.zeros(len(near))
    for group in ways:
        values = np.zeros((len(group), len(near)))
        for row, way in zip(values, group, strict=True):
            for term, weight in way.items():
                if term in found:
                    row[found[term]] += rarity[term] * weight
        best = values.max(axis=0)
        scores += best + 0.1 * (values.sum(axis=0) - best)
    return scores


def _terms(found: Iterable[str], twos: Iterable[str]) -> Iterator[str]:
    """Words of more than two characters, and pairs: a word of two is its pair."""
    yield from (f"w{word}"[:39] for word in found if len(word) != 2)
    yield from (f"p{two}"[:39] for two in twos)


def _document_terms(row: Document) -> set[str]:
    text = f"{row.title}\n{row.heading}\n{row.text}\n{row.also}"
    shelf = "a" if row.kind == "article" else "o"
    own = {*_terms(words(text), pairs(text)), *(f"c{char}" for char in characters(row.title + row.text))}
    return {*(f"{shelf}{term}" for term in own), ALL}


def _last() -> int:
    return Cursor.objects.filter(pk=1).values_list("number", flat=True).first() or 0
