"""Photos on a bad link: whole or not at all, and bound to their own visit only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from anlan.hazards.models import Hazard, Inspection, Operation, Photo, PhotoUpload
from anlan.operations.demo.cast import Cast
from tests.phone import Phone, lay_checklist, lay_visit, over, shot

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


def test_a_photo_with_another_hash_is_refused_and_asked_for_again(phone: Phone, visit: Inspection) -> None:
    client_id = phone.photograph(visit.uid, shot(1))
    phone.send_entries()
    good = phone.shots[client_id]
    phone.shots[client_id] = good[:-1] + b"?"
    phone.send_photo(client_id)
    status, far = phone.request("GET", f"/patrol/photos/{client_id}/")
    assert (status, far["received"], far["done"]) == (200, 0, False)
    phone.shots[client_id] = good
    phone.synchronise()
    assert Photo.objects.get().sha256 == hashlib.sha256(good).hexdigest()


def test_pieces_go_on_where_they_broke_off(phone: Phone, visit: Inspection) -> None:
    data = shot(7, 900)
    assert len(data) > 5000
    client_id = phone.photograph(visit.uid, data)
    phone.send_entries()
    address = f"/patrol/photos/{client_id}/"
    assert phone.request("POST", f"{address}?offset=0", data[:4096], "image/jpeg")[1]["received"] == 4096
    assert (
        phone.request("POST", f"{address}?offset=0", data[:4096], "image/jpeg")[1]["received"] == 4096
    )  # its answer was lost
    assert phone.request("POST", f"{address}?offset=9", data[9:5000], "image/jpeg")[0] == 409
    assert phone.request("POST", f"{address}?offset=4096", data + b"more", "image/jpeg")[0] == 422
    phone.synchronise()
    assert Photo.objects.count() == 1


def test_a_file_that_is_no_picture_is_kept_and_doubted(phone: Phone, visit: Inspection) -> None:
    phone.photograph(visit.uid, b"%PDF-1.4 not a picture")
    phone.synchronise()
    operation = Operation.objects.get()
    assert (operation.outcome, operation.code) == ("quarantined", "picture")
    assert PhotoUpload.objects.get().blob is not None
    assert not Photo.objects.exists()


def test_a_photo_cannot_be_tied_to_anothers_hazard(cast: Cast, phone: Phone, visit: Inspection) -> None:
    from anlan.hazards.actions.hazards import register_hazard

    foreign = register_hazard(
        cast.enterprise("bakery"), by=cast.county, source="town", title="烤箱漏气", place="后厨", kind="gas"
    )
    phone.photograph(visit.uid, shot(1), hazard=foreign.pk)
    phone.synchronise()
    assert Photo.objects.get().hazard is None


def test_a_photo_taken_back_before_it_was_sent_is_no_evidence(phone: Phone, visit: Inspection) -> None:
    client_id = phone.photograph(visit.uid, shot(1))
    phone.write("drop", visit.uid, {"id": client_id})
    phone.synchronise()
    assert not Photo.objects.exists()


def test_nobody_else_touches_a_photo_or_a_device(cast: Cast, sign_in: SignIn, phone: Phone, visit: Inspection) -> None:
    client_id = phone.photograph(visit.uid, shot(1))
    phone.send_entries()
    other = over(sign_in(cast.other_grid))
    assert other("GET", f"/patrol/photos/{client_id}/")[0] == 404
    assert other("POST", f"/patrol/photos/{client_id}/?offset=0", b"x", "image/jpeg")[0] == 404
    body = json.dumps({"device": str(phone.uid), "operations": [], "photos": []}).encode()
    assert other("POST", "/patrol/operations/", body)[0] == 404
    assert other("POST", "/patrol/have/", body)[0] == 404


def test_a_link_that_fails_every_third_request_loses_nothing(cast: Cast, sign_in: SignIn) -> None:
    version = lay_checklist(items=3)
    firms = [cast.enterprise("forge")] * 12
    visits = [lay_visit(firm, version) for firm in firms]
    phone = Phone(
        over(sign_in(cast.grid), breaks=lambda n: "" if n % 3 or n == 3 else ("after" if n % 2 else "before"))
    )
    phone.register()
    for n, one in enumerate(visits):
        phone.visit(one, version, failed=1 + n % 2, photos=3 + n % 2)
    phone.synchronise()
    assert (phone.log, phone.shots) == ({}, {})
    assert Inspection.objects.filter(state="done").count() == 12
    assert Photo.objects.count() == 42
    assert Hazard.objects.count() == 12
    assert Operation.objects.count() == phone.seq
