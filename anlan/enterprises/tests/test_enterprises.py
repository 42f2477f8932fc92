from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from anlan.accounts.models import Organisation, User
from anlan.audit.models import Record
from anlan.enterprises import tasks
from anlan.enterprises.due import due_for
from anlan.enterprises.models import Enterprise, Export
from anlan.lib.codes import demo_credit_code
from anlan.lib.xlsx import read_rows
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.tallies.models import Tally

SignIn = Callable[[User], Client]
LIST = "/enterprises/"


def form(firm: Enterprise, **changes: object) -> dict[str, object]:
    return {
        "seen": firm.updated_at.isoformat(), "name": firm.organisation.name, "credit_code": firm.organisation.credit_code,
        "legal_person": "吴建国", "contact_phone": "", "industry": "C3393", "size": "small", "headcount": 42, "products": "锻件",
        "address": "演示路 7 号", "permit_number": "", "permit_until": "",
    } | changes  # fmt: skip


def firms(count: int, start: int = 0, region: str = "410105018") -> list[Enterprise]:
    made = []
    for n in range(start, start + count):
        organisation = Organisation.objects.create(
            kind="enterprise",
            name=f"试验{n}厂（演示）",
            credit_code=demo_credit_code(region, 500 + n),
            region_code=region,
        )
        made.append(Enterprise.objects.create(organisation=organisation, industry="C3393", risk="blue", headcount=n))
    return made


def trained(firm: Enterprise, enrolled: int, learnt: int) -> None:
    for measure, amount in (("enrolled", enrolled), ("learnt", learnt)):
        Tally.objects.create(
            subject_kind="enterprise", subject_id=firm.pk, measure=measure, month=timezone.localdate().replace(day=1),
            region_code=firm.organisation.region_code, industry=firm.trade, amount=amount,
        )  # fmt: skip


def test_managers_see_their_own_file(cast: Cast, sign_in: SignIn) -> None:
    for who in ("boss", "manager"):
        page = sign_in(cast.people[who]).get(reverse("enterprises:mine")).content.decode()
        assert "豫中精锻" in page and "较大风险" in page and "修改档案" in page
    assert sign_in(cast.manager).get(reverse("enterprises:detail", args=[cast.forge.pk])).status_code == 302


@pytest.mark.parametrize("who", ["worker", "county", "teacher", "auditor"])
def test_who_manages_no_firm_has_no_own_file(cast: Cast, sign_in: SignIn, who: str) -> None:
    client = sign_in(cast.people[who])
    for name in ("mine", "edit", "workers", "worker-new", "rosters", "roster-template"):
        assert client.get(reverse(f"enterprises:{name}")).status_code == 404, name


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("province", 200),
        ("county", 200),
        ("grid", 200),
        ("other_county", 404),
        ("other_city", 404),
        ("other_boss", 404),
        ("worker", 404),
    ],
)
def test_a_file_is_seen_in_its_territory_only(cast: Cast, sign_in: SignIn, who: str, status: int) -> None:
    answer = sign_in(cast.people[who]).get(reverse("enterprises:detail", args=[cast.forge.pk]))
    assert answer.status_code == status
    if status == 200:
        assert "修改档案" not in answer.content.decode()


def test_the_contact_phone_is_masked_and_a_full_look_is_recorded(cast: Cast, sign_in: SignIn) -> None:
    firm = cast.enterprise("forge")
    firm.contact_phone = "10000000901"
    firm.save()
    client, url = sign_in(cast.county), reverse("enterprises:contact", args=[firm.pk])
    assert "10000000901" not in client.get(reverse("enterprises:detail", args=[firm.pk])).content.decode()
    assert "10000000901" in client.post(url).content.decode()
    assert Record.objects.filter(verb="reveal_contact", actor_id=cast.county.pk).count() == 1
    assert sign_in(cast.grid).post(url).status_code == 403
    assert sign_in(cast.other_county).post(url).status_code == 404
    assert client.get(url).status_code == 405


def test_a_saved_file_is_recorded_with_the_fields_that_changed(cast: Cast, sign_in: SignIn) -> None:
    firm = cast.enterprise("forge")
    answer = sign_in(cast.manager).post(
        reverse("enterprises:edit"), form(firm, address="新路 9 号", contact_phone="100 0000 0901")
    )
    assert answer.status_code == 302
    firm.refresh_from_db()
    assert (firm.address, firm.contact_phone, firm.industry, firm.updated_by) == (
        "新路 9 号",
        "10000000901",
        "C3393",
        cast.manager,
    )
    record = Record.objects.get(verb="edit_enterprise")
    assert set(record.detail["fields"]) == {"address", "contact_phone", "industry"}
    assert "10000000901" not in str(record.detail)


def test_two_at_once_the_second_keeps_what_was_typed_and_sees_both(cast: Cast, sign_in: SignIn) -> None:
    firm = cast.enterprise("forge")
    stale = form(firm, address="周敏写的地址", products="乙")
    sign_in(cast.boss).post(reverse("enterprises:edit"), form(firm, address="吴建国写的地址"))
    client = sign_in(cast.manager)
    answer = client.post(reverse("enterprises:edit"), stale)
    page = answer.content.decode()
    assert (
        answer.status_code == 409 and "吴建国刚刚改过" in page and "周敏写的地址" in page and "吴建国写的地址" in page
    )
    firm.refresh_from_db()
    assert firm.address == "吴建国写的地址"
    assert client.post(reverse("enterprises:edit"), stale | {"seen": firm.updated_at.isoformat()}).status_code == 302
    firm.refresh_from_db()
    assert firm.address == "周敏写的地址"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"credit_code": "91410105MA00000001"}, "校验位"), ({"contact_phone": "12"}, "11 位"), ({"industry": "C"}, "选一个"), ({"industry": "X1"}, "选一个"),
        ({"headcount": "-1"}, "0"), ({"permit_until": "2027-01-01"}, "许可证号也填上"), ({"seen": "rubbish"}, "刚刚改过"),
    ],
)  # fmt: skip
def test_bad_input_is_said_and_nothing_changes(
    cast: Cast, sign_in: SignIn, changes: dict[str, object], words: str
) -> None:
    firm = cast.enterprise("forge")
    answer = sign_in(cast.manager).post(reverse("enterprises:edit"), form(firm, products="新产品", **changes))
    assert answer.status_code in (409, 422) and words in answer.content.decode() and "新产品" in answer.content.decode()
    assert not Record.objects.filter(verb="edit_enterprise").exists()


def test_the_credit_code_of_another_firm_is_refused_and_nothing_is_half_saved(cast: Cast, sign_in: SignIn) -> None:
    firm = cast.enterprise("forge")
    answer = sign_in(cast.manager).post(
        reverse("enterprises:edit"), form(firm, credit_code=cast.bakery.credit_code, address="别处")
    )
    assert answer.status_code == 422 and "另一家企业" in answer.content.decode()
    firm.refresh_from_db()
    assert firm.address == "演示路 7 号"


def test_an_industry_is_found_with_and_without_script(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    assert "C3393" in client.get(reverse("enterprises:industries"), {"industry_words": "锻件"}).content.decode()
    answer = client.post(
        reverse("enterprises:edit"), form(cast.enterprise("forge"), address="没写完", industry_words="糕点", find="1")
    )
    page = answer.content.decode()
    assert answer.status_code == 200 and "C1411" in page and "没写完" in page and "处要改" not in page


def test_the_board_is_limited_to_the_territory(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.county).get(LIST).content.decode()
    assert "豫中精锻" in page and "洛水木业" not in page
    assert "洛水木业" not in sign_in(cast.county).get(LIST + "?region=4103").content.decode()
    assert "洛水木业" in sign_in(cast.province).get(LIST + "?region=4103").content.decode()
    for who in ("manager", "worker", "auditor", "teacher"):
        assert sign_in(cast.people[who]).get(LIST).status_code == 404


@pytest.mark.parametrize(
    ("query", "forge", "bakery"),
    [
        ("q=精锻", True, False), ("q=吴建国", True, False), ("risk=red", False, True), ("risk=high", True, True), ("section=C", True, True),
        ("section=H", False, False), ("size=large", False, False), ("region=410105018", True, False), ("view=permits", True, False),
        ("training=under60", True, False), ("training=over80", False, True), ("training=none", False, False), ("q=%27;drop", False, False),
        ("risk=purple&order=zzz&page=999", True, True),
    ],
)  # fmt: skip
def test_conditions_choose_firms(cast: Cast, sign_in: SignIn, query: str, forge: bool, bakery: bool) -> None:
    Enterprise.objects.filter(pk=cast.forge.pk).update(permit_until=timezone.localdate() + timedelta(days=30))
    trained(cast.enterprise("forge"), 10, 5)
    trained(cast.enterprise("bakery"), 10, 9)
    page = sign_in(cast.county).get(f"{LIST}?{query}").content.decode()
    assert ("豫中精锻" in page, "禾香源" in page) == (forge, bakery)


def test_training_of_last_year_does_not_count(cast: Cast, sign_in: SignIn) -> None:
    trained(cast.enterprise("forge"), 10, 5)
    Tally.objects.update(month=date(timezone.localdate().year - 1, 12, 1))
    assert "没有培训" in sign_in(cast.grid).get(LIST).content.decode()


def test_the_board_costs_at_most_fifteen_queries_at_any_size(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    client = sign_in(cast.county)
    firms(2)
    client.get(LIST)
    for start in (10, 40):
        firms(20, start)
        with django_assert_max_num_queries(15):  # type: ignore[attr-defined]
            client.get(f"{LIST}?q=试验&section=C&order=name&page=2")


def test_an_export_is_written_by_the_worker_told_recorded_and_private(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.county)
    answer = client.post(reverse("enterprises:export-new"), {"conditions": "?risk=orange"})
    export = Export.objects.get()
    assert answer.headers["Location"] == reverse("enterprises:export", args=[export.pk])
    assert client.post(reverse("enterprises:export-new"), {"conditions": ""}).status_code == 409
    assert client.get(reverse("enterprises:export-file", args=[export.pk])).status_code == 404
    tasks.work_on_export.func(export.pk)
    content = b"".join(client.get(reverse("enterprises:export-file", args=[export.pk])).streaming_content)  # type: ignore[attr-defined]
    import io

    table = list(read_rows(io.BytesIO(content), "x.xlsx"))
    assert len(table) == 2 and table[1][0] == cast.forge.name and table[1][1] == cast.forge.credit_code
    assert Notice.objects.filter(user=cast.county, kind="export").exists()
    assert Record.objects.get(verb="export_enterprises").detail["rows"] == 1
    assert "下载企业名单" in client.get(reverse("enterprises:export", args=[export.pk])).content.decode()
    for who in ("province", "other_county", "manager"):
        assert sign_in(cast.people[who]).get(reverse("enterprises:export-file", args=[export.pk])).status_code == 404


def test_exports_have_limits(cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    from anlan.enterprises.actions import exports

    client = sign_in(cast.county)
    assert sign_in(cast.manager).post(reverse("enterprises:export-new")).status_code == 403
    monkeypatch.setattr(exports, "MAX_ROWS", 1)
    assert client.post(reverse("enterprises:export-new")).status_code == 422
    monkeypatch.setattr(exports, "A_DAY", 0)
    monkeypatch.setattr(exports, "MAX_ROWS", 100)
    assert client.post(reverse("enterprises:export-new")).status_code == 429
    assert not Export.objects.exists()


def test_a_permit_that_ends_is_due_and_far_ones_are_not(cast: Cast) -> None:
    assert due_for(cast.manager) == [] and due_for(cast.worker) == []
    Enterprise.objects.filter(pk=cast.forge.pk).update(
        permit_number="甲", permit_until=timezone.localdate() + timedelta(days=59)
    )
    (due,) = due_for(cast.manager)
    assert "快到期" in str(due.title) and due.url == reverse("enterprises:edit")
    Enterprise.objects.filter(pk=cast.forge.pk).update(permit_until=timezone.localdate() - timedelta(days=1))
    assert "已经过期" in str(due_for(cast.boss)[0].title)
    Enterprise.objects.filter(pk=cast.forge.pk).update(permit_until=timezone.localdate() + timedelta(days=90))
    assert due_for(cast.manager) == [] and due_for(cast.other_boss) == []
