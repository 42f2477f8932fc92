"""Keeping the table of who cites what equal to the texts, and flagging what cites an article that changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final

from anlan.content import citing as content
from anlan.enterprises import citing as enterprises
from anlan.exams import citing as exams
from anlan.hazards import citing as hazards
from anlan.law.actions.citing import Cite, cite_laws, take_citations
from anlan.law.actions.guides import cite_guides
from anlan.law.actions.stale import mark_stale
from anlan.law.models import Citation
from anlan.ledgers import citing as ledgers
from anlan.supervision import citing as supervision
from anlan.training import citing as training

Kind = Citation.Kind
SOURCES: Final[dict[str, Callable[[], Iterator[Cite]]]] = {
    Kind.QUESTION: exams.citations,
    Kind.COURSE: training.citations,
    Kind.CHECK: hazards.citations,
    Kind.RULE: lambda: chain(enterprises.citations(), ledgers.citations()),
    Kind.SELFCHECK: supervision.citations,
    Kind.KNOWLEDGE: lambda: content.citations("knowledge"),
    Kind.CASE: lambda: content.citations("case"),
    Kind.FAQ: lambda: content.citations("faq"),
    Kind.NEWS: lambda: content.citations("news"),
}
"""Kind of citation → what yields all of that kind. Guides and statutes are the law's own."""


def recite() -> int:
    """Take in every citation anew, then flag what an import made stale; return how many are newly flagged.

    Runs every ten minutes; harmless to repeat. When nothing changed it reads the citing texts and writes nothing.
    """
    for kind, source in SOURCES.items():
        take_citations(kind, source())
    cite_guides()
    cite_laws()
    return mark_stale()
