"""Photos on the way: announced by a signed entry, received in pieces, evidence only when whole and their hash right.

The pieces lie in the storage under their offset, so that any web process may take the next one. A photo belongs to the
inspection of the entry that announced it and to nothing else: no one can tie it to another's hazard.
"""

from __future__ import annotations

import hashlib
import tempfile
import uuid
from datetime import UTC, datetime
from typing import IO, Any, Final

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.files.actions import open_blob, store
from anlan.files.models import Blob
from anlan.files.pictures import MAX_MB, keep_picture
from anlan.hazards.models import Hazard, Operation, Photo, PhotoUpload
from anlan.hazards.sync.protocol import Entry
from anlan.lib.errors import Refused

MAX_BYTES: Final = MAX_MB * 1024 * 1024
MAX_PIECE: Final = 1024 * 1024
ROLES: Final = frozenset(Photo.Role.values)
OWNER: Final = "hazards.photoupload"


def announce(operation: Operation, entry: Entry) -> None:
    """Note that a photo will come, whatever becomes of the entry itself: its bytes are wanted in any case.

    Raises `Refused`: no size, hash or role that can be (422), or the id belongs to another photo (409).
    """
    body = entry.body
    try:
        client_id = uuid.UUID(str(body["id"]))
        size, digest = int(body["size"]), str(body["sha256"])
        right = 0 < size <= MAX_BYTES and len(bytes.fromhex(digest)) == 32 and body["role"] in ROLES
        # What is read again when the last piece is here, far from any hand that could set the entry aside:
        keys = [body.get(name) or 0 for name in ("hazard", "list")]
        right &= all(isinstance(key, int) and 0 <= key < 2**31 for key in keys)
        right &= isinstance(body.get("position") or {}, dict)
    except (KeyError, TypeError, ValueError):
        right = False
    if not right:
        raise Refused(_("这张照片的说明不完整，或超过 %(mb)d MB。") % {"mb": MAX_MB}, code="photo_words", status=422)
    upload, _made = PhotoUpload.objects.get_or_create(
        client_id=client_id,
        defaults={
            "device": operation.device, "inspection": operation.inspection, "operation": operation,
            "sha256": digest, "size": size, "about": body, "path": f"patrol-parts/{client_id.hex}",
        },
    )  # fmt: skip
    if upload.device_id != operation.device_id or upload.sha256 != digest:
        raise Refused(_("这个照片编号已经给了另一张照片。"), code="photo_id", status=409)


@transaction.atomic
def receive_piece(upload: PhotoUpload, offset: int, piece: bytes, *, by: User) -> PhotoUpload:
    """Take the next piece; with the last one check the hash and keep the photo. A piece that is already here is no error.

    Raises `Refused`: not the next piece (409, the caller answers how far it is), larger than announced (422), or the whole
    has another hash (422): then all pieces are forgotten and it must be sent from the start.
    """
    upload = PhotoUpload.objects.select_for_update().get(pk=upload.pk)
    if upload.device.user_id != by.pk:
        raise Refused(_("没有找到这张照片。"), code="not_found", status=404)
    if upload.done_at is not None or offset + len(piece) <= upload.received:
        return upload
    if offset != upload.received or not piece:
        raise Refused(_("请从已收到的地方接着传。"), code="photo_offset", status=409)
    if offset + len(piece) > upload.size or len(piece) > MAX_PIECE:
        raise Refused(_("传来的内容比说好的大，没有保存。"), code="photo_size", status=422)
    name = _piece(upload, offset)
    default_storage.delete(name)  # of an attempt whose transaction was rolled back
    default_storage.save(name, ContentFile(piece))
    upload.received += len(piece)
    upload.about = {**upload.about, "pieces": [*upload.about.get("pieces", []), offset]}
    upload.save(update_fields=["received", "about"])
    if upload.received == upload.size:
        _complete(upload, by)
    return upload


def restart_if_broken(upload: PhotoUpload) -> bool:
    """Forget the pieces of a photo whose whole has another hash; whether that was so. In a transaction of its own, since the
    refusal that tells the device rolls the other back."""
    with transaction.atomic():
        upload = PhotoUpload.objects.select_for_update().get(pk=upload.pk)
        if upload.done_at is not None or not upload.received:
            return False
        _forget_pieces(upload)
        upload.received = 0
        upload.about = {key: value for key, value in upload.about.items() if key != "pieces"}
        upload.save(update_fields=["received", "about"])
    return True


def _complete(upload: PhotoUpload, by: User) -> None:
    with tempfile.SpooledTemporaryFile(max_size=4 * 1024 * 1024) as whole:
        digest = hashlib.sha256()
        for offset in upload.about["pieces"]:
            with default_storage.open(_piece(upload, offset), "rb") as part:
                data = part.read()
            digest.update(data)
            whole.write(data)
        if digest.hexdigest() != upload.sha256:
            raise Refused(_("照片在路上坏了，没有保存。原片还在手机里，会重新上传。"), code="photo_hash", status=422)
        whole.seek(0)
        upload.blob = _keep(upload, whole, by)
    upload.done_at = timezone.now()
    upload.save(update_fields=["blob", "done_at", "about"])
    transaction.on_commit(lambda: _forget_pieces(upload))
    bind_if_ready(upload)


def _keep(upload: PhotoUpload, whole: IO[bytes], by: User) -> Blob:
    """Keep the original and the copy for pages; what is no picture is kept as it is, and its entry is doubted."""
    owner, name = (OWNER, str(upload.client_id)), str(upload.about.get("name") or "photo.jpg")[-80:]
    try:
        with transaction.atomic():
            picture = keep_picture(whole, name, owner, by.pk)
    except Refused as refused:
        whole.seek(0)
        operation = upload.operation
        operation.outcome, operation.code = Operation.Outcome.QUARANTINED, "picture"
        operation.because = str(refused.message)[:300]
        operation.save(update_fields=["outcome", "code", "because"])
        return store(whole, name=name, owner=owner, by_id=by.pk)
    upload.about = {**upload.about, "shown": picture.shown.pk}
    return picture.original


def bind_if_ready(upload: PhotoUpload) -> Photo | None:
    """Make the photo evidence of its inspection once it is whole and its entry took effect; None while it is not."""
    if upload.bound_at or upload.dropped_at or upload.blob is None or upload.inspection is None:
        return None
    operation, about = upload.operation, upload.about
    if operation.outcome != Operation.Outcome.APPLIED or "shown" not in about:
        return None
    inspection = upload.inspection
    hazards = Hazard.objects.filter(enterprise_id=inspection.enterprise_id)
    if about.get("hazard"):  # a re-inspection: of a hazard of this very firm only
        hazard = hazards.filter(pk=about["hazard"]).first()
    else:
        item = str(about.get("item", ""))
        hazard = (
            hazards.filter(inspection=inspection, item=item, checklist_id=about.get("list")).first() if item else None
        )
    place = about.get("position") or {}
    photo, made = Photo.objects.get_or_create(
        client_id=upload.client_id,
        defaults={
            "inspection": inspection, "hazard": hazard, "item": str(about.get("item", ""))[:40], "role": about["role"],
            "original": upload.blob, "shown_id": about["shown"], "sha256": upload.sha256,
            "caption": str(about.get("caption", ""))[:120], "taken_at": moment(about.get("taken_at")) or operation.done_at,
            "clock_error": operation.clock_error, "latitude": degrees(place.get("lat")), "longitude": degrees(place.get("lng")),
            "accuracy": metres(place.get("acc")), "by": operation.device.user,
        },
    )  # fmt: skip
    upload.bound_at = timezone.now()
    upload.save(update_fields=["bound_at"])
    return photo if made else None


def drop(client_id: uuid.UUID, operation: Operation) -> str:
    """The officer took a photo back. Before it is evidence it is let go; afterwards it stays. Returns what was done, in words."""
    upload = PhotoUpload.objects.filter(client_id=client_id, device=operation.device).first()
    if upload is None or upload.bound_at:
        return _("照片已经存档，保留原样。") if upload else ""
    upload.dropped_at = timezone.now()
    upload.save(update_fields=["dropped_at"])
    return ""


def open_original(upload: PhotoUpload) -> IO[bytes] | None:
    """The bytes of a photo that is whole, for whoever decides about it."""
    return open_blob(upload.blob) if upload.blob else None


def _piece(upload: PhotoUpload, offset: int) -> str:
    return f"{upload.path}/{offset}"


def _forget_pieces(upload: PhotoUpload) -> None:
    for offset in upload.about.get("pieces", []):
        default_storage.delete(_piece(upload, offset))


def degrees(value: Any) -> float | None:
    """Degrees from millionths of a degree, as entries carry them; None for anything impossible."""
    return value / 1e6 if isinstance(value, int) and abs(value) <= 180_000_000 else None


def metres(value: Any) -> float | None:
    """Metres of accuracy; None for anything impossible."""
    return float(value) if isinstance(value, int) and 0 <= value < 1_000_000 else None


def moment(value: Any) -> datetime | None:
    """A moment from milliseconds since 1970, as entries carry them."""
    return (
        datetime.fromtimestamp(value / 1000, UTC) if isinstance(value, int) and 0 <= value < 4_102_444_800_000 else None
    )
