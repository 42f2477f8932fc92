"""What statutes are called, and words that people may have meant; kept per process, following the documents."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from django.db.models import Max
from pypinyin import lazy_pinyin
from rapidfuzz import fuzz, process

from anlan.search.jump import FIRST, Names, plain, sounds
from anlan.search.models import Document
from anlan.search.thesaurus import current

SHOWN: Final = ("statute", "knowledge", "zone", "course", "selfcheck", "download", "faq", "case", "news")


@dataclass(frozen=True, slots=True)
class Entry:
    """Something a suggestion may lead to. `sound` pinyin in full, `initials` its first letters."""

    kind: str
    title: str
    url: str
    rank: int
    key: str
    plain: str
    sound: str
    initials: str


@dataclass(slots=True)
class Catalogue:
    """Names of statutes for the jump, titles for suggestions, words by their sound for misspellings."""

    names: Names = field(default_factory=Names)
    entries: list[Entry] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    by_sound: dict[str, str] = field(default_factory=dict)

    def sounds_like(self, text: str) -> str:
        """Return a known word that sounds like what was typed (工商认定 → 工伤认定, gongshang → 工伤), or ""."""
        said = plain(text)
        if len(said) < 2 or len(said) > 30 or said in self.titles:
            return ""
        sound = said if said.isascii() else "".join(lazy_pinyin(said))
        meant = self.by_sound.get(sound, "")
        return meant if meant != said else ""

    def looks_like(self, text: str) -> str:
        """Return the title of a statute that differs by a character or two from what was typed, or ""."""
        said = plain(text)
        if not 4 <= len(said) <= 30 or said in self.titles:
            return ""
        near = process.extractOne(said, self.titles.keys(), scorer=fuzz.ratio, score_cutoff=78)
        return self.titles[near[0]] if near else ""


class _Kept:
    catalogue = Catalogue()
    stamp: object = None
    looked = -60.0
    lock = Lock()


def catalogue() -> Catalogue:
    """The names as the documents have them; looked at every five seconds, built anew only when a title changed."""
    now = time.monotonic()
    if _Kept.stamp is not None and now - _Kept.looked < 5:
        return _Kept.catalogue
    with _Kept.lock:
        stamp = Document.objects.filter(kind__in=SHOWN).aggregate(n=Max("changed"))["n"] or 0
        if stamp != _Kept.stamp:
            _Kept.catalogue, _Kept.stamp = _build(), stamp
        _Kept.looked = now
    return _Kept.catalogue


def forget() -> None:
    """Build anew at the next question; for tests."""
    _Kept.stamp, _Kept.looked = None, -60.0


def _build() -> Catalogue:
    rows = list(
        Document.objects.filter(kind__in=SHOWN, gone=False)
        .order_by("-rank", "pk")
        .values_list("kind", "key", "title", "text", "also", "url", "rank")
    )
    first = {slug: place for place, slug in enumerate(FIRST)}
    statutes = [row for row in rows if row[0] == "statute"]
    statutes.sort(key=lambda row: (first.get(row[1], 99), -row[6], len(row[2])))
    built = Catalogue(Names.of((key, [title, text, *also.split("\n")]) for _, key, title, text, also, _, _ in statutes))
    for kind, key, title, _text, _also, url, rank in rows:
        full, initials = sounds(plain(title)) if len(title) <= 24 else ("", "")
        place = 200 - first[key] if kind == "statute" and key in first else rank
        built.entries.append(Entry(kind, title, url, place, key, plain(title), full, initials))
        if kind == "statute":
            built.titles[plain(title)] = title
    thesaurus = current()
    for wording in (*(word for words in thesaurus.formal.values() for word in words), *thesaurus.formal, *built.titles):
        if 2 <= len(wording) <= 12 and "…" not in wording and not wording.isascii():
            built.by_sound.setdefault("".join(lazy_pinyin(wording)), wording)
    return built
