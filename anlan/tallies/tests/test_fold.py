"""Deltas become tallies and roll-ups exactly once, at every level above and in every industry above."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.tallies.actions import tally, tally_many
from anlan.tallies.models import Delta, Rollup, Tally
from anlan.tallies.tasks import ancestors, fold, fold_all, industries

MONTH = date(2026, 11, 1)


def test_a_grid_is_inside_every_division_above_it() -> None:
    assert ancestors("410105018G07") == ["41", "4101", "410105", "410105018", "410105018G07"]
    assert ancestors("4101") == ["41", "4101"]


def test_an_industry_rolls_up_to_division_section_and_all() -> None:
    assert industries("C3391") == ["", "C", "C33"]
    assert industries("") == [""]


@pytest.mark.django_db
def test_folding_adds_up_once_and_empties_the_deltas() -> None:
    for amount in (3, 4, -1):
        tally(
            "workers",
            amount,
            subject=("enterprise", 7),
            when=date(2026, 11, 20),
            region_code="410105018",
            industry="C33",
        )
    assert fold() == 3
    assert fold() == 0
    assert not Delta.objects.exists()
    assert Tally.objects.get().amount == 6
    assert Rollup.objects.get(region_code="41", industry="").amount == 6
    assert Rollup.objects.get(region_code="410105", industry="C").amount == 6


@pytest.mark.django_db
def test_sums_take_flows_of_the_year_and_stocks_of_all_time() -> None:
    tally_many(
        [
            ("workers", 10, ("enterprise", 1), date(2024, 1, 5), "410105018", "C33"),
            ("enrolled", 5, ("enterprise", 1), date(2025, 12, 31), "410105018", "C33"),
            ("enrolled", 2, ("enterprise", 1), date(2026, 2, 1), "410105018", "C33"),
        ]
    )
    fold_all()
    sums = Rollup.objects.sums(["4101"], since=date(2026, 1, 1), until=MONTH, stocks=["workers"])
    assert sums == {"4101": {"workers": 10, "enrolled": 2}}


@pytest.mark.django_db(transaction=True)
@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["410105018", "410303001", "4101"]), st.integers(-9, 9)), max_size=30))
def test_the_province_is_the_sum_of_what_was_said(facts: list[tuple[str, int]]) -> None:
    Rollup.objects.all().delete()
    Tally.objects.all().delete()
    tally_many(("x", amount, ("enterprise", 1), MONTH, region, "") for region, amount in facts)
    fold_all()
    assert sum(Rollup.objects.filter(region_code="41").values_list("amount", flat=True)) == sum(
        amount for _region, amount in facts
    )
