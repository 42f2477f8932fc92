"""The patrol of the phone, and what people decide about offline work."""

from __future__ import annotations

import hashlib
import json
import uuid
from io import BytesIO
from typing import Any

from django.utils import timezone

from anlan.accounts.models import Post
from anlan.enterprises.models import Enterprise
from anlan.files.pictures import keep_picture
from anlan.hazards.models import Conflict, Device, Inspection, Operation, PhotoUpload
from anlan.operations.demo.cast import Cast
from tests.phone import lay_checklist, lay_visit, shot
from tests.walk.people import AGENCIES, ASSOCIATION, EVERYONE, FIRM, REGULATORS, SIGNED_IN, TERRITORY

INSPECTORS = (REGULATORS - {"province", "city", "other_city"}) | AGENCIES | ASSOCIATION
ALLOWED = {
    "hazards:patrol": ("GET", "", INSPECTORS),
    "hazards:patrol-worker": ("GET", "", EVERYONE),
    "hazards:manifest": ("GET", "", EVERYONE),
    "hazards:patrol-hello": ("GET", "", EVERYONE),
    "hazards:patrol-device": ("POST", "", INSPECTORS),
    "hazards:patrol-tasks": ("GET", "", INSPECTORS),
    # An officer whose post has ended must still be able to hand in: who owns the device decides, and an empty body is 422.
    "hazards:patrol-operations": ("POST", "", SIGNED_IN),
    "hazards:patrol-have": ("POST", "", SIGNED_IN),
    "hazards:patrol-photo": ("GET", "patrol_photo", frozenset({"grid"})),
    "hazards:quarantine": ("GET", "", INSPECTORS),
    "hazards:quarantine-visit": ("GET", "patrol_doubt", TERRITORY),
    "hazards:quarantine-photo": ("GET", "patrol_photo", TERRITORY),
    "hazards:device-revoke": ("POST", "patrol_device", frozenset({"grid", "town", "county", "deputy"})),
    "hazards:conflicts": ("GET", "patrol_visit", TERRITORY | FIRM),
    "hazards:conflict-decide": ("POST", "patrol_conflict", TERRITORY - {"province", "city"}),
    "hazards:offline-log": ("GET", "patrol_visit", TERRITORY | FIRM),
}


def arguments(cast: Cast) -> dict[str, list[Any]]:
    """A phone of the grid officer with one entry in doubt, one photo, and one answer that differs."""
    version = lay_checklist(code="walk-patrol")
    visit: Inspection = lay_visit(Enterprise.objects.get(pk=cast.forge.pk), version)
    post = Post.objects.get(user=cast.grid, role_id="grid_officer")
    key = json.dumps({"kty": "EC", "crv": "P-256", "x": "", "y": ""})
    device = Device.objects.create(user=cast.grid, post=post, public_key=key)
    now = timezone.now()
    entry = Operation.objects.create(
        device=device, client_id=uuid.uuid4(), task=visit.uid, sequence=1, hash="0" * 64, signature="", kind="photo", body={},
        inspection=visit, done_at=now, at=now, outcome="quarantined", code="territory", because="走查",
    )  # fmt: skip
    data = shot(1)
    kept = keep_picture(BytesIO(data), "a.jpg", ("test", "1"), None)
    upload = PhotoUpload.objects.create(
        client_id=uuid.uuid4(), device=device, inspection=visit, operation=entry, sha256=hashlib.sha256(data).hexdigest(),
        size=len(data), about={"shown": kept.shown.pk}, blob=kept.original, done_at=now,
    )  # fmt: skip
    said = {"value": {"result": "ok", "note": ""}, "by": "走查", "at": now.isoformat()}
    conflict = Conflict.objects.create(
        inspection=visit, field=f"answer:{version.pk}:k1", present=said, arriving=said, operation=entry
    )
    return {
        "patrol_photo": [upload.client_id], "patrol_doubt": [device.pk, visit.uid], "patrol_device": [device.pk],
        "patrol_visit": [visit.pk], "patrol_conflict": [visit.pk, conflict.pk],
    }  # fmt: skip
