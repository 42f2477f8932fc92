"""Photographs of an inspection: of a checklist item, of the scene."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import IO, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.files.pictures import keep_picture
from anlan.hazards.models import Inspection, Photo
from anlan.lib.errors import Refused

MOST: Final = 60
"""Photos of one inspection."""


def add_photo(
    inspection: Inspection,
    *,
    by: User,
    content: IO[bytes],
    name: str,
    item: str = "",
    caption: str = "",
    taken_at: datetime | None = None,
    sent_at: datetime | None = None,
    latitude: float | None = None,
    longitude: float | None = None,
    accuracy: float | None = None,
    client_id: uuid.UUID | None = None,
) -> Photo:
    """Keep a photograph of an inspection that is being made; the original stays as it came.

    `sent_at` is the device's clock when it uploads: from it follows how far that clock is off. A retry with the same
    `client_id` returns the first. Raises `Refused`: not theirs (403), over (409), no picture, over 50 MB (422).
    """
    if client_id is not None and (known := Photo.objects.filter(client_id=client_id).first()):
        if known.inspection_id != inspection.pk or known.by_id != by.pk:
            raise Refused(_("这张照片属于另一条记录，没有保存。请重新拍。"), code="photo_bound")
        return known
    if not inspection.can_inspect(by):
        raise Refused(_("这家企业现在不归您这个身份检查，照片没有保存。"), code="not_yours", status=403)
    if not inspection.is_open:
        raise Refused(_("这次检查已经结束，不能再添照片。"), code="done")
    if inspection.photos.count() >= MOST:
        raise Refused(_("一次检查最多 %(n)d 张照片。") % {"n": MOST}, code="too_many", status=422)
    original, shown, facts = keep_picture(content, name, ("inspection", str(inspection.pk)), by.pk)
    ahead = round((sent_at - timezone.now()).total_seconds()) if sent_at else None
    with transaction.atomic():
        return Photo.objects.create(
            client_id=client_id or uuid.uuid4(), inspection=inspection, item=item[:40], role=Photo.Role.SCENE, original=original,
            shown=shown, sha256=original.sha256, caption=caption.strip()[:120], taken_at=taken_at or facts["taken_at"],
            clock_error=ahead, latitude=latitude if latitude is not None else facts["latitude"],
            longitude=longitude if longitude is not None else facts["longitude"], accuracy=accuracy, by=by,
        )  # fmt: skip
