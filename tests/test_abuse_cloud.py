"""The cloud of small firms against somebody who means harm: old posts, two posts, forged files, poisoned logs, endless numbers."""

from __future__ import annotations

import base64
import struct
import uuid
import zlib
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from anlan.accounts.actions import bind_invitations, set_invitation, show_invitation, take_invitation, withdraw_post
from anlan.accounts.models import Invitation, Post, User
from anlan.accounts.tests.helpers import person
from anlan.agencies.actions import (
    accept_contract,
    apply_agency,
    ask_service,
    offer_contract,
    refuse_agency,
    terminate_contract,
)
from anlan.agencies.models import Agency, Contract
from anlan.enterprises.models import Mandate
from anlan.files.pictures import check_drawing, lighten
from anlan.hazards.actions import cure_hazard, pass_hazard, register_hazard
from anlan.hazards.actions.inspections import open_inspection, sign_inspection
from anlan.hazards.models import Hazard, Inspection, Operation, SafetyReport
from anlan.hazards.sync.deciding import accept_doubts
from anlan.hazards.tests.making import after, cured
from anlan.ledgers.actions.entries import attach_file, drop_draft, enter, remove_file, start_entry
from anlan.ledgers.actions.permits import hand_in, return_permit, sign_step, waiting_step
from anlan.ledgers.actions.ready import install_ready_templates
from anlan.ledgers.fields import number, plain
from anlan.ledgers.models import Entry, EntryFile, Template
from anlan.ledgers.tests.helpers import fresh, hot_values, keys, typed
from anlan.lib.errors import Refused
from anlan.notifications.actions import ask_email
from anlan.notifications.delivery import send_due
from anlan.notifications.models import Delivery, Preference
from anlan.operations.demo.cast import Cast
from tests.phone import Phone, lay_checklist, lay_visit, over, shot

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def png(width: int, height: int) -> bytes:
    """A black PNG of one bit for each pixel: a thousand times smaller than what it unfolds into."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes((width + 7) // 8 + 1) * height, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


# --- doors and posts --------------------------------------------------------------------------------


def test_a_door_does_not_outlive_the_post_that_opened_it(cast: Cast) -> None:
    friend = person(41)
    scanned = show_invitation(cast.forge, "enterprise_admin", by=cast.grid)
    set_invitation(cast.forge, "enterprise_admin", friend.phone, by=cast.grid)
    withdraw_post(Post.objects.open().get(user=cast.grid), by=cast.town)
    assert bind_invitations(friend) == []
    with pytest.raises(Refused):
        take_invitation(scanned, by=friend)
    assert not Post.objects.open().filter(user=friend, organisation=cast.forge).exists()


def test_a_boss_cannot_make_an_officer_his_employee_by_knowing_the_number(cast: Cast) -> None:
    officer = person(42, "grid_officer", region_code=cast.other_grid.post.region_code)  # type: ignore[union-attr]
    set_invitation(cast.forge, "safety_manager", officer.phone, by=cast.boss)
    assert bind_invitations(officer) == []
    assert not User.objects.visible_to(cast.boss).filter(pk=officer.pk).exists()
    take_invitation(Invitation.objects.get(), by=officer)  # by hand, having read what it is
    assert Post.objects.open().filter(user=officer, organisation=cast.forge).count() == 1


def test_whoever_belongs_to_the_firm_does_not_pass_its_hazards_in_another_post(cast: Cast) -> None:
    hazard = cured(cast, source="town", by=None)
    officer = person(43, "grid_officer", region_code=cast.grid.post.region_code)  # type: ignore[union-attr]
    Post.objects.create(user=officer, role_id="safety_manager", organisation=cast.forge)
    officer = User.objects.get(pk=officer.pk)
    assert officer.post is not None and officer.post.role_id == "grid_officer"
    assert {"pass", "fail", "void", "extend_grant"}.isdisjoint(hazard.verbs(officer))
    assert not hazard.enterprise.can_verify(officer)
    assert not SafetyReport(enterprise=hazard.enterprise, region_code=hazard.region_code).can_review(officer)
    with pytest.raises(Refused):
        pass_hazard(hazard, by=officer)
    pass_hazard(hazard, by=cast.grid)


# --- agencies ---------------------------------------------------------------------------------------


def contract(cast: Cast) -> Contract:
    """One in force between the forge and the agency."""
    today = timezone.localdate()
    agency = Agency.objects.get(pk=cast.anhe.pk)
    Mandate.objects.filter(organisation=cast.anhe).delete()
    asked = ask_service(
        agency, cast.enterprise("forge"), by=cast.manager, kinds=["inspection"], words="", wanted_by=today
    )
    made = offer_contract(
        asked,
        by=cast.agency,
        number="S-1",
        kinds=["inspection"],
        since=today,
        until=today + timedelta(days=9),
        fee_fen=1,
        plan=[],
    )
    accept_contract(made, by=cast.manager)
    return made


def test_an_agency_whose_contract_ended_neither_sees_nor_closes_what_it_found(cast: Cast, sign_in: SignIn) -> None:
    made, forge = contract(cast), cast.enterprise("forge")
    visit = open_inspection(forge, by=cast.engineer, checklists=[lay_checklist()])
    hazard = register_hazard(
        forge,
        by=cast.engineer,
        source="agency",
        title="电线裸露",
        place="二车间",
        kind="electric",
        measure="换线",
        responsible="周敏",
    )
    after(hazard, cast.manager)
    cure_hazard(hazard, by=cast.manager, words="换好了")
    client = sign_in(cast.engineer)
    pages = [reverse("hazards:detail", args=[hazard.pk]), reverse("hazards:inspection", args=[visit.pk])]
    assert [client.get(page).status_code for page in pages] == [200, 200]
    terminate_contract(made, by=cast.manager, because="另找一家")
    assert [client.get(page).status_code for page in pages] == [404, 404]
    assert client.post(reverse("hazards:act", args=[hazard.pk, "pass"]), {"words": "可以"}).status_code == 404
    assert (
        not Hazard.objects.visible_to(cast.engineer).exists()
        and not Inspection.objects.visible_to(cast.engineer).exists()
    )


def test_applying_under_somebody_elses_code_does_not_keep_the_owner_out(cast: Cast) -> None:
    code, squatter, owner = "91410105MA0SQUAT0X", person(44), person(45)
    said = {"name": "某机构", "credit_code": code, "region_code": "410105", "kinds": ["risk"]}
    agency = apply_agency(**said, by=squatter)
    refuse_agency(agency, by=cast.county, because="不是本机构")
    again = apply_agency(**(said | {"name": "真机构"}), by=owner)
    assert (again.pk, again.applicant, str(again)) == (agency.pk, owner, "真机构")


# --- ledgers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["1e-999999", "0.000000000000000000001", "1e999", "NaN", "1e15"])
def test_a_number_that_would_be_kept_as_a_million_characters_is_none(text: str) -> None:
    assert number(text) is None


def test_small_numbers_stay_numbers() -> None:
    assert [plain(number(text)) for text in ("0.5", "1e-3", "1,200.50")] == ["0.5", "0.001", "1200.5"]  # type: ignore[arg-type]


def handed_in(cast: Cast) -> Entry:
    """A permit of the forge that waits for its first signature."""
    install_ready_templates()
    hot_work = Template.objects.select_related("current").get(code="hot-work")
    entry = start_entry(hot_work, by=cast.worker)
    attach_file(entry, keys(hot_work)["动火点照片"], ContentFile(png(40, 40)), "a.png", by=cast.worker)
    enter(entry, typed(hot_values(hot_work, cast.manager.pk)), by=cast.worker, seen=0)
    return entry


def test_a_form_read_before_the_permit_was_handed_in_changes_nothing_afterwards(cast: Cast) -> None:
    stale = handed_in(cast)  # a second window, a slow upload: this still says "draft"
    entry = fresh(stale)
    hand_in(entry, typed({"person.1": cast.manager.pk, "signed": "李国强"}), by=cast.worker)
    photo = entry.files.get()
    photo.entry = stale
    for change in (
        lambda: drop_draft(stale, by=cast.worker),
        lambda: remove_file(photo, by=cast.worker),
        lambda: attach_file(stale, photo.key, ContentFile(png(41, 41)), "b.png", by=cast.worker),
    ):
        with pytest.raises(Refused):
            change()
    step = waiting_step(fresh(entry))
    assert step is not None and entry.files.count() == 1 and fresh(entry).seal() == entry.steps.get(position=0).seal


def test_the_signatures_of_a_returned_permit_cannot_be_taken_off(cast: Cast, sign_in: SignIn) -> None:
    entry = fresh(handed_in(cast))
    hand_in(entry, typed({"person.1": cast.manager.pk, "signed": "李国强"}), by=cast.worker)
    drawn = {"drawn": "data:image/png;base64," + base64.b64encode(png(60, 20)).decode()}
    first = waiting_step(fresh(entry))
    assert first is not None
    sign_step(first, typed(drawn), by=cast.manager)
    second = waiting_step(fresh(entry))
    assert second is not None
    return_permit(second, "照片不清", by=cast.manager)
    signature = EntryFile.objects.get(entry=entry, key__startswith="step:")
    answer = sign_in(cast.worker).post(
        reverse("ledgers:remove", args=[entry.pk, signature.pk]), headers={"HX-Request": "true"}
    )
    assert answer.status_code == 422 and EntryFile.objects.filter(pk=signature.pk).exists()


# --- pictures and signatures ------------------------------------------------------------------------


def test_a_picture_that_unfolds_into_gigabytes_or_reaches_another_program_is_refused() -> None:
    for data in (png(9_000, 9_000), b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"):
        with pytest.raises(Refused):
            lighten(BytesIO(data))
    large = BytesIO()
    Image.new("L", (9_000, 9_000)).save(large, "JPEG")
    assert lighten(large)[0].getvalue()  # a telephone does make such ones


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n and nothing more", png(20_000, 20_000), b"<svg onload='alert(1)'/>"]
)
def test_a_signature_must_be_a_drawing_for_it_will_be_printed(cast: Cast, data: bytes) -> None:
    with pytest.raises(Refused):
        check_drawing(BytesIO(data))
    visit = lay_visit(cast.enterprise("forge"), lay_checklist())
    with pytest.raises(Refused):
        sign_inspection(visit, who="officer", by=cast.grid, content=BytesIO(data))
    visit.refresh_from_db()
    assert visit.signature is None and not visit.signed_as


# --- the phone --------------------------------------------------------------------------------------


@pytest.fixture
def phone(cast: Cast, sign_in: SignIn) -> Phone:
    phone = Phone(over(sign_in(cast.grid)))
    phone.register()
    return phone


def test_a_signature_over_the_sync_that_is_no_drawing_is_set_aside(cast: Cast, phone: Phone) -> None:
    visit = lay_visit(cast.enterprise("forge"), lay_checklist())
    body = {"who": "officer", "name": "刘海涛", "png": base64.b64encode(png(20_000, 20_000)).decode()}
    phone.write("sign", visit.uid, body)
    phone.send_entries()
    assert [one["outcome"] for one in phone.outcomes.values()] == ["quarantined"]
    visit.refresh_from_db()
    assert visit.signature is None


@pytest.mark.parametrize("ahead", [-1.5e9, 2.4e11])
def test_a_clock_beyond_all_days_breaks_nothing(cast: Cast, phone: Phone, sign_in: SignIn, ahead: float) -> None:
    visit = lay_visit(cast.enterprise("forge"), lay_checklist())
    phone.ahead = ahead
    for at in (0, 4_102_444_799_999, 253_402_300_799_000):  # the last one is noon of the last day that Python knows
        phone.write("start", visit.uid, {}, at=at)
    phone.send_entries()
    assert Operation.objects.count() == 3
    assert sign_in(cast.town).get(reverse("hazards:quarantine")).status_code == 200
    assert sign_in(cast.town).get(reverse("hazards:offline-log", args=[visit.pk])).status_code == 200


@pytest.mark.parametrize("about", [{"hazard": "x"}, {"list": {"pk": 1}}, {"position": [1, 2]}, {"hazard": 10**30}])
def test_a_photo_with_a_poisoned_description_is_set_aside_before_its_bytes_come(
    cast: Cast, phone: Phone, about: dict[str, Any]
) -> None:
    visit = lay_visit(cast.enterprise("forge"), lay_checklist())
    phone.write("start", visit.uid, {})
    client_id = phone.photograph(visit.uid, shot(1), item="k1", **about)
    phone.send_entries()
    entry = Operation.objects.get(kind="photo")
    assert entry.code == "content" and entry.outcome == "quarantined"
    assert phone.request("GET", f"/patrol/photos/{client_id}/")[0] == 404


def test_accepting_poisoned_entries_leaves_them_where_they_are(cast: Cast, phone: Phone) -> None:
    visit = lay_visit(cast.enterprise("forge"), lay_checklist())
    for body in ({"hazard": {"a": 1}, "pass": True}, {"hazard": 10**40, "pass": True}, {"hazard": None}):
        phone.write("recheck", visit.uid, body)
    phone.write(
        "hazard", visit.uid, {"id": str(uuid.uuid4()), "title": "x", "place": "y", "kind": "fire", "grade": "red"}
    )
    phone.send_entries()
    entries = Operation.objects.in_doubt()
    assert entries.count() == 4
    done = accept_doubts(entries[0].device, visit.uid, by=cast.town)
    assert (done.applied, done.left) == (0, 4)


# --- letters ----------------------------------------------------------------------------------------


def test_a_letter_about_one_address_never_reaches_another(cast: Cast, settings: Any) -> None:
    settings.ANLAN_EMAIL_URL = "smtp://127.0.0.1"
    ask_email(cast.worker, "victim@example.org")
    ask_email(cast.worker, "mine@example.org")
    states = list(Delivery.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["skipped", "queued"]
    assert send_due(timezone.now() - timedelta(hours=1)) == 0  # nothing of the first is left to send
    assert Preference.objects.get(user=cast.worker).email == "mine@example.org"
