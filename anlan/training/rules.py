"""Which rule of hours applies to a person: the strictest, and why. Pure: rules are handed in as rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anlan.training.models import HourRule


@dataclass(frozen=True, slots=True)
class Job:
    """What a rule asks of an employment: category of the worker, kind of industry, region and risk grade of the firm."""

    category: str
    high_risk: bool
    region_code: str
    risk: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The rule that decides, and the others that apply but ask for no more, strictest first."""

    rule: HourRule
    others: tuple[HourRule, ...]


def applies(rule: HourRule, job: Job, needs: frozenset[str], on: date) -> bool:
    """Whether a rule speaks of this employment on that day. Region codes nest: 41 applies in 410105."""
    return (
        rule.need in needs
        and rule.category in ("", job.category)
        and rule.high_risk in (None, job.high_risk)
        and rule.risk in ("", job.risk)
        and job.region_code.startswith(rule.region_code)
        and rule.valid_from <= on
        and (rule.valid_to is None or on <= rule.valid_to)
    )


def choose(rules: Iterable[HourRule], job: Job, needs: frozenset[str], on: date) -> Choice | None:
    """Return the strictest rule that applies, with the newest version of each code; None when no rule speaks.

    Of two that ask for the same hours the wider one decides (the nation before the province): it binds everyone.
    """
    newest: dict[str, HourRule] = {}
    for rule in rules:
        if applies(rule, job, needs, on) and (rule.code not in newest or newest[rule.code].version < rule.version):
            newest[rule.code] = rule
    ranked = sorted(newest.values(), key=lambda r: (-r.hours, len(r.region_code), r.code))
    return Choice(ranked[0], tuple(ranked[1:])) if ranked else None


def needs_in(year: int, hired_on: date | None) -> frozenset[str]:
    """Return what a year asks of a person: retraining always, and initial training in the year of being hired."""
    return frozenset({"annual", "initial"} if hired_on is not None and hired_on.year == year else {"annual"})
