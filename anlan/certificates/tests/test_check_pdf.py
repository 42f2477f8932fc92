"""A signed certificate is genuine; a byte more, less or other is not."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.core.exceptions import ImproperlyConfigured
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from anlan.certificates import pdf, signing
from anlan.certificates.actions import page_of
from anlan.certificates.checking import check
from anlan.certificates.models import Certificate
from anlan.operations.demo.cast import Cast

Content = Callable[[Certificate], bytes]
Issue = Callable[..., Certificate]


def hole(content: bytes) -> tuple[int, int]:
    """Where the hex digits of the signature stand."""
    start = content.rindex(b"/Contents <") + len(b"/Contents <")
    return start, content.index(b">", start)


def test_a_signed_certificate_is_genuine_and_tells_its_record(issue: Issue, content: Content) -> None:
    certificate = issue()
    finding = check(content(certificate), signing.load_trust())
    assert (finding.verdict, finding.why) == ("genuine", "")
    assert finding.record["number"] == certificate.number
    assert finding.record["holder"] == "李国强"
    assert finding.signed_at and abs(datetime.now(UTC) - finding.signed_at) < timedelta(minutes=2)


def test_other_software_finds_a_pades_signature_over_the_whole_file(issue: Issue, content: Content) -> None:
    (signature,) = PdfFileReader(BytesIO(content(issue()))).embedded_signatures
    roots = signing.load_trust().certificates
    status = validate_pdf_signature(signature, ValidationContext(trust_roots=roots, allow_fetching=False))
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert status.bottom_line
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE


def test_the_text_can_be_copied_and_the_fonts_are_embedded(issue: Issue, content: Content) -> None:
    certificate = issue()
    reader = pypdf.PdfReader(BytesIO(content(certificate)))
    text = reader.pages[0].extract_text()
    for words in ("培训合格证书", "李国强", "新员工三级安全教育", "豫中精锻机械有限公司", "24.0", certificate.grouped):
        assert words in text
    assert len(reader.pages) == 1
    fonts = [font.get_object() for font in reader.pages[0]["/Resources"]["/Font"].values()]  # type: ignore[index]
    for font in fonts:
        descendant = font["/DescendantFonts"][0].get_object()
        assert {"/FontFile2", "/FontFile3"} & set(descendant["/FontDescriptor"])


def test_a_byte_changed_anywhere_fails(issue: Issue, content: Content) -> None:
    genuine, trust = content(issue()), signing.load_trust()
    start, stop = hole(genuine)
    der_end = start + len(genuine[start:stop].rstrip(b"0")) + 2
    places = {*range(0, len(genuine), 1999), *range(len(genuine) - 40, len(genuine)), start - 1, stop}
    places |= {*range(start, der_end, 97), *range(der_end, stop, 1501), stop - 1}
    for place in sorted(places):
        for other in (genuine[place] ^ 1, genuine[place] ^ 0x20):
            changed = genuine[:place] + bytes([other]) + genuine[place + 1 :]
            verdict = check(changed, trust).verdict
            assert verdict != "genuine", f"byte {place} of {len(genuine)} ({genuine[place]:#x} → {other:#x})"


def test_every_hex_digit_of_the_signature_counts(issue: Issue, content: Content) -> None:
    """Also where validators usually look away: certificates and headers inside the signature container."""
    genuine, trust = content(issue()), signing.load_trust()
    start, stop = hole(genuine)
    der_end = start + len(genuine[start:stop].rstrip(b"0")) + 2
    for place in range(start, der_end, 3):  # all were tried once; a third keeps the test fast
        digit = genuine[place : place + 1]
        changed = genuine[:place] + (b"1" if digit != b"1" else b"2") + genuine[place + 1 :]
        assert check(changed, trust).verdict != "genuine", f"digit {place - start}"


@pytest.mark.parametrize("tail", [b"\n", b"%", b"\x00", b"\n1 0 obj\n<<>>\nendobj\n"])
def test_bytes_behind_the_end_fail(issue: Issue, content: Content, tail: bytes) -> None:
    assert check(content(issue()) + tail, signing.load_trust()).verdict == "altered"


def test_a_record_swapped_by_a_later_revision_fails(issue: Issue, content: Content, cast: Cast) -> None:
    genuine, other = content(issue()), content(issue(cast.boss))
    writer = pypdf.PdfWriter(BytesIO(genuine), incremental=True)
    writer.add_attachment("record.json", pypdf.PdfReader(BytesIO(other)).attachments["record.json"][0])
    changed = BytesIO()
    writer.write(changed)
    assert check(changed.getvalue(), signing.load_trust()).verdict == "altered"


def test_a_record_of_another_certificate_fails_even_when_signed_by_us(issue: Issue, content: Content) -> None:
    """A signature alone is not enough: the record must be proven by the log."""
    certificate = issue()
    record = check(content(certificate), signing.load_trust()).record
    made_at = certificate.issued_at
    changes: list[tuple[str, Any]] = [
        ("holder", {**record, "holder": "王五"}),
        ("number", {**record, "number": "AL202600000000" + "X"}),
        ("inclusion", {**record, "body": {**record["body"], "valid_until": "2099-01-01"}}),
        ("head", {**record, "head": {**record["head"], "signature": "AAAA"}}),
        ("head", {**record, "head": {**record["head"], "at": "2020-01-01T00:00:00+00:00"}}),
    ]
    for why, changed in changes:
        made = pdf.render([page_of(certificate)], made_at=made_at, record=json.dumps(changed).encode())
        finding = check(signing.sign_pdf(made), signing.load_trust())
        assert (finding.verdict, finding.why) == ("altered", why)


def test_a_signature_by_an_unknown_key_is_named_so(
    issue: Issue, content: Content, tmp_path: Path, settings: Any
) -> None:
    foreign = content(issue())
    settings.VAR_DIR = tmp_path / "another"
    settings.VAR_DIR.mkdir()
    finding = check(foreign, signing.load_trust())
    assert (finding.verdict, finding.signer) == ("unknown_signer", "安澜证书签章")
    assert not finding.record


@pytest.mark.parametrize("junk", [b"", b"%PDF-1.7", b"hello", b"%PDF-1.7 /ByteRange [0 1 2 3]", b"\x00" * 100])
def test_what_is_no_certificate_is_not_genuine_and_raises_nothing(db: None, junk: bytes) -> None:
    assert check(junk, signing.load_trust()).verdict in ("unreadable", "altered")


def test_long_names_fit_on_one_page_and_rare_characters_show(issue: Issue, cast: Cast) -> None:
    cast.worker.name = "阿卜杜热合曼·阿布都克里木·买买提吐尔逊江" + "𬭎𰻝\U0003134a"
    cast.worker.save()
    cast.forge.name = "河南省郑州市金水区杨金路街道危险化学品仓储与道路运输综合服务有限公司" * 3
    cast.forge.save()
    certificate = issue(title="危险化学品经营单位主要负责人和安全生产管理人员专项培训" * 4)
    reader = pypdf.PdfReader(BytesIO(pdf.render([page_of(certificate)], made_at=certificate.issued_at)))
    assert len(reader.pages) == 1
    assert "阿卜杜热合曼" in reader.pages[0].extract_text()


def test_a_character_of_no_font_is_spelled_out_and_not_an_empty_box(issue: Issue, cast: Cast) -> None:
    cast.worker.name = "王\U000f1234"  # a code point that no font draws
    cast.worker.save()
    certificate = issue()
    text = pypdf.PdfReader(BytesIO(pdf.render([page_of(certificate)], made_at=certificate.issued_at))).pages[0]
    assert "王〔U+F1234〕" in text.extract_text()


# --- keys --------------------------------------------------------------------------------------------


def official(path: Path, password: bytes, *, days: int = 365) -> None:
    """A PKCS#12 as an authority would hand it out."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "某市应急管理局（演示）")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Some CA")]))
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(
            x509.KeyUsage(True, True, False, False, False, False, False, False, False),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    encryption = serialization.BestAvailableEncryption(password)
    path.write_bytes(serialization.pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, encryption))


def test_an_official_certificate_takes_over_and_old_ones_stay_genuine(
    issue: Issue, content: Content, cast: Cast, tmp_path: Path, settings: Any
) -> None:
    before = content(issue())
    official(tmp_path / "official.p12", b"secret")
    settings.ANLAN_SIGNING_CERT, settings.ANLAN_SIGNING_PASSWORD = str(tmp_path / "official.p12"), "secret"
    after = content(issue(cast.boss))
    trust = signing.load_trust()
    assert check(before, trust).signer == "安澜证书签章"
    assert (check(after, trust).verdict, check(after, trust).signer) == ("genuine", "某市应急管理局（演示）")
    settings.ANLAN_SIGNING_CERT = ""
    assert check(after, signing.load_trust()).verdict == "genuine"


def test_a_wrong_password_missing_file_or_expired_certificate_says_what_to_do(tmp_path: Path, settings: Any) -> None:
    official(tmp_path / "o.p12", b"secret")
    settings.ANLAN_SIGNING_CERT, settings.ANLAN_SIGNING_PASSWORD = str(tmp_path / "o.p12"), "wrong"
    with pytest.raises(ImproperlyConfigured, match="SM2"):
        signing.signer()
    settings.ANLAN_SIGNING_CERT = str(tmp_path / "none.p12")
    with pytest.raises(ImproperlyConfigured, match="读不到"):
        signing.signer()
    official(tmp_path / "late.p12", b"secret", days=-1)
    settings.ANLAN_SIGNING_CERT, settings.ANLAN_SIGNING_PASSWORD = str(tmp_path / "late.p12"), "secret"
    with pytest.raises(ImproperlyConfigured, match="过期"):
        signing.signer()


def test_keys_are_made_once_and_only_the_owner_reads_them() -> None:
    folder = signing.home()
    first = signing.this_log()
    assert signing.home() == folder
    assert signing.this_log() == first
    for name in ("root.pem", "signer.pem", "log.pem"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
    assert {path.name.split("-")[0] for path in (folder / "trusted").iterdir()} == {"ca", "log"}


def test_a_second_process_that_starts_at_once_keeps_the_keys_of_the_first(tmp_path: Path) -> None:
    signing.home()
    key = (tmp_path / "signing" / "log.pem").read_bytes()
    late = tmp_path / "late"
    late.mkdir()
    signing._make_keys(late)
    with pytest.raises(OSError, match="not empty"):
        late.rename(tmp_path / "signing")
    assert (tmp_path / "signing" / "log.pem").read_bytes() == key
