"""What every live receiver does: read a small JSON body under a bearer token, hand over rows, answer after the commit.

A receiver is plain ASGI, asks no session and no database before it writes, and never repeats what it was sent.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import orjson

from anlan.lib import crypto
from anlan.lib.bridge import Headers, Receive, Scope, Send
from anlan.lib.groupcommit import Busy

MOST_BYTES: Final = 64 * 1024
INT64: Final = 2**63 - 1
_TYPE: Final = (b"content-type", b"application/json")

Take = Callable[[dict[str, Any]], Awaitable[int]]
"""Check the body, store its rows, return the sequence number to acknowledge. Raises `Rejected` or `Busy`."""


class Rejected(Exception):
    """The message is not accepted: an HTTP status, and a code for the page's script, which has the words."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


def claims(body: Mapping[str, Any], purpose: str) -> dict[str, Any]:
    """Return what the signed token of the body says. Raises `Rejected` (401) when forged, foreign or expired."""
    token = body.get("token")
    if not isinstance(token, str):
        raise Rejected(400, "token")
    try:
        return crypto.read(token, purpose=purpose, now=time.time())
    except crypto.BadToken as error:
        raise Rejected(401, "expired" if error.expired else "token") from None


def whole(value: object, low: int, high: int, code: str) -> int:
    """Return `value` if it is a whole number from `low` to `high` (a boolean is none). Raises `Rejected` (400)."""
    if type(value) is not int or not low <= value <= high:
        raise Rejected(400, code)
    return value


class Receivers:
    """The ASGI application of all receivers, by path."""

    def __init__(self, takers: Mapping[str, Take]) -> None:
        self.takers = takers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer `{"ok": true, "seq": …, "now": server ms}`, or `{"ok": false, "code": …}` with 4xx or 503."""
        headers: Headers = []
        answer: dict[str, object]
        try:
            take = self.takers.get(scope["path"])
            if take is None:
                raise Rejected(404, "path")
            if scope["method"] != "POST":
                headers.append((b"allow", b"POST"))
                raise Rejected(405, "method")
            seq = await take(await _read(scope, receive))
            status, answer = 200, {"ok": True, "seq": seq, "now": time.time_ns() // 1_000_000}
        except Rejected as error:
            status, answer = error.status, {"ok": False, "code": error.code}
        except Busy:
            headers.append((b"retry-after", b"2"))
            status, answer = 503, {"ok": False, "code": "busy"}
        body = orjson.dumps(answer)
        headers += [_TYPE, (b"cache-control", b"no-store"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def _read(scope: Scope, receive: Receive) -> dict[str, Any]:
    """Return the JSON object of the body. Raises `Rejected`: 415 another type, 413 over 64 KiB, 400 not an object."""
    sent = dict(scope["headers"])
    if sent.get(b"content-type", b"").split(b";")[0].strip().lower() != b"application/json":
        raise Rejected(415, "type")
    if len(sent.get(b"content-length", b"")) > 6 or int(sent.get(b"content-length", b"0")) > MOST_BYTES:
        raise Rejected(413, "size")
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MOST_BYTES:
            raise Rejected(413, "size")
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Rejected(400, "json") from None
    if not isinstance(found, dict):
        raise Rejected(400, "json")
    return found
