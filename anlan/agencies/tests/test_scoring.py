"""The score: a mean that small samples do not move far, lowered by cures that did not hold."""

from __future__ import annotations

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from anlan.agencies.models import Agency
from anlan.agencies.scoring import (
    PRIOR_MEAN,
    RECHECK_FLOOR,
    note_recheck,
    recheck_factor,
    rechecks,
    rescore,
    score,
)
from anlan.operations.demo.cast import Cast
from anlan.tallies.models import Rollup, Tally
from anlan.tallies.tasks import fold_all


def test_without_anything_the_score_is_the_prior() -> None:
    assert score(0, 0, 0, 0).value == PRIOR_MEAN


def test_one_perfect_rating_does_not_beat_twenty_good_ones() -> None:
    assert score(5, 1, 0, 0).value < score(20 * 4.5, 20, 0, 0).value


def test_failed_rechecks_lower_and_passed_ones_do_not_raise() -> None:
    assert score(40, 10, 5, 0).value == score(40, 10, 0, 0).value
    assert score(40, 10, 5, 5).value < score(40, 10, 5, 0).value


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 200), st.floats(1, 5))
def test_the_score_stays_in_its_bounds_and_falls_with_failures(passed: int, failed: int, n: int, mean: float) -> None:
    found = score(mean * n, n, passed, failed)
    assert RECHECK_FLOOR <= found.factor <= 1
    assert RECHECK_FLOOR - 0.01 <= found.value <= 5
    assert recheck_factor(passed, failed + 1) < found.factor
    assert recheck_factor(passed + 1, failed) >= found.factor


@pytest.mark.parametrize("values", [(6, 1, 0, 0), (0, 1, 0, 0), (0, 0, -1, 0)])
def test_impossible_counts_are_refused(values: tuple[float, int, int, int]) -> None:
    with pytest.raises(ValueError, match="fit each other"):
        score(*values)


@pytest.mark.django_db
def test_a_recheck_counts_at_once_and_after_folding_and_only_for_the_agency(cast: Cast) -> None:
    firm, today = cast.enterprise("forge"), timezone.localdate()
    for passed in (True, True, False):
        note_recheck(cast.anhe.pk, passed, firm, today)
    before = Agency.objects.get(pk=cast.anhe.pk)
    assert (before.passed, before.failed) == (2, 1)
    assert before.score < PRIOR_MEAN
    fold_all()
    assert rechecks(cast.anhe.pk) == (2, 1)
    rescore(cast.anhe.pk)
    assert Agency.objects.get(pk=cast.anhe.pk).score == before.score
    assert Tally.objects.filter(subject_kind="agency").count() == 2
    assert not Rollup.objects.filter(measure__startswith="agency_").exists()


@pytest.mark.django_db
def test_an_association_is_counted_and_not_scored(cast: Cast) -> None:
    note_recheck(cast.guild.pk, True, cast.enterprise("forge"), timezone.localdate())
    assert rescore(cast.guild.pk) is None
