"""Holders and those in charge: what they see, get and print, and what stays closed to others."""

import zipfile
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pypdf
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anlan.accounts.models import User
from anlan.certificates import actions, tasks
from anlan.certificates.due import due_for
from anlan.certificates.models import Certificate, PrintBatch
from anlan.files.models import Blob
from anlan.operations.demo.cast import Cast
from anlan.training.models import Enrolment

Issue = Callable[..., Certificate]
SignIn = Callable[[User], Client]


def test_mine_shows_ones_own_only(issue: Issue, cast: Cast, sign_in: SignIn) -> None:
    issue(title="我的培训")
    issue(cast.boss, title="别人的培训")
    text = sign_in(cast.worker).get("/my-certificates/").content.decode()
    assert ("我的培训" in text, "别人的培训" in text) == (True, False)
    assert "还没有证书" in sign_in(cast.other_worker).get("/my-certificates/").content.decode()


def test_one_that_is_not_signed_yet_says_so(enrol: Callable[..., Enrolment], cast: Cast, sign_in: SignIn) -> None:
    certificate = actions.issue_certificate(enrol())
    client = sign_in(cast.worker)
    assert "正在签发" in client.get("/my-certificates/").content.decode()
    assert client.get(f"/certificates/{certificate.pk}/pdf/").status_code == 404
    assert tasks.sign_waiting() == 1
    assert client.get(f"/certificates/{certificate.pk}/pdf/").status_code == 200
    assert tasks.sign_waiting() == 0
    assert Blob.objects.count() == 1


@pytest.mark.parametrize(
    "who", ["other_boss", "other_worker", "other_county", "other_city", "teacher", "auditor", "operator"]
)
def test_anothers_certificate_is_404(issue: Issue, cast: Cast, sign_in: SignIn, who: str) -> None:
    certificate, client = issue(), sign_in(cast.people[who])
    for path in ("", "pdf/"):
        assert client.get(f"/certificates/{certificate.pk}/{path}").status_code == 404
    for path in ("revoke/", "reissue/"):
        assert client.post(f"/certificates/{certificate.pk}/{path}", {"because": "试试看能不能"}).status_code == 404


@pytest.mark.parametrize("who", ["worker", "manager", "boss", "county", "city", "province", "town", "grid"])
def test_holder_firm_and_territory_get_the_pdf(issue: Issue, cast: Cast, sign_in: SignIn, who: str) -> None:
    certificate, client = issue(), sign_in(cast.people[who])
    assert client.get(f"/certificates/{certificate.pk}/").status_code == 200
    response = client.get(f"/certificates/{certificate.pk}/pdf/?download")
    assert response["Content-Type"] == "application/pdf"
    assert certificate.number in response["Content-Disposition"]


def test_without_an_account_the_desk_is_closed(issue: Issue) -> None:
    certificate = issue()
    for path in ("/my-certificates/", "/certificates/", f"/certificates/{certificate.pk}/pdf/"):
        assert Client().get(path)["Location"].startswith("/accounts/login/")


def test_a_manager_sees_the_firm_a_regulator_the_territory_and_a_worker_no_list(
    issue: Issue, cast: Cast, sign_in: SignIn
) -> None:
    issue(title="本厂培训")
    for who, status, seen in (
        ("manager", 200, True),
        ("grid", 200, True),
        ("other_boss", 200, False),
        ("other_city", 200, False),
    ):
        response = sign_in(cast.people[who]).get("/certificates/")
        assert (response.status_code, "本厂培训" in response.content.decode()) == (status, seen)
    assert sign_in(cast.worker).get("/certificates/").status_code == 404


def test_the_list_filters_by_words_state_and_year(issue: Issue, cast: Cast, sign_in: SignIn) -> None:
    soon, late, good = issue(title="快到期的"), issue(cast.boss, title="过期的"), issue(cast.manager, title="有效的")
    today = timezone.localdate()
    Certificate.objects.filter(pk=soon.pk).update(valid_until=today + timedelta(days=5))
    Certificate.objects.filter(pk=late.pk).update(valid_until=today - timedelta(days=5))
    client = sign_in(cast.county)

    def shown(**query: str) -> set[str]:
        text = client.get("/certificates/", query).content.decode()
        return {title for title in ("快到期的", "过期的", "有效的") if f">{title}<" in text}

    assert shown(state="expiring") == {"快到期的"}
    assert shown(state="expired") == {"过期的"}
    assert shown(state="valid") == {"快到期的", "有效的"}
    assert shown(q="吴建国") == {"过期的"}
    assert shown(q=good.grouped.lower()) == {"有效的"}
    assert shown(year=str(today.year)) == {"快到期的", "过期的", "有效的"}
    assert shown(year="2020") == set()
    assert shown(year="0000", state="nonsense", page="x") == {"快到期的", "过期的", "有效的"}
    assert "没有符合条件的证书" in client.get("/certificates/", {"q": "没有这个人"}).content.decode()


def test_the_list_asks_the_same_for_two_and_twenty(issue: Issue, cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.county)
    template = issue()
    issue(cast.boss)
    client.get("/certificates/")
    with CaptureQueriesContext(connection) as first:
        client.get("/certificates/")
    for n in range(18):
        template.pk, template.number, template.training_class, template.sitting = None, f"AL2026{n:08d}X", None, None
        template.save()
    with CaptureQueriesContext(connection) as second:
        client.get("/certificates/")
    assert len(first) == len(second) <= 15


def test_printing_gathers_the_chosen_ones_in_the_background(issue: Issue, cast: Cast, sign_in: SignIn) -> None:
    one, two, other = issue(), issue(cast.boss), issue(cast.manager)
    client = sign_in(cast.manager)
    response = client.post("/certificates/print/", {"id": [one.pk, two.pk, 999999, "x"]})
    batch = PrintBatch.objects.get()
    assert response["Location"] == f"/certificates/print/{batch.uid}/"
    assert (batch.total, sorted(batch.certificate_ids)) == (2, sorted([one.pk, two.pk]))
    assert "正在汇集" in client.get(f"/certificates/print/{batch.uid}/").content.decode()
    assert client.get(f"/certificates/print/{batch.uid}/file/").status_code == 404
    tasks.gather_batch.func(batch.pk)
    tasks.gather_batch.func(batch.pk)
    assert (
        "下载压缩包" in client.get(f"/certificates/print/{batch.uid}/", headers={"hx-request": "true"}).content.decode()
    )
    file = BytesIO(b"".join(client.get(f"/certificates/print/{batch.uid}/file/")))  # type: ignore[arg-type]
    archive = zipfile.ZipFile(file)
    assert sorted(archive.namelist()) == sorted(
        [f"{one.number} 李国强.pdf", f"{two.number} 吴建国.pdf", "打印用合集.pdf"]
    )
    assert len(pypdf.PdfReader(BytesIO(archive.read("打印用合集.pdf"))).pages) == 2
    assert other.number not in str(archive.namelist())


def test_only_who_asked_gets_the_batch_and_others_certificates_never_get_in(
    issue: Issue, cast: Cast, sign_in: SignIn
) -> None:
    certificate = issue()
    assert sign_in(cast.other_boss).post("/certificates/print/", {"id": [certificate.pk]}).status_code == 422
    assert sign_in(cast.worker).post("/certificates/print/", {"id": [certificate.pk]}).status_code == 404
    sign_in(cast.manager).post("/certificates/print/", {"all": "1"})
    batch = PrintBatch.objects.get()
    for who in ("boss", "county", "other_boss"):
        assert sign_in(cast.people[who]).get(f"/certificates/print/{batch.uid}/").status_code == 404


def test_a_batch_whose_process_died_is_started_again(issue: Issue, cast: Cast) -> None:
    batch = actions.start_batch([issue()], by=cast.manager)
    assert tasks.requeue_batches() == 0
    PrintBatch.objects.update(beat_at=timezone.now() - timedelta(minutes=5))
    assert tasks.requeue_batches() == 1
    tasks.gather_batch.func(batch.pk)
    assert tasks.requeue_batches() == 0


def test_due_names_own_certificates_that_end_soon(issue: Issue, cast: Cast) -> None:
    certificate = issue(title="叉车安全")
    assert due_for(cast.worker) == []
    Certificate.objects.filter(pk=certificate.pk).update(valid_until=timezone.localdate() + timedelta(days=20))
    (due,) = due_for(cast.worker)
    assert "叉车安全" in str(due.title)
    assert due.url == "/my-certificates/"
