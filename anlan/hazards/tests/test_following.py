"""A firm moves, merges or ends while its hazard is open."""

import pytest

from anlan.accounts.models import Organisation
from anlan.enterprises.actions.merging import merge
from anlan.enterprises.actions.moving import move_enterprises
from anlan.enterprises.models import Enterprise
from anlan.hazards import actions
from anlan.hazards.models import Hazard
from anlan.hazards.tests.making import cured, curing
from anlan.operations.demo.cast import Cast
from anlan.supervision.recount import drift, swap
from anlan.tallies.tasks import fold_all

pytestmark = pytest.mark.django_db


def hazard_drift() -> dict[tuple[str, int], tuple[int, int]]:
    fold_all()
    return {key: value for key, value in drift().items() if "hazard" in key[0] or "recheck" in key[0]}


def test_an_open_hazard_follows_the_firm_to_its_new_grid_and_a_closed_one_stays(cast: Cast) -> None:
    swap()
    hazard, done = curing(cast), cured(cast)
    actions.pass_hazard(done, by=cast.grid)
    move_enterprises(Enterprise.objects.filter(pk=cast.forge.pk), "410105018G08", by=cast.town, because="网格调整")
    hazard.refresh_from_db()
    done.refresh_from_db()
    assert (hazard.region_code, done.region_code) == ("410105018G08", "410105018G07")
    step = hazard.steps.latest("pk")
    assert (step.verb, step.detail["region"]) == ("follow", ["410105018G07", "410105018G08"])
    assert Hazard.objects.visible_to(cast.other_grid).get() == hazard
    assert not Hazard.objects.visible_to(cast.grid).filter(pk=hazard.pk).exists()
    assert hazard_drift() == {}


def test_an_open_hazard_of_a_merged_firm_is_the_survivors(cast: Cast) -> None:
    swap()
    other = Enterprise.objects.create(
        organisation=Organisation.objects.create(
            kind="enterprise", name="并存企业（演示）", region_code="410105018G08", is_demo=True
        ),
        industry="C3391",
    )
    hazard, done = curing(cast), cured(cast)
    actions.pass_hazard(done, by=cast.grid)
    fold_all()
    merge(cast.enterprise("forge"), other, by=cast.county, because="同一家")
    hazard.refresh_from_db()
    done.refresh_from_db()
    assert (hazard.enterprise_id, hazard.region_code) == (other.pk, "410105018G08")
    assert done.enterprise_id == cast.forge.pk
    assert "并入" in hazard.steps.latest("pk").words
    assert hazard_drift() == {}
