"""Offline work of the demo: one visit that waits for the town, and one where two officers differ. Signed as a phone signs."""

from __future__ import annotations

import base64
import uuid
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from django.utils import timezone

from anlan.accounts.models import User
from anlan.hazards.models import Checklist, ChecklistVersion, Device, Inspection
from anlan.hazards.sync import protocol
from anlan.hazards.sync.taking import Parcel, register_device, take
from anlan.operations.demo.cast import Cast

NAME = "演示手机"


def lay_patrol(cast: Cast) -> None:
    """Lay both visits, once. Needs a published checklist; without one there is nothing to do."""
    checklist = Checklist.objects.filter(kind="patrol", current__isnull=False).order_by("pk").first()
    if checklist is None or checklist.current is None or Device.objects.filter(name=NAME).exists():
        return
    version = checklist.current
    both, away = _visit(cast, "forge", version), _visit(cast, "bakery", version)
    first, second = version.items[0]["key"], version.items[1]["key"]
    _hand_in(
        cast.grid, [(both, _answers(version, {first: "ok", second: "ok"})), (away, _answers(version, {first: "fail"}))]
    )
    _hand_in(cast.town, [(both, _answers(version, {first: "ok", second: "na"}))])


def _visit(cast: Cast, key: str, version: ChecklistVersion) -> Inspection:
    firm = cast.enterprise(key)
    visit = Inspection.objects.create(
        enterprise=firm, region_code=firm.organisation.region_code, industry=firm.trade, kind=Inspection.Kind.PATROL,
        plan="雨后抽查用电", due_on=timezone.localdate() + timedelta(days=3),
    )  # fmt: skip
    visit.checklists.add(version)
    return visit


def _answers(version: ChecklistVersion, results: dict[str, str]) -> list[tuple[str, dict[str, Any]]]:
    answers = [
        ("answer", {"list": version.pk, "item": item, "result": result, "note": "", "base": None})
        for item, result in results.items()
    ]
    return [("start", {"position": {"none": "unknown"}}), *answers]


def _hand_in(user: User, visits: list[tuple[Inspection, list[tuple[str, dict[str, Any]]]]]) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "x": _base64url(numbers.x), "y": _base64url(numbers.y)}
    device = register_device(uid=uuid.uuid4(), jwk=jwk, name=NAME, by=user)
    parcels, head, number = [], protocol.FIRST, 0
    for visit, entries in visits:
        for kind, body in entries:
            number += 1
            text = protocol.canonical(
                {
                    "v": protocol.VERSION, "id": str(uuid.uuid4()), "device": str(device.uid), "seq": number, "prev": head, "kind": kind,
                    "task": str(visit.uid), "at": int(timezone.now().timestamp() * 1000), "body": body,
                }
            )  # fmt: skip
            r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
            signature = base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()
            parcels.append(Parcel(text, signature))
            head = protocol.digest(text)
    take(device, parcels, by=user, clock_error=timedelta())


def _base64url(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes(32, "big")).decode().rstrip("=")
