"""Permits: typed, photographed and read, replaced, watched until they end; the licence that fills the file."""

from collections.abc import Callable
from datetime import date, timedelta
from importlib.util import find_spec
from io import BytesIO

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from anlan.accounts.models import User
from anlan.enterprises import ocr
from anlan.enterprises.actions.permits import read_reading, start_reading
from anlan.enterprises.due import due_for
from anlan.enterprises.licences import understand
from anlan.enterprises.models import Enterprise, FileValue, Permit, Reading
from anlan.enterprises.tasks import remind_permits, requeue_dead_rosters
from anlan.files.models import Blob
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]
TODAY = date(2026, 11, 22)
needs_ocr = pytest.mark.skipif(find_spec("rapidocr") is None, reason="the extra ocr is not installed")


def paper(lines: list[tuple[int, int, int, str]], *, bad: bool = False) -> BytesIO:
    """A licence as a phone photographs it; `bad`: three degrees off and out of focus."""
    image = Image.new("RGB", (1600, 1130), "#f7f3e6")
    for x, y, size, text in lines:
        font = ImageFont.truetype(str(settings.WEB_DIST / "fonts/NotoSansSC-Regular.ttf"), size)
        ImageDraw.Draw(image).text((x, y), text, font=font, fill="#222")
    if bad:
        image = image.rotate(-3, expand=True, fillcolor="#888").filter(ImageFilter.GaussianBlur(1.5))
    content = BytesIO()
    image.save(content, "JPEG", quality=70)
    content.seek(0)
    content.name = "证.jpg"
    return content


def licence(code: str) -> list[tuple[int, int, int, str]]:
    return [
        (600, 90, 80, "营业执照"), (120, 220, 30, "统一社会信用代码"), (120, 262, 34, code),
        (120, 400, 34, "名    称  豫中精锻机械有限公司（演示）"), (120, 520, 34, "法定代表人  吴建国"), (900, 520, 34, "住    所  金水区新址 18 号"),
    ]  # fmt: skip


PERMIT = [
    (500, 90, 70, "安全生产许可证"), (900, 220, 32, "编号：（豫）JZ安许证字〔2024〕演示0071"), (120, 340, 36, "单位名称：洛水木业有限公司（演示）"),
    (120, 690, 36, "有效期：2024年05月20日至2027年05月19日"), (900, 860, 36, "发证机关：河南省演示厅"),
]  # fmt: skip


def typed(**changes: object) -> dict[str, object]:
    return {
        "name": "安全生产许可证",
        "number": "甲 1",
        "issued_by": "",
        "valid_from": "",
        "until": "2027-05-19",
    } | changes


@pytest.mark.parametrize(
    ("lines", "key", "value"),
    [
        (["有效期：2024年05月20日至2027年05月19日"], "until", "2027-05-19"), (["有效期至 2027-05-19"], "until", "2027-05-19"),
        (["有效期限自2024年5月20日至长期"], "until", ""), (["统一社会信用代码", "9199 4101 DM00 0000 1X"], "credit_code", None),
        (["法定代表人（负责人）吴建国"], "credit_code", None), (["经营者：李四"], "legal_person", "李四"),
        (["名称", "金水区李四板材店"], "name", "金水区李四板材店"), (["登记机关", "2021年6月9日"], "issued_by", None),
        (["食品生产许可证"], "title", "食品生产许可证"), (["有效期：2024年13月40日至2027年05月19日"], "valid_from", ""),
    ],
)  # fmt: skip
def test_lines_are_understood_and_nothing_is_guessed(lines: list[str], key: str, value: str | None) -> None:
    assert understand(lines, today=TODAY).get(key) == value


@needs_ocr
def test_a_photographed_permit_is_read_shown_with_its_mismatch_and_confirmed_once(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    old = Permit.objects.create(enterprise_id=cast.forge.pk, name="安全生产许可证", number="旧", until=TODAY)
    client.post(reverse("enterprises:reading-new", args=[cast.forge.pk, "permit"]), {"photo": paper(PERMIT)})
    reading = Reading.objects.get()
    read_reading(reading.pk)
    url = reverse("enterprises:reading", args=[reading.pk])
    page = client.get(url).content.decode()
    assert "〔2024〕演示0071" in page and 'value="2027-05-19"' in page and "洛水木业" in page and "不一致" in page
    sent = typed(number="（豫）JZ安许证字〔2024〕演示0071", replaces=str(old.pk))
    assert client.post(url, sent).status_code == 302
    assert client.post(url, sent).status_code == 302
    permit = Permit.objects.held().get()
    assert permit.until == date(2027, 5, 19) and permit.photo is not None and permit.original is not None
    assert (permit.said_by, permit.verified_at) == (cast.manager, None)
    picture = reverse("enterprises:permit-picture", args=[permit.pk])
    assert sign_in(cast.grid).get(picture).status_code == 200
    assert sign_in(cast.other_boss).get(picture).status_code == 404 == sign_in(cast.worker).get(picture).status_code


@needs_ocr
def test_a_crooked_blurred_licence_fills_the_file_after_a_person_confirmed(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.grid)
    firm = cast.enterprise("forge")
    content = paper(licence(cast.forge.credit_code), bad=True)
    client.post(reverse("enterprises:reading-new", args=[firm.pk, "licence"]), {"photo": content})
    reading = Reading.objects.get()
    read_reading(reading.pk)
    reading.refresh_from_db()
    assert reading.fields["credit_code"] == cast.forge.credit_code and reading.fields["legal_person"] == "吴建国"
    url = reverse("enterprises:reading", args=[reading.pk])
    assert "金水区新址" in client.get(url).content.decode()
    sent = {
        "name": cast.forge.name,
        "credit_code": cast.forge.credit_code,
        "legal_person": "吴建国",
        "registered_address": "金水区新址 18 号",
    }
    bad = client.post(url, sent | {"credit_code": "1", "seen": firm.updated_at.isoformat()})
    assert bad.status_code == 422 and Enterprise.objects.get(pk=firm.pk).registered_address == ""
    assert client.post(url, sent | {"seen": firm.updated_at.isoformat()}).status_code == 302
    said = FileValue.objects.get()
    assert (said.field, said.source, said.verified_by) == ("registered_address", "ocr", cast.grid)


def test_without_the_reader_the_page_says_so_and_lets_type(
    cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "find_spec", lambda name: None)
    client = sign_in(cast.manager)
    answer = client.post(
        reverse("enterprises:reading-new", args=[cast.forge.pk, "permit"]), {"photo": paper(PERMIT)}, follow=True
    )
    assert "没有安装文字识别" in answer.content.decode()
    assert client.post(reverse("enterprises:reading", args=[Reading.objects.get().pk]), typed()).status_code == 302
    assert Permit.objects.get().photo is not None


def test_a_reading_whose_process_died_is_handed_on_and_a_running_one_shows_progress(
    cast: Cast, sign_in: SignIn
) -> None:
    cast.manager.post = cast.manager.open_posts[0]
    reading = start_reading(cast.enterprise("forge"), "permit", paper(PERMIT), "a.jpg", by=cast.manager)
    Reading.objects.filter(pk=reading.pk).update(state="running", beat_at=timezone.now() - timedelta(minutes=5))
    url = reverse("enterprises:reading", args=[reading.pk])
    assert "正在读照片上的字" in sign_in(cast.manager).get(url).content.decode()
    assert sign_in(cast.other_boss).get(url).status_code == 404
    assert requeue_dead_rosters() == 1


def test_what_is_no_picture_is_refused_and_dropped_pictures_change_nothing(cast: Cast, sign_in: SignIn) -> None:
    client, url = sign_in(cast.manager), reverse("enterprises:reading-new", args=[cast.forge.pk, "permit"])
    text = BytesIO(b"no picture")
    text.name = "a.jpg"
    assert client.post(url, {"photo": text}).status_code == 422
    assert client.post(url, {}).status_code == 422
    assert not Blob.objects.exists()
    cast.manager.post = cast.manager.open_posts[0]
    reading = start_reading(cast.enterprise("forge"), "permit", paper(PERMIT), "a.jpg", by=cast.manager)
    Reading.objects.filter(pk=reading.pk).update(state="read")
    drop = reverse("enterprises:reading-drop", args=[reading.pk])
    assert client.post(drop).status_code == 302 and client.post(drop).status_code == 409
    assert not Permit.objects.exists()


def test_a_typed_permit_is_added_once_corrected_and_put_away(cast: Cast, sign_in: SignIn) -> None:
    client, url = sign_in(cast.manager), reverse("enterprises:permit-new", args=[cast.forge.pk])
    for _tap in range(2):
        assert client.post(url, typed()).status_code == 302
    permit = Permit.objects.get()
    bad = client.post(url, typed(valid_from="2028-01-01"))
    assert bad.status_code == 422 and "早于" in bad.content.decode()
    own = reverse("enterprises:permit", args=[permit.pk])
    assert sign_in(cast.grid).post(own, typed(number="甲 2")).status_code == 302
    permit.refresh_from_db()
    assert (permit.number, permit.verified_by) == ("甲 2", cast.grid)
    assert sign_in(cast.province).get(own).status_code == 200
    assert "保存证照" not in sign_in(cast.province).get(own).content.decode()
    away = reverse("enterprises:permit-withdraw", args=[permit.pk])
    assert sign_in(cast.province).post(away).status_code == 403
    assert client.post(away).status_code == 302 and client.post(away).status_code == 302
    assert not Permit.objects.held().exists()


def test_ends_are_told_once_for_each_stage_to_the_firm_and_late_to_the_officer(cast: Cast) -> None:
    today = timezone.localdate()
    permit = Permit.objects.create(enterprise_id=cast.forge.pk, name="甲证", until=today + timedelta(days=60))
    Permit.objects.create(enterprise_id=cast.forge.pk, name="远证", until=today + timedelta(days=61))
    told = []
    for left in (60, 45, 30, 8, 7, 0, -1):
        Permit.objects.filter(pk=permit.pk).update(until=today + timedelta(days=left))
        Notice.objects.filter(kind="permit").delete()
        remind_permits()
        assert remind_permits() == 0, "the same stage is told once"
        told.append(set(Notice.objects.filter(kind="permit").values_list("user__name", flat=True)))
    firm = {"吴建国", "周敏"}
    assert told == [firm, firm, firm, firm, firm | {"刘海涛"}, firm | {"刘海涛"}, firm | {"刘海涛"}]


def test_a_permit_that_ends_is_due_and_far_ones_are_not(cast: Cast) -> None:
    assert due_for(cast.manager) == [] and due_for(cast.worker) == []
    permit = Permit.objects.create(
        enterprise_id=cast.forge.pk, name="甲证", until=timezone.localdate() + timedelta(days=59)
    )
    (due,) = due_for(cast.manager)
    assert "甲证快到期" in str(due.title) and due.url == reverse("enterprises:permit", args=[permit.pk])
    Permit.objects.update(until=timezone.localdate() - timedelta(days=1))
    assert "已经过期" in str(due_for(cast.boss)[0].title) and "甲证已经过期" in str(due_for(cast.grid)[0].title)
    assert due_for(cast.other_grid) == []
    Permit.objects.update(until=timezone.localdate() + timedelta(days=90))
    assert due_for(cast.manager) == [] and due_for(cast.other_boss) == []
