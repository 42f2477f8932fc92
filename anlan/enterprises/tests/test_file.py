"""The file of a firm: who reads it, who writes it, who said what, and two at once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from anlan.accounts.models import Organisation, User
from anlan.audit.models import Record
from anlan.enterprises.models import Chemical, CustomField, Enterprise, Equipment, FileValue, FirmPhoto, Mandate, Permit
from anlan.lib.codes import demo_credit_code
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.tallies.models import Tally

SignIn = Callable[[User], Client]


def group(firm: Enterprise, key: str) -> str:
    return reverse("enterprises:edit-group", args=[firm.pk, key])


def register(firm: Enterprise, **changes: object) -> dict[str, object]:
    return {
        "seen": firm.updated_at.isoformat(), "name": firm.organisation.name, "credit_code": firm.organisation.credit_code or "",
        "legal_person": "吴建国", "contact_phone": "", "registered_address": "", "licence_number": "",
    } | changes  # fmt: skip


def place(firm: Enterprise, **changes: object) -> dict[str, object]:
    return {
        "seen": firm.updated_at.isoformat(), "address": firm.address, "latitude": firm.latitude or "", "longitude": firm.longitude or "",
        "floor_area": "", "exits": "", "meter_number": "", "has_dormitory": "",
    } | changes  # fmt: skip


def business(firm: Enterprise, **changes: object) -> dict[str, object]:
    return {
        "seen": firm.updated_at.isoformat(), "industry": firm.industry, "products": firm.products, "headcount": firm.headcount,
        "revenue": "", "integrity": "", "standard": "",
    } | changes  # fmt: skip


def mandate(cast: Cast, until: Any = None) -> None:
    Mandate.objects.create(
        enterprise_id=cast.forge.pk, organisation=cast.anhe, kind="contract", since=timezone.localdate(), until=until
    )


def test_managers_see_their_own_file(cast: Cast, sign_in: SignIn) -> None:
    for who in ("boss", "manager"):
        page = sign_in(cast.people[who]).get(reverse("enterprises:mine")).content.decode()
        assert "豫中精锻" in page and "较大风险" in page and "修改档案" in page
    assert sign_in(cast.manager).get(reverse("enterprises:detail", args=[cast.forge.pk])).status_code == 302


@pytest.mark.parametrize("who", ["worker", "county", "teacher", "auditor"])
def test_who_manages_no_firm_has_no_own_file(cast: Cast, sign_in: SignIn, who: str) -> None:
    client = sign_in(cast.people[who])
    for name in ("mine", "edit", "spending", "workers", "worker-new", "rosters", "roster-template"):
        assert client.get(reverse(f"enterprises:{name}")).status_code == 404, name


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("province", 200), ("county", 200), ("grid", 200), ("other_county", 404), ("other_city", 404), ("other_grid", 404),
        ("other_boss", 404), ("worker", 404), ("agency", 404), ("other_agency", 404), ("association", 404),
    ],
)  # fmt: skip
def test_a_file_is_seen_in_its_territory_only(cast: Cast, sign_in: SignIn, who: str, status: int) -> None:
    answer = sign_in(cast.people[who]).get(reverse("enterprises:detail", args=[cast.forge.pk]))
    assert answer.status_code == status


def test_an_agency_reads_and_fills_the_file_while_its_mandate_lasts(cast: Cast, sign_in: SignIn) -> None:
    mandate(cast)
    firm, client = cast.enterprise("forge"), sign_in(cast.engineer)
    assert client.get(reverse("enterprises:detail", args=[firm.pk])).status_code == 200
    assert client.post(group(firm, "place"), place(firm, exits="3")).status_code == 302
    said = FileValue.objects.get(field="exits")
    assert (said.source, said.said_by, said.verified_at) == ("agency", cast.engineer, None)
    assert Notice.objects.filter(user=cast.boss, kind="file").exists()
    Mandate.objects.update(since=timezone.localdate() - timedelta(9), until=timezone.localdate() - timedelta(days=1))
    assert client.get(group(firm, "place")).status_code == 404


def test_the_contact_phone_is_masked_and_a_full_look_is_recorded(cast: Cast, sign_in: SignIn) -> None:
    firm = cast.enterprise("forge")
    firm.contact_phone = "10000000901"
    firm.save()
    client, url = sign_in(cast.county), reverse("enterprises:contact", args=[firm.pk])
    assert "10000000901" not in client.get(reverse("enterprises:detail", args=[firm.pk])).content.decode()
    assert "10000000901" not in sign_in(cast.grid).get(group(firm, "register")).content.decode()
    assert "10000000901" in client.post(url).content.decode()
    assert Record.objects.filter(verb="reveal_contact", actor_id=cast.county.pk).count() == 1
    assert sign_in(cast.grid).post(url).status_code == 403
    assert sign_in(cast.other_county).post(url).status_code == 404
    assert client.get(url).status_code == 405


def test_the_masked_phone_sent_back_stays_the_phone(cast: Cast, sign_in: SignIn) -> None:
    firm = cast.enterprise("forge")
    firm.contact_phone = "10000000901"
    firm.save()
    sign_in(cast.manager).post(
        group(firm, "register"), register(firm, contact_phone="100****0901", registered_address="新址")
    )
    firm.refresh_from_db()
    assert firm.contact_phone == "10000000901" and not FileValue.objects.filter(field="contact_phone").exists()


def test_a_saved_group_is_recorded_with_who_said_each_changed_value(cast: Cast, sign_in: SignIn) -> None:
    firm = cast.enterprise("forge")
    answer = sign_in(cast.manager).post(
        group(firm, "register"), register(firm, registered_address="新路 9 号", contact_phone="100 0000 0901")
    )
    assert answer.status_code == 302
    firm.refresh_from_db()
    assert (firm.registered_address, firm.contact_phone, firm.updated_by) == ("新路 9 号", "10000000901", cast.manager)
    record = Record.objects.get(verb="edit_enterprise")
    assert set(record.detail["fields"]) == {"registered_address", "contact_phone"}
    said = {one.field: one for one in FileValue.objects.all()}
    assert said["contact_phone"].value == "100****0901"
    assert (said["registered_address"].source, said["registered_address"].verified_at) == ("enterprise", None)
    assert "10000000901" not in str(record.detail)


def test_what_the_officer_says_on_the_spot_is_verified(cast: Cast, sign_in: SignIn) -> None:
    firm = cast.enterprise("forge")
    assert sign_in(cast.grid).post(group(firm, "place"), place(firm, exits="2", has_dormitory="no")).status_code == 302
    firm.refresh_from_db()
    assert (firm.exits, firm.has_dormitory) == (2, False)
    for said in FileValue.objects.all():
        assert (said.source, said.verified_by) == ("officer", cast.grid)
    assert sign_in(cast.other_grid).post(group(firm, "place"), place(firm)).status_code == 404
    assert sign_in(cast.province).get(group(firm, "place")).status_code == 404


def test_two_at_once_the_second_keeps_what_was_typed_and_sees_both(cast: Cast, sign_in: SignIn) -> None:
    firm = cast.enterprise("forge")
    stale = place(firm, address="周敏写的地址")
    sign_in(cast.boss).post(group(firm, "place"), place(firm, address="吴建国写的地址"))
    client = sign_in(cast.manager)
    answer = client.post(group(firm, "place"), stale)
    page = answer.content.decode()
    assert (
        answer.status_code == 409 and "吴建国刚刚改过" in page and "周敏写的地址" in page and "吴建国写的地址" in page
    )
    firm.refresh_from_db()
    assert firm.address == "吴建国写的地址"
    assert client.post(group(firm, "place"), stale | {"seen": firm.updated_at.isoformat()}).status_code == 302
    firm.refresh_from_db()
    assert firm.address == "周敏写的地址"


def test_another_group_saved_meanwhile_and_a_second_tap_are_no_obstacle(cast: Cast, sign_in: SignIn) -> None:
    firm, client = cast.enterprise("forge"), sign_in(cast.manager)
    mine = place(firm, exits="4")
    sign_in(cast.boss).post(group(firm, "business"), business(firm, products="法兰"))
    assert client.post(group(firm, "place"), mine).status_code == 302
    assert client.post(group(firm, "place"), mine).status_code == 302
    assert FileValue.objects.filter(field="exits").count() == 1


@pytest.mark.parametrize(
    ("key", "changes", "words"),
    [
        ("register", {"credit_code": "91410105MA00000001"}, "校验位"), ("register", {"contact_phone": "12"}, "11 位"),
        ("business", {"industry": "C"}, "选一个"), ("business", {"industry": "X1"}, "选一个"), ("business", {"headcount": "-1"}, "0"),
        ("place", {"latitude": "34.8", "longitude": ""}, "一起填"), ("place", {"latitude": "120"}, "54"),
        ("place", {"seen": "rubbish", "exits": "1"}, "刚刚改过"),
    ],
)  # fmt: skip
def test_bad_input_is_said_at_its_field_and_nothing_is_saved(
    cast: Cast, sign_in: SignIn, key: str, changes: dict[str, str], words: str
) -> None:
    firm = cast.enterprise("forge")
    filled = {"register": register, "business": business, "place": place}[key](firm, **changes)
    answer = sign_in(cast.manager).post(group(firm, key), filled)
    assert answer.status_code in (409, 422) and words in answer.content.decode()
    assert not FileValue.objects.exists()


def test_a_credit_code_of_another_firm_is_refused_and_none_is_flagged(cast: Cast, sign_in: SignIn) -> None:
    firm, client = cast.enterprise("forge"), sign_in(cast.manager)
    answer = client.post(group(firm, "register"), register(firm, credit_code=cast.bakery.credit_code))
    assert answer.status_code == 422 and "另一家企业" in answer.content.decode()
    assert client.post(group(firm, "register"), register(firm, credit_code="")).status_code == 302
    assert Organisation.objects.get(pk=firm.pk).credit_code is None
    assert "无统一社会信用代码" in client.get(reverse("enterprises:mine")).content.decode()


def test_the_size_class_follows_from_trade_people_and_revenue(cast: Cast, sign_in: SignIn) -> None:
    firm = cast.enterprise("forge")
    sign_in(cast.boss).post(group(firm, "business"), business(firm, headcount="350", revenue="2500"))
    firm.refresh_from_db()
    assert firm.size == "medium"
    page = sign_in(cast.boss).get(reverse("enterprises:mine")).content.decode()
    assert "从业人员 350 人、营业收入 2500 万元" in page


def test_chemicals_check_the_cas_number_and_set_the_answer(cast: Cast, sign_in: SignIn) -> None:
    client, url = sign_in(cast.manager), reverse("enterprises:chemicals", args=[cast.forge.pk])
    bad = client.post(url, {"name": "异丙醇", "cas": "67-63-1"})
    assert bad.status_code == 422 and "校验位" in bad.content.decode()
    good = {"name": "异丙醇", "cas": "67630", "most": "0.2", "place": "化学品柜"}
    assert client.post(url, good).status_code == 302
    assert client.post(url, good).status_code == 302
    one = Chemical.objects.get()
    assert one.cas == "67-63-0" and cast.enterprise("forge").has_chemicals is not False
    assert Enterprise.objects.get(pk=cast.forge.pk).has_chemicals is True
    assert sign_in(cast.other_boss).post(reverse("enterprises:chemical-remove", args=[one.pk])).status_code == 404
    assert client.post(reverse("enterprises:chemical-remove", args=[one.pk])).status_code == 302
    assert not Chemical.objects.exists() and Record.objects.filter(verb="remove_chemical").exists()


def test_an_overdue_inspection_of_equipment_shows(cast: Cast, sign_in: SignIn) -> None:
    client, url = sign_in(cast.grid), reverse("enterprises:equipment", args=[cast.forge.pk])
    day = (timezone.localdate() - timedelta(days=1)).isoformat()
    assert client.post(url, {"kind": "vehicle", "name": "3 吨叉车", "number": "", "inspect_by": day}).status_code == 302
    assert Equipment.objects.get().said_by == cast.grid
    assert "检验已过期" in client.get(url).content.decode()


def test_tags_belong_to_the_officers_of_the_place(cast: Cast, sign_in: SignIn) -> None:
    url = reverse("enterprises:tags", args=[cast.forge.pk])
    client = sign_in(cast.grid)
    for _tap in range(2):
        assert client.post(url, {"name": " 三合一场所 "}).status_code == 302
    assert list(cast.enterprise("forge").tags.values_list("name", "region_code")) == [("三合一场所", "410105")]
    assert sign_in(cast.manager).post(url, {"name": "好企业"}).status_code == 403
    assert client.post(url, {"name": " "}).status_code == 422
    client.post(url, {"remove": "三合一场所"})
    assert not cast.enterprise("forge").tags.exists()


def test_custom_fields_of_the_place_are_asked_and_kept(cast: Cast, sign_in: SignIn) -> None:
    CustomField.objects.create(code="dust1", label="除尘器型号", kind="text", region_code="410105", required=True)
    CustomField.objects.create(code="yes1", label="三合一", kind="yes", region_code="41")
    CustomField.objects.create(code="else1", label="别处的", kind="text", region_code="4103")
    firm, client = cast.enterprise("forge"), sign_in(cast.manager)
    page = client.get(group(firm, "custom")).content.decode()
    assert "除尘器型号" in page and "三合一" in page and "别处的" not in page
    filled = {"seen": firm.updated_at.isoformat(), "custom.dust1": "DMC-48", "custom.yes1": "no"}
    assert client.post(group(firm, "custom"), filled).status_code == 302
    firm.refresh_from_db()
    assert firm.custom == {"dust1": "DMC-48", "yes1": False}
    assert FileValue.objects.filter(field="custom.dust1", value="DMC-48").exists()


def test_missing_fields_are_named_with_the_way_to_them(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.manager).get(reverse("enterprises:mine")).content.decode()
    assert "还差" in page and f"{group(cast.enterprise('forge'), 'place')}#id_exits" in page
    other = sign_in(cast.province).get(reverse("enterprises:detail", args=[cast.forge.pk])).content.decode()
    assert "还差" in other and "/edit/" not in other


def test_open_hazards_come_from_the_counters(cast: Cast, sign_in: SignIn) -> None:
    firm = cast.enterprise("forge")
    for year, n in ((2025, 5), (2026, -2)):
        Tally.objects.create(
            subject_kind="enterprise", subject_id=firm.pk, measure="hazards_open", month=f"{year}-01-01",
            region_code=firm.organisation.region_code, industry=firm.trade, amount=n,
        )  # fmt: skip
    page = sign_in(cast.grid).get(reverse("enterprises:detail", args=[firm.pk])).content.decode()
    assert '没有闭环的 <b class="al-num">3</b> 条' in page


@pytest.mark.parametrize("who", ["grid", "manager"])
def test_a_full_file_costs_at_most_fifteen_queries(
    cast: Cast, sign_in: SignIn, who: str, django_assert_max_num_queries: Any
) -> None:
    firm, client = cast.enterprise("forge"), sign_in(cast.people[who])
    url = reverse("enterprises:mine") if who == "manager" else reverse("enterprises:detail", args=[firm.pk])
    Enterprise.objects.filter(pk=firm.pk).update(has_chemicals=True, has_special_equipment=True)
    for n in range(20):
        Permit.objects.create(enterprise=firm, name=f"证 {n}", said_by=cast.manager)
        Chemical.objects.create(enterprise=firm, name=f"料 {n}", said_by=cast.boss)
        Equipment.objects.create(enterprise=firm, name=f"机 {n}", kind="lift", said_by=cast.boss)
        FileValue.objects.create(
            enterprise=firm,
            field=f"custom.x{n}",
            value=n,
            source="enterprise",
            said_by=cast.boss,
            said_at=timezone.now(),
        )
    client.get(url)
    with django_assert_max_num_queries(15):
        assert client.get(url).status_code == 200


def new(**changes: object) -> dict[str, object]:
    return {
        "name": "小李板材加工店", "credit_code": "", "legal_person": "李四", "contact_phone": "", "address": "杨金路 200 号后院",
        "industry": "C2110", "headcount": "3", "region_code": "410105018G07", "latitude": "34.81", "longitude": "113.71",
    } | changes  # fmt: skip


def test_the_officer_opens_a_file_without_credit_code_once(cast: Cast, sign_in: SignIn) -> None:
    client, url = sign_in(cast.grid), reverse("enterprises:new")
    assert client.post(url, new()).status_code == 302
    firm = Enterprise.objects.get(organisation__name="小李板材加工店")
    assert (firm.organisation.credit_code, firm.size, firm.organisation.region_code) == (None, "micro", "410105018G07")
    assert firm.placements.get().region_code == "410105018G07"
    assert FileValue.objects.filter(enterprise=firm, field="legal_person", verified_by=cast.grid).exists()
    again = client.post(url, new())
    assert again.status_code == 422 and "很像" in again.content.decode()
    assert client.post(url, new(sure="1")).status_code == 302
    assert Enterprise.objects.filter(organisation__name="小李板材加工店").count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "豫中精锻机械厂"},
        {"name": "别的名字", "address": "演示路 7 号"},
        {"name": "精锻", "address": "演示路 7 号"},
    ],
)
def test_what_looks_like_a_firm_that_is_there_is_shown_before(
    cast: Cast, sign_in: SignIn, changes: dict[str, str]
) -> None:
    Organisation.objects.filter(pk=cast.forge.pk).update(name="豫中精锻机械有限公司")
    client, url = sign_in(cast.grid), reverse("enterprises:new")
    page = client.post(url, new(**changes))
    assert page.status_code == 422 and "豫中精锻机械有限公司" in page.content.decode()
    assert client.post(url, new(**changes, sure="1")).status_code == 302


def test_a_new_file_is_opened_in_ones_own_place_only(cast: Cast, sign_in: SignIn) -> None:
    url = reverse("enterprises:new")
    assert sign_in(cast.grid).post(url, new(region_code="410105018G08")).status_code == 422
    for who in ("manager", "worker", "province", "agency"):
        assert sign_in(cast.people[who]).get(url).status_code == 404, who
    taken = sign_in(cast.grid).post(url, new(credit_code=cast.bakery.credit_code))
    assert taken.status_code == 422 and "另一家企业" in taken.content.decode()
    assert sign_in(cast.town).post(url, new(credit_code=demo_credit_code("410105", 777))).status_code == 302


def test_photos_are_kept_once_with_their_original_and_served_to_readers_only(cast: Cast, sign_in: SignIn) -> None:
    from anlan.files.tests.test_pictures import photo

    client, url = sign_in(cast.grid), reverse("enterprises:photos", args=[cast.forge.pk])
    for _tap in range(2):
        content = photo(turned=True, place=True)
        content.name = "IMG_1.jpg"
        assert client.post(url, {"photo": content, "caption": "大门"}).status_code == 302
    kept = FirmPhoto.objects.get()
    assert kept.latitude is not None and kept.original is not None and kept.original.name == "IMG_1.jpg"
    served = reverse("enterprises:photo", args=[kept.pk])
    assert sign_in(cast.manager).get(served)["Content-Type"] == "image/jpeg"
    for who in ("worker", "other_boss", "other_grid", "agency"):
        assert sign_in(cast.people[who]).get(served).status_code == 404, who
    assert sign_in(cast.county).post(reverse("enterprises:photo-remove", args=[kept.pk])).status_code == 302
    text = photo()
    text.seek(0)
    text.truncate()
    text.write(b"no picture")
    text.seek(0)
    text.name = "x.jpg"
    assert client.post(url, {"photo": text, "caption": ""}).status_code == 422


def test_an_industry_is_found_with_and_without_script(cast: Cast, sign_in: SignIn) -> None:
    firm, client = cast.enterprise("forge"), sign_in(cast.manager)
    assert "C3393" in client.get(reverse("enterprises:industries"), {"industry_words": "锻件"}).content.decode()
    answer = client.post(group(firm, "business"), business(firm, products="没写完", industry_words="糕点", find="1"))
    page = answer.content.decode()
    assert answer.status_code == 200 and "C1411" in page and "没写完" in page and "处要改" not in page
