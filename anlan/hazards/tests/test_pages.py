"""The pages of hazards: what they show, to whom, and what forms do when something is wrong."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pillow_heif
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from anlan.accounts.models import SavedView, User
from anlan.hazards import actions
from anlan.hazards.models import Hazard, HazardExport, Holiday, Order, Penalty, Photo
from anlan.hazards.tests.making import PLAN, after, cured, curing, found, make_late, picture
from anlan.operations.demo.cast import Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def form_of(**given: Any) -> dict[str, Any]:
    day = timezone.localdate() + timedelta(days=10)
    return {
        "title": "通道被占",
        "place": "3 号车间",
        "kind": "fire",
        "grade": "general",
        "deadline": day.isoformat(),
    } | given


def upload(name: str = "a.jpg", colour: str = "red") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture(colour).read())


def test_the_list_shows_what_is_open_and_its_tabs_filter(cast: Cast, sign_in: SignIn) -> None:
    late, done = curing(cast, title="逾期的"), cured(cast, title="改好的")
    make_late(late, 2)
    actions.pass_hazard(done, by=cast.grid)
    client = sign_in(cast.grid)
    assert "逾期 2 天" in client.get("/hazards/").content.decode()
    assert "改好的" not in client.get("/hazards/").content.decode()
    assert "改好的" in client.get("/hazards/?view=all").content.decode()
    page = client.get(
        "/hazards/?view=late&q=逾期&grade=general&kind=fire&source=patrol&level=1&section=C&since=2026-01-01"
    ).content.decode()
    assert "逾期的" in page
    assert "去掉条件" in page
    assert "没有逾期隐患" in sign_in(cast.other_grid).get("/hazards/?view=late").content.decode()
    assert client.get("/hazards/?state=x&level=99&page=zz&firm=²&since=soon&region=4999").status_code == 200


@pytest.mark.parametrize("who", ["teacher", "auditor", "operator"])
def test_the_list_is_for_firms_agencies_and_regulators(cast: Cast, sign_in: SignIn, who: str) -> None:
    assert sign_in(cast.people[who]).get("/hazards/").status_code == 404


@pytest.mark.parametrize("path", ["/hazards/", "/overdue/", "/hazards/statistics/"])
def test_pages_cost_the_same_for_two_and_for_twenty(cast: Cast, sign_in: SignIn, path: str) -> None:
    client = sign_in(cast.county)

    def count() -> int:
        from django.core.cache import cache

        client.get(path)
        cache.clear()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    for _n in range(2):
        make_late(curing(cast), 3)
    few = count()
    for _n in range(18):
        make_late(curing(cast), 3)
    assert count() == few
    assert few <= 15


def test_a_hazard_shows_evidence_turn_and_history_in_few_queries(cast: Cast, sign_in: SignIn) -> None:
    hazard = cured(cast)
    client = sign_in(cast.grid)
    client.get(f"/hazards/{hazard.pk}/")
    with CaptureQueriesContext(connection) as queries:
        page = client.get(f"/hazards/{hazard.pk}/").content.decode()
    assert len(queries) <= 20
    for words in ("轮到您：复查", "复查通过，闭环", "整改后", "料架移走了", "下载原图"):
        assert words in page, words
    assert "等网格员复查" in sign_in(cast.manager).get(f"/hazards/{hazard.pk}/").content.decode()


@pytest.mark.parametrize("who", ["other_grid", "other_county", "other_boss", "agency", "association", "auditor"])
def test_outsiders_find_neither_page_nor_photo_nor_action(cast: Cast, sign_in: SignIn, who: str) -> None:
    hazard = cured(cast)
    photo, client = hazard.photos.get(), sign_in(cast.people[who])
    for path in (f"/hazards/{hazard.pk}/", f"/hazards/{hazard.pk}/photos/{photo.pk}/", f"/hazards/{hazard.pk}/pass/"):
        assert client.get(path).status_code == 404
    assert client.post(f"/hazards/{hazard.pk}/pass/", {"version": hazard.version}).status_code == 404


def test_a_photo_is_not_reached_through_another_hazard(cast: Cast, sign_in: SignIn) -> None:
    one, other = cured(cast), found(cast, firm="bakery", by=cast.county)
    assert sign_in(cast.other_boss).get(f"/hazards/{other.pk}/photos/{one.photos.get().pk}/").status_code == 404


def test_a_firm_registers_cures_and_the_officer_passes_by_forms(cast: Cast, sign_in: SignIn) -> None:
    firm, officer = sign_in(cast.manager), sign_in(cast.grid)
    response = firm.post("/hazards/new/", form_of(photos=upload()))
    hazard = Hazard.objects.get()
    assert response["Location"] == f"/hazards/{hazard.pk}/"
    assert (hazard.source, hazard.state, hazard.photos.count()) == ("self", "found", 1)
    day = hazard.deadline.isoformat() if hazard.deadline else ""
    assert (
        firm.post(f"/hazards/{hazard.pk}/plan/", PLAN | {"deadline": day, "version": hazard.version}).status_code == 302
    )
    hazard.refresh_from_db()
    answer = firm.post(
        f"/hazards/{hazard.pk}/cure/",
        {"words": "移走了", "version": hazard.version, "photos": [upload("b.jpg", "blue"), upload("c.jpg", "green")]},
    )
    assert answer.status_code == 302
    hazard.refresh_from_db()
    assert hazard.photos.filter(role="after", step__verb="cure").count() == 2
    assert officer.post(f"/hazards/{hazard.pk}/pass/", {"version": hazard.version}).status_code == 302
    hazard.refresh_from_db()
    assert hazard.state == "closed"


def test_an_officer_chooses_the_firm_first(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.grid)
    page = client.get("/hazards/new/?q=精锻").content.decode()
    assert f"?firm={cast.forge.pk}" in page
    assert client.get(f"/hazards/new/?firm={cast.bakery.pk}").status_code == 404
    assert client.post("/hazards/new/", form_of(firm=cast.forge.pk)).status_code == 302
    assert Hazard.objects.get().source == "patrol"


def test_a_bad_form_keeps_what_was_typed_and_names_the_field(cast: Cast, sign_in: SignIn) -> None:
    past = (timezone.localdate() - timedelta(days=3)).isoformat()
    response = sign_in(cast.manager).post("/hazards/new/", form_of(deadline=past))
    page = response.content.decode()
    assert response.status_code == 422
    assert "已经过去，请选今天或以后" in page
    assert "通道被占" in page
    assert (
        "符合判定标准的哪一条" in sign_in(cast.manager).post("/hazards/new/", form_of(grade="major")).content.decode()
    )
    assert not Hazard.objects.exists()


def test_a_deadline_on_a_holiday_is_moved_and_the_page_says_so(cast: Cast, sign_in: SignIn) -> None:
    day = timezone.localdate() + timedelta(days=6)
    Holiday.objects.create(day=day, works=False, name="演示假", source="测试")
    Holiday.objects.create(day=day + timedelta(days=1), works=True, name="调休", source="测试")
    page = sign_in(cast.manager).post("/hazards/new/", form_of(deadline=day.isoformat()), follow=True).content.decode()
    assert "期限顺延到" in page


def test_a_second_tap_shows_what_the_first_did(cast: Cast, sign_in: SignIn) -> None:
    hazard, client = cured(cast), sign_in(cast.grid)
    seen = hazard.version
    for _tap in range(2):
        assert client.post(f"/hazards/{hazard.pk}/pass/", {"version": seen}).status_code == 302
    assert hazard.steps.filter(verb="pass").count() == 1


def test_the_slower_of_two_keeps_their_words_and_sees_what_happened(cast: Cast, sign_in: SignIn) -> None:
    hazard = cured(cast)
    seen = hazard.version
    actions.fail_hazard(hazard, by=cast.grid, words="门口还有箱子")
    response = sign_in(cast.town).post(f"/hazards/{hazard.pk}/fail/", {"version": seen, "words": "我也看到了"})
    page = response.content.decode()
    assert response.status_code == 409
    assert "刘海涛" in page
    assert "我也看到了" in page
    assert "门口还有箱子" in page


def test_a_photo_over_50_megabytes_spoils_neither_the_cure_nor_the_other_photo(cast: Cast, sign_in: SignIn) -> None:
    hazard = curing(cast)
    huge = SimpleUploadedFile("huge.jpg", picture().read() + bytes(51 * 1024 * 1024))
    page = sign_in(cast.manager).post(
        f"/hazards/{hazard.pk}/cure/", {"words": "好了", "version": hazard.version, "photos": [huge, upload()]}, follow=True
    ).content.decode()  # fmt: skip
    assert "超过 50 MB" in page
    hazard.refresh_from_db()
    assert (hazard.state, hazard.photos.count()) == ("cured", 1)


def test_a_photo_of_40_megabytes_is_kept_untouched_and_shown_light(cast: Cast) -> None:
    hazard, big = curing(cast), picture().read() + bytes(40 * 1024 * 1024)
    photo = actions.attach_photo(hazard, by=cast.manager, content=BytesIO(big), name="big.jpg", role="after")
    assert photo.original.size == len(big)
    assert photo.shown.size < 100_000


def test_heic_turned_by_its_exif_is_shown_upright(cast: Cast) -> None:
    hazard, file = curing(cast), BytesIO()
    image = Image.new("RGB", (80, 40), "blue")
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(file, "JPEG", exif=exif)
    file.seek(0)
    photo = actions.attach_photo(hazard, by=cast.manager, content=file, name="turned.jpg", role="after")
    with Image.open(BytesIO(_read(photo))) as shown:
        assert shown.size == (40, 80)
    heic = BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 48), "green")).save(heic)
    heic.seek(0)
    kept = actions.attach_photo(hazard, by=cast.manager, content=heic, name="a.heic", role="after")
    assert (kept.original.media_type, kept.shown.media_type) == ("image/heic", "image/jpeg")


def _read(photo: Photo) -> bytes:
    from anlan.files.actions import open_blob

    with open_blob(photo.shown) as file:
        return bytes(file.read())


def test_what_is_no_picture_is_refused_and_the_words_stay(cast: Cast, sign_in: SignIn) -> None:
    hazard = curing(cast)
    bad = SimpleUploadedFile("a.jpg", b"<html>")
    response = sign_in(cast.manager).post(
        f"/hazards/{hazard.pk}/cure/", {"words": "移到库房了", "version": hazard.version, "photos": bad}
    )
    assert response.status_code == 422
    assert "移到库房了" in response.content.decode()


def test_the_same_picture_used_twice_is_flagged(cast: Cast, sign_in: SignIn) -> None:
    first = curing(cast)
    after(first, cast.manager)
    second = cured(cast)
    assert "用过" in sign_in(cast.grid).get(f"/hazards/{second.pk}/").content.decode()


def test_a_device_with_a_wrong_clock_is_shown(cast: Cast, sign_in: SignIn) -> None:
    hazard = curing(cast)
    actions.attach_photo(
        hazard,
        by=cast.manager,
        content=picture(),
        name="a.jpg",
        role="after",
        sent_at=timezone.now() + timedelta(days=1),
    )
    assert 86_000 < (hazard.photos.get().clock_error or 0) < 87_000
    assert "设备时间不准" in sign_in(cast.grid).get(f"/hazards/{hazard.pk}/").content.decode()


def test_verbs_of_others_and_unknown_ones_are_refused(cast: Cast, sign_in: SignIn) -> None:
    hazard = curing(cast)
    assert sign_in(cast.manager).get(f"/hazards/{hazard.pk}/void/").status_code == 403
    assert sign_in(cast.manager).get(f"/hazards/{hazard.pk}/overdue/").status_code == 404
    assert sign_in(cast.province).get(f"/hazards/{hazard.pk}/plan/").status_code == 403
    assert sign_in(cast.province).post(f"/hazards/{hazard.pk}/note/", {"words": "说"}).status_code == 403


def test_every_form_of_the_life_opens(cast: Cast, sign_in: SignIn) -> None:
    hazard, done = curing(cast), cured(cast)
    closed = cured(cast)
    actions.pass_hazard(closed, by=cast.grid)
    for who, one, verbs in (
        ("manager", hazard, ("plan", "cure", "extend_ask", "reassign", "note")),
        ("grid", done, ("pass", "fail", "escalate", "regrade", "note")),
        ("town", hazard, ("void", "reassign", "plan")),
        ("grid", closed, ("reopen",)),
    ):
        for verb in verbs:
            assert sign_in(cast.people[who]).get(f"/hazards/{one.pk}/{verb}/").status_code == 200, (who, verb)


def test_more_time_is_asked_and_granted_by_forms(cast: Cast, sign_in: SignIn) -> None:
    hazard = curing(cast)
    assert hazard.deadline is not None
    until = hazard.deadline + timedelta(days=9)
    asked = {"until": until.isoformat(), "because": "配件没到", "version": hazard.version}
    assert sign_in(cast.manager).post(f"/hazards/{hazard.pk}/extend_ask/", asked).status_code == 302
    officer = sign_in(cast.grid)
    assert "答复延期申请" in officer.get(f"/hazards/{hazard.pk}/").content.decode()
    assert "配件没到" in officer.get(f"/hazards/{hazard.pk}/extend/").content.decode()
    assert (
        officer.post(f"/hazards/{hazard.pk}/extend/", {"granted": "1", "version": hazard.version + 1}).status_code
        == 302
    )
    hazard.refresh_from_db()
    assert hazard.deadline >= until


def test_a_notice_over_two_hazards_is_numbered_printed_and_told(cast: Cast, sign_in: SignIn) -> None:
    from pypdf import PdfReader

    one, two = curing(cast), curing(cast, title="配电箱被挡")
    actions.attach_photo(one, by=cast.grid, content=picture(), name="a.jpg", role="before")
    client = sign_in(cast.grid)
    assert client.get(f"/hazards/firms/{cast.forge.pk}/orders/?hazard={one.pk}").status_code == 200
    assert client.post(f"/hazards/firms/{cast.forge.pk}/orders/", {"hazards": [one.pk, two.pk]}).status_code == 302
    order = Order.objects.get()
    assert order.hazards.count() == 2
    response = sign_in(cast.manager).get(f"/hazards/orders/{order.pk}/")
    pdf = PdfReader(BytesIO(b"".join(response.streaming_content)))  # type: ignore[attr-defined]
    text = "".join(page.extract_text() for page in pdf.pages)
    assert order.number in text
    assert "配电箱被挡" in text
    assert "第一百零二条" in text
    assert "整改回复单" in text
    assert sum(len(page.images) for page in pdf.pages) == 1
    assert sign_in(cast.other_boss).get(f"/hazards/orders/{order.pk}/").status_code == 404
    assert client.post(f"/hazards/firms/{cast.forge.pk}/orders/", {"hazards": ["x"]}).status_code == 422
    assert sign_in(cast.manager).get(f"/hazards/firms/{cast.forge.pk}/orders/").status_code == 403


def test_penalties_are_counted_by_the_article(cast: Cast, sign_in: SignIn) -> None:
    client, today = sign_in(cast.county), timezone.localdate()
    for n, days in enumerate((10, 100, 200, 400)):
        given = {
            "decided_on": (today - timedelta(days=days)).isoformat(),
            "document": f"罚 {n} 号",
            "article": "第一百零二条",
            "yuan": "20000",
        }
        assert client.post(f"/hazards/firms/{cast.forge.pk}/penalties/", given).status_code == 302
    page = sign_in(cast.manager).get(f"/hazards/firms/{cast.forge.pk}/penalties/").content.decode()
    assert "180 天内 2 次处罚，1 年内 3 次" in page
    assert "再有一次处罚" in page
    again = {"decided_on": today.isoformat(), "document": "罚 0 号", "article": "第一百零二条"}
    assert "已经登记过" in client.post(f"/hazards/firms/{cast.forge.pk}/penalties/", again).content.decode()
    future = again | {"decided_on": (today + timedelta(days=1)).isoformat(), "document": "罚 9 号"}
    assert "在将来" in client.post(f"/hazards/firms/{cast.forge.pk}/penalties/", future).content.decode()
    assert sign_in(cast.grid).post(f"/hazards/firms/{cast.forge.pk}/penalties/", again).status_code == 403
    assert Penalty.objects.count() == 4


def test_an_official_day_is_entered_corrected_and_dropped(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.county)
    given = {"day": "2027-02-05", "works": "0", "name": "春节", "source": "国办通知"}
    assert client.post("/hazards/calendar/", given).status_code == 302
    assert client.post("/hazards/calendar/", given | {"works": "1"}).status_code == 302
    assert Holiday.objects.get().works
    assert "2027" in client.get("/hazards/calendar/").content.decode()
    assert client.post("/hazards/calendar/", given | {"day": "1812-01-01"}).status_code == 422
    assert client.post("/hazards/calendar/2027-02-05/drop/").status_code == 302
    assert client.post("/hazards/calendar/2027-02-31/drop/").status_code == 404
    assert sign_in(cast.grid).get("/hazards/calendar/").status_code == 404
    assert not Holiday.objects.exists()


def test_conditions_are_kept_under_a_name(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.grid)
    client.post("/hazards/views/", {"name": "我的逾期", "query": "?view=late&grade=major"})
    view = SavedView.objects.get()
    assert "我的逾期" in client.get("/hazards/").content.decode()
    assert sign_in(cast.town).post(f"/hazards/views/{view.pk}/drop/").status_code == 404
    client.post(f"/hazards/views/{view.pk}/drop/")
    assert not SavedView.objects.exists()


def test_the_workbook_holds_what_the_conditions_match(cast: Cast, sign_in: SignIn) -> None:
    from anlan.hazards.actions.exports import write_export
    from anlan.lib.xlsx import read_rows

    curing(cast)
    found(cast, firm="luoyang", by=cast.far_worker, source="self")
    client = sign_in(cast.grid)
    client.post("/hazards/export/", {"conditions": "?view=all"})
    export = HazardExport.objects.get()
    write_export(export.pk)
    export.refresh_from_db()
    rows = list(
        read_rows(BytesIO(b"".join(client.get(f"/hazards/exports/{export.pk}/file/").streaming_content)), "a.xlsx")
    )  # type: ignore[attr-defined]
    assert (export.state, len(rows)) == ("done", 2)
    assert sign_in(cast.town).get(f"/hazards/exports/{export.pk}/").status_code == 404


def test_what_is_due_stands_on_the_workbench(cast: Cast) -> None:
    from anlan.hazards.due import due_for

    found(cast)
    assert [str(due.action) for due in due_for(cast.manager)] == ["落实整改"]
    hazard = cured(cast)
    assert [due.url for due in due_for(cast.grid)] == [f"/hazards/{hazard.pk}/pass/"]
    assert due_for(cast.other_grid) == []
    actions.fail_hazard(hazard, by=cast.grid, words="不行")
    assert [str(due.title) for due in due_for(cast.town)] == ["隐患转到镇街联合整治，请处置"]
    assert "复查没有通过，要重新整改" in [str(due.title) for due in due_for(cast.manager)]
