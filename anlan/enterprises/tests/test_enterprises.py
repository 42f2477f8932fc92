from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from anlan.accounts.models import Organisation, User
from anlan.audit.models import Record
from anlan.enterprises import tasks
from anlan.enterprises.models import Enterprise, Export, Permit
from anlan.lib.codes import demo_credit_code
from anlan.lib.xlsx import read_rows
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.tallies.models import Tally

SignIn = Callable[[User], Client]
LIST = "/enterprises/"


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
    Permit.objects.create(enterprise_id=cast.forge.pk, name="证", until=timezone.localdate() + timedelta(days=30))
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
