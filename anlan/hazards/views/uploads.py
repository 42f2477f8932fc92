"""What forms bring besides words: photographs with the device's facts, money in yuan."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_datetime

from anlan.accounts.models import User
from anlan.hazards.actions import attach_photo
from anlan.hazards.models import Hazard
from anlan.lib.errors import Refused


def fen_of(yuan: Decimal | None) -> int | None:
    """Yuan with two decimals as hundredths; None stays None, for 0 is an answer."""
    return None if yuan is None else int(yuan * 100)


def keep_photos(hazard: Hazard, user: User, given: dict[str, Any], *, role: str) -> tuple[int, list[str]]:
    """Attach the uploads of a form; return how many were kept and, for the others, why not. One bad picture spoils no other."""
    taken, kept, problems = _times(given.get("taken", "")), 0, []
    for n, upload in enumerate(given.get("photos") or []):
        try:
            attach_photo(
                hazard, by=user, content=upload, name=upload.name or "photo", role=role, taken_at=taken.get(n),
                sent_at=_moment(given.get("sent_at", "")), latitude=given.get("latitude"), longitude=given.get("longitude"),
                accuracy=given.get("accuracy"),
            )  # fmt: skip
            kept += 1
        except Refused as refused:
            problems.append(str(refused.message))
    return kept, problems


def _times(text: str) -> dict[int, datetime]:
    """When each picture was taken by the device, milliseconds since 1970 in a JSON list; nonsense is no time."""
    try:
        rows = json.loads(text or "[]")
        return {
            n: datetime.fromtimestamp(ms / 1000, UTC)
            for n, ms in enumerate(rows)
            if isinstance(ms, (int, float)) and 0 < ms < 4_102_444_800_000
        }
    except (ValueError, TypeError, OverflowError):
        return {}


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
