"""What search may find of the law: statutes, and their articles as they stand today."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from django.db.models import Exists, OuterRef
from django.utils import timezone

from anlan.law.models import Alias, Guide, Provision, Statute, Version
from anlan.search.actions import Found
from anlan.search.models import Document


def documents(kind: str, statutes: Sequence[int] | None = None) -> Iterator[Found]:
    """Yield the documents of a kind ("statute" or "article"), of some statutes or of all.

    A statute of which only guides are here yet is found by its name; its articles are found as guides.
    Of every statute one version counts: the one in force, else the one to come, else the last one, marked as replaced or
    repealed. Where a later version already waits, its articles are found besides, marked as future.
    """
    today = timezone.localdate()
    every = Version.objects.select_related("statute").defer("preamble", "history", "doubts")
    lines: dict[int, list[Version]] = {}
    for version in (every if statutes is None else every.filter(statute__in=statutes)).in_order():
        lines.setdefault(version.statute_id, []).append(version)
    if kind == "statute":
        guided = Statute.objects.filter(Exists(Guide.objects.filter(statute=OuterRef("pk"))))
        yield from _statutes(lines, guided if statutes is None else guided.filter(pk__in=statutes), today)
    else:
        yield from _articles(lines, today)


def keys_here(kind: str, statutes: Iterable[int]) -> set[str]:
    """The keys of these statutes that the index holds now."""
    slugs = Statute.objects.filter(pk__in=list(statutes)).values("slug")
    return set(Document.objects.filter(kind=kind, statute__in=slugs, gone=False).values_list("key", flat=True))


def shown(line: Sequence[Version], day: date) -> list[Version]:
    """Of versions from the newest to the oldest, those that search shows: the present one, then those to come."""
    by_state: dict[str, list[Version]] = {}
    for version in line:
        by_state.setdefault(version.state_on(day), []).append(version)
    future = by_state.get(Version.State.FUTURE, [])
    present = (by_state.get(Version.State.FORCE) or [v for v in line if v not in future])[:1]
    return [*present, *future] or list(line[:1])


def _statutes(lines: dict[int, list[Version]], guided: Iterable[Statute], day: date) -> Iterator[Found]:
    heads: dict[int, tuple[Statute, Version | None]] = {statute.pk: (statute, None) for statute in guided}
    for pk, line in lines.items():
        first = shown(line, day)[0]
        heads[pk] = first.statute, first
    aliases: dict[int, list[str]] = {}
    for pk, name in Alias.objects.filter(statute__in=heads).values_list("statute", "name"):
        aliases.setdefault(pk, []).append(name)
    for pk, (statute, version) in heads.items():
        yield Found(
            key=statute.slug, title=statute.short, text=statute.title, url=f"/law/{statute.slug}/",
            heading=statute.issuer, also="\n".join(aliases.get(pk, [])), statute=statute.slug, level=statute.level,
            rank=statute.rank, state=version.state_on(day) if version else "", region_code=statute.region_code,
            tags=(statute.field,) if statute.field else (), day=version.effective_on if version else None,
        )  # fmt: skip


def _articles(lines: dict[int, list[Version]], day: date) -> Iterator[Found]:
    wanted: dict[int, Version] = {v.pk: v for line in lines.values() for v in shown(line, day)}
    present = {shown(line, day)[0].pk for line in lines.values()}
    rows = (
        Provision.objects.filter(version__in=wanted, kind__in=(Provision.Kind.ARTICLE, Provision.Kind.CLAUSE)).order_by(
            "version", "position"
        )
        if len(wanted) < 500
        else Provision.objects.filter(kind__in=(Provision.Kind.ARTICLE, Provision.Kind.CLAUSE)).order_by(
            "version", "position"
        )
    )
    seen: set[str] = set()
    for row in rows.iterator(chunk_size=2000):
        version = wanted.get(row.version_id)
        if version is None or not row.ref:
            continue
        statute = version.statute
        key = f"{statute.slug}:{row.ref}" if version.pk in present else f"{statute.slug}@{version.key}:{row.ref}"
        if key in seen:
            continue
        seen.add(key)
        state = version.state_on(day)
        begins = row.effective_on or version.effective_on
        if state == Version.State.FORCE and begins and begins > day:
            state = Version.State.FUTURE
        yield Found(
            key=key[:120], title=f"{statute.short} {row.label}", text=row.text,
            url=_url(statute, version, row.ref, present=version.pk in present),
            heading=" › ".join(part for part in (statute.short, row.parents) if part)[:400], also=row.heading,
            statute=statute.slug, ref=row.ref, level=statute.level, rank=statute.rank, state=state,
            region_code=statute.region_code, tags=(statute.field,) if statute.field else (), day=begins,
        )  # fmt: skip


def _url(statute: Statute, version: Version, ref: str, *, present: bool) -> str:
    """Written out rather than reversed: readable Chinese, short enough for the column, and quick 150,000 times."""
    return f"/law/{statute.slug}/{ref}/" if present else f"/law/{statute.slug}/v/{version.key}/{ref}/"
