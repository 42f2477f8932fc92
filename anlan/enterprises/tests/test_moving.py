"""Moving firms between grids: history, counters, followers, officers, refusals."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet, Sum
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anlan.accounts.models import Organisation, Region
from anlan.audit.models import Record
from anlan.enterprises.actions import moving
from anlan.enterprises.actions.moving import move_enterprises
from anlan.enterprises.models import Enterprise, Placement
from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.tallies.actions import tally
from anlan.tallies.models import Rollup
from anlan.tallies.tasks import fold_all

SEVEN, EIGHT = "410105018G07", "410105018G08"


def forge(cast: Cast) -> QuerySet[Enterprise]:
    return Enterprise.objects.filter(pk=cast.forge.pk)


def stock(region: str, measure: str = "workers") -> int:
    return Rollup.objects.filter(region_code=region, measure=measure, industry="").aggregate(n=Sum("amount"))["n"] or 0


def test_the_firm_lies_in_the_new_grid_and_its_history_says_why(cast: Cast) -> None:
    assert move_enterprises(forge(cast), EIGHT, by=cast.town, because="网格重新划分") == 1
    cast.forge.refresh_from_db()
    assert cast.forge.region_code == EIGHT
    assert forge(cast).get().region_code == EIGHT, "the copy on the firm's own row moves with it"
    old, new = Placement.objects.filter(enterprise=cast.forge.pk).order_by("pk")
    assert (old.region_code, old.until) == (SEVEN, timezone.localdate())
    assert (new.region_code, new.until, new.because, new.by) == (EIGHT, None, "网格重新划分", cast.town)


def test_moving_twice_keeps_three_places_and_one_present(cast: Cast) -> None:
    move_enterprises(forge(cast), EIGHT, by=cast.town, because="一")
    move_enterprises(forge(cast), SEVEN, by=cast.town, because="二")
    places = Placement.objects.filter(enterprise=cast.forge.pk).order_by("pk")
    assert list(places.values_list("region_code", flat=True)) == [SEVEN, EIGHT, SEVEN]
    assert places.filter(until__isnull=True).count() == 1


def test_moving_to_where_it_lies_changes_nothing(cast: Cast) -> None:
    assert move_enterprises(forge(cast), SEVEN, by=cast.town, because="误点") == 0
    assert not Placement.objects.exists()
    assert not Record.objects.filter(verb="move_enterprises").exists()


def test_stocks_follow_and_flows_stay(cast: Cast) -> None:
    where: dict[str, Any] = {"subject": ("enterprise", cast.forge.pk), "region_code": SEVEN, "industry": "C33"}
    before = timezone.now() - timedelta(days=90)
    tally("workers", 5, when=before, **where)
    tally("learnt", 4, when=before, **where)
    fold_all()
    tally("workers", 2, when=timezone.now(), **where)  # not folded when the firm moves
    tally("hazards_open", 1, when=timezone.now(), **where)
    move_enterprises(forge(cast), EIGHT, by=cast.town, because="网格重新划分")
    fold_all()
    assert (stock(SEVEN), stock(EIGHT)) == (0, 7)
    assert (stock(SEVEN, "hazards_open"), stock(EIGHT, "hazards_open")) == (0, 1)
    assert (stock(SEVEN, "learnt"), stock(EIGHT, "learnt")) == (4, 0)
    assert stock("410105018") == 7
    past = Rollup.objects.get(region_code=SEVEN, measure="workers", industry="", month=before.date().replace(day=1))
    assert past.amount == 5


def test_followers_get_the_firms_after_the_move(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(
        moving, "FOLLOWERS", [lambda firms, to: seen.append((list(firms), firms.get().organisation.region_code, to))]
    )
    move_enterprises(forge(cast), EIGHT, by=cast.town, because="网格重新划分")
    assert seen == [([cast.enterprise("forge")], EIGHT, EIGHT)]


def test_officers_of_both_grids_are_told_the_total(cast: Cast) -> None:
    move_enterprises(forge(cast), EIGHT, by=cast.town, because="网格重新划分")
    assert Notice.objects.get(user=cast.grid, kind="moved").title == "1 家企业划出杨金路第 7 网格"
    assert Notice.objects.get(user=cast.other_grid, kind="moved").title == "1 家企业划入杨金路第 8 网格"


def test_one_record_names_the_firm(cast: Cast) -> None:
    move_enterprises(forge(cast), EIGHT, by=cast.town, because="网格重新划分")
    written = Record.objects.get(verb="move_enterprises")
    assert written.subject_name == cast.forge.name
    assert written.detail["came_from"] == {SEVEN: 1}


@pytest.mark.parametrize(
    ("who", "to", "because", "code"),
    [
        ("grid", EIGHT, "为何", "not_mover"),
        ("boss", EIGHT, "为何", "not_mover"),
        ("town", "410105019", "为何", "no_region"),
        ("town", "999999", "为何", "no_region"),
        ("town", "", "为何", "no_region"),
        ("county", "410105", "为何", "too_wide"),
        ("town", EIGHT, "  ", "no_reason"),
    ],
)
def test_refused_moves_change_nothing(cast: Cast, who: str, to: str, because: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        move_enterprises(forge(cast), to, by=getattr(cast, who), because=because)
    assert refused.value.code == code
    cast.forge.refresh_from_db()
    assert cast.forge.region_code == SEVEN


def test_a_closed_grid_takes_nobody(cast: Cast) -> None:
    Region.objects.filter(pk=EIGHT).update(closed_on=timezone.localdate())
    with pytest.raises(Refused, match="已经撤销"):
        move_enterprises(forge(cast), EIGHT, by=cast.town, because="网格重新划分")


def test_one_firm_outside_the_territory_stops_the_whole_move(cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        move_enterprises(Enterprise.objects.all(), EIGHT, by=cast.town, because="网格重新划分")
    assert refused.value.status == 404
    assert Organisation.objects.get(pk=cast.forge.pk).region_code == SEVEN


def test_a_move_costs_the_same_queries_for_two_and_twenty(cast: Cast) -> None:
    costs = []
    for count in (1, 2, 20):  # the first warms what is remembered
        keys = []
        for n in range(count):
            organisation = Organisation.objects.create(kind="enterprise", name=f"试{n}", region_code=SEVEN)
            keys.append(Enterprise.objects.create(organisation=organisation, industry="C3311").pk)
        with CaptureQueriesContext(connection) as queries:
            assert (
                move_enterprises(Enterprise.objects.filter(pk__in=keys), EIGHT, by=cast.town, because="调整") == count
            )
        costs.append(len(queries))
    assert costs[1] == costs[2]
