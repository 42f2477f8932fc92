"""Keeping the index of what is public equal to the facts. Actions that publish call `index()` themselves; this catches
what changes by time (an exam that closes), by bulk, or was missed."""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Final

from anlan.search.actions import Found, reconcile

SOURCES: Final[dict[str, str]] = {
    "guide": "anlan.law.findable_guides",
    "course": "anlan.training.findable",
    "question": "anlan.exams.findable",
    "selfcheck": "anlan.supervision.findable",
}
"""Kind of document → module whose `documents()` gives all of them. Statutes and pages tell their own changes."""


def reindex() -> dict[str, tuple[int, int]]:
    """Compare every source with the index; return per kind how many documents changed and how many went."""
    found: dict[str, tuple[int, int]] = {}
    for kind, module in SOURCES.items():
        documents: Callable[[], Iterator[Any]] = import_module(module).documents
        rows: Iterator[Found] = documents()
        found[kind] = reconcile(kind, rows)
    return found
