"""A firm moves while a class of it is open."""

import pytest

from anlan.enterprises.actions.moving import move_enterprises
from anlan.enterprises.models import Enterprise
from anlan.operations.demo.cast import Cast
from anlan.training.models import TrainingClass
from anlan.training.tests.making import make_class

pytestmark = pytest.mark.django_db


def test_an_open_class_follows_its_firm_and_one_that_is_over_stays(cast: Cast) -> None:
    live, over = make_class(cast), make_class(cast)
    TrainingClass.objects.filter(pk=over.pk).update(state="closed")
    move_enterprises(Enterprise.objects.filter(pk=cast.forge.pk), "410105018G08", by=cast.town, because="网格调整")
    live.refresh_from_db()
    over.refresh_from_db()
    assert (live.region_code, over.region_code) == ("410105018G08", "410105018G07")
    assert list(TrainingClass.objects.visible_to(cast.other_grid)) == [live]
    assert list(TrainingClass.objects.visible_to(cast.grid)) == [over]
