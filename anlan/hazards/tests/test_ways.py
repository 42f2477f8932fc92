"""The ways that lead to a page: what is due about offline work, links between pages, lists narrowed to one firm."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from anlan.enterprises.models import Mandate
from anlan.hazards.due_inspections import due_for
from anlan.hazards.models import Conflict, Inspection
from anlan.hazards.tests.making import found
from anlan.operations.demo.cast import Cast
from tests.phone import Phone, lay_checklist, lay_visit, over

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]


@pytest.fixture
def visit(cast: Cast) -> Inspection:
    return lay_visit(cast.enterprise("forge"), lay_checklist())


@pytest.fixture
def phone(cast: Cast, sign_in: SignIn) -> Phone:
    phone = Phone(over(sign_in(cast.grid)))
    phone.register()
    return phone


def urls(user: Any) -> list[str]:
    return [due.url for due in due_for(user)]


def test_offline_work_in_doubt_is_due_for_the_town_and_not_for_whoever_made_it(
    cast: Cast, sign_in: SignIn, phone: Phone
) -> None:
    phone.write("start", uuid.uuid4(), {})
    phone.write("start", uuid.uuid4(), {})
    phone.synchronise()
    due = next(due for due in due_for(cast.town) if due.url == "/offline-work/")
    assert due.count == 2
    assert "/offline-work/" not in urls(cast.grid)
    assert "/offline-work/" not in urls(cast.other_county)
    assert sign_in(cast.town).get(due.url).status_code == 200


def test_answers_that_differ_are_due_for_both_until_one_is_chosen(
    cast: Cast, sign_in: SignIn, phone: Phone, visit: Inspection
) -> None:
    other = Phone(over(sign_in(cast.town)))
    other.register()
    said = {"list": visit.checklists.get().pk, "item": "k1", "note": "", "base": None}
    for one, result in ((phone, "ok"), (other, "na")):
        one.write("start", visit.uid, {})
        one.write("answer", visit.uid, said | {"result": result})
        one.synchronise()
    page = f"/inspections/{visit.pk}/conflicts/"
    assert page in urls(cast.grid)
    assert page in urls(cast.town)
    assert page not in urls(cast.other_grid)
    conflict = Conflict.objects.get()
    sign_in(cast.grid).post(f"{page}{conflict.pk}/", {"chosen": "present"})
    assert page not in urls(cast.grid)


def test_the_list_of_inspections_leads_to_offline_work_for_whoever_may_see_it(cast: Cast, sign_in: SignIn) -> None:
    for user, there in ((cast.grid, True), (cast.town, True), (cast.manager, False)):
        assert ('href="/offline-work/"' in sign_in(user).get("/inspections/").content.decode()) is there


def test_an_inspection_leads_to_its_log_and_its_differences(
    cast: Cast, sign_in: SignIn, phone: Phone, visit: Inspection
) -> None:
    client = sign_in(cast.grid)
    log, page = f'href="/inspections/{visit.pk}/offline-log/"', f"/inspections/{visit.pk}/"
    assert log not in client.get(page).content.decode()
    phone.write("start", visit.uid, {})
    phone.synchronise()
    assert log in client.get(page).content.decode()


def test_a_hazard_leads_whoever_found_it_for_the_firm_to_the_plan_that_follows(cast: Cast, sign_in: SignIn) -> None:
    hazard = found(cast, source="self", by=cast.manager)
    page, link = f"/hazards/{hazard.pk}/", f'href="/follow-ups/{hazard.pk}/"'
    assert link not in sign_in(cast.manager).get(page).content.decode()
    Mandate.objects.create(
        enterprise_id=cast.forge.pk, organisation=cast.anhe, kind="contract", since=timezone.localdate()
    )
    type(hazard).objects.filter(pk=hazard.pk).update(found_for=cast.anhe)
    assert link in sign_in(cast.agency).get(page).content.decode()
    assert link not in sign_in(cast.grid).get(page).content.decode()
    type(hazard).objects.filter(pk=hazard.pk).update(state="void")
    assert link not in sign_in(cast.agency).get(page).content.decode()


def test_the_list_of_one_firm_holds_its_hazards_only_and_names_no_stranger(cast: Cast, sign_in: SignIn) -> None:
    here, there = found(cast), found(cast, firm="bakery", by=cast.county, title="烤炉的软管老化")
    page = sign_in(cast.county).get(f"/hazards/?firm={cast.bakery.pk}").content.decode()
    assert there.number in page or there.title in page
    assert here.title not in page
    assert cast.bakery.name in page
    for user in (cast.other_county, cast.agency, cast.manager):
        page = sign_in(user).get(f"/hazards/?firm={cast.bakery.pk}").content.decode()
        assert cast.bakery.name not in page
        assert there.title not in page


def test_the_phone_knows_which_firm_a_visit_is_for(cast: Cast, sign_in: SignIn, visit: Inspection) -> None:
    pack = sign_in(cast.grid).get("/patrol/tasks/").json()
    assert [one["firm"]["id"] for one in pack["tasks"]] == [visit.enterprise_id]


def test_reports_are_in_the_bar_of_exactly_those_who_may_open_them(cast: Cast, sign_in: SignIn) -> None:
    for user in (cast.association, cast.agency, cast.grid, cast.boss, cast.county, cast.worker):
        client = sign_in(user)
        shown = 'href="/reports/"' in client.get("/home/").content.decode()
        assert shown is (client.get("/reports/").status_code == 200)
