"""Photographs as evidence: kept untouched, hashed, bound to one hazard and one step, and never moved to another."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import IO, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.files.pictures import keep_picture
from anlan.hazards.models import Hazard, HazardStep, Inspection, Photo
from anlan.lib.errors import Refused

MOST: Final = 20
"""Photos of one hazard and role; more hide what they should show."""
CLOCK: Final = timedelta(minutes=10)


def attach_photo(
    hazard: Hazard,
    *,
    by: User,
    content: IO[bytes],
    name: str,
    role: str,
    caption: str = "",
    taken_at: datetime | None = None,
    sent_at: datetime | None = None,
    latitude: float | None = None,
    longitude: float | None = None,
    accuracy: float | None = None,
    client_id: uuid.UUID | None = None,
) -> Photo:
    """Keep a photograph of a hazard that `by` may add to: before by whoever finds, after by whoever cures.

    `taken_at` is by the device and wins over the camera's own data; `sent_at` is the device's clock when it uploads, from
    which `clock_error` (seconds ahead) follows. A retry with the same `client_id` returns the first. Raises `Refused`:
    not a picture, over 50 MB (422), no right (403), too many (422).
    """
    if client_id is not None and (known := Photo.objects.filter(client_id=client_id).first()):
        if known.hazard_id != hazard.pk or known.by_id != by.pk:
            raise Refused(_("这张照片属于另一条记录，没有保存。请重新拍。"), code="photo_bound")
        return known
    if role not in Photo.Role.values:
        raise Refused(_("没有这个选项，请重新选。"), code="choice", status=422, field="role")
    if not can_attach(hazard, by, role):
        raise Refused(_("给这条隐患添照片不在您现在这个身份的职责里。"), code="not_yours", status=403)
    if hazard.photos.filter(role=role).count() >= MOST:
        raise Refused(_("一条隐患最多 %(n)d 张这类照片。") % {"n": MOST}, code="too_many", status=422, field="photos")
    original, shown, facts = keep_picture(content, name, ("hazard", str(hazard.pk)), by.pk)
    ahead = round((sent_at - timezone.now()).total_seconds()) if sent_at else None
    with transaction.atomic():
        photo = Photo.objects.create(
            client_id=client_id or uuid.uuid4(), hazard=hazard, role=role, original=original, shown=shown, sha256=original.sha256,
            caption=caption.strip()[:120], taken_at=taken_at or facts["taken_at"], clock_error=ahead,
            latitude=latitude if latitude is not None else facts["latitude"],
            longitude=longitude if longitude is not None else facts["longitude"],
            accuracy=accuracy, by=by,
        )  # fmt: skip
    return photo


def can_attach(hazard: Hazard, user: User, role: str) -> bool:
    """Whether the user may add a photo of this role now."""
    if role == Photo.Role.AFTER:
        return hazard.can("cure", user) or hazard.can("self_close", user)
    return hazard.is_open and (hazard.can("note", user) or hazard.found_by_id == user.pk)


def bind(photos: Iterable[Photo], hazard: Hazard, step: HazardStep, *, role: str, by: User) -> None:
    """Bind photos that are kept already to a hazard and the step they prove.

    Only those of the same person or the same inspection, and not bound to another hazard: nobody borrows evidence.
    """
    for photo in photos:
        same: Inspection | None = hazard.inspection
        ours = (
            photo.by_id == by.pk
            or (same is not None and photo.inspection_id == same.pk)
            or photo.hazard_id == hazard.pk
        )
        if not ours or photo.hazard_id not in (None, hazard.pk):
            raise Refused(_("有一张照片属于另一条记录，没有提交。请重新拍。"), code="photo_bound")
        Photo.objects.filter(pk=photo.pk).update(hazard=hazard, step=photo.step or step, role=role)
        photo.hazard, photo.role = hazard, role


def seen_before(photos: Iterable[Photo]) -> dict[int, Photo]:
    """{photo id: an earlier photo of another hazard with the same bytes}. One query."""
    ours = {photo.sha256: photo for photo in photos}
    found: dict[int, Photo] = {}
    others = Photo.objects.filter(sha256__in=list(ours)).select_related("hazard").order_by("pk")
    for other in others:
        mine = ours[other.sha256]
        if other.pk < mine.pk and other.hazard_id != mine.hazard_id:
            found.setdefault(mine.pk, other)
    return found
