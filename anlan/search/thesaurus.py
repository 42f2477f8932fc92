"""Lay words found in a query, and the words of the law for them. Pure: `Thesaurus` is built from entries, `current()`
keeps one per process that follows the table of terms."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock
from typing import Final

from django.db.models import Count, Max

from anlan.search.models import Term
from anlan.search.words import normalise

GAP: Final = 10
"""Characters that may stand where an entry writes …, as in 拖欠…工资."""
LONGEST: Final = 14
MOST: Final = 7
SCENES: Final = 2
"""Wordings and scenes of one query that are followed: more of a long story take time and change little."""
SCENE_WAYS: Final = 3
"""Phrases of the law looked up for a scene."""
SCENE_SIZE: Final = 1
"""A scene says less than a wording found whole: its words were only near each other."""


@dataclass(frozen=True, slots=True)
class Match:
    """A lay wording found in a query and what the law calls it; `size` counts its characters: long ones say more."""

    lay: str
    formal: tuple[str, ...]
    size: int
    cells: frozenset[int]

    @property
    def is_scene(self) -> bool:
        """Whether it was read from several words far apart. Its phrases are long: their words find, their pairs only cost."""
        return not self.cells


@dataclass(slots=True)
class Thesaurus:
    """Entries by the first characters of their wordings."""

    formal: dict[str, list[str]] = field(default_factory=dict)
    typos: dict[str, str] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    scenes: list[tuple[list[list[str]], tuple[str, ...]]] = field(default_factory=list)
    _heads: dict[str, list[tuple[str, list[str], int]]] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[tuple[str, Iterable[str], Iterable[str]]]) -> Thesaurus:
        """Build from (kind, lay wordings, formal wordings); the same wording in two entries has the formal ones of both."""
        built = cls()
        for kind, lay, formal in entries:
            if kind == Term.Kind.SCENE:
                groups = [[word for word in map(normalise, line.split("、")) if word] for line in lay]
                built.scenes.append(([group for group in groups if group], tuple(map(normalise, formal))))
                continue
            for wording in map(_wording, lay):
                if kind == Term.Kind.TYPO:
                    built.typos[wording] = normalise(next(iter(formal), wording))
                elif kind == Term.Kind.WORD:
                    built.words.append(wording)
                else:
                    known = built.formal.setdefault(wording, [])
                    known += [word for word in map(normalise, formal) if word not in known]
        for wording in built.formal:
            head, *rest = (part for part in wording.split("…") if part)
            size = len(head) + sum(map(len, rest)) + bool(rest)
            built._heads.setdefault(head[:LONGEST], []).append((wording, rest, size))
        return built

    def mend(self, text: str) -> str:
        """Put the right word for known typing errors."""
        for wrong, right in self.typos.items():
            if wrong in text and right not in text:
                text = text.replace(wrong, right)
        return text

    def find(self, text: str) -> list[Match]:
        """Return the wordings in a text, the longest first, without those wholly inside a longer one; then the scenes."""
        found: list[Match] = []
        for start in range(len(text)):
            for length in range(1, min(LONGEST, len(text) - start) + 1):
                for wording, rest, size in self._heads.get(text[start : start + length], ()):
                    cells = _cells(text, start, start + length, rest)
                    if cells:
                        found.append(Match(wording, tuple(self.formal[wording]), size, cells))
        kept: list[Match] = []
        for match in sorted(found, key=lambda m: -m.size):
            if not any(match.cells <= longer.cells for longer in kept):
                kept.append(match)
        scenes = (_scene(text, groups, formal) for groups, formal in self.scenes)
        return [*kept[:MOST], *islice((scene for scene in scenes if scene), SCENES)]


def _scene(text: str, groups: list[list[str]], formal: tuple[str, ...]) -> Match | None:
    """What a text speaks of where it holds a word of every group, in any order: 车间 and 压断 make an accident at work."""
    said = [next((word for word in group if word in text), "") for group in groups]
    return Match("…".join(said), formal[:SCENE_WAYS], SCENE_SIZE, frozenset()) if all(said) else None


def _wording(lay: str) -> str:
    """A lay wording as it is looked for; the mark of a gap survives the normal form, which would write three dots."""
    return "…".join(normalise(part) for part in lay.replace("...", "…").split("…") if part.strip())


def _cells(text: str, start: int, end: int, rest: list[str]) -> frozenset[int]:
    """Return the places that a wording with gaps takes in a text; empty when its later parts do not follow."""
    cells = set(range(start, end))
    for part in rest:
        at = text.find(part, end, end + GAP + len(part))
        if at < 0:
            return frozenset()
        end = at + len(part)
        cells.update(range(at, end))
    return frozenset(cells)


class _Kept:
    thesaurus = Thesaurus()
    stamp: object = None
    looked = 0.0
    lock = Lock()


def current(*, at_once: bool = False) -> Thesaurus:
    """The thesaurus as the table of terms has it; looked at every two seconds, built anew only when it changed."""
    now = time.monotonic()
    if not at_once and _Kept.stamp is not None and now - _Kept.looked < 2:
        return _Kept.thesaurus
    with _Kept.lock:
        stamp = tuple(Term.objects.aggregate(n=Count("pk"), at=Max("updated_at")).values())
        if stamp != _Kept.stamp:
            rows = Term.objects.filter(is_active=True).order_by("pk").values_list("kind", "lay", "formal")
            _Kept.thesaurus = Thesaurus.of(rows.iterator())
            _Kept.stamp = stamp
        _Kept.looked = now
    return _Kept.thesaurus
