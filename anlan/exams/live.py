"""The receiver of exam answers: `POST /live/answers` with `{"token", "items": [{"client_id", "seq", "number", "value"}, …]}`.

The token is signed when a sitting starts (purpose "answer": `s` sitting, `u` person, `n` questions on the paper) and
expires with the sitting's grace. All items of a request are stored, or none; the last of a question by `seq` counts.
"""

import re
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from anlan.exams.models import Answer
from anlan.lib.groupcommit import GroupCommit, insert_new
from anlan.lib.receivers import INT64, Rejected, claims, whole

MOST_ITEMS: Final = 200
MOST_VALUE: Final = 4096
CLIENT_ID = re.compile(r"[0-9A-Za-z_-]{1,36}")

flusher = GroupCommit(
    insert_new(Answer, ["sitting_id", "client_id", "seq", "number", "value", "received_at"]), name="answers"
)


async def take_answers(body: dict[str, Any]) -> int:
    """Store the answers; return the highest of their sequence numbers after the commit."""
    holder = claims(body, "answer")
    items, now = body.get("items"), datetime.now(UTC)
    if not isinstance(items, list) or not 1 <= len(items) <= MOST_ITEMS:
        raise Rejected(400, "items")
    rows = [(holder["s"], *_item(item, holder["n"]), now) for item in items]
    await flusher.submit(rows)
    return max(row[2] for row in rows)


def _item(item: object, questions: int) -> tuple[str, int, int, str]:
    """Return (client id, sequence number, question number, value as JSON)."""
    if not isinstance(item, dict) or "value" not in item:
        raise Rejected(400, "items")
    client_id = item.get("client_id")
    if not isinstance(client_id, str) or not CLIENT_ID.fullmatch(client_id):
        raise Rejected(400, "client_id")
    try:
        value = orjson.dumps(item["value"])
    except orjson.JSONEncodeError:  # nested beyond what any answer is
        raise Rejected(400, "value") from None
    if len(value) > MOST_VALUE:
        raise Rejected(400, "value")
    seq = whole(item.get("seq"), 1, INT64, "seq")
    return client_id, seq, whole(item.get("number"), 1, questions, "number"), value.decode()
