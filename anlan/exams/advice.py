"""From a result to what to do next: how far each knowledge point is mastered, and which lesson teaches it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

LEVELS: Final = ((95, 4), (80, 3), (60, 2), (30, 1), (0, 0))
"""Percent from which a level begins: 0 barely, 1 weak, 2 fair, 3 good, 4 mastered."""


@dataclass(frozen=True, slots=True)
class Mastery:
    """How a knowledge point went on one paper. `share` is percent of its points."""

    point: str
    share: int
    level: int
    right: int
    count: int

    @property
    def weak(self) -> bool:
        """Whether it should be learnt again."""
        return self.level < 3


def mastery(result: dict[str, Any]) -> list[Mastery]:
    """Every knowledge point of a result, the weakest first."""
    found = []
    for point, (got, full, right, count) in result.get("points", {}).items():
        share = 100 * got // full if full else 0
        found.append(Mastery(point, share, next(level for start, level in LEVELS if share >= start), right, count))
    return sorted(found, key=lambda one: (one.share, one.point))


def _pairs(text: str) -> set[str]:
    plain = "".join(char for char in text if char.isalnum())
    return {plain[i : i + 2] for i in range(len(plain) - 1)}


def lesson_for(point: str, lessons: Iterable[tuple[int, str]]) -> int | None:
    """The lesson (id, title) whose title shares most pairs of characters with the point; None when nothing is shared."""
    wanted = _pairs(point)
    best, found = 0, None
    for pk, title in lessons:
        likeness = len(wanted & _pairs(title))
        if likeness > best:
            best, found = likeness, pk
    return found
