"""The receiver of progress beats: `POST /live/beats` with `{"token", "seq", "spans": [a0, b0, a1, b1, …]}`.

Spans are media milliseconds that were really played. The token is signed when a lesson is opened (purpose "beat":
`s` learning session, `u` person, `d` milliseconds of the lesson). Stored is what was said; `training.tasks` decides by
the server's clock what it is worth.
"""

from datetime import UTC, datetime
from typing import Any, Final

import orjson

from anlan.lib.groupcommit import GroupCommit, insert_new
from anlan.lib.receivers import INT64, Rejected, claims, whole
from anlan.training.models import Beat

MOST_SPANS: Final = 200

flusher = GroupCommit(insert_new(Beat, ["session_id", "seq", "received_at", "spans"]), name="beats")


async def take_beat(body: dict[str, Any]) -> int:
    """Store one envelope; return its sequence number after the commit."""
    holder = claims(body, "beat")
    seq = whole(body.get("seq"), 1, INT64, "seq")
    spans = _spans(body.get("spans"), holder["d"])
    await flusher.submit([(holder["s"], seq, datetime.now(UTC), orjson.dumps(spans).decode())])
    return seq


def _spans(spans: object, duration: int) -> list[int]:
    """Return the flat list if it is pairs of whole milliseconds, each forward and inside the lesson."""
    if not isinstance(spans, list) or len(spans) > 2 * MOST_SPANS or len(spans) % 2:
        raise Rejected(400, "spans")
    for moment in spans:
        whole(moment, 0, duration, "spans")
    if any(start >= end for start, end in zip(spans[::2], spans[1::2], strict=True)):
        raise Rejected(400, "spans")
    return spans
