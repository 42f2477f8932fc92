"""What the pages of the law read: which text counts on a day, its lines with their citations as links, its table of contents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from anlan.law.actions.citing import paragraphs
from anlan.law.models import Provision, Statute, Version
from anlan.law.names import known_names
from anlan.law.recognising import HERE, Mention, recognise
from anlan.lib.numerals import to_chinese

NUMBERED: Final = (Provision.Kind.ARTICLE, Provision.Kind.CLAUSE)
HEADINGS: Final = (Provision.Kind.PART, Provision.Kind.SUBPART, Provision.Kind.CHAPTER, Provision.Kind.SECTION)
SHEET: Final = 130
"""Articles on one page of a long text: the civil code has ten such sheets."""


def versions_of(statute: Statute) -> list[Version]:
    """All versions, newest first, without their long columns. One query."""
    return list(Version.objects.filter(statute=statute).in_order().defer("preamble", "history", "doubts", "ends"))


def version_on(versions: Sequence[Version], day: date) -> Version | None:
    """The text that counts on a day: in force, else the next to come, else the last that was."""
    force = [v for v in versions if v.state_on(day) == Version.State.FORCE]
    if force:
        return force[0]
    future = [v for v in versions if v.state_on(day) == Version.State.FUTURE]
    return future[-1] if future else versions[0] if versions else None


def ref_words(ref: str) -> str:
    """ "28" → 第二十八条, "6-1" → 第六条之一; what is no number stays."""
    main, _dash, inserted = ref.partition("-")
    if not main.isdigit() or int(main) > 9999:
        return ref
    return f"第{to_chinese(int(main))}条" + (f"之{to_chinese(int(inserted))}" if inserted else "")


# --- the text, with its citations as links --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph or item ready to show. `mark`: 第一款, only at the first line of each of several paragraphs."""

    html: SafeString
    mark: str
    is_item: bool
    anchor: str


class Linker:
    """Turns the citations in the texts of one version into links."""

    def __init__(self, statute: Statute, base: str = "") -> None:
        self.statute, self.base = statute, base or statute_path(statute.slug)
        self.names = known_names()
        self.short: dict[str, str] = {}
        self.slugs: dict[int, str] = {}
        self.outgoing: list[tuple[int, str]] = []

    def lines(self, texts: Sequence[tuple[str, str]]) -> list[list[Line]]:
        """Return the lines of each (ref, text); at most one query, for the names of the statutes cited."""
        found: list[list[tuple[int, str, list[Mention]]]] = []
        before = ""
        for ref, text in texts:
            rows = [
                (
                    number,
                    line,
                    recognise(line, known=self.names, ref=ref, previous=before, paragraph=number, short=self.short),
                )
                for number, line in paragraphs(text)
            ]
            found.append(rows)
            before = ref
        cited = {self.names[m.name] for rows in found for _n, _l, ms in rows for m in ms if m.name in self.names}
        missing = cited - self.slugs.keys()
        if missing:
            self.slugs.update(Statute.objects.filter(pk__in=missing).values_list("pk", "slug"))
        return [list(self._article(ref, rows)) for (ref, _text), rows in zip(texts, found, strict=True)]

    def _article(self, ref: str, rows: list[tuple[int, str, list[Mention]]]) -> Iterator[Line]:
        several = rows[-1][0] > 1 if rows else False
        last = 0
        for number, line, mentions in rows:
            mark = f"第{to_chinese(number)}款" if several and number != last else ""
            anchor = f"p{number}" if number != last else ""
            item = line.lstrip().startswith(("（", "("))
            yield Line(self._html(ref, line, mentions), mark, item, anchor)
            last = number

    def _html(self, ref: str, line: str, mentions: list[Mention]) -> SafeString:
        parts: list[str] = []
        at = 0
        for mention in mentions:
            if mention.start < at or mention.end <= mention.start:
                continue
            url = self._url(ref, mention)
            if not url:
                continue
            parts.append(conditional_escape(line[at : mention.start]))
            words = line[mention.start : mention.end]
            parts.append(format_html('<a class="l-cite" href="{}">{}</a>', url, words))
            at = mention.end
        parts.append(conditional_escape(line[at:]))
        return mark_safe("".join(parts))  # noqa: S308 — every part is escaped above

    def _url(self, ref: str, mention: Mention) -> str:
        if mention.name == HERE:
            if mention.ref == ref:
                return f"#p{mention.paragraph}" if mention.paragraph else ""
            self.outgoing.append((self.statute.pk, mention.ref))
            return f"{self.base}{mention.ref}/"
        pk = self.names.get(mention.name)
        slug = self.slugs.get(pk) if pk else None
        if pk is None or slug is None or (pk == self.statute.pk and not mention.ref):
            return ""
        if mention.ref:
            self.outgoing.append((pk, mention.ref))
        return statute_path(slug) + (f"{mention.ref}/" if mention.ref else "")


def statute_path(slug: str) -> str:
    """The address of a statute."""
    return reverse("law:statute", args=[slug])


# --- contents and sheets --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Heading:
    """A line of the table of contents."""

    provision: Provision
    depth: int
    sheet: int
    first: str = ""
    last: str = ""

    @property
    def range(self) -> str:
        """28–36, for people who know the number."""
        return self.first if self.first == self.last else f"{self.first}–{self.last}"


@dataclass(slots=True)
class Contents:
    """A version cut into sheets at its chapters."""

    headings: list[Heading]
    sheets: list[tuple[int, int]]
    """first and last position of each"""
    articles: int

    def sheet_of(self, position: int) -> int:
        """Which sheet a position stands on, from 1."""
        return next((n for n, (first, last) in enumerate(self.sheets, 1) if first <= position <= last), 1)


def contents_of(version: Version) -> Contents:
    """Read the structure of a version. One query without the texts."""
    rows = list(
        version.provisions.order_by("position").only("position", "kind", "ref", "label", "heading", "version_id")
    )
    headings: list[Heading] = []
    open_: list[Heading] = []
    depths = {kind: n for n, kind in enumerate([k for k in HEADINGS if any(row.kind == k for row in rows)])}
    starts, count, since = [0], 0, 0
    for row in rows:
        if row.kind in HEADINGS:
            if since >= SHEET // 2 and row.kind != Provision.Kind.SECTION and _long(rows):
                starts.append(row.position)
                since = 0
            heading = Heading(row, depths[Provision.Kind(row.kind)], len(starts))
            open_ = [other for other in open_ if other.depth < heading.depth] + [heading]
            headings.append(heading)
        elif row.kind in NUMBERED:
            if since >= SHEET * 2:
                starts.append(row.position)
                since = 0
            count, since = count + 1, since + 1
            for heading in open_:
                heading.first, heading.last = heading.first or row.ref, row.ref
    end = rows[-1].position if rows else 0
    sheets = [(a, b - 1) for a, b in zip(starts, [*starts[1:], end + 1], strict=True)]
    return Contents(headings, sheets, count)


def _long(rows: Sequence[Provision]) -> bool:
    return len(rows) > SHEET * 2
