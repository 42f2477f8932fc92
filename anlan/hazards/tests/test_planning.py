"""The plan of patrols: rhythm by grade, one per period, lists by trade and risk element."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from anlan.accounts.models import Organisation, User
from anlan.enterprises.models import Enterprise, RiskPolicy
from anlan.hazards.actions.checklists import load_checklists
from anlan.hazards.actions.planning import plan_patrols
from anlan.hazards.models import Checklist, Inspection
from anlan.hazards.planning import period_of, proposed, says
from anlan.hazards.visits import metres
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]
DAY = date(2026, 11, 3)


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)), st.sampled_from([1, 30, 31, 60, 62, 63, 90, 365]))
def test_every_day_lies_in_one_period_whose_last_day_is_followed_by_the_next(day: date, days: int) -> None:
    period = period_of(day, days)
    assert period.first <= day <= period.last and len(period.key) <= 16
    assert period_of(period.first, days) == period_of(period.last, days) == period
    following = period_of(period.last + timedelta(days=1), days)
    assert following.first == period.last + timedelta(days=1) and following.key != period.key
    assert str(period.first.year) in says(period.key)


def test_distance_on_the_sphere_is_right_to_a_metre() -> None:
    assert metres((34.83, 113.72), (34.83, 113.72)) == 0
    assert abs(metres((34.0, 113.0), (35.0, 113.0)) - 111_195) < 1


@pytest.mark.django_db
def test_the_grade_sets_the_rhythm_and_planning_again_adds_nothing(cast: Cast) -> None:
    load_checklists()
    assert plan_patrols(DAY) == 3
    assert plan_patrols(DAY) == 0
    planned = {visit.enterprise_id: visit for visit in Inspection.objects.all()}
    assert (planned[cast.forge.pk].period, planned[cast.forge.pk].due_on) == ("2026B06", date(2026, 12, 31))
    assert (planned[cast.bakery.pk].period, planned[cast.bakery.pk].due_on) == ("2026M11", date(2026, 11, 30))
    assert planned[cast.luoyang.pk].period == "2026Q4" and planned[cast.luoyang.pk].inspector is None
    assert plan_patrols(date(2026, 12, 2)) == 0  # one open visit is enough


@pytest.mark.django_db
def test_a_patrol_made_in_the_period_needs_no_second_and_the_next_period_has_its_own(cast: Cast) -> None:
    load_checklists()
    today = timezone.localdate()
    plan_patrols(today)
    Inspection.objects.update(state="done", done_at=timezone.now())
    assert plan_patrols(today) == 0
    assert plan_patrols(period_of(today, 90).last + timedelta(days=1)) == 3


@pytest.mark.django_db
def test_a_grade_that_rises_brings_the_open_patrol_forward(cast: Cast) -> None:
    load_checklists()
    plan_patrols(DAY)
    Enterprise.objects.filter(pk=cast.luoyang.pk).update(risk="red")
    assert plan_patrols(DAY) == 0
    visit = Inspection.objects.get(enterprise_id=cast.luoyang.pk)
    assert visit.due_on == date(2026, 11, 30)
    plan_patrols(DAY)
    visit.refresh_from_db()
    assert visit.version == 1


@pytest.mark.django_db
def test_a_policy_of_the_smallest_territory_decides_but_never_less_than_quarterly(cast: Cast) -> None:
    load_checklists()
    for region, days in (("41", 20), ("410105", 200)):
        RiskPolicy.objects.create(
            region_code=region, number=1, rules=[], thresholds={}, duties={"orange": {"patrol_days": days}, "yellow": {"patrol_days": days}},
            valid_from=date(2026, 1, 1), published_at=timezone.now(),
        )  # fmt: skip
    plan_patrols(DAY)
    assert Inspection.objects.get(enterprise_id=cast.forge.pk).period == "2026Q4"
    assert Inspection.objects.get(enterprise_id=cast.luoyang.pk).period == "2026M11"


@pytest.mark.django_db
def test_a_firm_that_appears_at_the_end_of_a_period_leaves_a_week_and_ended_firms_get_none(cast: Cast) -> None:
    load_checklists()
    Enterprise.objects.filter(pk=cast.bakery.pk).update(status="closed")
    assert plan_patrols(date(2026, 12, 30)) == 2
    assert set(Inspection.objects.values_list("due_on", flat=True)) == {date(2027, 1, 6)}


@pytest.mark.django_db
def test_lists_follow_trade_and_risk_elements_and_a_local_list_stands_in(cast: Cast) -> None:
    load_checklists()
    lists = list(Checklist.objects.in_use())

    def codes(key: str) -> list[str]:
        return sorted(
            one.code
            for one in proposed(Enterprise.objects.select_related("organisation").get(pk=getattr(cast, key).pk), lists)
        )

    assert codes("forge") == ["machining"]
    assert codes("bakery") == ["general"]
    Enterprise.objects.filter(pk=cast.bakery.pk).update(has_dust=True, has_dormitory=True)
    assert codes("bakery") == ["dormitory", "general", "wood-dust"]
    local = Checklist.objects.get(code="machining")
    version = local.current
    own = Checklist.objects.create(
        code="machining-410105",
        name="x",
        industry=local.industry,
        region_code="410105",
        instead_of=local,
        current=version,
    )
    lists = [*lists, own]
    assert codes("forge") == ["machining-410105"]


@pytest.mark.django_db
def test_planning_two_hundred_firms_asks_as_often_as_planning_three(cast: Cast) -> None:
    load_checklists()

    def queries() -> int:
        Inspection.objects.all().delete()
        with CaptureQueriesContext(connection) as seen:
            plan_patrols(DAY)
        return len(seen)

    few = queries()
    firms = Organisation.objects.bulk_create(
        Organisation(kind="enterprise", name=f"甲{n}", region_code="410105018G07") for n in range(200)
    )
    Enterprise.objects.bulk_create(Enterprise(organisation=firm, industry="C2110") for firm in firms)
    assert queries() <= few + 8  # SQLite takes so many values a statement
    assert Inspection.objects.count() == 203


@pytest.mark.django_db
def test_progress_adds_up_over_the_grids_and_is_the_regulators_only(cast: Cast, sign_in: SignIn) -> None:
    load_checklists()
    plan_patrols()
    Inspection.objects.filter(enterprise_id=cast.forge.pk).update(state="done", done_at=timezone.now())
    client = sign_in(cast.county)
    page = client.get(reverse("hazards:inspections-plan"))
    town = next(part for part in page.context["parts"] if part.code == "410105018")
    assert (town.total, town.done, page.context["whole"].total) == (1, 1, 2)
    inside = client.get(reverse("hazards:inspections-plan"), {"region": "410105018", "period": "nonsense"})
    assert [part.code for part in inside.context["parts"]][:1] == ["410105018G07"]
    outside = client.get(reverse("hazards:inspections-plan"), {"region": "4103"})
    assert outside.context["scope"] == "410105"
    assert sign_in(cast.manager).get(reverse("hazards:inspections-plan")).status_code == 404
