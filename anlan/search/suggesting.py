"""Suggestions while somebody types: statutes, articles, cards and what others asked; by words, pinyin and initials."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from anlan.search import jump
from anlan.search.models import Document, Trace
from anlan.search.names import Entry, catalogue
from anlan.search.understanding import clean

MOST: Final = 8
OFTEN: Final = 5
"""Asked so often in a month a query may be shown to others: nobody is recognised by it."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A line of the list: `kind` of document or "query"."""

    kind: str
    text: str
    note: str
    url: str


def suggest(typed: str) -> list[Suggestion]:
    """Return at most eight lines for what was typed so far."""
    words = clean(typed)[:40]
    if not words:
        return []
    found = catalogue()
    lines = _article(jump.parse(words, found.names))
    said = jump.plain(words)
    ascii_only = said.isascii()
    scored = [(score, entry) for entry in found.entries if (score := _score(said, ascii_only, entry))]
    scored.sort(key=lambda pair: (-pair[0], -pair[1].rank, len(pair[1].title)))
    lines += [Suggestion(entry.kind, entry.title, "", entry.url) for _, entry in scored[:MOST]]
    asked = [(words_asked, n) for words_asked, n in popular(200) if said in words_asked and said != words_asked][:3]
    queries = [
        Suggestion("query", words_asked, "", f"{reverse('search:results')}?{urlencode({'q': words_asked})}")
        for words_asked, _ in asked
    ]
    return list({(line.kind, line.text): line for line in (*lines[: MOST - len(queries)], *queries)}.values())


def _score(said: str, ascii_only: bool, entry: Entry) -> int:
    if ascii_only:
        if len(said) < 2 or not entry.sound:
            return 0
        return 4 if entry.initials.startswith(said) else 3 if entry.sound.startswith(said) else 0
    if said not in entry.plain:
        return 0
    return 5 if entry.plain == said else 4 if entry.plain.startswith(said) else 2


def _article(target: jump.Jump | None) -> list[Suggestion]:
    """The articles that a query names, with their first words."""
    if target is None or not target.ref:
        return []
    keys = [f"{slug}:{target.ref}" for slug in target.slugs]
    found = Document.objects.filter(kind__in=("article", "guide"), key__in=keys, gone=False).defer("profile")
    rows = {row.key: row for row in sorted(found, key=lambda row: row.kind == "article")}
    return [Suggestion(row.kind, _named(row), row.text[:40], row.url) for key in keys if (row := rows.get(key))][:4]


def _named(row: Document) -> str:
    """A guide has a title of its own; whoever named an article wants to see that it is that one."""
    return f"{row.heading}　{row.title}" if row.kind == "guide" else row.title


class _Kept:
    popular: tuple[tuple[str, int], ...] = ()
    looked = -600.0


def popular(most: int = 8) -> tuple[tuple[str, int], ...]:
    """Return (query, times) of the last thirty days that found something, the most asked first; read every five minutes."""
    now = time.monotonic()
    if now - _Kept.looked > 300:
        since = timezone.localdate() - timedelta(days=30)
        rows = (
            Trace.objects.filter(day__gte=since, found__gt=0)
            .values_list("words")
            .annotate(n=Sum("count"))
            .filter(n__gte=OFTEN)
            .order_by("-n", "words")[:200]
        )
        _Kept.popular, _Kept.looked = tuple((words, n) for words, n in rows if 2 <= len(words) <= 24), now
    return _Kept.popular[:most]


def forget() -> None:
    """Read anew at the next question; for tests."""
    _Kept.looked = -600.0
