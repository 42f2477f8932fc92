"""Import of statute texts. Set-based, in batches of one transaction each, safe to kill and to repeat: what was read is known by
its digest, what a batch left unsettled is settled by the next run."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from anlan.law.actions.citing import cite_laws
from anlan.law.actions.facts import divisions, known_facts, shipped_statute
from anlan.law.actions.settling import settle_dates, settle_refs, tell_search
from anlan.law.actions.stale import mark_stale
from anlan.law.aligning import align
from anlan.law.models import Article, Import, Provision, Source, Statute, Version
from anlan.law.parsing.dating import Dated, dated
from anlan.law.parsing.folder import Source as Found
from anlan.law.parsing.folder import collect
from anlan.law.parsing.marks import squeeze
from anlan.law.parsing.naming import Standing, everyday, slug_of, standing_of
from anlan.law.parsing.structure import Kind

BATCH: Final = 120
"""Texts in one transaction: about 6,000 provisions, a second on two cores."""
REPORT_LINES: Final = 3000
_SIGNS: Final = re.compile(r"[\W_]+")


@dataclass(slots=True)
class _Read:
    """A source with everything that can be known before the database is asked."""

    found: Found
    dated: Dated
    standing: Standing
    short: str
    region: str
    body: str


@dataclass(slots=True)
class _Known:
    """A version that is here: enough to compare and to align with."""

    version: Version
    lines: list[tuple[str, str, Article | None]] = field(default_factory=list)
    """(ref, text, article) of its articles; empty until somebody asks."""
    loaded: bool = False


def run_import(run: Import, root: Path) -> Import:
    """Read a folder or file into the library and return the run with its figures and doubts.

    Idempotent: a second run over the same files adds nothing. Raises what the file system raises for a folder that is not
    there; everything else about single files becomes a line of the report.
    """
    Import.objects.filter(pk=run.pk).update(
        state=Import.State.RUNNING, beat_at=timezone.now(), words="", path=str(root)[:400]
    )
    run.refresh_from_db()
    run.report, run.done, run.added, run.same, run.skipped = [], 0, 0, 0, 0
    if not root.exists():
        raise FileNotFoundError(root)
    found: list[Found] = []
    for source in collect(root):
        found.append(source)
        if len(found) % 200 == 0:
            run.total = len(found)
            _beat(run)
    run.total = len(found)
    importer = _Importer(run)
    importer.take(found)
    touched = importer.touched | set(_unsettled())
    ended = settle_dates()
    settle_refs(touched)
    tell_search(touched | ended)
    _beat(run)
    cite_laws()
    mark_stale()
    run.state, run.ended_at = Import.State.DONE, timezone.now()
    run.save()
    return run


def _beat(run: Import) -> None:
    """Say that this process lives, and how far it is."""
    run.beat_at = timezone.now()
    run.save(update_fields=["beat_at", "total", "done", "added", "same", "skipped", "report"])


def _unsettled() -> Iterator[int]:
    """Statutes whose versions a run that was killed has left out of the index: they have no public document yet."""
    from anlan.search.models import Document

    here = Document.objects.filter(kind="statute", key=OuterRef("slug"), gone=False)
    with_text = Version.objects.filter(statute=OuterRef("pk"))
    return Statute.objects.filter(Exists(with_text), ~Exists(here)).values_list("pk", flat=True).iterator()


class _Importer:
    """One run: holds what is in the library by the names that sources use."""

    def __init__(self, run: Import) -> None:
        self.run = run
        self.divisions = divisions()
        self.facts = known_facts()
        self.touched: set[int] = set()
        self.statutes: dict[str, list[Statute]] = {}
        for statute in Statute.objects.all():
            self.statutes.setdefault(slug_of(statute.short), []).append(statute)
        self.slugs = {statute.slug for group in self.statutes.values() for statute in group}
        self.versions: dict[int, list[_Known]] = {}
        wanted = ("pk", "statute_id", "key", "body_digest", "adopted_on", "doubts", "source")
        for version in Version.objects.only(*wanted).order_by("adopted_on", "pk"):
            self.versions.setdefault(version.statute_id, []).append(_Known(version))
        self.places = dict(Source.objects.values_list("place", "version_id"))
        self.digests = set(Source.objects.values_list("digest", flat=True))

    def take(self, found: list[Found]) -> None:
        """Store what is new, older versions of a statute before younger ones. Empties the list: texts are large."""
        fresh: list[_Read] = []
        for source in found:
            if source.refusal:
                self.run.skipped += 1
                self.run.done += 1
                self._say(source.place, "skipped", source.refusal)
            elif source.digest in self.digests:
                self.run.same += 1
                self.run.done += 1
            else:
                self.digests.add(source.digest)
                fresh.append(self._read(source))
        found.clear()
        fresh.sort(key=lambda read: (slug_of(read.short), read.region, read.dated.key, read.found.place), reverse=True)
        while fresh:
            batch = fresh[: -BATCH - 1 : -1]
            del fresh[-BATCH:]
            with transaction.atomic():
                self._store(batch)
            self.run.done += len(batch)
            _beat(self.run)

    def _read(self, source: Found) -> _Read:
        text = source.text
        short = everyday(text.title)[:200]
        folders = source.place.split("/")[:-1]
        standing = standing_of(text.title, " ".join(text.header), source.place, text.front.get("category", ""))
        within = self.divisions.of_folder(folders)
        region = ""
        if standing.level in (Statute.Level.LOCAL, Statute.Level.LOCAL_RULE):
            region = self.divisions.find(short, within) or within
        words = text.preamble + "".join(piece.label + piece.heading + piece.text for piece in text.pieces)
        body = hashlib.sha256(_SIGNS.sub("", squeeze(words)).encode()).hexdigest()
        return _Read(source, dated(text, source.place, self.facts.get(short, {})), standing, short, region, body)

    def _store(self, batch: Sequence[_Read]) -> None:
        statutes = [self._statute(read) for read in batch]
        articles: list[Article] = []
        versions: list[Version] = []
        provisions: list[Provision] = []
        sources: list[Source] = []
        Statute.objects.bulk_create(
            list({id(statute): statute for statute in statutes if statute._state.adding}.values())
        )
        for read, statute in zip(batch, statutes, strict=True):
            self.touched.add(statute.pk)
            known = self.versions.setdefault(statute.pk, [])
            twin = self._twin(read, known)
            if twin is not None:
                self._second(read, twin, sources)
                continue
            version = self._version(read, statute)
            versions.append(version)
            sources.append(_source(read, version))
            entry = _Known(version, loaded=True)
            for provision in self._provisions(read, version, statute, known, entry, articles):
                provisions.append(provision)
            known.append(entry)
            known.sort(key=lambda other: (other.version.adopted_on or date.min, other.version.key))
            self.run.added += 1
        Article.objects.bulk_create(articles, batch_size=2000)
        Version.objects.bulk_create(versions)
        for source in sources:
            source.version_id = source.version.pk
        for provision in provisions:
            provision.version_id = provision.version.pk
            provision.article_id = provision.article.pk if provision.article else None
        Provision.objects.bulk_create(provisions, batch_size=2000)
        Source.objects.bulk_create(sources)
        for source in sources:
            self.places[source.place] = source.version.pk
        for statute in statutes[:-1]:
            for entry in self.versions[statute.pk]:
                entry.lines, entry.loaded = [], False

    def _statute(self, read: _Read) -> Statute:
        """The statute of this name and territory; one that is only a name so far takes the title of its first text."""
        local = read.standing.level in (Statute.Level.LOCAL, Statute.Level.LOCAL_RULE)
        for statute in self.statutes.get(slug_of(read.short), ()):
            if statute.region_code == read.region or not (local and statute.region_code):
                if not self.versions.get(statute.pk) and not statute._state.adding:
                    statute.title = read.found.text.title[:240]
                    statute.issuer = statute.issuer or read.standing.issuer[:120]
                    statute.field = statute.field or read.standing.field
                    statute.region_code = statute.region_code or read.region
                    statute.save(update_fields=["title", "issuer", "field", "region_code"])
                return statute
        slug = slug_of(read.short)
        if slug in self.slugs:
            slug = f"{slug[:100]}-{read.region or read.standing.issuer[:12] or read.standing.level}"
        self.slugs.add(slug)
        statute = Statute(
            slug=slug, title=read.found.text.title[:240], short=read.short, level=read.standing.level,
            issuer=read.standing.issuer[:120], region_code=read.region, field=read.standing.field,
        )  # fmt: skip
        shipped = shipped_statute(read.short)
        if shipped:
            statute.level = shipped["level"]
        self.statutes.setdefault(slug_of(read.short), []).append(statute)
        return statute

    def _twin(self, read: _Read, known: list[_Known]) -> _Known | None:
        """The version that this source is another copy of: the same day, or the same words under another day."""
        same_day = next((other for other in known if other.version.key == read.dated.key), None)
        return same_day or next((other for other in known if other.version.body_digest == read.body), None)

    def _second(self, read: _Read, twin: _Known, sources: list[Source]) -> None:
        """A second copy: equal, or a doubt; from the same place as the first, a correction that takes its place."""
        version, place = twin.version, read.found.place
        self.run.same += 1
        if version.body_digest == read.body:
            words = ""
            if version.key != read.dated.key:
                words = f"文字相同，日期不同：已有 {version.key}，这份是 {read.dated.key}。"
                self._doubt(version, place, words)
            sources.append(_source(read, version, words=words))
            return
        if self.places.get(place) == version.pk and version.pk:
            self._correct(read, twin)
            sources.append(_source(read, version))
            return
        words = self._difference(read, twin)
        self._doubt(version, place, f"另一份文本（{place}）与本文不一致：{words}")
        sources.append(_source(read, version, agrees=False, words=words))

    def _difference(self, read: _Read, twin: _Known) -> str:
        mine = {ref: _SIGNS.sub("", text) for ref, text, _article in self._lines(twin)}
        theirs = {piece.ref: _SIGNS.sub("", squeeze(piece.text)) for piece in read.found.text.articles}
        odd = [ref for ref in {**mine, **theirs} if mine.get(ref) != theirs.get(ref)]
        if not odd:
            return "条文相同，标题、章节或附件的文字不同。"
        shown = "、".join(odd[:12]) + ("…" if len(odd) > 12 else "")
        return f"{len(odd)} 条不同（第 {shown} 条）。"

    def _doubt(self, version: Version, place: str, words: str) -> None:
        self._say(place, "differs", words)
        if words not in version.doubts:
            version.doubts = [*version.doubts, words]
            if version.pk:
                version.save(update_fields=["doubts"])

    def _correct(self, read: _Read, twin: _Known) -> None:
        """Put the corrected text of the same file in place of the old one; articles keep their identity."""
        version = twin.version
        old = self._lines(twin)
        pairs = {
            j: old[i][2]
            for i, j, _score in align([text for _r, text, _a in old], [p.text for p in read.found.text.articles])
        }
        full = Version.objects.get(pk=version.pk)
        fresh = self._version(read, full.statute)
        for name in ("adopted_on", "effective_on", "history", "preamble", "digest", "body_digest", "doubts", "ends"):
            setattr(full, name, getattr(fresh, name))
        full.cited_at = None  # the corrected words may cite something else
        full.save()
        full.provisions.all().delete()
        entry = _Known(full, loaded=True)
        articles: list[Article] = []
        provisions = self._lay(read, full, full.statute, pairs, entry, articles)
        Article.objects.bulk_create(articles)
        for provision in provisions:
            provision.article_id = provision.article.pk if provision.article else None
        Provision.objects.bulk_create(provisions)
        twin.version, twin.lines, twin.loaded = full, entry.lines, True
        self._say(read.found.place, "corrected", f"已用更正后的文本替换 {version.key} 版。")

    def _version(self, read: _Read, statute: Statute) -> Version:
        text, days = read.found.text, read.dated
        doubts = list(dict.fromkeys([*_merged(text.doubts), *days.doubts]))
        for words in doubts:
            self._say(read.found.place, "doubt", words)
        version = Version(
            statute=statute, key=days.key, adopted_on=days.adopted_on, effective_on=days.effective_on, history=_history(read),
            preamble=text.preamble, source=read.found.place[:400], digest=read.found.digest, body_digest=read.body,
            doubts=doubts, ends=[[everyday(title), ref] for title, ref in days.ends],
        )  # fmt: skip
        if "废止" in text.front.get("status", "") or "失效" in text.front.get("status", ""):
            self._repealed_by_source(version, text.front)
        return version

    def _repealed_by_source(self, version: Version, front: dict[str, str]) -> None:
        seen = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", front.get("synced", ""))
        version.repealed = True
        version.ended_on = date(int(seen[1]), int(seen[2]), int(seen[3])) if seen else timezone.localdate()
        version.ended_words = f"来源（{front.get('source', '未注明')}）标注：{front['status']}"[:300]
        version.doubts = [
            *version.doubts,
            f"来源标注“{front['status']}”，没有写明日期，暂以收录之日 {version.ended_on} 计。",
        ]

    def _provisions(
        self,
        read: _Read,
        version: Version,
        statute: Statute,
        known: list[_Known],
        entry: _Known,
        articles: list[Article],
    ) -> list[Provision]:
        """Lay the lines of a new version, its articles aligned with the version before it, then with the one after."""
        texts = [piece.text for piece in read.found.text.articles]
        pairs: dict[int, Article | None] = {}
        day = version.adopted_on or date.min
        before = [other for other in known if (other.version.adopted_on or date.min) <= day]
        after = [other for other in known if (other.version.adopted_on or date.min) > day]
        for neighbour in [*before[-1:], *after[:1]]:
            lines = self._lines(neighbour)
            taken = {id(article) for article in pairs.values()}
            ids = {article.pk for article in pairs.values() if article and article.pk}
            free = [j for j in range(len(texts)) if j not in pairs]
            for i, n, _score in align([text for _r, text, _a in lines], [texts[j] for j in free]):
                article = lines[i][2]
                if article is not None and id(article) not in taken and article.pk not in ids:
                    pairs[free[n]] = article
        return self._lay(read, version, statute, pairs, entry, articles)

    def _lay(
        self,
        read: _Read,
        version: Version,
        statute: Statute,
        pairs: dict[int, Article | None],
        entry: _Known,
        new: list[Article],
    ) -> list[Provision]:
        provisions = []
        n = -1
        for position, piece in enumerate(read.found.text.pieces):
            article: Article | None = None
            if piece.kind is Kind.ARTICLE:
                n += 1
                article = pairs.get(n)
                if article is None:
                    article = Article(statute=statute, ref=piece.ref[:12])
                    new.append(article)
                entry.lines.append((piece.ref, squeeze(piece.text), article))
            provisions.append(
                Provision(
                    version=version, position=position, kind=piece.kind.value, ref=piece.ref[:12], label=piece.label[:40],
                    heading=piece.heading[:200], text=piece.text, parents=piece.parents[:300], article=None,
                    effective_on=read.dated.later.get(piece.ref) if article else None, digest=piece.digest,
                )
            )  # fmt: skip
            provisions[-1]._state.fields_cache["article"] = article
        return provisions

    def _lines(self, known: _Known) -> list[tuple[str, str, Article | None]]:
        if not known.loaded:
            rows = Provision.objects.filter(version=known.version.pk, kind=Provision.Kind.ARTICLE).select_related(
                "article"
            )
            known.lines = [(row.ref, squeeze(row.text), row.article) for row in rows.order_by("position")]
            known.loaded = True
        return known.lines

    def _say(self, place: str, what: str, words: str) -> None:
        if len(self.run.report) < REPORT_LINES:
            self.run.report.append({"file": place, "what": what, "words": words})


def _source(read: _Read, version: Version, *, agrees: bool = True, words: str = "") -> Source:
    return Source(
        version=version, place=read.found.place[:400], digest=read.found.digest, agrees=agrees, words=words[:300]
    )


def _merged(doubts: Sequence[str]) -> list[str]:
    """Say the same of many articles once."""
    ran_in = [found[1] for words in doubts if (found := re.match(r"第(\d+)条与上一条写在同一段", words))]
    rest = [words for words in doubts if not re.match(r"第\d+条与上一条写在同一段", words)]
    if ran_in:
        shown = "、".join(ran_in[:10]) + ("…" if len(ran_in) > 10 else "")
        rest.append(f"{len(ran_in)} 条与上一条写在同一段，已按条号分开（第 {shown} 条）。")
    return rest


def _history(read: _Read) -> list[dict[str, Any]]:
    rows = []
    for event in read.found.text.events:
        row: dict[str, Any] = {"on": event.on.isoformat() if event.on else "", "words": event.words}
        if event.lead:
            row["lead"] = event.lead
        if event.written and event.on is None:
            row["words"] = event.written + event.words
        rows.append(row)
    return rows
