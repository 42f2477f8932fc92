"""The counters equal the facts; where they do not, a recount finds it, mends it, and loses nothing that waits."""

from datetime import timedelta

import pytest
from django.utils import timezone

from anlan.accounts.models import Organisation
from anlan.enterprises.actions.moving import move_enterprises
from anlan.enterprises.models import Enterprise, Worker
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


def test_after_a_move_the_recount_agrees_with_what_was_folded(cast: Cast) -> None:
    old, new = "410105018G07", "410105018G08"
    Worker.objects.filter(enterprise=cast.forge.pk).update(created_at=timezone.now() - timedelta(days=100))
    Organisation.objects.filter(pk=cast.forge.pk).update(created_at=timezone.now() - timedelta(days=200))
    swap()
    before = {(r.region_code, r.month, r.industry): r.amount for r in Rollup.objects.filter(measure="workers")}
    move_enterprises(Enterprise.objects.filter(pk=cast.forge.pk), new, by=cast.town, because="网格调整")
    fold_all()
    folded = {(r.region_code, r.measure, r.month, r.industry): r.amount for r in Rollup.objects.exclude(amount=0)}
    assert swap() == {}
    counted = {(r.region_code, r.measure, r.month, r.industry): r.amount for r in Rollup.objects.all()}
    assert counted == folded
    month = min(month for region, month, _industry in before if region == old)
    assert counted[old, "workers", month, ""] == before[old, month, ""]
    assert sum(n for (code, m, _month, i), n in counted.items() if (code, m, i) == (old, "workers", "")) == 0
    assert sum(n for (code, m, _month, i), n in counted.items() if (code, m, i) == (new, "workers", "")) == 3
