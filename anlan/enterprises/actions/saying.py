"""Every value of a file has somebody who said it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from anlan.accounts.models import User
from anlan.enterprises.file_fields import stored
from anlan.enterprises.models import Enterprise, FileValue


def source_of(firm: Enterprise, by: User) -> str:
    """From which side somebody speaks about the firm."""
    post = by.post
    if post is not None and post.is_territorial:
        # Towns and grids stand in the yard; whoever is above them judges from records.
        return FileValue.Source.OFFICER if len(post.region_code) > 6 else FileValue.Source.REGULATOR
    return FileValue.Source.ENTERPRISE if firm.is_managed_by(by) else FileValue.Source.AGENCY


def say(
    firm: Enterprise, values: Mapping[str, Any], *, by: User, source: str = "", at: datetime | None = None
) -> list[FileValue]:
    """Write down who said these values (field → value), in the caller's transaction.

    What an officer of the place says needs nobody else's confirmation; what the machine read and a person confirmed has
    the source `ocr`, and is confirmed when that person may confirm.
    """
    now = at or timezone.now()
    sure = {"verified_by": by, "verified_at": now} if firm.can_verify(by) else {}
    return FileValue.objects.bulk_create(
        FileValue(
            enterprise=firm, field=field, value=stored(field, value), source=source or source_of(firm, by), said_by=by,
            said_as=str(by.post or "")[:120], said_at=now, **sure,
        )
        for field, value in values.items()
    )  # fmt: skip
