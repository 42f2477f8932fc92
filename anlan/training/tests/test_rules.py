"""The strictest rule that applies decides; the rules of the product's own file say what the law sheet says."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from anlan.enterprises.models import RiskPolicy
from anlan.training.actions.hours import follow_risk_policies, install_hour_rules
from anlan.training.models import HourRule
from anlan.training.rules import Job, choose, needs_in

pytestmark = pytest.mark.django_db
ANNUAL = frozenset({"annual"})
DAY = date(2026, 11, 20)
DAY_TIME = datetime(2026, 1, 1, tzinfo=UTC)


def asked(
    category: str, high_risk: bool, region: str, needs: frozenset[str] = ANNUAL, on: date = DAY
) -> tuple[float, str]:
    choice = choose(HourRule.objects.all(), Job(category, high_risk, region), needs, on)
    assert choice is not None
    return float(choice.rule.hours), choice.rule.trust


@pytest.mark.parametrize(
    ("category", "high_risk", "region", "hours", "trust"),
    [
        ("other", True, "410105018", 24, "P"),  # the province's policy is stricter than the nation's 20
        ("other", False, "410105018", 12, "P"),  # and than 8
        ("head", True, "410105018", 24, "P"),
        ("head", False, "410105018", 12, "S"),  # equal: the national rule is named
        ("other", True, "370102", 20, "S"),  # outside the province its policy is silent
        ("other", False, "370102", 8, "S"),
        ("safety_manager", True, "370102", 16, "S"),
    ],
)
def test_the_strictest_rule_wins(category: str, high_risk: bool, region: str, hours: int, trust: str) -> None:
    assert asked(category, high_risk, region) == (hours, trust)


def test_the_year_of_being_hired_asks_for_initial_training() -> None:
    needs = needs_in(2026, date(2026, 5, 6))
    assert asked("other", True, "410105", needs)[0] == 72
    assert asked("other", False, "410105", needs)[0] == 24
    assert asked("head", False, "410105", needs)[0] == 32
    assert needs_in(2026, date(2025, 5, 6)) == needs_in(2026, None) == ANNUAL


def test_a_rule_speaks_only_while_it_is_valid_and_only_in_its_newest_version() -> None:
    assert asked("other", True, "410105", on=date(2025, 12, 31)) == (20, "S")
    old = HourRule.objects.get(code="41-annual-high")
    HourRule.objects.create(
        code=old.code, version=2, region_code="41", need="annual", high_risk=True, hours=Decimal(30), source=old.source,
        article=old.article, trust="P", valid_from=date(2026, 7, 1),
    )  # fmt: skip
    assert asked("other", True, "410105", on=date(2026, 6, 30))[0] == 24
    assert asked("other", True, "410105")[0] == 30


def test_installing_again_adds_and_changes_nothing() -> None:
    before = list(HourRule.objects.order_by("pk").values())
    assert install_hour_rules() == 0
    assert list(HourRule.objects.order_by("pk").values()) == before


def test_policy_and_law_are_kept_apart() -> None:
    assert set(HourRule.objects.filter(trust="P").values_list("region_code", flat=True)) == {"41"}
    assert set(HourRule.objects.exclude(trust="P").values_list("region_code", flat=True)) == {""}


def test_the_grade_of_the_firm_sets_hours_as_the_policy_in_force_says() -> None:
    def hours(risk: str) -> float:
        choice = choose(HourRule.objects.all(), Job("other", False, "410105018", risk), ANNUAL, DAY)
        assert choice is not None
        return float(choice.rule.hours)

    RiskPolicy.objects.all().delete()
    duties = {"red": {"training_hours": 30}, "blue": {"training_hours": 6}}
    given = {"region_code": "4101", "rules": [], "thresholds": {}, "published_at": DAY_TIME, "number": 1}
    first = RiskPolicy.objects.create(**given, duties=duties, valid_from=date(2026, 1, 1))
    assert follow_risk_policies(DAY) == 2
    assert follow_risk_policies(DAY) == 0
    assert (hours("red"), hours("orange"), hours("blue")) == (30, 12, 12), "the strictest rule still decides"
    RiskPolicy.objects.create(
        **given | {"number": 2}, duties={"red": {"training_hours": 26}}, valid_from=date(2026, 11, 1)
    )
    assert follow_risk_policies(DAY) == 1
    assert hours("red") == 26
    old = HourRule.objects.get(code="risk-4101-red", version=first.number)
    assert (old.hours, old.valid_to) == (30, date(2026, 10, 31))
