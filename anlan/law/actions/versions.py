"""What changed between two versions: article by article, and word by word inside an article."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

import rjieba

from anlan.law.aligning import align
from anlan.law.models import Provision, Version

Kind = Literal["same", "moved", "changed", "added", "removed"]
Op = Literal["equal", "insert", "delete"]
COMPARED: Final = (Provision.Kind.ARTICLE, Provision.Kind.CLAUSE)
REWRITTEN: Final = 0.35
"""Below this share of common words an inline difference is confetti: show old and new whole."""
_NUMBERED: Final = re.compile(r"第[零一二三四五六七八九十百千]+[条款项](?:之[一二三四五六七八九十]+)?")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of words: kept, put in, or taken out."""

    op: Op
    words: str


@dataclass(frozen=True, slots=True)
class Change:
    """One article in two versions. `moved`: the same words under another number."""

    kind: Kind
    old: Provision | None
    new: Provision | None

    @property
    def renumbered(self) -> bool:
        """Whether the number differs, whatever happened to the words."""
        return self.old is not None and self.new is not None and self.old.ref != self.new.ref

    @property
    def parts(self) -> list[Part]:
        """The inline difference from old to new; paragraphs keep their line breaks."""
        return difference(self.old.text if self.old else "", self.new.text if self.new else "")

    @property
    def is_rewritten(self) -> bool:
        """Whether so little stayed that old and new are better read one after the other."""
        if self.old is None or self.new is None:
            return False
        kept = sum(len(part.words) for part in self.parts if part.op == "equal")
        return kept < REWRITTEN * max(len(self.old.text), len(self.new.text))


def changes(a: Version, b: Version) -> list[Change]:
    """Compare two versions, `a` the older: in the order of `b`, what was removed at the place where it stood.

    Articles of the same statute are paired by their identity (two queries, no alignment); where there is none (versions of
    different statutes, clauses of documents) by likeness.
    """
    old = list(a.provisions.filter(kind__in=COMPARED).order_by("position"))
    new = list(b.provisions.filter(kind__in=COMPARED).order_by("position"))
    pairs = _pairs(old, new)
    by_new = {j: i for i, j in pairs}
    gone = [i for i in range(len(old)) if i not in {i for i, _j in pairs}]
    result: list[Change] = []
    placed = 0
    for j, provision in enumerate(new):
        i = by_new.get(j)
        if i is None:
            result.append(Change("added", None, provision))
            continue
        while placed < len(gone) and gone[placed] < i:
            result.append(Change("removed", old[gone[placed]], None))
            placed += 1
        result.append(Change(_kind(old[i], provision), old[i], provision))
    return [*result, *(Change("removed", old[i], None) for i in gone[placed:])]


def _pairs(old: Sequence[Provision], new: Sequence[Provision]) -> list[tuple[int, int]]:
    places = {provision.article_id: j for j, provision in enumerate(new) if provision.article_id}
    pairs = [(i, places[p.article_id]) for i, p in enumerate(old) if p.article_id in places]
    if pairs or not old or not new:
        return pairs
    return [(i, j) for i, j, _score in align([p.text for p in old], [p.text for p in new])]


def _kind(old: Provision, new: Provision) -> Kind:
    if old.digest == new.digest and old.heading == new.heading:
        return "same" if old.ref == new.ref else "moved"
    return "changed"


def words_of(text: str) -> list[str]:
    """Words for comparing: segmented, but a reference like 第三十八条 stays one word."""
    found: list[str] = []
    at = 0
    for hit in _NUMBERED.finditer(text):
        found += rjieba.cut(text[at : hit.start()])
        found.append(hit[0])
        at = hit.end()
    return [*found, *rjieba.cut(text[at:])]


def difference(old: str, new: str) -> list[Part]:
    """The inline difference of two texts; put together, the kept and deleted parts are `old`, kept and inserted `new`."""
    a, b = words_of(old), words_of(new)
    parts: list[Part] = []
    for op, i1, i2, j1, j2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if op == "equal":
            parts.append(Part("equal", "".join(a[i1:i2])))
            continue
        if i1 < i2:
            parts.append(Part("delete", "".join(a[i1:i2])))
        if j1 < j2:
            parts.append(Part("insert", "".join(b[j1:j2])))
    return parts
