"""The log of a device: canonical text, hash chain, signatures, and what the device's clock is worth. No database.

An entry is a JSON object as canonical text (RFC 8785 narrowed to what both sides can write the same: keys in ASCII, whole
numbers only, no lone surrogates, no NUL). The device hashes and signs exactly these bytes; the hash of an entry is
its name, and stands in the next one as `prev`, so that nothing can be taken out or put in between.
Signature: ECDSA on P-256 over SHA-256 (FIPS 186-5), as the 64 bytes r‖s that WebCrypto gives, in base64.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

VERSION: Final = 1
MAX_TEXT: Final = 96 * 1024
"""Longest entry in bytes: a signature drawn with a finger is the largest thing in one."""
MAX_ENTRIES: Final = 100
MAX_DEPTH: Final = 6
KINDS: Final = frozenset({"start", "answer", "photo", "drop", "hazard", "recheck", "sign", "finish"})
KEYS: Final = frozenset({"v", "id", "device", "seq", "prev", "kind", "task", "at", "body"})
FIRST: Final = ""
"""`prev` of the first entry of a device."""
CLOCK_SLACK: Final = timedelta(minutes=3)
"""A clock that is off by less is not worth a word: a request over a bad link takes that long."""
LATEST_MS: Final = 4_102_444_800_000
"""The year 2100: a clock beyond it is broken, and the last days there are have no local time to show."""
EARLIEST: Final = datetime(2020, 1, 1, tzinfo=UTC)


class Malformed(ValueError):
    """A text that is not an entry of this protocol; the words say why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as read. `at` is the device's clock; `hash` names it."""

    text: str
    hash: str
    id: uuid.UUID
    device: uuid.UUID
    seq: int
    prev: str
    kind: str
    task: uuid.UUID
    at: datetime
    body: dict[str, Any]


def canonical(value: object) -> str:
    """The one text of a JSON value: sorted keys, no spaces, only what must be escaped is escaped."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def digest(text: str) -> str:
    """SHA-256 of the text in UTF-8, in hex; a text that is no UTF-8 (lone surrogates) is hashed as it came."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def parse(text: str) -> Entry:
    """Read an entry. Raises `Malformed` for everything that a device of ours would not write."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_TEXT:
        raise Malformed("too long")
    try:
        value = json.loads(text, parse_float=_no_number, parse_constant=_no_number)
        if not isinstance(value, dict) or canonical(value) != text:
            raise Malformed("not canonical")
        text.encode()
    except (RecursionError, UnicodeEncodeError, ValueError) as wrong:
        raise Malformed(str(wrong)[:80]) from None
    if "\\u0000" in text or value.keys() != KEYS or value["v"] != VERSION or _depth(value) > MAX_DEPTH:
        raise Malformed("other keys or version")
    seq, at, prev, body = value["seq"], value["at"], value["prev"], value["body"]
    if not _whole(seq, 1, 2**31 - 1) or not _whole(at, 0, LATEST_MS) or not isinstance(body, dict):
        raise Malformed("numbers or body")
    if value["kind"] not in KINDS or not isinstance(prev, str) or len(prev) not in (0, 64):
        raise Malformed("kind or chain")
    try:
        when = datetime.fromtimestamp(at / 1000, UTC)
        ids = {key: uuid.UUID(value[key]) for key in ("id", "device", "task")}
    except (AttributeError, OverflowError, TypeError, OSError, ValueError):
        raise Malformed("time or ids") from None
    if any(str(ids[key]) != value[key] for key in ids):
        raise Malformed("ids")
    return Entry(text, digest(text), ids["id"], ids["device"], seq, prev, value["kind"], ids["task"], when, body)


def public_key(jwk: object) -> ec.EllipticCurvePublicKey:
    """The key that a device registers: a JWK of a public P-256 key. Raises `Malformed`."""
    if not isinstance(jwk, dict) or jwk.get("kty") != "EC" or jwk.get("crv") != "P-256" or "d" in jwk:
        raise Malformed("not a public P-256 key")
    try:
        x, y = (int.from_bytes(_unbase64url(jwk[part]), "big") for part in ("x", "y"))
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Malformed("not a public P-256 key") from None


def is_signed(text: str, signature: str, key: ec.EllipticCurvePublicKey) -> bool:
    """Whether this device has signed exactly this text."""
    try:
        raw = base64.b64decode(signature, validate=True)
        data = text.encode()
    except (binascii.Error, ValueError):
        return False
    if len(raw) != 64:
        return False
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    try:
        key.verify(der, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def true_time(
    said: datetime, *, clock_error: timedelta, after: datetime | None, now: datetime
) -> tuple[datetime, bool]:
    """When an entry was made by the server's clock, and whether that is in doubt.

    `clock_error` is how far the device was ahead when it sent the entry; `after` the moment of the entry before it in the chain.
    A chain cannot run backwards and nothing comes from the future: what lies outside is moved to the edge and doubted.
    """
    try:
        moment = said - clock_error
    except OverflowError:  # before the first or after the last day there is
        moment = EARLIEST if clock_error > timedelta() else now
    edge = min(max(moment, after or EARLIEST), now)
    return edge, abs(clock_error) > CLOCK_SLACK or abs(moment - edge) > CLOCK_SLACK


def _no_number(text: str) -> float:
    raise Malformed(f"not a whole number: {text[:20]}")


def _whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max((_depth(part) for part in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((_depth(part) for part in value), default=0)
    return 0


def _unbase64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
