"""What a certificate and its leaf in the log say, as canonical bytes. Pure: needs neither database nor settings.

The log is public as a whole, so that anybody can keep a copy and check it. What would identify a person or let a
stranger walk through all certificates is in it only blinded: `certificate` = SHA-256(blind, number), `holder` =
SHA-256(blind, name, masked ID), `person` = SHA-256(blind, whole ID). The three blinds of a certificate differ, so
each may be told without the others: the blind of the number to whoever knows the number, that of the holder to
whoever has the PDF, that of the ID to a court.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

VERSION = 1
ATTACHMENT = "record.json"


def canonical(value: dict[str, Any]) -> bytes:
    """JSON in one spelling: sorted keys, no spaces, UTF-8. What is signed or hashed is always these bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def blinded(blind: str, *parts: str) -> str:
    """SHA-256 over the blind and each part with its length before it, so that no two lists of parts meet. Hex."""
    digest = hashlib.sha256(bytes.fromhex(blind))
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(4, "big") + data)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Salts:
    """The blinds derived from a certificate's salt (32 bytes, hex)."""

    salt: str

    def blind(self, what: str) -> str:
        """The blind for `what`: number, holder or person. Knowing one tells nothing of the others."""
        return hashlib.sha256(bytes.fromhex(self.salt) + what.encode()).hexdigest()


def issue_body(
    *,
    salts: Salts,
    number: str,
    holder: str,
    holder_id_masked: str,
    holder_id: str,
    title: str,
    organisation: str,
    hours: str,
    issued_at: str,
    valid_until: str,
) -> dict[str, Any]:
    """The leaf of an issue. Times are ISO 8601 in UTC, days ISO, hours with one decimal."""
    return {
        "v": VERSION,
        "kind": "issue",
        "certificate": blinded(salts.blind("number"), number),
        "holder": blinded(salts.blind("holder"), holder, holder_id_masked),
        "person": blinded(salts.blind("person"), holder_id) if holder_id else "",
        "title": title,
        "organisation": organisation,
        "hours": hours,
        "at": issued_at,
        "valid_until": valid_until,
    }


def revoke_body(*, salts: Salts, number: str, at: str) -> dict[str, Any]:
    """The leaf of a revocation. Its reason may name people and stays out of the log."""
    return {"v": VERSION, "kind": "revoke", "certificate": blinded(salts.blind("number"), number), "at": at}


def head_body(*, log: str, size: int, root: str, at: str) -> dict[str, Any]:
    """What the log key signs: which log (hash of its key), how many leaves, which root, when."""
    return {"v": VERSION, "log": log, "size": size, "root": root, "at": at}
