"""From asking to a signed contract, and what it opens and closes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from anlan.accounts.models import User
from anlan.agencies.actions import (
    accept_contract,
    ask_service,
    decline_contract,
    end_contracts,
    offer_contract,
    plan_service,
    terminate_contract,
    withdraw_contract,
)
from anlan.agencies.models import Agency, Contract, Service, ServiceRequest
from anlan.audit.models import Record
from anlan.enterprises.models import Enterprise
from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def sees(user: User, firm: Enterprise) -> bool:
    return Enterprise.objects.visible_to(fresh(user)).filter(pk=firm.pk).exists()


def test_a_signature_opens_the_firm_and_makes_services_of_the_plan(cast: Cast, offered: Contract) -> None:
    firm = cast.enterprise("forge")
    assert not sees(cast.agency, firm)
    accept_contract(offered, by=cast.manager)
    assert sees(cast.agency, firm)
    assert sees(cast.engineer, firm)
    assert not sees(cast.other_agency, firm)
    assert [(s.kind, s.planned_on) for s in offered.services.all()] == [("inspection", timezone.localdate())]
    assert Record.objects.filter(verb="accept_contract", subject_id=str(offered.pk)).exists()
    assert Notice.objects.filter(user=cast.agency, url=reverse("agencies:contract", args=[offered.pk])).exists()


def test_a_second_signature_is_refused_and_makes_nothing_twice(cast: Cast, offered: Contract) -> None:
    twin = Contract.objects.get(pk=offered.pk)
    accept_contract(offered, by=cast.manager)
    with pytest.raises(Refused) as refused:
        accept_contract(twin, by=cast.boss)
    assert refused.value.status == 409
    assert offered.services.count() == 1


def test_contracts_of_the_same_two_do_not_overlap(cast: Cast, signed: Contract, anhe: Agency) -> None:
    def offer(since: int, number: str) -> Contract:
        day = timezone.localdate() + timedelta(days=since)
        asked = ask_service(anhe, cast.enterprise("forge"), by=cast.manager, kinds=["risk"], words="", wanted_by=day)
        return offer_contract(
            asked, by=cast.agency, number=number, kinds=["risk"], since=day, until=day + timedelta(days=30), fee_fen=1, plan=[]
        )  # fmt: skip

    with pytest.raises(Refused, match="重叠"):
        accept_contract(offer(50, "A-2"), by=cast.manager)
    following = offer(101, "A-3")
    accept_contract(following, by=cast.manager)
    assert following.state == "accepted"


def test_only_the_firm_signs_and_only_the_head_offers(cast: Cast, offered: Contract) -> None:
    for user in (cast.worker, cast.other_boss, cast.agency, cast.county):
        with pytest.raises(Refused):
            accept_contract(offered, by=user)
    with pytest.raises(Refused):
        withdraw_contract(offered, by=cast.engineer)
    assert Contract.objects.get(pk=offered.pk).state == "offered"


def test_a_request_is_asked_once_at_a_time(cast: Cast, anhe: Agency) -> None:
    firm, today = cast.enterprise("forge"), timezone.localdate()
    ask_service(anhe, firm, by=cast.manager, kinds=["risk"], words="", wanted_by=today)
    with pytest.raises(Refused) as refused:
        ask_service(anhe, firm, by=cast.boss, kinds=["risk"], words="", wanted_by=today)
    assert refused.value.code == "asked_already"
    assert ServiceRequest.objects.count() == 1


def test_a_withdrawn_offer_opens_the_request_again(cast: Cast, offered: Contract) -> None:
    withdraw_contract(offered, by=cast.agency)
    assert ServiceRequest.objects.get().state == "open"


def test_a_declined_contract_opens_nothing(cast: Cast, offered: Contract) -> None:
    with pytest.raises(Refused):
        decline_contract(offered, by=cast.manager, because=" ")
    decline_contract(offered, by=cast.manager, because="太贵")
    assert not sees(cast.agency, cast.enterprise("forge"))
    with pytest.raises(Refused):
        accept_contract(offered, by=cast.manager)


def test_termination_shuts_the_firm_and_cancels_what_is_open(cast: Cast, signed: Contract) -> None:
    terminate_contract(signed, by=cast.agency, because="停业")
    assert not sees(cast.agency, cast.enterprise("forge"))
    assert signed.services.get().state == Service.State.DROPPED
    with pytest.raises(Refused):
        plan_service(signed, by=cast.agency, kind="risk", planned_on=timezone.localdate())


def test_a_contract_ends_by_itself_after_its_last_day(cast: Cast, signed: Contract) -> None:
    assert end_contracts() == 0
    today = timezone.localdate()
    Contract.objects.filter(pk=signed.pk).update(since=today - timedelta(days=9), until=today - timedelta(days=1))
    assert end_contracts() == 1
    assert end_contracts() == 0
    assert Contract.objects.get(pk=signed.pk).state == "ended"
    assert not sees(cast.agency, cast.enterprise("bakery"))


def test_pages_answer_both_sides_and_hide_from_others(cast: Cast, sign_in: SignIn, signed: Contract) -> None:
    url = reverse("agencies:contract", args=[signed.pk])
    for user, status in ((cast.manager, 200), (cast.agency, 200), (cast.county, 200), (cast.other_boss, 404), (cast.other_agency, 404),
                         (cast.other_county, 404), (cast.worker, 404)):  # fmt: skip
        assert sign_in(user).get(url).status_code == status, user.name
    assert sign_in(cast.manager).get(reverse("agencies:contract-step", args=[signed.pk, "accept"])).status_code == 405
    assert sign_in(cast.manager).post(reverse("agencies:contract-step", args=[signed.pk, "eat"])).status_code == 404


def test_the_agency_offers_through_the_form(cast: Cast, sign_in: SignIn, anhe: Agency) -> None:
    today = timezone.localdate()
    asked = ask_service(anhe, cast.enterprise("forge"), by=cast.manager, kinds=["risk"], words="", wanted_by=today)
    client, url = sign_in(cast.agency), reverse("agencies:offer", args=[asked.pk])
    values = {
        "number": "B-1",
        "kinds": ["risk"],
        "since": today,
        "until": today + timedelta(days=9),
        "fee": "1234.50",
        "kind_0": "risk",
        "on_0": "",
    }
    bad = client.post(url, values)
    assert bad.status_code == 422
    assert "选了服务，请写上计划日期" in bad.content.decode()
    values["on_0"] = str(today + timedelta(days=99))
    assert client.post(url, values).status_code == 422
    assert ServiceRequest.objects.get().state == "open"
    values["on_0"] = str(today)
    assert client.post(url, values).status_code == 302
    made = Contract.objects.get()
    assert (made.fee_fen, made.plan) == (123450, [["risk", str(today)]])
    assert client.post(url, values).status_code == 422  # answered already


def test_lists_cost_the_same_for_two_and_twenty(cast: Cast, sign_in: SignIn, anhe: Agency) -> None:
    today = timezone.localdate()

    def lay(n: int) -> None:
        for i in range(n):
            contract = Contract.objects.create(
                enterprise=cast.enterprise("forge"), agency=anhe, number=f"Q-{n}-{i}", kinds=["risk"], since=today, until=today,
                state="accepted", offered_by=cast.agency,
            )  # fmt: skip
            Service.objects.create(
                contract=contract, enterprise=contract.enterprise, agency=anhe, kind="risk", planned_on=today
            )

    client = sign_in(cast.agency)
    for name in ("contracts", "services"):
        counts = []
        for n in (2, 18):
            lay(n)
            client.get(reverse(f"agencies:{name}"))
            with CaptureQueriesContext(
                connection,
            ) as found:
                assert client.get(reverse(f"agencies:{name}")).status_code == 200
            counts.append(len(found))
        assert counts[0] == counts[1] <= 15, counts
        Service.objects.all().delete()
        Contract.objects.all().delete()


def test_an_officer_who_may_correct_the_file_signs_and_asks_nothing_for_the_firm(cast: Cast, anhe: Agency) -> None:
    for user in (cast.grid, cast.county):
        with pytest.raises(Refused) as refused:
            ask_service(
                anhe, cast.enterprise("forge"), by=user, kinds=["risk"], words="", wanted_by=timezone.localdate()
            )
        assert refused.value.status == 403
