"""The hours asked of each group, as one small table: the strictest rule for initial and yearly training."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.conf import settings

from anlan.enterprises.models import Worker
from anlan.training.models import HourRule
from anlan.training.plan import rules_in_force
from anlan.training.rules import Job, choose


@dataclass(frozen=True, slots=True)
class Row:
    """One group of people: the deciding rules in high-risk industries and elsewhere."""

    who: str
    high_initial: HourRule | None
    high_annual: HourRule | None
    initial: HourRule | None
    annual: HourRule | None

    @property
    def deciding(self) -> list[HourRule]:
        """The rules named in this row."""
        found = (self.high_initial, self.high_annual, self.initial, self.annual)
        return [rule for rule in found if rule is not None]


def hours_table(day: date) -> list[Row]:
    """Return a row per group of workers with the strictest rules in force on that day in this province."""
    rules = rules_in_force(day)

    def strictest(category: str, high_risk: bool, need: str) -> HourRule | None:
        choice = choose(rules, Job(category, high_risk, settings.ANLAN_PROVINCE), frozenset({need}), day)
        return choice.rule if choice else None

    return [
        Row(
            str(category.label),
            strictest(category.value, True, "initial"),
            strictest(category.value, True, "annual"),
            strictest(category.value, False, "initial"),
            strictest(category.value, False, "annual"),
        )
        for category in Worker.Category
    ]
