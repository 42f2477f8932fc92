"""Tantivy: an index in the state folder. One writer in the worker follows the documents; every web process reads."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections import defaultdict
from pathlib import Path
from threading import Lock
from typing import Any, Final

import tantivy
from django.conf import settings
from tantivy import Occur, Query

from anlan.search.engine import FORMAT, Filters, prior
from anlan.search.models import Cursor, Document
from anlan.search.understanding import Understood
from anlan.search.words import characters, meaningful, pairs, words

BATCH: Final = 5_000
WAYS: Final = 8
"""Phrases of the law looked up for one lay wording."""
SECONDS: Final = 1.0
"""How old what readers see may be."""
# How much a field's score counts. Words and pairs say nearly the same; names and headings help to find the statute.
TYPED: Final = {"words": 1.0, "title": 0.3, "heading": 0.3, "also": 1.0}
PAIR, LAW_WORDS, LAW_PAIR = 0.8, 1.8, 0.5


def open_engine(place: str) -> TantivyEngine:
    """`tantivy:` keeps the index in the state folder, `tantivy:/path` elsewhere."""
    return TantivyEngine(Path(place) if place.strip("/") else Path(settings.VAR_DIR) / "search")


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in ("words", "pairs", "title", "heading", "also", "characters"):
        builder.add_text_field(
            name, tokenizer_name="whitespace", index_option="freq" if name != "characters" else "basic"
        )
    for name in ("kind", "level", "state"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("id", indexed=True, fast=True)
    builder.add_integer_field("day", indexed=True)
    builder.add_float_field("prior", fast=True)
    return builder.build()


class TantivyEngine:
    """A folder per build: `current.json` names it together with the number of the last change it holds."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.schema = folder, _schema()
        self._lock = Lock()
        self._index: Any = None
        self._searcher: Any = None
        self._name, self._looked = "", 0.0

    # — reading —

    def candidates(self, asked: Understood, filters: Filters, limit: int) -> list[tuple[int, float]]:
        """Return (key of the document, score), the best first."""
        searcher = self._reader()
        if searcher is None or asked.is_empty:
            return []
        query = Query.boolean_query([(Occur.Must, self._matching(asked)), *self._conditions(filters)])
        hits = searcher.search(query, limit, count=False, weight_by_field="prior").hits
        keys = searcher.fast_field_values("id", [address for _, address in hits])
        return [(key, score) for key, (score, _) in zip(keys, hits, strict=True) if key is not None]

    def _matching(self, asked: Understood) -> Any:
        if len(asked.text) == 1:
            return self._term("characters", asked.text)
        terms: defaultdict[tuple[str, str], float] = defaultdict(float)
        for word in asked.words:
            for field, weight in TYPED.items():
                terms[field, word] += weight
        for pair in asked.pairs:
            terms["pairs", pair] += PAIR
        for match in asked.matches:
            ways = match.formal[:WAYS]
            for phrase in ways:
                found = meaningful(phrase) or [phrase]
                # A wording with many phrases, or a long phrase, must not outweigh what stands beside it.
                weight = LAW_WORDS * (1 + 0.2 * (min(match.size, 5) - 2)) / (len(found) * len(ways)) ** 0.5
                for word in found:
                    terms["words", word] += weight
                for pair in () if match.is_scene else pairs(phrase):
                    terms["pairs", pair] += LAW_PAIR * weight
        # One flat list: Tantivy walks nested alternatives at half the speed.
        return Query.boolean_query(
            [(Occur.Should, self._term(field, value, weight)) for (field, value), weight in terms.items()]
        )

    def _term(self, field: str, value: Any, weight: float = 1.0) -> Any:
        query = Query.term_query(
            self.schema, field, value, "freq" if field in ("words", "pairs", "title", "heading", "also") else "basic"
        )
        return query if weight == 1.0 else Query.boost_query(query, weight)

    def _conditions(self, filters: Filters) -> list[tuple[Any, Any]]:
        conditions = []
        for field, values in (("kind", filters.kinds), ("level", filters.levels), ("state", filters.states)):
            if values:
                either = Query.boolean_query([(Occur.Should, self._term(field, value)) for value in values])
                conditions.append((Occur.Must, Query.const_score_query(either, 0.0)))
        if not filters.states:
            conditions += [(Occur.MustNot, self._term("state", value)) for value in ("replaced", "repealed")]
        if filters.since:
            day = Query.range_query(self.schema, "day", tantivy.FieldType.Integer, filters.since.toordinal(), 4_000_000)
            conditions.append((Occur.Must, Query.const_score_query(day, 0.0)))
        return conditions

    def _reader(self) -> Any:
        now = time.monotonic()
        if self._searcher is not None and now - self._looked < SECONDS:
            return self._searcher
        with self._lock:
            name = self._standing().get("name", "")
            if name != self._name:
                self._index = tantivy.Index.open(str(self.folder / name)) if name else None
                self._name = name
            if self._index is not None:
                self._index.reload()
            self._searcher = self._index.searcher() if self._index is not None else None
            self._looked = now
        return self._searcher

    # — writing: the worker alone —

    def follow(self) -> int:
        """Take over what changed; build anew where no index of this format stands or the database is another one."""
        standing = self._standing()
        last = Cursor.objects.filter(pk=1).values_list("number", flat=True).first() or 0
        if not standing or standing["number"] > last:
            return self.rebuild()
        if standing["number"] == last:
            return 0
        return self._take(standing["name"], standing["number"])

    def rebuild(self) -> int:
        """Build in a new folder, then point to it, then drop the old ones."""
        name = f"{FORMAT}-{time.time_ns()}"
        (self.folder / name).mkdir(parents=True)
        tantivy.Index(self.schema, str(self.folder / name))
        taken = self._take(name, 0)
        for other in self.folder.iterdir():
            if other.is_dir() and other.name != name:
                shutil.rmtree(other, ignore_errors=True)
        return taken

    def _take(self, name: str, since: int) -> int:
        index = tantivy.Index.open(str(self.folder / name))
        writer = index.writer(256_000_000 if not since else 32_000_000, 1)
        last, taken = since, 0
        # The cursor is read before the rows: what changes meanwhile comes again the next time, which does no harm.
        upto = Cursor.objects.filter(pk=1).values_list("number", flat=True).first() or 0
        rows = Document.objects.filter(changed__gt=since, changed__lte=upto)
        for row in rows.defer("tags", "profile", "digest", "url", "key").iterator(chunk_size=BATCH):
            if since:
                writer.delete_documents_by_term("id", row.pk)
            if not row.gone:
                writer.add_document(self._document(row))
            taken += 1
        last = upto
        writer.commit()
        writer.wait_merging_threads()
        self._point(name, last)
        return taken

    def _document(self, row: Document) -> tantivy.Document:
        document = tantivy.Document()
        document.add_text("words", " ".join(words(row.text)))
        document.add_text("pairs", " ".join(pairs(row.text)))
        document.add_text("title", " ".join([*words(row.title), *pairs(row.title)]))
        document.add_text("heading", " ".join(words(row.heading)))
        document.add_text("also", " ".join([*words(row.also), *pairs(row.also)]))
        document.add_text("characters", " ".join(characters(row.title + row.text)))
        for field in ("kind", "level", "state"):
            document.add_text(field, getattr(row, field))
        document.add_integer("id", row.pk)
        if row.day:
            document.add_integer("day", row.day.toordinal())
        # Tantivy multiplies the score by log2(2 + field): by 2 for a law in force, by 1 for a local norm.
        document.add_float("prior", max(0.0, 2 ** (2 * prior(row.kind, row.level, row.state)) - 2))
        return document

    def _standing(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((self.folder / "current.json").read_text())
        except (OSError, ValueError):
            return {}
        return found if found.get("format") == FORMAT and (self.folder / found["name"]).is_dir() else {}

    def _point(self, name: str, number: int) -> None:
        new = self.folder / "current.json.new"
        new.write_text(json.dumps({"format": FORMAT, "name": name, "number": number}))
        os.replace(new, self.folder / "current.json")
