"""The counters equal the facts; where they do not, a recount finds it, mends it, and loses nothing that waits."""

import pytest

from anlan.operations.demo.cast import Cast
from anlan.supervision.recount import drift, swap
from anlan.supervision.tasks import recount
from anlan.tallies.actions import tally
from anlan.tallies.models import Delta, Rollup, Tally
from anlan.tallies.tasks import fold_all

pytestmark = pytest.mark.django_db


def test_a_wrong_counter_is_found_and_mended(cast: Cast) -> None:
    swap()
    assert drift() == {}
    Tally.objects.filter(measure="workers", subject_id=cast.forge.pk).update(amount=99)
    assert drift() == {("workers", cast.forge.pk): (3, 99)}
    assert recount() == 1
    assert drift() == {}
    assert Rollup.objects.filter(region_code="410105018G07", measure="workers", industry="").get().amount == 3


def test_what_waits_to_be_folded_is_no_drift_and_is_counted_once(cast: Cast) -> None:
    swap()
    cast.worker.jobs.update(left_on="2026-11-01")
    tally(
        "workers",
        -1,
        subject=("enterprise", cast.forge.pk),
        when=cast.worker.created_at,
        region_code="410105018G07",
        industry="C33",
    )
    assert swap() == {}
    assert not Delta.objects.exists()
    fold_all()
    assert drift() == {}
