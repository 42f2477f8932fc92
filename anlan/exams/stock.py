"""The questions of a blueprint, held in the memory of the process.

Questions and blueprints are immutable rows, so nothing here ever goes stale. The HTML of a question is rendered once per
language and only its numbers, letters and order are filled in per candidate: a start costs no template.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from anlan.exams.models import Blueprint, Question
from anlan.exams.papers import Paper, Rule, draw, option_order
from anlan.exams.scoring import Row


@dataclass(frozen=True, slots=True)
class Card:
    """A question as kept in memory, with its key: never hand one to a template that a candidate sees before the result."""

    id: int
    kind: str
    point: str
    difficulty: int
    stem: str
    body: dict[str, Any]
    key: dict[str, Any]
    why: str
    cites: tuple[str, ...]
    course_id: int | None
    pieces: dict[Any, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Stock:
    """What papers of one blueprint version are made of."""

    rules: list[Rule]
    pools: list[list[int]]
    cards: dict[int, Card]
    papers: dict[int, Paper] = field(default_factory=dict)

    def paper(self, seed: int) -> Paper:
        """The paper of this seed. A few thousand are remembered: a sitting asks again at its state, submit and result."""
        found = self.papers.get(seed)
        if found is None:
            if len(self.papers) >= _REMEMBERED:
                self.papers.clear()
            found = self.papers[seed] = draw(self.rules, self.pools, seed)
        return found


_REMEMBERED: Final = 4000


def card_of(question: Question) -> Card:
    """A question row as a card."""
    return Card(
        question.pk, question.kind, question.point, question.difficulty, question.stem, question.body, question.key,
        question.why, tuple(question.cites), question.course_id,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _stock(blueprint_id: int, _made: datetime) -> Stock:
    blueprint = Blueprint.objects.get(pk=blueprint_id)
    ids = {pk for pool in blueprint.pools for pk in pool}
    cards = {question.pk: card_of(question) for question in Question.objects.filter(pk__in=ids)}
    return Stock(blueprint.rules, blueprint.pools, cards)


def stock_of(blueprint: Blueprint) -> Stock:
    """The stock of a blueprint version. The time of making stands in the key, so a database laid anew is another one."""
    return _stock(blueprint.pk, blueprint.created_at)


forget = _stock.cache_clear


def rows_of(stock: Stock, paper: Paper) -> list[Row]:
    """The paper as scoring wants it."""
    rows = []
    for item in paper.items:
        card = stock.cards[item.question]
        rows.append(Row(item.number, card.id, card.kind, card.point, card.body, card.key, 100 * item.points))
    return rows


def _written(kind: str, body: dict[str, Any], mix: int, part: int, given: Any) -> Any:
    if kind == "case":
        parts = body["parts"]
        if not isinstance(given, list):
            return None
        return [
            _written(one["kind"], one, mix, at, value)
            for at, (one, value) in enumerate(zip(parts, given, strict=False), 1)
        ]
    if kind in ("single", "multiple"):
        if not isinstance(given, list):
            return None
        order = option_order(mix, len(body["options"]), part)
        places = {place for place in given if type(place) is int and 0 <= place < len(order)}
        return sorted(order[place] for place in places)
    if kind == "fill" and isinstance(given, list):
        return [_readable(text) if isinstance(text, str) else "" for text in given[:20]]
    return [value for value in given[:1] if isinstance(value, bool)] if isinstance(given, list) else None


def _readable(text: str) -> str:
    """Without control characters and halves of characters: PostgreSQL takes neither, and a paper must always be scored."""
    return "".join(char for char in text[:200] if char.isprintable())


def as_written(stock: Stock, paper: Paper, given: dict[int, Any]) -> dict[int, Any]:
    """Answers with options by the place shown → with options as written, which is what keys are made of."""
    found = {}
    for item in paper.items:
        if item.number in given:
            card = stock.cards[item.question]
            found[item.number] = _written(card.kind, card.body, item.mix, 0, given[item.number])
    return found
