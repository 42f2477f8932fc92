"""The demo shows offline work that waits for people."""

import pytest

from anlan.hazards.models import Conflict, Operation
from anlan.operations.demo.cast import Cast
from anlan.operations.demo.patrol import lay_patrol
from tests.phone import lay_checklist

pytestmark = pytest.mark.django_db


def test_the_demo_lays_one_conflict_and_one_visit_in_doubt_once(cast: Cast) -> None:
    lay_checklist()
    lay_patrol(cast)
    lay_patrol(cast)
    assert Conflict.objects.open().count() == 1
    assert set(Operation.objects.in_doubt().values_list("code", flat=True)) == {"territory", "follows"}
