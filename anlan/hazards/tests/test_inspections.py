"""Inspections: begun, answered, signed, finished; whose they are; what two people at once, moves and mergers do to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from anlan.accounts.models import Post, User
from anlan.audit.models import Record
from anlan.enterprises.models import Enterprise, Mandate
from anlan.hazards.actions.checklists import load_checklists
from anlan.hazards.actions.evidence import add_photo
from anlan.hazards.actions.following import follow_move
from anlan.hazards.actions.hazards import cure_hazard, register_hazard
from anlan.hazards.actions.inspections import (
    answer_item,
    assign_inspection,
    cancel_inspection,
    finish_inspection,
    note_inspection,
    open_inspection,
    sign_inspection,
    start_inspection,
)
from anlan.hazards.actions.photos import attach_photo
from anlan.hazards.actions.planning import choose_checklists, follow_up, release_strangers
from anlan.hazards.models import Checklist, ChecklistVersion, Finding, Hazard, Inspection, Photo
from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.operations.demo.drawings import draw
from anlan.operations.demo.inspections import scrawl
from anlan.tallies.models import Delta

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def current(code: str) -> ChecklistVersion:
    """The version in use of a list."""
    version = Checklist.objects.get(code=code).current
    assert version is not None
    return version


@pytest.fixture
def visit(cast: Cast) -> Inspection:
    """A patrol of the forge with one list of fifteen items, open."""
    load_checklists()
    return open_inspection(forge(cast), by=cast.grid, checklists=[current("machining")])


def forge(cast: Cast) -> Enterprise:
    """The forge with its organisation."""
    return Enterprise.objects.select_related("organisation").get(pk=cast.forge.pk)


def fill(visit: Inspection, by: User, *, but: int = 0) -> None:
    """Answer every item as in order, except the last `but`."""
    for version in visit.checklists.all():
        for item in version.items[: len(version.items) - but]:
            answer_item(visit, version, item["key"], result="ok", by=by)


def test_an_inspection_from_the_door_to_the_record_counts_once_however_often_finish_is_tapped(
    cast: Cast, visit: Inspection
) -> None:
    start_inspection(visit, by=cast.grid, latitude=34.8, longitude=113.7, accuracy=8)
    fill(visit, cast.grid)
    sign_inspection(visit, who="officer", by=cast.grid, content=scrawl(2))
    sign_inspection(visit, who="firm", by=cast.grid, name="吴建国")
    for _n in range(2):
        finish_inspection(visit, by=cast.grid, words="情况良好")
    assert (visit.state, visit.inspector, visit.accuracy) == ("done", cast.grid, 8)
    assert (
        visit.signature is not None and visit.signature.media_type == "image/png" and visit.firm_signed_as == "吴建国"
    )
    assert Delta.objects.filter(measure="patrols_done").count() == 1
    assert Record.objects.filter(verb="finish_inspection").count() == 1
    assert Notice.objects.filter(user=cast.boss, kind="inspection").count() == 1


def test_finish_names_what_is_missing_and_keeps_everything(cast: Cast, visit: Inspection) -> None:
    fill(visit, cast.grid, but=1)
    version = current("machining")
    with pytest.raises(Refused, match="没有填") as refused:
        finish_inspection(visit, by=cast.grid)
    assert (refused.value.code, refused.value.status) == ("unanswered", 422)
    answer_item(visit, version, version.items[-1]["key"], result="fail", by=cast.grid)
    with pytest.raises(Refused) as refused:
        finish_inspection(visit, by=cast.grid)
    assert refused.value.code == "fail_unexplained"
    answer_item(visit, version, version.items[-1]["key"], result="fail", note="当场戴好了护目镜", by=cast.grid)
    with pytest.raises(Refused) as refused:
        finish_inspection(visit, by=cast.grid)
    assert refused.value.code == "unsigned"
    visit.refresh_from_db()
    assert visit.state == "doing" and visit.findings.count() == 15
    assert not Delta.objects.filter(measure="patrols_done").exists()


def test_a_failed_item_with_its_hazard_needs_no_more_words(cast: Cast, visit: Inspection) -> None:
    fill(visit, cast.grid)
    version = current("machining")
    item = version.items[11]
    answer_item(visit, version, item["key"], result="fail", by=cast.grid)
    register_hazard(
        forge(cast), by=cast.grid, source="patrol", title="x", place="y", kind="management", inspection=visit, checklist=version, item=item["key"]
    )  # fmt: skip
    sign_inspection(visit, who="officer", by=cast.grid)
    assert finish_inspection(visit, by=cast.grid).state == "done"


def test_two_officers_who_answer_differently_meet_a_conflict_and_nothing_is_overwritten(
    cast: Cast, visit: Inspection
) -> None:
    version = current("machining")
    key = version.items[0]["key"]
    first = answer_item(visit, version, key, result="ok", by=cast.grid, seen="")
    with pytest.raises(Refused) as refused:
        answer_item(visit, version, key, result="fail", by=cast.town, seen="")
    assert refused.value.code == "answered_otherwise" and "刘海涛" in str(refused.value)
    assert visit.findings.get().result == "ok"
    assert answer_item(visit, version, key, result="ok", by=cast.town, seen="").pk == first.pk
    assert answer_item(visit, version, key, result="fail", by=cast.town, seen=first.mark).by == cast.town
    assert answer_item(visit, version, key, result="na", by=cast.town).result == "na"


def test_an_answer_that_arrives_late_does_not_replace_a_later_one_of_the_same_person(
    cast: Cast, visit: Inspection
) -> None:
    version, now = current("machining"), timezone.now()
    key = version.items[0]["key"]
    answer_item(visit, version, key, result="fail", by=cast.grid, at=now)
    held = answer_item(visit, version, key, result="ok", by=cast.grid, at=now - timedelta(hours=1))
    assert held.result == "fail" and Finding.objects.get().result == "fail"


@pytest.mark.parametrize(("item", "result"), [("nothing", "ok"), ("mac-01", "maybe"), ("mac-01", "")])
def test_an_unknown_item_or_answer_is_refused(cast: Cast, visit: Inspection, item: str, result: str) -> None:
    with pytest.raises(Refused) as refused:
        answer_item(visit, current("machining"), item, result=result, by=cast.grid)
    assert refused.value.status == 422 and not Finding.objects.exists()


def test_a_list_that_is_not_of_this_visit_takes_no_answer(cast: Cast, visit: Inspection) -> None:
    other = current("kitchen")
    with pytest.raises(Refused):
        answer_item(visit, other, other.items[0]["key"], result="ok", by=cast.grid)


def test_a_version_that_is_past_is_refused(cast: Cast, visit: Inspection) -> None:
    note_inspection(visit, by=cast.grid, words="一", version=0)
    with pytest.raises(Refused) as refused:
        note_inspection(visit, by=cast.grid, words="二", version=0)
    assert refused.value.code == "stale" and Inspection.objects.get().words == "一"


def test_a_finished_record_is_closed_to_everybody(cast: Cast, visit: Inspection) -> None:
    fill(visit, cast.grid)
    sign_inspection(visit, who="officer", by=cast.grid)
    finish_inspection(visit, by=cast.grid)
    version = current("machining")
    for act in (
        lambda: answer_item(visit, version, version.items[0]["key"], result="fail", by=cast.grid),
        lambda: sign_inspection(visit, who="firm", by=cast.grid, name="x"),
        lambda: cancel_inspection(visit, by=cast.town, because="x"),
        lambda: add_photo(visit, by=cast.grid, content=draw("exit"), name="a.jpg"),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.status == 409
    amended = answer_item(
        visit, version, version.items[0]["key"], result="fail", note="经选定", by=cast.grid, amend=True
    )
    assert amended.result == "fail"


def test_only_whose_place_it_is_may_make_it(cast: Cast, visit: Inspection) -> None:
    version = current("machining")
    for person in (cast.other_grid, cast.other_county, cast.boss, cast.worker, cast.agency, cast.province):
        with pytest.raises(Refused) as refused:
            answer_item(visit, version, version.items[0]["key"], result="ok", by=person)
        assert refused.value.status == 403
    assert not Finding.objects.exists()


def test_a_firm_that_moves_takes_its_open_visit_to_the_next_officer_with_what_was_filled(
    cast: Cast, visit: Inspection
) -> None:
    version = current("machining")
    answer_item(visit, version, version.items[0]["key"], result="ok", by=cast.grid)
    follow_move(Enterprise.objects.filter(pk=cast.forge.pk), "410105018G08")
    with pytest.raises(Refused, match="已填的都保留"):
        answer_item(visit, version, version.items[1]["key"], result="ok", by=cast.grid)
    answer_item(visit, version, version.items[1]["key"], result="ok", by=cast.other_grid)
    assert visit.findings.count() == 2


def test_an_officer_who_leaves_the_grid_gives_the_open_visit_back(cast: Cast, visit: Inspection) -> None:
    start_inspection(visit, by=cast.grid)
    assert release_strangers() == 0
    Post.objects.filter(user=cast.grid).update(until=timezone.localdate())
    assert release_strangers() == 1
    visit.refresh_from_db()
    assert visit.inspector is None and visit.state == "doing"


def test_an_agency_inspects_only_under_a_mandate_and_plans_on_where_the_firm_cannot_cure(cast: Cast) -> None:
    load_checklists()
    with pytest.raises(Refused) as refused:
        open_inspection(forge(cast), by=cast.agency, checklists=[current("machining")])
    assert refused.value.status == 404
    Mandate.objects.create(enterprise=forge(cast), organisation=cast.anhe, kind="contract", since=timezone.localdate())
    due = timezone.localdate() + timedelta(days=5)
    visit = open_inspection(
        forge(cast),
        by=cast.agency,
        checklists=[current("machining")],
        plan="季度检查",
        due_on=due,
        inspector=cast.engineer,
    )
    assert (visit.kind, visit.organisation_id, visit.inspector) == ("agency", cast.anhe.pk, cast.engineer)
    assert not Inspection.objects.visible_to(cast.other_agency).exists()
    answer_item(visit, current("machining"), "mac-01", result="ok", by=cast.engineer)
    with pytest.raises(Refused):
        answer_item(visit, current("machining"), "mac-02", result="ok", by=cast.grid)
    hazard = register_hazard(
        forge(cast), by=cast.engineer, source="agency", title="x", place="y", kind="machine", inspection=visit
    )
    with pytest.raises(Refused):
        follow_up(hazard, by=cast.engineer, words=" ")
    follow_up(hazard, by=cast.engineer, words="由我们 12 月 5 日前装好防护罩，沈毅负责")
    hazard.refresh_from_db()
    assert hazard.helper_id == cast.anhe.pk and hazard.steps.filter(verb="note", words__contains="沈毅").exists()
    with pytest.raises(Refused):
        follow_up(hazard, by=cast.other_agency, words="x")


def test_opening_refuses_days_past_ended_firms_and_empty_lists_and_keeps_one_per_uid(cast: Cast) -> None:
    load_checklists()
    firm, lists = forge(cast), [current("general")]
    yesterday = timezone.localdate() - timedelta(days=1)
    for given, field in (({"checklists": []}, "checklists"), ({"checklists": lists, "due_on": yesterday}, "due_on")):
        with pytest.raises(Refused) as refused:
            open_inspection(firm, by=cast.grid, **given)  # type: ignore[arg-type]
        assert (refused.value.status, refused.value.field) == (422, field)
    visit = open_inspection(firm, by=cast.grid, checklists=lists)
    assert open_inspection(firm, by=cast.grid, checklists=lists, uid=visit.uid) == visit
    Enterprise.objects.filter(pk=firm.pk).update(status="closed")
    with pytest.raises(Refused) as refused:
        open_inspection(forge(cast), by=cast.grid, checklists=lists)
    assert refused.value.code == "firm_ended"


def test_assigning_and_cancelling_are_the_towns_and_want_a_reason(cast: Cast, visit: Inspection) -> None:
    assign_inspection(visit, by=cast.town, inspector=cast.town)
    with pytest.raises(Refused) as refused:
        assign_inspection(visit, by=cast.town, inspector=cast.other_grid)
    assert refused.value.code == "not_theirs"
    with pytest.raises(Refused):
        cancel_inspection(visit, by=cast.grid, because="不想去")
    with pytest.raises(Refused) as refused:
        cancel_inspection(visit, by=cast.town, because="  ")
    assert refused.value.status == 422
    cancel_inspection(visit, by=cast.town, because="企业停产")
    with pytest.raises(Refused, match="企业停产"):
        start_inspection(visit, by=cast.grid)


def test_a_signature_must_be_a_picture_or_a_name(cast: Cast, visit: Inspection) -> None:
    for given in (
        {"who": "firm"},
        {"who": "neighbour", "name": "x"},
        {"who": "firm", "name": "x", "content": BytesIO(b"<svg/>")},
    ):
        with pytest.raises(Refused) as refused:
            sign_inspection(visit, by=cast.grid, **given)  # type: ignore[arg-type]
        assert refused.value.status == 422
    visit.refresh_from_db()
    assert not visit.firm_signed_as


def test_lists_may_be_added_on_the_way_but_answered_ones_stay(cast: Cast, visit: Inspection) -> None:
    fill(visit, cast.grid, but=3)
    choose_checklists(visit, [current("charging")], by=cast.grid)
    assert set(visit.checklists.values_list("checklist__code", flat=True)) == {"machining", "charging"}


# --- pages ----------------------------------------------------------------------------------------


def test_the_page_answers_item_by_item_as_fragment_and_without_script(
    cast: Cast, sign_in: SignIn, visit: Inspection
) -> None:
    client, version = sign_in(cast.grid), current("machining")
    assert (
        client.post(reverse("hazards:inspection-begin", args=[visit.pk]), {"no_position": "没有信号"}).status_code
        == 302
    )
    url = reverse("hazards:inspection-answer", args=[visit.pk])
    given = {"list": version.pk, "item": "mac-01", "result": "fail", "note": "光幕坏了"}
    fragment = client.post(url, given, headers={"HX-Request": "true"})
    assert "光幕坏了" in fragment.content.decode() and 'hx-swap-oob="true"' in fragment.content.decode()
    plain = client.post(url, {"list": version.pk, "item": "mac-02", "result": "ok"})
    assert plain["Location"].endswith(f"#i-{version.pk}-mac-02")
    page = client.get(reverse("hazards:inspection", args=[visit.pk])).content.decode()
    assert "已查 2，共 15 项" in page and "登记隐患" in page
    visit.refresh_from_db()
    assert visit.no_position == "没有信号" and visit.state == "doing"


def test_a_failed_item_proposes_its_hazard_with_article_criterion_and_photos(
    cast: Cast, sign_in: SignIn, visit: Inspection
) -> None:
    client, version = sign_in(cast.grid), current("machining")
    answer_item(visit, version, "mac-12", result="fail", note="焊工没有证", by=cast.grid)
    upload = SimpleUploadedFile("a.jpg", draw("guard").read(), content_type="image/jpeg")
    client.post(
        reverse("hazards:inspection-photos", args=[visit.pk]), {"list": version.pk, "item": "mac-12", "photos": upload}
    )
    url = reverse("hazards:inspection-hazard", args=[visit.pk, version.pk, "mac-12"])
    form = client.get(url).context["form"]
    assert (
        form.initial["grade"] == "major"
        and "第三条第（二）项" in form.initial["cite"]
        and form.initial["detail"] == "焊工没有证"
    )
    given = {name: value for name, value in form.initial.items() if value is not None} | {"place": "焊接区"}
    assert client.post(url, given).status_code == 302
    hazard = Hazard.objects.get()
    assert (hazard.grade, hazard.inspection, hazard.item, hazard.checklist) == ("major", visit, "mac-12", version)
    assert hazard.criterion and hazard.photos.get().inspection == visit
    client.post(url, given)
    assert Hazard.objects.count() == 1


def test_a_visit_passes_or_fails_what_was_cured(cast: Cast, sign_in: SignIn, visit: Inspection) -> None:
    start_inspection(visit, by=cast.grid)
    cured = []
    for _n in range(2):
        hazard = register_hazard(
            forge(cast),
            by=cast.grid,
            source="patrol",
            title="灯坏了",
            place="东门",
            kind="fire",
            measure="换灯",
            responsible="周敏",
        )
        after = attach_photo(hazard, by=cast.manager, content=draw("exit_clear"), name="b.jpg", role="after")
        cure_hazard(hazard, by=cast.manager, words="换好了", photos=[after])
        cured.append(hazard)
    client = sign_in(cast.grid)
    assert "复查上次的隐患" in client.get(reverse("hazards:inspection", args=[visit.pk])).content.decode()
    client.post(reverse("hazards:inspection-recheck", args=[visit.pk, cured[0].pk]), {"passed": "1"})
    client.post(
        reverse("hazards:inspection-recheck", args=[visit.pk, cured[1].pk]), {"passed": "0", "words": "还是不亮"}
    )
    assert [Hazard.objects.get(pk=h.pk).state for h in cured] == ["closed", "curing"]


def test_finishing_on_the_page_signs_keeps_and_makes_the_record_with_its_pdf(
    cast: Cast, sign_in: SignIn, visit: Inspection
) -> None:
    client, url = sign_in(cast.grid), reverse("hazards:inspection-finish", args=[visit.pk])
    given = {"officer_name": "刘海涛", "unsigned_because": "老板不在", "words": "已说明"}
    assert client.post(url, given)["Location"].endswith("#finish")
    visit.refresh_from_db()
    assert visit.signed_as == "刘海涛" and visit.words == "已说明" and visit.state == "planned"
    assert client.post(url, given | {"officer_drawn": "data:text/html;base64,AAAA"}).status_code == 422
    fill(visit, cast.grid)
    add_photo(visit, by=cast.grid, content=draw("exit"), name="a.jpg", item="mac-01")
    for _n in range(2):
        assert client.post(url, given).status_code == 302
    visit.refresh_from_db()
    assert visit.state == "done" and Delta.objects.filter(measure="patrols_done").count() == 1
    record = sign_in(cast.boss).get(reverse("hazards:inspection", args=[visit.pk])).content.decode()
    assert "老板不在" in record and "下载检查记录" in record
    paper = client.get(reverse("hazards:inspection-pdf", args=[visit.pk]))
    assert paper["Content-Type"] == "application/pdf" and paper.content.startswith(b"%PDF")


def test_photos_and_records_are_404_outside_the_territory(cast: Cast, sign_in: SignIn, visit: Inspection) -> None:
    photo = add_photo(visit, by=cast.grid, content=draw("exit"), name="a.jpg")
    assert Photo.objects.count() == 1
    for person in (cast.other_grid, cast.other_county, cast.other_boss, cast.other_agency, cast.worker):
        client = sign_in(person)
        for name, args in (
            ("inspection", [visit.pk]),
            ("inspection-photo", [visit.pk, photo.pk]),
            ("inspection-pdf", [visit.pk]),
        ):
            assert client.get(reverse(f"hazards:{name}", args=args)).status_code == 404
    assert sign_in(cast.manager).get(reverse("hazards:inspection-photo", args=[visit.pk, photo.pk])).status_code == 200


def test_the_firm_reads_but_cannot_write(cast: Cast, sign_in: SignIn, visit: Inspection) -> None:
    client = sign_in(cast.manager)
    assert client.get(reverse("hazards:inspection", args=[visit.pk])).status_code == 200
    assert client.post(reverse("hazards:inspection-begin", args=[visit.pk])).status_code == 403
    assert client.get(reverse("hazards:inspection-finish", args=[visit.pk])).status_code == 405


def test_the_list_puts_the_nearest_first_and_asks_no_more_for_twenty(
    cast: Cast, sign_in: SignIn, visit: Inspection
) -> None:
    client = sign_in(cast.town)
    near = client.get(reverse("hazards:inspections"), {"at": "34.83,113.72"})
    assert near.status_code == 200 and "米" in near.content.decode()
    assert client.get(reverse("hazards:inspections"), {"at": "north", "firm": "²", "page": "x"}).status_code == 200
    Inspection.objects.filter(pk=visit.pk).update(inspector=None)

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(reverse("hazards:inspections")).status_code == 200
        return len(seen)

    one = queries()
    rows: list[Any] = [
        Inspection(enterprise_id=cast.forge.pk, region_code=visit.region_code, kind="town", due_on=timezone.localdate())
        for _n in range(19)
    ]
    Inspection.objects.bulk_create(rows)
    assert queries() <= one + 1  # the name of the grid is looked up once for the page
    assert one <= 15
