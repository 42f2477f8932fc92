"""The engine behind one small interface: `engine()` is Tantivy beside the process or the database of the house.

An engine only fetches candidates; `ranking` puts them in order, the same for both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import import_module
from typing import Protocol, cast

from django.conf import settings

from anlan.search.understanding import Understood

FORMAT = 4
"""Grows with every change of fields or segmentation: an index of another format is built anew."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What results must be; empty: anything. `kinds` are kinds of documents."""

    kinds: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    since: date | None = None


class Engine(Protocol):
    """What both engines do."""

    def candidates(self, asked: Understood, filters: Filters, limit: int) -> list[tuple[int, float]]:
        """Return (key of the document, score), the best first. Empty where no index stands yet."""

    def follow(self) -> int:
        """Take over what changed since the last time; build the index where none of this format stands. Worker only.
        Return the number of documents taken over."""

    def rebuild(self) -> int:
        """Build the index anew from the documents; readers see the old one until it is complete."""


def prior(kind: str, level: str, state: str) -> float:
    """How much a document counts before any word is looked at: in force before past, the nation's before a region's."""
    standing = {"future": 0.9, "replaced": 0.5, "repealed": 0.4}.get(state, 1.0)
    if kind not in ("article", "statute"):
        return standing
    return standing * {"judicial": 0.95, "rule": 0.8, "standard": 0.8, "local": 0.5, "local_rule": 0.45, "document": 0.5}.get(level, 1.0)  # fmt: skip


def engine() -> Engine:
    """The engine that ANLAN_SEARCH_URL names: `tantivy:` (default, a folder of the state) or `postgres:`, the database."""
    return _engine(getattr(settings, "ANLAN_SEARCH_URL", "tantivy:"))


@lru_cache(maxsize=2)
def _engine(url: str) -> Engine:
    scheme, _, rest = url.partition(":")
    made = import_module(f"anlan.search.engine.{'tantivy' if scheme == 'tantivy' else 'database'}")
    return cast(Engine, made.open_engine(rest))
