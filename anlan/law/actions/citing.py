"""Who cites what: the upper apps hand in what their texts cite, statutes are read for what they cite each other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Final, TypeVar

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from anlan.law.models import Citation, Provision, Statute, Version
from anlan.law.names import read_names
from anlan.law.recognising import HERE, Mention, expanded, recognise, recognise_short

T = TypeVar("T")
BATCH: Final = 1000
GONE: Final = "-"
"""Signature of an article that the newest text no longer has."""
Target = tuple[int, str, int, int]
"""statute, ref, paragraph, item"""


@dataclass(frozen=True, slots=True)
class Cite:
    """A text of an upper app and what it cites.

    `refs`: short references ("安全生产法:38") or words with names ("消防法第二十八条"); what names no statute of the library
    waits until one comes. `owner`: the organisation that must read it again, empty for the house itself.
    """

    key: str
    title: str
    refs: tuple[str, ...] = ()
    url: str = ""
    is_public: bool = False
    owner: str = ""


def signature(ref: str, digest: str) -> str:
    """What a reader has read an article against: its number and its words."""
    return hashlib.blake2b(f"{ref}|{digest}".encode(), digest_size=8).hexdigest()


@transaction.atomic
def take_citations(kind: str, rows: Iterable[Cite]) -> int:
    """Make the citations of a kind be exactly these; return how many are new.

    Rows that stay keep against which text they were last read and whether they wait. A new one counts as read against the
    text in force now: whoever wrote it had that before them.
    """
    names = read_names()
    wanted: dict[tuple[str, Target], Cite] = {}
    for row in rows:
        for target in _targets(recognise_short(row.refs, known=names), names, None):
            wanted[row.key[:80], target] = row
    here = {(c.key, (c.statute_id, c.ref, c.paragraph, c.item)): c for c in Citation.objects.filter(kind=kind)}
    dropped = [c.pk for place, c in here.items() if place not in wanted]
    for batch in _batches(dropped):
        Citation.objects.filter(pk__in=batch).delete()
    told: list[Citation] = []
    for place, c in here.items():
        now = wanted.get(place)
        if now and (c.title, c.url, c.is_public, c.owner) != (now.title[:200], now.url, now.is_public, now.owner[:80]):
            c.title, c.url, c.is_public, c.owner = now.title[:200], now.url, now.is_public, now.owner[:80]
            told.append(c)
    Citation.objects.bulk_update(told, ["title", "url", "is_public", "owner"], batch_size=500)
    new = [
        Citation(
            kind=kind, key=key, title=row.title[:200], url=row.url, is_public=row.is_public, owner=row.owner[:80],
            statute_id=statute, ref=ref, paragraph=paragraph, item=item,
        )
        for (key, (statute, ref, paragraph, item)), row in wanted.items()
        if (key, (statute, ref, paragraph, item)) not in here
    ]  # fmt: skip
    Citation.objects.bulk_create(new, batch_size=BATCH, ignore_conflicts=True)
    hold_articles(Citation.objects.filter(kind=kind))
    return len(new)


def hold_articles(rows: Iterable[Citation] | None = None) -> int:
    """Tie citations that have no article yet to the article that bears their number in the text in force.

    Run again after an import: a citation may have waited for its statute. Returns how many were tied.
    """
    waiting = [c for c in (rows if rows is not None else _loose()) if c.ref and c.article_id is None]
    if not waiting:
        return 0
    present = present_versions({c.statute_id for c in waiting})
    places: dict[tuple[int, str], tuple[int | None, str]] = {}
    by_version = {version: statute for statute, version in present.items()}
    for batch in _batches(sorted(by_version)):
        found = Provision.objects.filter(version__in=batch, kind=Provision.Kind.ARTICLE)
        for version, ref, article, digest in found.values_list("version", "ref", "article", "digest"):
            places.setdefault((by_version[version], ref), (article, digest))
    tied = []
    for c in waiting:
        held, digest = places.get((c.statute_id, c.ref), (None, ""))
        if held is not None:
            c.article_id = held
            c.digest = c.digest or signature(c.ref, digest)
            tied.append(c)
    Citation.objects.bulk_update(tied, ["article", "digest"], batch_size=500)
    return len(tied)


def _loose() -> Iterator[Citation]:
    return Citation.objects.filter(article__isnull=True).exclude(ref="").iterator(chunk_size=BATCH)


def present_versions(statutes: Iterable[int] | None = None, day: date | None = None) -> dict[int, int]:
    """Return statute → the version that counts on a day: in force, else the next to come, else the last."""
    day = day or timezone.localdate()
    rows = Version.objects.in_order()
    found: dict[int, tuple[int, int]] = {}
    for pk, statute, begins, ends in (
        rows if statutes is None else rows.filter(statute__in=list(statutes))
    ).values_list("pk", "statute", "effective_on", "ended_on"):
        future, ended = begins is not None and begins > day, ends is not None and ends <= day
        # Newest first: of several to come the nearest counts, of several that ended the last.
        grade = 1 if future else 2 if ended else 0
        if statute not in found or grade < found[statute][0] or (grade == found[statute][0] == 1):
            found[statute] = (grade, pk)
    return {statute: pk for statute, (_grade, pk) in found.items()}


def cite_laws(statutes: Iterable[int] | None = None) -> int:
    """Read statutes for what they cite and keep it; return how many citations there are of them now.

    None: those that need it: a text that nobody read yet, one that began or ended to bind since, and everything when the
    library knows new names. The texts in force and those to come are read; citations of replaced texts go.
    """
    names = read_names()
    chosen = _to_read() if statutes is None else set(statutes)
    count = 0
    for batch in _batches(sorted(chosen), 60):
        count += _cite_batch(batch, names)
    return count


def _to_read() -> set[int]:
    today = timezone.localdate()
    read = (
        Version.objects.filter(cited_at__isnull=False).order_by("cited_at").values_list("cited_at", flat=True).first()
    )
    if read is not None and Statute.objects.filter(created_at__gt=read).exists():
        return set(Version.objects.values_list("statute", flat=True))
    day = TruncDate("cited_at")
    due = Version.objects.annotate(day=day).filter(
        Q(cited_at__isnull=True)
        | Q(effective_on__gt=F("day"), effective_on__lte=today)
        | Q(ended_on__gt=F("day"), ended_on__lte=today)
    )
    return set(due.values_list("statute", flat=True))


@transaction.atomic
def _cite_batch(statutes: list[int], names: dict[str, int]) -> int:
    present = present_versions(statutes)
    today = timezone.localdate()
    future = Version.objects.filter(statute__in=statutes, effective_on__gt=today).values_list("pk", flat=True)
    versions = {v.pk: v for v in Version.objects.filter(pk__in={*present.values(), *future}).select_related("statute")}
    rows = Provision.objects.filter(version__in=versions, kind__in=(Provision.Kind.ARTICLE, Provision.Kind.CLAUSE))
    new: dict[tuple[str, Target], Citation] = {}
    short: dict[int, dict[str, str]] = {}
    before = ""
    for row in rows.order_by("version", "position").only("pk", "version_id", "ref", "label", "text"):
        statute = versions[row.version_id].statute
        present_text = present.get(statute.pk) == row.version_id
        for target in _targets(
            mentions_in(row.text, names, row.ref, before, short.setdefault(row.version_id, {})), names, statute.pk
        ):
            if target[:2] == (statute.pk, row.ref):
                continue
            key = f"{statute.pk:08d}{row.pk:012d}"
            url = (
                f"/law/{statute.slug}/{row.ref}/"
                if present_text
                else f"/law/{statute.slug}/v/{versions[row.version_id].key}/{row.ref}/"
            )
            new[key, target] = Citation(
                kind=Citation.Kind.PROVISION, key=key, title=f"{statute.short[:150]} {row.label}", url=url, is_public=True,
                statute_id=target[0], ref=target[1], paragraph=target[2], item=target[3],
            )  # fmt: skip
        before = row.ref
    # Keys are digits only, so the range holds under any collation.
    for pk in statutes:
        Citation.objects.filter(kind=Citation.Kind.PROVISION, key__gte=f"{pk:08d}", key__lt=f"{pk + 1:08d}").delete()
    tie(new.values())
    Citation.objects.bulk_create(new.values(), batch_size=BATCH, ignore_conflicts=True)
    Version.objects.filter(statute__in=statutes).update(cited_at=timezone.now())
    return len(new)


def mentions_in(
    text: str, names: dict[str, int], ref: str, before: str, short: dict[str, str] | None = None
) -> Iterator[Mention]:
    """Yield what an article cites, paragraph by paragraph: 前款 means the paragraph before. Offsets are those of its line."""
    for number, line in paragraphs(text):
        yield from recognise(line, known=names, ref=ref, previous=before, paragraph=number, short=short)


def paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of an article with the number of the paragraph 款 they belong to; items 项 are lines of theirs."""
    number = 0
    for line in text.split("\n"):
        if not line.lstrip().startswith(("（", "(")):
            number += 1
        yield max(number, 1), line


def tie(rows: Iterable[Citation]) -> None:
    """Give new citations the articles that bear their numbers now, before they are written."""
    found = [row for row in rows if row.ref]
    present = present_versions({row.statute_id for row in found})
    by_version = {version: statute for statute, version in present.items()}
    refs = {row.ref for row in found}
    places: dict[tuple[int, str], int] = {}
    for batch in _batches(sorted(by_version), 300):
        hits = Provision.objects.filter(version__in=batch, kind=Provision.Kind.ARTICLE, article__isnull=False)
        hits = hits.filter(ref__in=refs) if len(refs) <= 500 else hits
        for version, ref, article in hits.values_list("version", "ref", "article").iterator(chunk_size=5000):
            if ref in refs:
                places.setdefault((by_version[version], ref), article)
    for row in found:
        row.article_id = places.get((row.statute_id, row.ref))


def _targets(mentions: Iterable[Mention], names: dict[str, int], here: int | None) -> Iterator[Target]:
    """Yield each thing cited once; names that the library does not know are left out."""
    seen: set[Target] = set()
    for mention in expanded(mentions):
        statute = here if mention.name == HERE else names.get(mention.name)
        if statute is None:
            continue
        target = (statute, mention.ref, min(mention.paragraph, 99), min(mention.item, 99))
        if target not in seen:
            seen.add(target)
            yield target


def _batches(rows: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    source = iter(rows)
    while batch := list(islice(source, size)):
        yield batch
