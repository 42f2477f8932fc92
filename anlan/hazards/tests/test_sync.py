"""Offline work comes home: each entry once, in its order, doubtful ones set aside, nothing lost."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone

from anlan.accounts.actions.posts import withdraw_post
from anlan.accounts.models import Organisation, Post
from anlan.audit.models import Record
from anlan.enterprises.models import Enterprise
from anlan.hazards.models import Conflict, Device, Finding, Hazard, Inspection, Operation, Photo
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


def test_a_whole_patrol_comes_home_and_leaves_the_phone_empty(cast: Cast, phone: Phone, visit: Inspection) -> None:
    version = visit.checklists.get()
    phone.visit(visit, version, failed=2, photos=2)
    phone.synchronise()
    visit.refresh_from_db()
    assert set(outcomes(phone)) == {"applied"}
    assert (visit.state, visit.inspector, visit.signed_as) == ("done", cast.grid, "刘海涛")
    assert dict(visit.findings.values_list("item", "result")) == {"k1": "ok", "k2": "fail", "k3": "ok", "k4": "ok"}
    hazard = Hazard.objects.get(inspection=visit)
    assert (hazard.item, hazard.source, hazard.found_by, hazard.cite) == (
        "k2",
        "patrol",
        cast.grid,
        "安全生产法第三十六条",
    )
    assert Photo.objects.filter(inspection=visit).count() == 2
    assert (visit.latitude, visit.accuracy) == (34.83, 12.0)


def test_photos_that_come_after_their_hazard_are_bound_to_it(phone: Phone, visit: Inspection) -> None:
    phone.visit(visit, visit.checklists.get(), failed=1, photos=1)
    phone.send_entries()
    hazard = Hazard.objects.get(inspection=visit)
    assert not hazard.photos.exists()
    phone.synchronise()
    assert hazard.photos.count() == 1


def test_an_entry_sent_twice_takes_effect_once(phone: Phone, visit: Inspection) -> None:
    phone.visit(visit, visit.checklists.get(), failed=1)
    parcels = list(phone.log.values())
    first, second = phone.hand_in(parcels), phone.hand_in(parcels)
    assert first == second
    assert Operation.objects.count() == len(parcels)
    assert Hazard.objects.filter(inspection=visit).count() == 1
    assert Record.objects.filter(verb="finish_inspection").count() == 1


def test_an_early_entry_waits_and_takes_effect_when_the_gap_closes(phone: Phone, visit: Inspection) -> None:
    phone.visit(visit, visit.checklists.get())
    parcels = list(phone.log.values())
    late = phone.hand_in(parcels[3:])
    assert {one["code"] for one in late} == {"gap"}
    phone.hand_in(parcels[:3])
    visit.refresh_from_db()
    assert visit.state == "done"
    assert not Operation.objects.in_doubt().exists()


def test_a_changed_text_is_kept_in_doubt_and_does_nothing(phone: Phone, visit: Inspection) -> None:
    hash_ = phone.write("start", visit.uid, {})
    good = phone.log[hash_]
    forged = {"text": good["text"].replace('"at":1', '"at":2'), "signature": good["signature"]}
    [said] = phone.hand_in([forged])
    assert (said["outcome"], said["code"]) == ("quarantined", "signature")
    [said] = phone.hand_in([good])
    assert said["outcome"] == "applied"


def test_an_entry_damaged_on_the_way_takes_effect_when_it_comes_whole(phone: Phone, visit: Inspection) -> None:
    good = phone.log[phone.write("start", visit.uid, {})]
    phone.hand_in([{"text": good["text"], "signature": "AAAA"}])
    [said] = phone.hand_in([good])
    assert said["outcome"] == "applied"
    assert Operation.objects.count() == 1


@pytest.mark.parametrize("text", ["", "x", "[]", '{"v":1}', "\x00", '{"a":1e400}', "[" * 5000, '{"a":"\\ud800"}'])
def test_what_cannot_be_read_is_kept_as_text(phone: Phone, text: str) -> None:
    [said] = phone.hand_in([{"text": text, "signature": ""}])
    assert (said["outcome"], said["code"]) == ("quarantined", "malformed")
    assert phone.hand_in([{"text": text, "signature": ""}]) == [said]


def test_an_entry_of_another_phone_is_set_aside(cast: Cast, sign_in: SignIn, phone: Phone, visit: Inspection) -> None:
    other = Phone(phone.line)
    other.register()
    parcel = other.log[other.write("start", visit.uid, {})]
    [said] = phone.hand_in([parcel])
    assert said["code"] == "device"


def test_a_second_entry_under_the_same_number_is_set_aside(phone: Phone, visit: Inspection) -> None:
    version = visit.checklists.get()
    phone.write("start", visit.uid, {})
    phone.send_entries()
    kept = (phone.seq, phone.head)
    answer = {"list": version.pk, "item": "k1", "note": "", "base": None}
    first = phone.write("answer", visit.uid, answer | {"result": "ok"})
    phone.send_entries()
    phone.seq, phone.head = kept  # a restored backup of the phone
    second = phone.write("answer", visit.uid, answer | {"result": "fail"})
    phone.send_entries()
    assert phone.outcomes[first]["outcome"] == "applied"
    assert phone.outcomes[second]["code"] == "fork"
    assert visit.findings.get().result == "ok"


def test_a_clock_wrong_by_a_day_is_reckoned_and_noted(cast: Cast, sign_in: SignIn, visit: Inspection) -> None:
    phone = Phone(over(sign_in(cast.grid)), clock_ahead=86_400)
    phone.register()
    phone.visit(visit, visit.checklists.get())
    phone.synchronise()
    visit.refresh_from_db()
    now = timezone.now()
    first = Operation.objects.order_by("sequence")[0]
    assert visit.state == "done"
    assert now - timedelta(minutes=2) < visit.started_at <= visit.done_at <= now  # type: ignore[operator]
    assert first.clock_doubt
    assert 86_300 < first.clock_error < 86_500
    assert first.done_at > now + timedelta(hours=23)


def test_a_clock_that_runs_backwards_is_held_in_the_order_of_the_log(phone: Phone, visit: Inspection) -> None:
    phone.write("start", visit.uid, {})
    phone.write("drop", visit.uid, {"id": str(uuid.uuid4())}, at=phone.now() - 86_400_000)
    phone.send_entries()
    first, second = Operation.objects.order_by("sequence")
    assert second.at == first.at
    assert (first.clock_doubt, second.clock_doubt) == (False, True)


def test_a_device_clock_beyond_all_numbers_breaks_nothing(phone: Phone, visit: Inspection) -> None:
    parcel = phone.log[phone.write("start", visit.uid, {})]
    for now in (2**60, -1, "x", None, 1.5, True):
        said = phone.ask("/patrol/operations/", {"device": str(phone.uid), "now": now, "operations": [parcel]})
        assert said["outcomes"][0]["outcome"] == "applied"


def test_work_of_a_post_that_ended_waits_for_the_town(
    cast: Cast, sign_in: SignIn, phone: Phone, visit: Inspection
) -> None:
    phone.visit(visit, visit.checklists.get(), failed=1, photos=1)
    post = Post.objects.get(user=cast.grid, until=None)
    withdraw_post(post, by=cast.county)
    Post.objects.create(user=cast.grid, role_id="grid_officer", region_code="410105018G08")
    phone.line = over(sign_in(cast.grid))
    phone.synchronise()
    assert {one["code"] for one in phone.outcomes.values()} == {"post"}
    visit.refresh_from_db()
    assert (visit.state, phone.log, phone.shots) == ("planned", {}, {})

    device = Device.objects.get()
    town = sign_in(cast.town)
    assert town.get("/offline-work/").status_code == 200
    address = f"/offline-work/{device.pk}/{visit.uid}/"
    assert town.get(address).status_code == 200
    assert sign_in(cast.other_county).get(address).status_code == 404
    assert sign_in(cast.grid).post(address, {"do": "accept"}).status_code == 403
    assert town.post(address, {"do": "accept"}).status_code == 302
    visit.refresh_from_db()
    assert (visit.state, visit.inspector) == ("done", cast.grid)
    assert Hazard.objects.get(inspection=visit).photos.count() == 1
    assert Record.objects.filter(verb="accept_offline_work", actor_id=cast.town.pk).exists()
    assert town.post(address, {"do": "accept"}).status_code == 404


def test_work_at_a_firm_that_moved_away_waits_and_can_be_discarded_with_a_reason(
    cast: Cast, sign_in: SignIn, phone: Phone, visit: Inspection
) -> None:
    phone.visit(visit, visit.checklists.get())
    Organisation.objects.filter(pk=cast.forge.pk).update(region_code="410105018G08")
    Enterprise.objects.filter(pk=cast.forge.pk).update(region_code="410105018G08")
    Inspection.objects.update(region_code="410105018G08")
    phone.synchronise()
    assert [one["code"] for one in phone.outcomes.values()] == ["territory", *["follows"] * 6]
    address = f"/offline-work/{Device.objects.get().pk}/{visit.uid}/"
    town = sign_in(cast.town)
    assert town.post(address, {"do": "discard"}).status_code == 422
    assert town.post(address, {"do": "discard", "words": "由第 8 网格重新检查"}).status_code == 302
    assert Operation.objects.filter(decision="discarded", words="由第 8 网格重新检查").count() == 7
    visit.refresh_from_db()
    assert visit.state == "planned"


def test_a_firm_that_moved_inside_the_scope_changes_nothing(cast: Cast, sign_in: SignIn, visit: Inspection) -> None:
    Inspection.objects.update(kind="town")
    phone = Phone(over(sign_in(cast.town)))
    phone.register()
    phone.visit(visit, visit.checklists.get())
    Organisation.objects.filter(pk=cast.forge.pk).update(region_code="410105018G08")
    Enterprise.objects.filter(pk=cast.forge.pk).update(region_code="410105018G08")
    Inspection.objects.update(region_code="410105018G08")
    phone.synchronise()
    assert set(outcomes(phone)) == {"applied"}


def test_a_visit_that_was_cancelled_or_never_was_is_kept_in_doubt(phone: Phone, visit: Inspection) -> None:
    Inspection.objects.update(state="cancelled")
    phone.write("start", visit.uid, {})
    phone.write("start", uuid.uuid4(), {})
    phone.synchronise()
    assert [one["code"] for one in phone.outcomes.values()] == ["cancelled", "task"]


def test_a_lost_phone_is_turned_off(cast: Cast, sign_in: SignIn, phone: Phone, visit: Inspection) -> None:
    device = Device.objects.get()
    assert sign_in(cast.other_county).post(f"/offline-work/devices/{device.pk}/revoke/").status_code == 404
    assert sign_in(cast.town).post(f"/offline-work/devices/{device.pk}/revoke/").status_code == 302
    for named in ({"vault": str(uuid.uuid4()), "device": str(phone.uid)}, {"vault": str(phone.vault)}):
        said = sign_in(cast.grid).get("/patrol/hello/", named).json()
        assert said["revoked"]
        assert "half" not in said
    assert "half" in sign_in(cast.grid).get("/patrol/hello/", {"vault": str(uuid.uuid4())}).json()  # the next phone
    phone.write("start", visit.uid, {})
    phone.send_entries()
    assert [one["code"] for one in phone.outcomes.values()] == ["revoked"]
    again = Phone(over(sign_in(cast.grid)))
    again.vault = phone.vault
    with pytest.raises(AssertionError, match="409"):
        again.register()


def test_turning_a_phone_off_ends_its_session_and_no_other(cast: Cast, sign_in: SignIn, phone: Phone) -> None:
    lost, desk = sign_in(cast.grid), sign_in(cast.grid)
    for client in (lost, desk):
        UserSession.objects.create(user=cast.grid, session_key=client.session.session_key, ip="127.0.0.1")
    assert "half" in lost.get("/patrol/hello/", {"vault": str(phone.vault)}).json()
    sign_in(cast.town).post(f"/offline-work/devices/{Device.objects.get().pk}/revoke/")
    assert lost.get("/patrol/hello/", {"vault": str(phone.vault)}).json()["signed_in"] is False
    assert desk.get("/patrol/hello/").json()["signed_in"] is True


def test_who_turns_off_the_phone_in_their_hand_is_signed_out(cast: Cast, sign_in: SignIn, phone: Phone) -> None:
    here = sign_in(cast.grid)
    UserSession.objects.create(user=cast.grid, session_key=here.session.session_key, ip="127.0.0.1")
    here.get("/patrol/hello/", {"vault": str(phone.vault)})
    assert here.post(f"/offline-work/devices/{Device.objects.get().pk}/revoke/").status_code == 302
    assert here.get("/home/").status_code == 302


def test_two_officers_who_differ_are_shown_both_answers(
    cast: Cast, sign_in: SignIn, phone: Phone, visit: Inspection
) -> None:
    version = visit.checklists.get()
    other = Phone(over(sign_in(cast.town)))
    other.register()
    said = {"list": version.pk, "note": "", "base": None}
    for one, second in ((phone, "ok"), (other, "na")):
        one.write("start", visit.uid, {})
        one.write("answer", visit.uid, said | {"item": "k1", "result": "ok"})
        one.write("answer", visit.uid, said | {"item": "k2", "result": second})
    phone.synchronise()
    other.synchronise()
    assert outcomes(other) == ["applied", "applied", "conflict"]
    conflict = Conflict.objects.get()
    assert (conflict.field, conflict.present["by"], conflict.arriving["by"]) == (
        f"answer:{version.pk}:k2",
        "刘海涛",
        "孙晓燕",
    )
    assert visit.findings.get(item="k2").result == "ok"

    client = sign_in(cast.grid)
    page = client.get(f"/inspections/{visit.pk}/conflicts/").content.decode()
    assert "第 2 项的设备完好" in page
    assert "孙晓燕" in page
    address = f"/inspections/{visit.pk}/conflicts/{conflict.pk}/"
    assert sign_in(cast.other_grid).post(address, {"chosen": "arriving"}).status_code == 404
    assert sign_in(cast.manager).post(address, {"chosen": "arriving"}).status_code == 403
    assert client.post(address, {"chosen": "both"}).status_code == 422
    assert client.post(address, {"chosen": "arriving"}).status_code == 302
    assert client.post(address, {"chosen": "arriving"}).status_code == 302  # a double tap
    assert client.post(address, {"chosen": "present"}).status_code == 409
    assert visit.findings.get(item="k2").result == "na"


def test_the_second_to_finish_overwrites_nothing(cast: Cast, sign_in: SignIn, phone: Phone, visit: Inspection) -> None:
    version = visit.checklists.get()
    other = Phone(over(sign_in(cast.town)))
    other.register()
    phone.visit(visit, version, failed=1)
    other.visit(visit, version, failed=1, place="西侧")
    phone.synchronise()
    before = list(Finding.objects.values_list("item", "result", "by_id", "at"))
    other.synchronise()
    assert list(Finding.objects.values_list("item", "result", "by_id", "at")) == before
    assert Hazard.objects.filter(inspection=visit).count() == 1
    assert sorted(Conflict.objects.values_list("field", flat=True)) == [f"hazard:{version.pk}:k1", "sign:officer"]
    chosen = Conflict.objects.get(field__startswith="hazard")
    sign_in(cast.town).post(f"/inspections/{visit.pk}/conflicts/{chosen.pk}/", {"chosen": "arriving"})
    assert Hazard.objects.filter(inspection=visit).count() == 2


def test_a_newer_word_of_the_same_phone_takes_the_place_of_its_older_one(
    cast: Cast, sign_in: SignIn, phone: Phone, visit: Inspection
) -> None:
    version = visit.checklists.get()
    said = {"list": version.pk, "item": "k1", "note": ""}
    Finding.objects.create(inspection=visit, checklist=version, item="k1", result="ok", by=cast.town, at=timezone.now())
    phone.write("answer", visit.uid, said | {"result": "fail", "base": None})
    phone.write("answer", visit.uid, said | {"result": "na", "base": {"result": "fail", "note": ""}})
    phone.synchronise()
    assert Conflict.objects.get().arriving["value"]["result"] == "na"
    phone.write("answer", visit.uid, said | {"result": "ok", "base": {"result": "na", "note": ""}})
    phone.synchronise()
    assert Conflict.objects.get().chosen == "present"


def test_an_answer_given_in_knowledge_of_the_other_is_no_conflict(cast: Cast, phone: Phone, visit: Inspection) -> None:
    version = visit.checklists.get()
    Finding.objects.create(
        inspection=visit,
        checklist=version,
        item="k1",
        result="ok",
        by=cast.grid,
        at=timezone.now() + timedelta(seconds=40),
    )
    phone.write(
        "answer",
        visit.uid,
        {"list": version.pk, "item": "k1", "result": "na", "note": "", "base": {"result": "ok", "note": ""}},
    )
    phone.synchronise()
    assert visit.findings.get().result == "na"


def test_a_body_that_lacks_what_it_needs_is_kept_in_doubt(phone: Phone, visit: Inspection) -> None:
    version = visit.checklists.get()
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("answer", {}), ("answer", {"list": version.pk, "item": "k9", "result": "ok"}), ("answer", {"list": "x", "item": [], "result": {}}),
        ("hazard", {"id": "x"}), ("recheck", {"hazard": 10**30, "pass": True}), ("sign", {"who": "god"}), ("sign", {"who": "officer", "png": "!"}),
        ("photo", {"id": str(uuid.uuid4()), "sha256": "00" * 32, "size": 10**9, "role": "scene"}), ("drop", {"id": 5}), ("start", {"position": 7}),
    ]  # fmt: skip
    for kind, body in bodies:
        phone.write(kind, visit.uid, body)
    phone.synchronise()
    assert set(outcomes(phone)) == {"quarantined"}
    assert Operation.objects.filter(code__in=["content", "rule"]).count() == len(bodies)


def test_a_reinspection_closes_the_hazard_and_keeps_its_photo(cast: Cast, phone: Phone, visit: Inspection) -> None:
    from anlan.hazards.actions.hazards import register_hazard

    hazard = register_hazard(
        cast.enterprise("forge"),
        by=cast.grid,
        source="patrol",
        title="配电箱没有门",
        place="冲压区",
        kind="electric",
        measure="装门",
        responsible="吴建国",
    )
    Hazard.objects.filter(pk=hazard.pk).update(state="cured", cured_by=cast.manager, cured_at=timezone.now())
    tasks = json.loads(json.dumps(phone.request("GET", "/patrol/tasks/")[1]))["tasks"]
    assert [one["id"] for one in tasks[0]["recheck"]] == [hazard.pk]
    phone.write("start", visit.uid, {})
    phone.photograph(visit.uid, shot(5), hazard=hazard.pk)
    phone.write("recheck", visit.uid, {"hazard": hazard.pk, "pass": True, "words": ""})
    phone.synchronise()
    hazard.refresh_from_db()
    assert (hazard.state, hazard.verified_by) == ("closed", cast.grid)
    assert hazard.photos.count() == 1
