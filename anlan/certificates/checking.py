"""Whether a PDF is a certificate of ours and unaltered: needs the file and whom to trust, no database, no network.

The order matters for safety: first the signature over the raw bytes, with nothing of the file interpreted but two
numbers and a run of hex digits; only what a trusted signer signed is then parsed as a PDF.
"""

import asyncio
import json
import logging
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any, Final, Literal

from asn1crypto import cms
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.generic_cms import async_validate_detached_cms
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

from anlan.certificates.record import ATTACHMENT, blinded, canonical, head_body
from anlan.certificates.signing import Trust
from anlan.lib.codes import has_check_digit
from anlan.lib.merkle import leaf_hash, verify_inclusion

MAX_BYTES: Final = 2 * 1024 * 1024
"""Certificates have about 80 kB."""
CLOCK_SLACK: Final = timedelta(minutes=5)
_RANGE = re.compile(rb"/ByteRange\s*\[\s*0\s+(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s*\]")
_SIGNED_AT = re.compile(rb"/M\s*\(D:(\d{14})(?:Z|([+-])(\d\d)'(\d\d)'?)?\)")

logging.getLogger("pyhanko").setLevel(logging.CRITICAL)  # a broken file is a finding, not an event of the house
logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)

Verdict = Literal["genuine", "altered", "unknown_signer", "unreadable"]


class _Altered(Exception):
    """What the file says does not hold together; the argument names where."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found. `why` is a word for machines and tests; `record` is set only when everything holds."""

    verdict: Verdict
    why: str = ""
    record: dict[str, Any] = field(default_factory=dict)
    signer: str = ""
    signed_at: datetime | None = None

    def is_expired(self, today: date) -> bool:
        """Whether the certificate had run out on `today`."""
        return bool(self.record) and date.fromisoformat(self.record["body"]["valid_until"]) < today


def check(content: bytes, trust: Trust) -> Finding:
    """Check signature, then the attached record, then its place in the log."""
    if not content.startswith(b"%PDF-") or len(content) > MAX_BYTES:
        return Finding("unreadable", "not_a_pdf")
    ranges = list(_RANGE.finditer(content))
    if not ranges:
        return Finding("unreadable", "not_signed")
    try:
        signed, contents = _split(content, *(int(n) for n in ranges[-1].groups()))
        signature = _strict_cms(contents)
        signed_at = _signed_at(content[int(ranges[-1][2]) :])
    except (_Altered, ValueError, TypeError, KeyError, IndexError) as problem:
        return Finding("altered", str(problem) or type(problem).__name__)
    try:
        status = asyncio.run(
            async_validate_detached_cms(
                signed,
                signature,
                signer_validation_context=ValidationContext(
                    trust_roots=trust.certificates, moment=signed_at, allow_fetching=False
                ),
                key_usage_settings=KeyUsageConstraints(
                    key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False
                ),
            )
        )
    except Exception as problem:  # noqa: BLE001  # a hostile file may break the parser anywhere: it is not genuine
        return Finding("altered", f"signature:{type(problem).__name__}")
    signer = str(status.signing_cert.subject.native.get("common_name", ""))
    if not (status.intact and status.valid):
        return Finding("altered", "signature", signer=signer)
    if not status.trusted:
        return Finding("unknown_signer", "signer", signer=signer, signed_at=signed_at)
    try:
        record = _attached_record(content)
        _check_record(record, trust, signed_at)
    except (_Altered, ValueError, TypeError, KeyError, IndexError) as problem:
        return Finding("altered", str(problem) or type(problem).__name__, signer=signer)
    return Finding("genuine", record=record, signer=signer, signed_at=signed_at)


def _split(content: bytes, before: int, after: int, length: int) -> tuple[bytes, bytes]:
    """The signed bytes and the hex digits between them. Everything else in the file must be signed."""
    if after + length != len(content) or not before < after:
        raise _Altered("coverage")
    hole = content[before:after]
    if not re.fullmatch(rb"<[0-9A-F]+>", hole):
        raise _Altered("hole")
    return content[:before] + content[after:], hole[1:-1]


def _strict_cms(digits: bytes) -> cms.SignedData:
    """Parse the signature so that no second spelling of the same signature passes: one signer, then zeros only."""
    raw = bytes.fromhex(digits.decode())
    info = cms.ContentInfo.load(raw)
    der = info.dump()
    if raw[len(der) :].strip(b"\x00"):
        raise _Altered("padding")
    if info["content_type"].native != "signed_data":
        raise _Altered("content_type")
    data: cms.SignedData = info["content"]
    if cms.ContentInfo({"content_type": "signed_data", "content": data}).dump() != der:
        raise _Altered("padding")
    signers = data["signer_infos"]
    if (
        len(signers) != 1
        or data["version"].native != "v1"
        or signers[0]["version"].native != "v1"
        or data["crls"].native is not None
        or data["encap_content_info"].native != {"content_type": "data", "content": None}
        or [a.dump() for a in data["digest_algorithms"]] != [signers[0]["digest_algorithm"].dump()]
    ):
        raise _Altered("shape")
    return data


def _signed_at(behind: bytes) -> datetime:
    """The time of signing as the signature dictionary tells it, behind the hole (PAdES puts it in /M, octal escapes)."""
    plain = re.sub(rb"\\([0-7]{3})", lambda octal: bytes([int(octal[1], 8) & 0xFF]), behind[:1000])
    found = _SIGNED_AT.search(plain)
    if found is None:
        raise _Altered("signed_at")
    moment = datetime.strptime(found[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    if found[2]:
        ahead = timedelta(hours=int(found[3]), minutes=int(found[4]))
        moment -= ahead if found[2] == b"+" else -ahead
    return moment


def _attached_record(content: bytes) -> dict[str, Any]:
    names = PdfFileReader(BytesIO(content)).root["/Names"]["/EmbeddedFiles"]["/Names"]
    for place in range(0, len(names), 2):
        if str(names[place]) == ATTACHMENT:
            record = json.loads(names[place + 1]["/EF"]["/F"].data)
            if isinstance(record, dict):
                return record
    raise _Altered("record")


def _check_record(record: dict[str, Any], trust: Trust, signed_at: datetime) -> None:
    """That the record is what the log holds, and that the log key said so before the file was signed."""
    body, head, blinds = record["body"], record["head"], record["blinds"]
    if not has_check_digit(record["number"]):
        raise _Altered("number")
    if blinded(blinds["number"], record["number"]) != body["certificate"] or body["kind"] != "issue":
        raise _Altered("number")
    if blinded(blinds["holder"], record["holder"], record["holder_id"]) != body["holder"]:
        raise _Altered("holder")
    if not verify_inclusion(
        leaf_hash(canonical(body)),
        record["leaf"]["index"],
        head["size"],
        [bytes.fromhex(h) for h in record["leaf"]["proof"]],
        bytes.fromhex(head["root"]),
    ):
        raise _Altered("inclusion")
    told = head_body(log=head["log"], size=head["size"], root=head["root"], at=head["at"])
    if not trust.is_head(head["log"], canonical(told), head["signature"]):
        raise _Altered("head")
    if datetime.fromisoformat(head["at"]) > signed_at + CLOCK_SLACK:
        raise _Altered("time")
