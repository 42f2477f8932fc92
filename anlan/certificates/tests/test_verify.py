"""Verification needs no account, shows enough to recognise and no more."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from anlan.certificates import actions
from anlan.certificates.models import Certificate
from anlan.lib.codes import check_digit
from anlan.operations.demo.cast import Cast

Issue = Callable[..., Certificate]
Content = Callable[[Certificate], bytes]


def page(number: str, status: int = 200) -> str:
    response = Client().get(f"/verify/{number}/")
    assert response.status_code == status
    assert "noindex" in response["X-Robots-Tag"]
    return response.content.decode()


def revoke(certificate: Certificate, cast: Cast) -> None:
    revocation = actions.ask_revocation(certificate, by=cast.county, because="代考，已核实")
    actions.decide_revocation(revocation, by=cast.city, approve=True)


def expire(certificate: Certificate) -> None:
    Certificate.objects.filter(pk=certificate.pk).update(valid_until=timezone.localdate() - timedelta(days=1))


def upload(content: bytes) -> str:
    response = Client().post("/verify/", {"file": SimpleUploadedFile("证书.pdf", content, "application/pdf")})
    assert response.status_code == 200
    return response.content.decode()


def test_a_valid_one_says_so_with_masks_and_its_place_in_the_log(issue: Issue, cast: Cast) -> None:
    certificate = issue()
    text = page(certificate.number)
    for words in ("<h1>有效</h1>", "李*强", certificate.holder_id_masked, certificate.title, certificate.issuer):
        assert words in text
    assert "已载入公开日志第 1 条" in text


def test_nothing_beyond_the_masks_is_shown(issue: Issue, cast: Cast) -> None:
    certificate = issue()
    revoke(certificate, cast)
    text = page(certificate.number)
    person = cast.worker
    for secret in ("李国强", person.id_number, person.phone, person.phone_masked, certificate.enterprise_name + "员工"):
        assert secret not in text
    assert "代考" not in text


def test_expired_and_revoked_say_so_in_words_with_the_date(issue: Issue, cast: Cast) -> None:
    expired, revoked = issue(), issue(cast.boss)
    expire(expired)
    revoke(revoked, cast)
    assert "<h1>已过期</h1>" in page(expired.number)
    text = page(revoked.number)
    assert "<h1>已注销</h1>" in text
    assert f"{timezone.localdate():%Y-%m-%d}" in text


def test_a_typing_error_and_a_number_of_nobody_are_told_apart(db: None) -> None:
    body = f"AL{timezone.localdate().year}00000000"
    check = check_digit(body)
    assert "多半是输错了一位" in page(body + ("A" if check != "A" else "B"), 404)
    assert "<h1>编号不存在</h1>" in page(body + check, 404)


def test_the_form_leads_to_the_page_and_reads_spaces_dashes_and_full_width(issue: Issue) -> None:
    certificate = issue()
    wide = certificate.grouped.replace("A", "Ａ").replace(" ", "-").lower()
    response = Client().get("/verify/", {"number": f" {wide} "})
    assert response.status_code == 302
    assert response["Location"] == f"/verify/{certificate.number}/"
    assert Client().get(f"/verify/{certificate.grouped}/")["Location"] == f"/verify/{certificate.number}/"
    assert Client().get("/verify/", {"number": "！！"}).status_code == 422
    assert Client().get("/verify/").status_code == 200
    assert Client().get("/verify/证书/").status_code == 404


def test_guessing_is_stopped_but_looking_at_real_ones_is_not(issue: Issue) -> None:
    certificate, client = issue(), Client()
    statuses = []
    for n in range(22):
        body = f"AL2020{n:08d}"
        statuses.append(client.get(f"/verify/{body}{check_digit(body)}/").status_code)
    assert statuses == [404] * 20 + [429] * 2
    assert client.get(f"/log/proof/{certificate.number}.json").status_code == 429
    other = Client(REMOTE_ADDR="10.0.0.9")
    assert [other.get(f"/verify/{certificate.number}/").status_code for _n in range(100)] == [200] * 100


def test_the_original_file_is_confirmed(issue: Issue, content: Content) -> None:
    text = upload(content(issue()))
    assert "<h1>有效</h1>" in text
    assert "文件没有改动" in text
    assert "李国强" not in text


def test_an_altered_file_is_called_altered(issue: Issue, content: Content) -> None:
    genuine = content(issue())
    middle = len(genuine) // 2
    text = upload(genuine[:middle] + bytes([genuine[middle] ^ 1]) + genuine[middle + 1 :])
    assert "这份文件被改动过" in text


def test_the_file_of_a_revoked_or_expired_certificate_says_so(issue: Issue, content: Content, cast: Cast) -> None:
    revoked, expired = issue(), issue(cast.boss)
    revoke(revoked, cast)
    expire(expired)
    assert "<h1>已注销</h1>" in upload(content(revoked))
    assert "<h1>已过期</h1>" in upload(content(expired))


def test_a_file_signed_by_others_and_one_without_signature(
    issue: Issue, content: Content, tmp_path: Any, settings: Any
) -> None:
    foreign = content(issue())
    settings.VAR_DIR = tmp_path / "another"
    settings.VAR_DIR.mkdir()
    assert "不是本平台签的" in upload(foreign)
    assert "不是证书原件" in upload(b"%PDF-1.7\nhello")
    assert "不是证书原件" in upload(b"\x89PNG")


def test_a_genuine_file_of_a_number_we_do_not_have_is_not_called_valid(issue: Issue, content: Content) -> None:
    certificate = issue()
    genuine = content(certificate)
    Certificate.objects.filter(pk=certificate.pk).update(number="AL202600000000Z")
    text = upload(genuine)
    assert ("<h1>有效</h1>" in text, "不在本平台" in text) == (False, True)


def test_too_large_or_no_file_is_refused_in_words(db: None) -> None:
    large = BytesIO(b"%PDF-" + b"0" * (2 * 1024 * 1024))
    large.name = "x.pdf"
    response = Client().post("/verify/", {"file": large})
    assert (response.status_code, "文件超过 2 MB" in response.content.decode()) == (422, True)
    assert Client().post("/verify/").status_code == 422
    assert Client().put("/verify/").status_code == 405


def test_public_json_is_404_for_unknown_numbers_and_needs_no_account(issue: Issue) -> None:
    certificate = issue()
    client = Client()
    assert client.get(f"/log/proof/{certificate.number}.json").status_code == 200
    assert client.get("/log/proof/AL20260000000000.json").status_code == 404
    assert client.get("/log/heads.json").json()["heads"][0]["size"] == 1
    assert client.get("/log/trust.pem").content.count(b"BEGIN") == 2
    assert b"PRIVATE" not in client.get("/log/trust.pem").content
