"""From answers to gaps, a score and what became better. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from anlan.supervision.selfcheck.questionnaires import SEVERITIES, Body, questions_of

ANSWERS: Final = ("yes", "no", "na", "unknown")
WEIGHTS: Final = {"high": 5, "medium": 3, "low": 1}
"""How much a question counts: one that kills outweighs five that are paper."""


def is_asked(question: Mapping[str, Any], answers: Mapping[str, str]) -> bool:
    """Whether a question is put: always, unless it depends on something that was answered with 没有."""
    return not question["when"] or answers.get(question["when"]) != "no"


def allowed(question: Mapping[str, Any]) -> tuple[str, ...]:
    """The answers that a question takes: a fact is there, is not, or nobody knows."""
    return ("yes", "no", "unknown") if question["fact"] else ANSWERS


def asked_in(body: Body, section: int, answers: Mapping[str, str]) -> list[dict[str, Any]]:
    """The questions of a section that are put, given what was answered on the pages before."""
    return [question for question in body["sections"][section]["questions"] if is_asked(question, answers)]


def first_open(body: Body, answers: Mapping[str, str]) -> int | None:
    """The first section with a question that was put and not answered; None when all are."""
    for number in range(len(body["sections"])):
        if any(question["key"] not in answers for question in asked_in(body, number, answers)):
            return number
    return None


def progress(body: Body, answers: Mapping[str, str]) -> tuple[int, int]:
    """How many of the questions that are put have been answered: (answered, put)."""
    put = [question["key"] for question in questions_of(body) if is_asked(question, answers)]
    return sum(key in answers for key in put), len(put)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome. `score` is None when nothing applied; gaps stand with the gravest first, in the order of asking."""

    score: int | None
    got: int
    full: int
    gaps: list[dict[str, Any]]
    unsure: list[dict[str, Any]]
    good: int
    skipped: int

    @property
    def counts(self) -> dict[str, int]:
        """Gaps per severity."""
        return {name: sum(gap["severity"] == name for gap in self.gaps) for name in SEVERITIES}


def judge(body: Body, answers: Mapping[str, str]) -> Verdict:
    """Return the verdict. What nobody knows gains nothing and is listed apart: whoever asks should not be told all is well.

    Score = points of what is done / points of what applies, cut off and never rounded up, in percent.
    """
    gaps, unsure, good, skipped, got, full = [], [], 0, 0, 0, 0
    for question in questions_of(body):
        if question["fact"] or not is_asked(question, answers):
            continue
        answer = answers.get(question["key"], "unknown")
        if answer == "na":
            skipped += 1
            continue
        weight = WEIGHTS[question["severity"]]
        full += weight
        if answer == "yes":
            good += 1
            got += weight
        elif answer == "no":
            gaps.append(question)
        else:
            unsure.append(question)
    gaps.sort(key=lambda gap: SEVERITIES.index(gap["severity"]))
    unsure.sort(key=lambda gap: SEVERITIES.index(gap["severity"]))
    return Verdict(100 * got // full if full else None, got, full, gaps, unsure, good, skipped)


@dataclass(frozen=True, slots=True)
class Change:
    """This check beside the one before: titles of what was closed, what is new, what stayed open."""

    closed: list[dict[str, Any]]
    fresh: list[dict[str, Any]]
    open: list[dict[str, Any]]
    points: int


def compare(now: Verdict, before: Verdict) -> Change:
    """What became better or worse. Questions are matched by their keys, so a reworded one is still the same.

    Closed means that it was a gap and no longer is one; what is no longer asked counts as closed only if it was answered.
    """
    here, there = {gap["key"] for gap in now.gaps}, {gap["key"] for gap in before.gaps}
    doubt = {gap["key"] for gap in now.unsure}
    return Change(
        closed=[gap for gap in before.gaps if gap["key"] not in here | doubt],
        fresh=[gap for gap in now.gaps if gap["key"] not in there],
        open=[gap for gap in now.gaps if gap["key"] in there],
        points=(now.score or 0) - (before.score or 0),
    )
