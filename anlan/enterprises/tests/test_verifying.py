"""Verification, spending, custom fields, the code at the door, size classes."""

import io
import uuid
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from anlan.accounts.models import User
from anlan.enterprises.door import firm_of, token_of
from anlan.enterprises.due import due_for
from anlan.enterprises.file_fields import verify_again
from anlan.enterprises.models import CustomField, Enterprise, FileValue, Permit, Spending
from anlan.enterprises.sizes import size_of
from anlan.lib.xlsx import read_rows
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]


def said(cast: Cast, field: str, value: object) -> FileValue:
    return FileValue.objects.create(
        enterprise_id=cast.forge.pk,
        field=field,
        value=value,
        source="enterprise",
        said_by=cast.boss,
        said_at=timezone.now(),
    )


def test_everything_true_makes_the_file_verified_until_its_grades_next_look(cast: Cast, sign_in: SignIn) -> None:
    one = said(cast, "exits", 4)
    permit = Permit.objects.create(enterprise_id=cast.forge.pk, name="甲证")
    url, client = reverse("enterprises:verify", args=[cast.forge.pk]), sign_in(cast.grid)
    assert "4 " in client.get(url).content.decode() and "甲证" in client.get(url).content.decode()
    assert client.post(url, {f"value-{one.pk}": "true"}).status_code == 302
    assert Enterprise.objects.get(pk=cast.forge.pk).verified_at is None, "the permit still waits"
    assert client.post(url, {f"permit-{permit.pk}": "true"}).status_code == 302
    firm = Enterprise.objects.get(pk=cast.forge.pk)
    assert (firm.verified_by, firm.verify_by) == (cast.grid, verify_again("orange"))
    one.refresh_from_db()
    assert one.verified_by == cast.grid


def test_a_doubt_needs_its_reason_reaches_the_firm_and_is_answered(cast: Cast, sign_in: SignIn) -> None:
    one = said(cast, "headcount", 42)
    url, client = reverse("enterprises:verify", args=[cast.forge.pk]), sign_in(cast.grid)
    without = client.post(url, {f"value-{one.pk}": "false", f"reason-{one.pk}": " "})
    assert without.status_code == 422 and "要写原因" in without.content.decode()
    sent = {f"value-{one.pk}": "false", f"reason-{one.pk}": "现场有 60 人"}
    assert client.post(url, sent).status_code == 302 and client.post(url, sent).status_code == 302
    assert Notice.objects.filter(user=cast.boss, kind="file").count() == 1
    assert "被存疑" in str(due_for(cast.boss)[0].title)
    page = sign_in(cast.boss).get(reverse("enterprises:mine")).content.decode()
    assert "现场有 60 人" in page
    stand = reverse("enterprises:stand", args=[cast.forge.pk, one.pk])
    assert sign_in(cast.other_boss).post(stand).status_code == 404
    assert sign_in(cast.boss).post(stand).status_code == 302
    assert sign_in(cast.boss).post(stand).status_code == 409
    assert due_for(cast.boss) == []
    assert Enterprise.objects.get(pk=cast.forge.pk).verified_at is None


@pytest.mark.parametrize("who", ["manager", "agency", "province", "other_grid", "other_county", "worker"])
def test_only_officers_of_the_place_verify(cast: Cast, sign_in: SignIn, who: str) -> None:
    url = reverse("enterprises:verify", args=[cast.forge.pk])
    assert sign_in(cast.people[who]).get(url).status_code == 404
    assert sign_in(cast.people[who]).post(url, {"all": "1"}).status_code == 404


def test_an_old_file_is_due_for_officer_and_firm_and_confirming_it_is_enough(cast: Cast, sign_in: SignIn) -> None:
    Enterprise.objects.filter(pk=cast.forge.pk).update(verify_by=timezone.localdate() - timedelta(days=1))
    (officer,) = due_for(cast.grid)
    assert officer.url == reverse("enterprises:verify", args=[cast.forge.pk]) and "该核实" in str(officer.title)
    assert "很久没有核实" in str(due_for(cast.boss)[0].title)
    assert due_for(cast.county) == [] and due_for(cast.other_grid) == []
    assert sign_in(cast.grid).post(officer.url, {"all": "1"}).status_code == 302
    assert due_for(cast.grid) == [] and due_for(cast.boss) == []


def test_the_next_look_keeps_to_the_end_of_months() -> None:
    assert verify_again("red", date(2026, 8, 31)) == date(2027, 2, 28)
    assert verify_again("blue", date(2028, 2, 29)) == date(2029, 2, 28)


def money(**changes: object) -> dict[str, object]:
    return {
        "uid": str(uuid.uuid4()), "kind": "invoice", "purpose": "training", "yuan": "3,680.5", "on": "2025-03-04", "invoice_number": "A1", "note": "",
    } | changes  # fmt: skip


def test_an_invoice_counts_once_in_the_year_of_its_day_and_a_budget_replaces_the_last(
    cast: Cast, sign_in: SignIn
) -> None:
    client, url = sign_in(cast.boss), reverse("enterprises:spending")
    sent = money(file=SimpleUploadedFile("发票.pdf", b"%PDF-1.4 demo"))
    assert client.post(url, sent).status_code == 302
    assert client.post(url, {**sent, "file": ""}).status_code == 302
    entry = Spending.objects.get()
    assert (entry.year, entry.fen, entry.by) == (2025, 368050, cast.boss)
    again = client.post(url, money())
    assert again.status_code == 422 and "已经登记过" in again.content.decode()
    for yuan in ("5000", "6000"):
        assert (
            client.post(f"{url}?year=2025", money(kind="budget", yuan=yuan, on="", invoice_number="")).status_code
            == 302
        )
    assert Spending.objects.get(kind="budget").fen == 600000
    page = client.get(f"{url}?year=2025").content.decode()
    assert "3,680.50" in page and "预算还剩 2,319.50 元" in page
    book = sign_in(cast.grid).get(reverse("enterprises:spending-xlsx", args=[cast.forge.pk]) + "?year=2025")
    rows = list(read_rows(io.BytesIO(b"".join(book.streaming_content)), "a.xlsx"))  # type: ignore[attr-defined]
    assert [str(cell) for cell in rows[-1]] == ["合计", "6000", "3680.5"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"yuan": "12.345"}, "两位小数"), ({"yuan": "-5"}, "只写数字"), ({"yuan": "一千"}, "只写数字"), ({"yuan": "²"}, "只写数字"), ({"yuan": "0"}, "大于 0"),
        ({"yuan": "9" * 20}, "只写数字"), ({"on": ""}, "发票日期"), ({"on": "2099-01-01"}, "还没有到"), ({"purpose": "x"}, "x"), ({"uid": "x"}, ""),
    ],
)  # fmt: skip
def test_wrong_amounts_and_days_are_refused_politely(
    cast: Cast, sign_in: SignIn, changes: dict[str, str], words: str
) -> None:
    answer = sign_in(cast.boss).post(reverse("enterprises:spending"), money(**changes))
    assert answer.status_code == 422 and words in answer.content.decode() and not Spending.objects.exists()


def test_spending_is_written_by_the_firm_and_read_by_its_regulators(cast: Cast, sign_in: SignIn) -> None:
    sign_in(cast.boss).post(reverse("enterprises:spending"), money())
    entry, other = Spending.objects.get(), reverse("enterprises:spending-of", args=[cast.forge.pk])
    page = sign_in(cast.grid).get(f"{other}?year=2025")
    assert page.status_code == 200 and "记进安全投入" not in page.content.decode()
    for who, status in (("grid", 403), ("worker", 404), ("other_boss", 404), ("manager", 302)):
        assert (
            sign_in(cast.people[who]).post(reverse("enterprises:spending-remove", args=[entry.pk])).status_code
            == status
        ), who
    assert not Spending.objects.exists()
    for who in ("worker", "other_boss", "other_county"):
        assert sign_in(cast.people[who]).get(other).status_code == 404


def test_a_field_is_added_ordered_changed_and_put_out_of_use(cast: Cast, sign_in: SignIn) -> None:
    client, add = sign_in(cast.county), reverse("enterprises:field-new")
    filled = {"label": "用气方式", "kind": "choice", "choices": "管道\n瓶装\n瓶装\n", "hint": ""}
    assert client.post(add, filled).status_code == 302
    assert client.post(add, filled).status_code == 422
    assert client.post(add, {"label": "空选项", "kind": "choices", "choices": "只有一个"}).status_code == 422
    assert client.post(add, {"label": "除尘器", "kind": "text"}).status_code == 302
    gas, dust = CustomField.objects.order_by("pk")
    assert (gas.choices, gas.region_code) == (["管道", "瓶装"], "410105")
    code = gas.code
    assert client.post(reverse("enterprises:field-step", args=[dust.pk, "up"])).status_code == 302
    assert list(CustomField.objects.values_list("label", flat=True)) == ["除尘器", "用气方式"]
    client.post(reverse("enterprises:field", args=[gas.pk]), filled | {"label": "用什么气", "kind": "text"})
    gas.refresh_from_db()
    assert (gas.label, gas.kind, gas.code) == ("用什么气", "choice", code)
    client.post(reverse("enterprises:field-step", args=[gas.pk, "retire"]))
    assert not CustomField.objects.asked_in("410105018G07").filter(pk=gas.pk).exists()
    assert sign_in(cast.other_county).get(reverse("enterprises:field", args=[gas.pk])).status_code == 404
    assert sign_in(cast.grid).get(reverse("enterprises:fields")).status_code == 404
    assert client.post(reverse("enterprises:field-step", args=[gas.pk, "burn"])).status_code == 404


def test_the_code_at_the_door_is_stable_and_cannot_be_counted_through(cast: Cast, sign_in: SignIn) -> None:
    token = token_of(cast.forge.pk)
    assert token == token_of(cast.forge.pk) and firm_of(token) == cast.forge.pk
    for wrong in (
        token[:-1],
        token[:-1] + ("2" if token[-1] != "2" else "3"),
        ("5" if token[0] == "4" else "4") + token[1:],
        "1",
        "",
        "重大",
        "2" + token,
    ):
        assert firm_of(wrong) != cast.forge.pk, wrong
    url = reverse("enterprises:door", args=[token])
    page = Client().get(url).content.decode()
    assert "豫中精锻" in page and "12350" in page and "风险" not in page and "吴建国" not in page
    assert Client().get(reverse("enterprises:door", args=["222222222222"])).status_code == 404
    assert sign_in(cast.boss).get(url).status_code == 302
    assert str(cast.forge.pk) in sign_in(cast.grid).get(url)["Location"]
    assert sign_in(cast.other_boss).get(url).status_code == 200
    for size in ("a4", "a6"):
        sheet = sign_in(cast.grid).get(reverse("enterprises:qr", args=[cast.forge.pk]), {"size": size})
        assert sheet["Content-Type"] == "application/pdf" and sheet.content.startswith(b"%PDF")
    Enterprise.objects.filter(pk=cast.forge.pk).update(merged_into=cast.enterprise("bakery"), status="merged")
    assert "禾香源" in Client().get(url).content.decode()


@pytest.mark.parametrize(
    ("industry", "workers", "revenue", "size", "provisional"),
    [
        ("C3391", 19, 5000, "micro", False), ("C3391", 20, 300, "small", False), ("C3391", 299, 299, "micro", False), ("C3391", 300, 2000, "medium", False),
        ("C3391", 1000, 40000, "large", False), ("C3391", 1000, 1999, "small", False), ("C3391", 42, None, "small", True), ("F5211", 50, 500, "medium", False),
        ("F5112", 200, 40000, "large", False), ("H6210", 100, 2000, "medium", False), ("A0111", 500, None, "micro", True), ("O8111", 100, None, "medium", False),
        ("K7010", 1, 1000, "medium", False), ("", 0, None, "micro", False),
    ],
)  # fmt: skip
def test_size_classes_by_the_national_table(
    industry: str, workers: int, revenue: int | None, size: str, provisional: bool
) -> None:
    found = size_of(industry, workers, revenue)
    assert (found.key, found.provisional) == (size, provisional) and found.reason
