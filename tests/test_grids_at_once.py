"""Doors, approvals and grids touched by several people at the same moment: one wins, the others are told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from anlan.accounts.actions import ask_grant, install_roles, show_invitation
from anlan.accounts.models import Invitation, Post, Region, RegionChange, User
from anlan.lib.codes import demo_phone
from anlan.operations.demo.cast import Cast, lay_cast
from tests.test_abuse_at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)
SignIn = Callable[[User], Client]
TIMES = 4


@pytest.fixture
def laid() -> Cast:
    install_roles()
    return lay_cast()


def quiet(client: Client) -> Client:
    client.raise_request_exception = False
    return client


def several(sign_in: SignIn, user: User) -> list[Client]:
    return [quiet(sign_in(user)) for _ in range(TIMES)]


def test_one_code_binds_one_person(laid: Cast, sign_in: SignIn) -> None:
    invitation = show_invitation(laid.forge, "enterprise_manager", by=laid.grid)
    people = [
        User.objects.create_user(name=f"扫码{n}", phone=demo_phone(8100 + n), is_demo=True, phone_verified=True)
        for n in range(TIMES)
    ]
    statuses = at_once([quiet(sign_in(person)) for person in people], f"/join/{invitation.token}/", {})
    assert statuses[0] == 302 and set(statuses[1:]) <= {409, 410}
    assert Post.objects.filter(organisation=laid.forge, role="enterprise_manager").count() == 1
    assert Invitation.objects.get().taken_by in people


def test_one_approval_takes_effect_once(laid: Cast, sign_in: SignIn) -> None:
    approval = ask_grant(
        "town_admin", phone=demo_phone(8200), name="罗佳", by=laid.county, region_code="410105019", because="接任"
    )
    statuses = at_once(several(sign_in, laid.deputy), f"/approvals/{approval.pk}/decide/", {"answer": "yes"})
    assert statuses == [302] + [409] * (TIMES - 1)
    assert Post.objects.filter(role="town_admin", region_code="410105019").count() == 1


def test_a_grid_is_opened_once_and_two_grids_get_two_codes(laid: Cast, sign_in: SignIn) -> None:
    same = {"parent": "410105018", "name": "同名网格", "because": ""}
    assert at_once(several(sign_in, laid.town), "/grids/new/", same) == [302] + [422] * (TIMES - 1)
    assert Region.objects.filter(name="同名网格").count() == 1 and RegionChange.objects.count() == 1


def test_two_grids_merged_into_each_other_leave_one(laid: Cast, sign_in: SignIn) -> None:
    seven, eight = "410105018G07", "410105018G08"
    clients = [quiet(sign_in(laid.town)), quiet(sign_in(laid.county))]
    urls = {id(clients[0]): (seven, eight), id(clients[1]): (eight, seven)}

    class Each:
        """Sends each client to its own grid."""

        def __init__(self, client: Client) -> None:
            self.client = client

        def post(self, _url: str, _data: dict[str, object]) -> object:
            into, other = urls[id(self.client)]
            return self.client.post(f"/grids/{into}/merge/", {"other": [other], "because": "一起"})

    statuses = at_once([Each(client) for client in clients], "", {})  # type: ignore[misc]
    assert statuses[0] == 302 and statuses[1] in (404, 409, 422)
    assert Region.objects.open().filter(pk__in=[seven, eight]).count() == 1
    assert RegionChange.objects.filter(kind="merge").count() == 1
