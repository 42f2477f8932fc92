"""The hours a firm owes its people this year: which rules ask for how much, what is earned, who lacks.

A rule is data (`HourRule`). All rules that apply to a person are compared and the largest figure is the demand; whoever
was hired this year also owes the initial training. Hours are those of the ledger, of this firm and this calendar year.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    Expression,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, Least
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models.regions import inside
from anlan.enterprises.models import Enterprise, Worker
from anlan.training.models import HourEntry, HourRule
from anlan.training.rules import Job, choose, needs_in

HOUR_MS = 3_600_000
NEW = "new"
GROUPS: tuple[tuple[str, str | Promise], ...] = (
    (Worker.Category.HEAD, _("主要负责人")),
    (Worker.Category.SAFETY_MANAGER, _("安全生产管理人员")),
    (Worker.Category.SPECIAL, _("特种作业人员")),
    (Worker.Category.OTHER, _("其他从业人员")),
    (NEW, _("今年新来的人")),
)


@dataclass(slots=True)
class GroupPlan:
    """One group of people: what is asked of each, the deciding rule first, and how far it is.

    National rules and the province's policy are kept apart: one is law, the other a decision of this province.
    """

    key: str
    name: str | Promise
    people: int = 0
    needed_ms: int = 0
    earned_ms: int = 0
    lacking: int = 0
    asked: list[HourRule] = field(default_factory=list)
    national: list[HourRule] = field(default_factory=list)
    policy: list[HourRule] = field(default_factory=list)

    @property
    def missing_ms(self) -> int:
        """What is still to be learnt by all of them together."""
        return self.needed_ms - self.earned_ms


def rules_in_force(day: date) -> list[HourRule]:
    """Return the rules valid on a day, the strictest first."""
    valid = HourRule.objects.filter(valid_from__lte=day).filter(Q(valid_to__isnull=True) | Q(valid_to__gte=day))
    return list(valid.order_by("-hours", "code"))


def newcomers(workers: QuerySet[Worker, Any], day: date) -> Any:
    """Return those hired in the calendar year of `day`."""
    return workers.filter(hired_on__year=day.year)


def with_hours(workers: QuerySet[Worker, Any], day: date) -> Any:
    """Annotate `needed_ms` and `earned_ms` of the year of `day`: SQL only, whatever the number of people."""
    entries = HourEntry.objects.filter(
        user=OuterRef("user_id"), enterprise_id=OuterRef("enterprise_id"), day__range=year_of(day)
    )
    earned = Subquery(entries.order_by().values("user_id").annotate(ms=Sum("credited_ms")).values("ms"))
    return workers.annotate(
        needed_ms=_needed(rules_in_force(day), day), earned_ms=Coalesce(earned, 0, output_field=BigIntegerField())
    )


def lacking(workers: QuerySet[Worker, Any], day: date) -> Any:
    """Return those who have earned less than the strictest rule asks for in the year of `day`."""
    return with_hours(workers, day).filter(earned_ms__lt=F("needed_ms"))


def year_of(day: date) -> tuple[date, date]:
    """First and last day of the calendar year."""
    return date(day.year, 1, 1), date(day.year, 12, 31)


def _needed(rules: Iterable[HourRule], day: date) -> Expression:
    """The largest figure of all rules that apply to the row."""
    zero = Value(0, output_field=BigIntegerField())
    figures = [
        Case(
            When(_applies(rule, day), then=Value(int(rule.hours * HOUR_MS))),
            default=zero,
            output_field=BigIntegerField(),
        )
        for rule in rules
    ]
    return Greatest(zero, zero, *figures) if figures else zero


def _applies(rule: HourRule, day: date) -> Q:
    # The empty condition would be dropped from CASE WHEN, hence the one that always holds.
    met = Q(pk__isnull=False) & inside(rule.region_code, "enterprise__organisation__region_code")
    if rule.category:
        met &= Q(category=rule.category)
    if rule.high_risk is not None:
        met &= Q(enterprise__high_risk_industry=rule.high_risk)
    if rule.risk:
        met &= Q(enterprise__risk=rule.risk)
    if rule.need == HourRule.Need.INITIAL:
        met &= Q(hired_on__year=day.year)
    return met


def plan_of(enterprise: Enterprise, day: date) -> list[GroupPlan]:
    """The year of one firm by group, two queries. Groups without people are left out, except when all are empty."""
    group = Case(
        When(hired_on__year=day.year, then=Value(NEW)), default=F("category"), output_field=CharField(max_length=16)
    )
    workers = with_hours(Worker.objects.filter(enterprise=enterprise).working(), day).annotate(group=group)
    sums = {
        row["group"]: row
        for row in workers.order_by()
        .values("group")
        .annotate(
            people=Count("pk"),
            needed=Sum("needed_ms"),
            earned=Sum(Least("earned_ms", "needed_ms")),
            lack=Count("pk", filter=Q(earned_ms__lt=F("needed_ms"))),
        )
    }
    rules = rules_in_force(day)
    found = []
    for key, name in GROUPS:
        row = sums.get(key, {"people": 0, "needed": 0, "earned": 0, "lack": 0})
        asked = _asked(rules, key, enterprise, day)
        found.append(
            GroupPlan(
                key, name, row["people"], row["needed"] or 0, row["earned"] or 0, row["lack"], asked,
                national=[rule for rule in asked if rule.trust != HourRule.Trust.POLICY],
                policy=[rule for rule in asked if rule.trust == HourRule.Trust.POLICY],
            )
        )  # fmt: skip
    return found


def _asked(rules: Iterable[HourRule], group: str, enterprise: Enterprise, day: date) -> list[HourRule]:
    """The rules that speak of a group, the deciding one first; new people as ordinary workers, with initial training."""
    category = Worker.Category.OTHER if group == NEW else Worker.Category(group)
    job = Job(category.value, enterprise.high_risk_industry, enterprise.organisation.region_code, enterprise.risk)
    choice = choose(rules, job, needs_in(day.year, day if group == NEW else None), day)
    return [choice.rule, *choice.others] if choice else []


def yearly_hours(enterprise: Enterprise, day: date) -> Decimal:
    """What the strictest annual rule asks of an ordinary worker of this firm: the size of the year's set of courses."""
    asked = _asked(rules_in_force(day), Worker.Category.OTHER, enterprise, day)
    return asked[0].hours if asked else Decimal(0)
