"""What a dishonest manager might try with other people's accounts."""

from collections.abc import Callable

import pytest
from django.test import Client

from anlan.accounts.actions import grant_post
from anlan.accounts.models import User
from anlan.enterprises.actions import edit_worker, revert_roster, undo_roster
from anlan.enterprises.models import Roster, Worker
from anlan.enterprises.roster_reading import Line
from anlan.enterprises.tests.test_rosters import bring, row
from anlan.lib.codes import demo_phone
from anlan.lib.errors import Refused
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]


def test_a_manager_cannot_take_the_account_of_a_boss_who_has_never_signed_in(cast: Cast) -> None:
    """The new boss is on the roster too. With another phone the manager could sign in as the boss."""
    firm, phone = cast.enterprise("forge"), demo_phone(801)
    boss = grant_post("enterprise_admin", phone=phone, name="新厂长", by=cast.county, organisation=cast.forge).user
    bring(firm, cast.manager, [row(1, name="新厂长", phone=phone)])
    job = Worker.objects.get(user=boss, enterprise=firm)
    line = Line(0, "新厂长", job.user.id_number, demo_phone(802), job_title="总经理", category="head")
    edit_worker(job, line, by=cast.manager)
    bring(firm, cast.manager, [row(1, name="新厂长", phone=demo_phone(802))])
    boss.refresh_from_db()
    assert boss.phone == phone and User.objects.by_phone(demo_phone(802)) is None


def test_a_firm_cannot_give_its_phone_to_another_firms_worker_who_has_none(cast: Cast) -> None:
    forge, bakery, mine = cast.enterprise("forge"), cast.enterprise("bakery"), demo_phone(803)
    bring(forge, cast.manager, [row(2, phone="")])
    bring(bakery, cast.other_boss, [row(2, phone=mine)])
    assert User.objects.by_phone(mine) is None
    # Nor once the person works there too; the first firm still can.
    bring(bakery, cast.other_boss, [row(2, phone=mine)])
    assert User.objects.by_phone(mine) is None
    bring(forge, cast.manager, [row(2, phone=demo_phone(804))])
    assert User.objects.by_phone(demo_phone(804)) is not None


def test_undo_leaves_a_number_to_whom_has_it_by_now(cast: Cast) -> None:
    firm = cast.enterprise("forge")
    bring(firm, cast.manager, [row(3)])
    old = Worker.objects.latest("pk").user.phone
    roster = bring(firm, cast.manager, [row(3, phone=demo_phone(805))])
    User.objects.create_user(name="后来的人", phone=old)
    undo_roster(roster, by=cast.manager)
    revert_roster(roster.pk)
    roster.refresh_from_db()
    assert roster.state == Roster.State.UNDONE
    owner = User.objects.by_phone(old)
    assert owner is not None and owner.name == "后来的人"


def test_another_firms_worker_number_and_roster_do_not_exist(cast: Cast, sign_in: SignIn) -> None:
    roster = bring(cast.enterprise("forge"), cast.manager, [row(4)])
    job, client = Worker.objects.latest("pk"), sign_in(cast.other_boss)
    for path in ("edit/", "leave/", "return/", "number/"):
        assert client.post(f"/workers/{job.pk}/{path}", {"field": "phone"}).status_code == 404
    for path in ("", "progress/", "columns/", "undo/", "file/errors.xlsx"):
        assert client.post(f"/rosters/{roster.pk}/{path}").status_code == 404
    with pytest.raises(Refused):
        edit_worker(job, Line(0, "别人"), by=cast.other_boss)


@pytest.mark.parametrize("number", ["9" * 19, "9" * 30])
def test_a_number_that_no_row_can_have_is_not_found(cast: Cast, sign_in: SignIn, number: str) -> None:
    client = sign_in(cast.county)
    assert client.get(f"/enterprises/{number}/").status_code == 404
    assert client.get(f"/enterprises/{number}/plan/").status_code == 404
    assert client.post(f"/enterprises/{number}/contact/").status_code == 404
