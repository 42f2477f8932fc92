"""`index()`: the verb by which every app says what can be found. The rows are the truth; the engine follows by cursor."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from itertools import islice
from typing import Any, Final

import orjson
from django.db import transaction
from django.db.models import F

from anlan.search.models import Cursor, Document
from anlan.search.profile import profile

BATCH: Final = 2_000


@dataclass(frozen=True, slots=True)
class Found:
    """A public thing as search shows it; the fields are those of `Document`."""

    key: str
    title: str
    text: str
    url: str
    heading: str = ""
    also: str = ""
    statute: str = ""
    ref: str = ""
    level: str = ""
    rank: int = 0
    state: str = ""
    region_code: str = ""
    tags: tuple[str, ...] = ()
    day: date | None = None

    @property
    def digest(self) -> str:
        """Of everything: equal digests need no new indexing."""
        return hashlib.blake2b(orjson.dumps(asdict(self)), digest_size=16).hexdigest()


FIELDS: Final = tuple(Found.__dataclass_fields__)


def index(kind: str, found: Found) -> None:
    """Say that one thing can be found, as of the fact's own transaction."""
    index_many(kind, [found])


def unindex(kind: str, *keys: str) -> None:
    """Say that things can no longer be found."""
    with transaction.atomic():
        gone = Document.objects.filter(kind=kind, key__in=keys, gone=False)
        gone.update(gone=True, digest="", changed=_next())


def index_many(kind: str, rows: Iterable[Found]) -> int:
    """Index many things of one kind; return how many were new or different. Set-based: three statements per 2,000."""
    changed = 0
    for batch in _batches(rows, BATCH):
        # A key said twice in one batch: the last one counts, as it would in two calls.
        latest = {row.key: row for row in batch}
        with transaction.atomic():
            known = dict(Document.objects.filter(kind=kind, key__in=latest).values_list("key", "digest"))
            new = [row for row in latest.values() if known.get(row.key) != row.digest]
            if not new:
                continue
            number = _next()
            Document.objects.bulk_create(
                [
                    Document(
                        kind=kind,
                        changed=number,
                        gone=False,
                        digest=row.digest,
                        profile=profile(row.text, f"{row.heading} {row.also}"),
                        **(asdict(row) | {"tags": list(row.tags)}),
                    )
                    for row in new
                ],
                update_conflicts=True,
                unique_fields=["kind", "key"],
                update_fields=[*FIELDS, "digest", "profile", "changed", "gone"],
            )
            changed += len(new)
    return changed


def reconcile(kind: str, rows: Iterable[Found]) -> tuple[int, int]:
    """Make the documents of a kind be exactly these; return how many changed and how many went."""
    keys: set[str] = set()

    def noting() -> Iterable[Found]:
        for row in rows:
            keys.add(row.key)
            yield row

    changed = index_many(kind, noting())
    gone = [
        key
        for key in Document.objects.filter(kind=kind, gone=False).values_list("key", flat=True).iterator()
        if key not in keys
    ]
    for batch in _batches(gone, 500):
        unindex(kind, *batch)
    return changed, len(gone)


def _batches(rows: Iterable[Any], size: int) -> Iterable[list[Any]]:
    source = iter(rows)
    while batch := list(islice(source, size)):
        yield batch


def _next() -> int:
    """The next number of the cursor. Its row stays locked until the commit, so numbers appear in the order of commits and
    the engine, which reads upwards, never overlooks a slow writer."""
    if not Cursor.objects.filter(pk=1).update(number=F("number") + 1):
        Cursor.objects.get_or_create(pk=1, defaults={"number": 0})
        Cursor.objects.filter(pk=1).update(number=F("number") + 1)
    return Cursor.objects.values_list("number", flat=True).get(pk=1)
