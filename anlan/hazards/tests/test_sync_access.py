"""Who may talk to the sync, what lies on a phone, and the app shell."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from anlan.accounts.models import Organisation
from anlan.enterprises.models import Enterprise
from anlan.hazards.models import Conflict, Device, Hazard, Inspection, Operation
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


def outcomes(phone: Phone) -> list[str]:
    return [one["outcome"] for one in phone.outcomes.values()]


def test_hello_says_nothing_to_strangers_and_halves_differ_by_person(cast: Cast, sign_in: SignIn) -> None:
    assert Client().get("/patrol/hello/").json()["signed_in"] is False
    vault = str(uuid.uuid4())
    halves = {sign_in(who).get("/patrol/hello/", {"vault": vault}).json()["half"] for who in (cast.grid, cast.town)}
    assert len(halves) == 2
    assert sign_in(cast.worker).get("/patrol/hello/").json()["may"] is False


def test_only_due_tasks_of_the_own_grid_are_taken_along(cast: Cast, sign_in: SignIn, visit: Inspection) -> None:
    version = visit.checklists.get()
    lay_visit(cast.enterprise("bakery"), version)
    lay_visit(cast.enterprise("forge"), version, due=timezone.localdate() + timedelta(days=90))
    lay_visit(cast.enterprise("forge"), version, inspector=cast.town)
    pack = sign_in(cast.grid).get("/patrol/tasks/").json()
    assert [one["uid"] for one in pack["tasks"]] == [str(visit.uid)]
    assert list(pack["lists"]) == [str(version.pk)]
    assert sign_in(cast.other_grid).get("/patrol/tasks/").json()["tasks"] == []
    assert [one["firm"]["name"] for one in sign_in(cast.town).get("/patrol/tasks/").json()["tasks"]] == [
        cast.forge.name
    ]
    assert sign_in(cast.manager).get("/patrol/tasks/").status_code == 403


def test_no_more_than_two_hundred_tasks_lie_on_a_phone(
    cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anlan.hazards.sync.bundle.MOST", 3)
    version = lay_checklist()
    for n in range(5):
        lay_visit(cast.enterprise("forge"), version, due=timezone.localdate() + timedelta(days=5 - n))
    pack = sign_in(cast.grid).get("/patrol/tasks/").json()
    assert (len(pack["tasks"]), pack["more"]) == (3, 2)
    assert [one["due"] for one in pack["tasks"]] == sorted(one["due"] for one in pack["tasks"])


def test_the_pack_costs_the_same_for_two_and_twenty_visits(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    version, client = lay_checklist(), sign_in(cast.grid)
    for _n in range(20):
        lay_visit(cast.enterprise("forge"), version)
    with django_assert_max_num_queries(13):
        assert len(client.get("/patrol/tasks/").json()["tasks"]) == 20


def test_a_device_belongs_to_one_person_and_post(cast: Cast, sign_in: SignIn, phone: Phone) -> None:
    phone.register()  # again is no error
    assert Device.objects.count() == 1
    thief = Phone(over(sign_in(cast.other_grid)))
    thief.uid = phone.uid
    with pytest.raises(AssertionError, match="409"):
        thief.register()
    stranger = Phone(over(sign_in(cast.manager)))
    with pytest.raises(AssertionError, match="403"):
        stranger.register()


def test_bad_envelopes_are_refused_in_words(phone: Phone) -> None:
    for body in (b"", b"[]", b"{", b"\xff", json.dumps({"device": str(phone.uid), "operations": "x"}).encode()):
        status, said = phone.request("POST", "/patrol/operations/", body, "application/json")
        assert (status, said["code"]) == (422, "bad_json")
        assert said["message"]


def test_a_loop_gone_wild_is_slowed_down(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anlan.hazards.views.sync.MOST_A_MINUTE", 0)
    assert phone.request("POST", "/patrol/have/", b"{}", "application/json")[0] == 429


def test_writing_without_the_token_is_refused(cast: Cast, sign_in: SignIn, phone: Phone) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = sign_in(cast.grid).cookies
    body = json.dumps({"device": str(phone.uid), "operations": []})
    assert strict.post("/patrol/operations/", body, content_type="application/json").status_code == 403
    token = strict.get("/patrol/hello/").json()["csrf"]
    answer = strict.post("/patrol/operations/", body, content_type="application/json", headers={"X-CSRFToken": token})
    assert answer.status_code == 200


def test_the_log_page_proves_the_signatures(cast: Cast, sign_in: SignIn, phone: Phone, visit: Inspection) -> None:
    phone.visit(visit, visit.checklists.get(), failed=1)
    phone.synchronise()
    client = sign_in(cast.grid)
    address = f"/inspections/{visit.pk}/offline-log/"
    assert "签名不符" not in client.get(address).content.decode()
    one = Operation.objects.filter(kind="answer")[0]
    Operation.objects.filter(pk=one.pk).update(body=one.body | {"result": "na"})
    assert client.get(address).content.decode().count("签名不符") == 1
    assert sign_in(cast.other_boss).get(address).status_code == 404


def test_a_merged_firm_takes_its_visit_along(cast: Cast, phone: Phone, visit: Inspection) -> None:
    phone.visit(visit, visit.checklists.get())
    heir = Organisation.objects.create(
        kind="enterprise", name="并入的企业（演示）", region_code="410105018G07", credit_code="91410105MA0000HEIR"
    )
    Enterprise.objects.create(organisation=heir, industry="C3391")
    Inspection.objects.filter(pk=visit.pk).update(enterprise_id=heir.pk)
    phone.synchronise()
    assert set(outcomes(phone)) == {"applied"}


def test_the_same_hazard_found_by_two_is_registered_once_and_is_no_conflict(
    cast: Cast, sign_in: SignIn, phone: Phone, visit: Inspection
) -> None:
    other = Phone(over(sign_in(cast.town)))
    other.register()
    for one in (phone, other):
        one.visit(visit, visit.checklists.get(), failed=1)
        one.synchronise()
    assert Hazard.objects.filter(inspection=visit).count() == 1
    assert list(Conflict.objects.values_list("field", flat=True)) == ["sign:officer"]


def test_the_shell_and_the_worker_hold_no_name_and_name_every_part(cast: Cast, sign_in: SignIn) -> None:
    from django.contrib.staticfiles import finders

    from anlan.hazards.views.patrol import MODULES, OTHERS, STYLES

    page = sign_in(cast.grid).get("/patrol/").content.decode()
    assert cast.grid.name not in page
    assert "csrf" not in page.lower().replace("x-csrftoken", "")
    worker = Client().get("/patrol/sw.js")
    assert worker["Content-Type"].startswith("text/javascript")
    for name in MODULES:
        assert finders.find(f"hazards/patrol/{name}.js")
        assert f"/hazards/patrol/{name}.js" in worker.content.decode()
    assert all(finders.find(name) for name in (*STYLES, *OTHERS))
    icons = Client().get("/manifest.webmanifest").json()["icons"]
    assert all(finders.find(icon["src"].removeprefix("/static/")) for icon in icons)
    assert sign_in(cast.worker).get("/patrol/").status_code == 403


def test_every_word_of_the_app_is_there() -> None:
    import re
    from pathlib import Path

    from anlan.hazards.patrol_words import words

    source = "".join(
        path.read_text(encoding="utf-8") for path in Path("anlan/hazards/static/hazards/patrol").glob("*.js")
    )
    used = set(re.findall(r'\bt\("([a-z_]+)"', source)) | set(re.findall(r'\? "([a-z_]+)" : "[a-z_]+"\)', source))
    assert used - set(words()) <= {"auth", "revoked"}


def test_the_page_of_doubts_costs_the_same_for_two_and_twenty(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    phone = Phone(over(sign_in(cast.grid)))
    phone.register()
    for _n in range(20):
        phone.write("start", lay_visit(cast.enterprise("bakery"), lay_checklist()).uid, {})
    phone.synchronise()
    town = sign_in(cast.town)
    town.get("/offline-work/")
    with django_assert_max_num_queries(13):
        page = town.get("/offline-work/").content.decode()
    assert "20 次离线检查等人确认" in page
