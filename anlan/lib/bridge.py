"""A WSGI application inside an ASGI server: pages by threads, and no thread waits for a slow network.

The body of a request is read before a thread is taken (over 1 MiB it goes to a temporary file), and what a page answers
is sent after the thread is free again; a file or a stream is read piece by piece as fast as the client takes it.
PEP 3333, ASGI 3.0; ranges by RFC 9110 §14.
"""

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final
from urllib.parse import unquote_to_bytes

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]
Headers = list[tuple[bytes, bytes]]

SPOOL: Final = 1024 * 1024
STRANGER: Final = 6 * 1024 * 1024
"""What anybody may send; more is for whoever is known. Forms take 5 MB (DATA_UPLOAD_MAX_MEMORY_SIZE), verification 2 MB."""
PIECE: Final = 256 * 1024
_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")


class TooLarge(Exception):
    """The body is longer than the house takes."""


class Gone(Exception):
    """The client left before its request was whole."""


class FileWrapper:
    """`wsgi.file_wrapper`: an open file as pieces; a real file answers ranges."""

    def __init__(self, file: IO[bytes], block_size: int = PIECE) -> None:
        self.file = file
        self.left: int | None = None

    def __iter__(self) -> Iterator[bytes]:
        while self.left is None or self.left > 0:
            piece = self.file.read(PIECE if self.left is None else min(PIECE, self.left))
            if not piece:
                return
            if self.left is not None:
                self.left -= len(piece)
            yield piece

    def close(self) -> None:
        """Close the file (Django closes its response with it)."""
        self.file.close()

    def narrow(self, wanted: str, size: int) -> tuple[int, int] | None:
        """Move to the one range that `wanted` (a Range header) asks for; None leaves the whole file to be sent.

        Returns the first and the last byte. Raises `ValueError` when the range lies outside the file.
        """
        found = _RANGE.fullmatch(wanted.replace(" ", ""))
        if not found or found.groups() == ("", ""):
            return None
        first, last = found.groups()
        if first and last and int(last) < int(first):
            return None
        start = int(first) if first else max(0, size - int(last))
        end = min(int(last), size - 1) if first and last else size - 1
        if start > end:
            raise ValueError("no such range")
        self.file.seek(start)
        self.left = end - start + 1
        return start, end


@dataclass
class _Answer:
    status: int
    headers: Headers
    body: bytes
    rest: Iterator[bytes] | None
    close: Callable[[], None]

    def next(self) -> bytes | None:
        return next(self.rest, None) if self.rest is not None else None


class Pages:
    """The ASGI application around `wsgi`. `threads` pages are made at once; `max_body` is in bytes (413 above).

    A body over `STRANGER` bytes is read only when `known`, which is given the Cookie header and may ask the database,
    says so: else nobody would need an account to fill the disk. Only from the `proxies` (network addresses) is
    X-Forwarded-For believed.
    """

    def __init__(
        self,
        wsgi: Wsgi,
        *,
        threads: int,
        max_body: int,
        proxies: frozenset[str] = frozenset(),
        known: Callable[[str], bool] = lambda cookies: True,
    ) -> None:
        self.wsgi = wsgi
        self.max_body = max_body
        self.known = known
        self.proxies = proxies
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="page")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            body = await self._body(scope, receive)
        except TooLarge:
            await _send_whole(send, 413, [(b"content-type", b"text/plain"), (b"connection", b"close")], b"413")
            return
        except Gone:
            return
        loop, context = asyncio.get_running_loop(), copy_context()
        # Every part of one answer runs in one context (the language and the caller's address live there).
        environ = environ_of(scope, body)
        if environ["REMOTE_ADDR"] in self.proxies and (said := environ.get("HTTP_X_FORWARDED_FOR")):
            environ["REMOTE_ADDR"] = said.rsplit(",", 1)[-1].strip()  # the last is the proxy's own word
        answer = await loop.run_in_executor(self.pool, context.run, self._call, environ)
        if answer.rest is None:
            await _send_whole(send, answer.status, answer.headers, answer.body)
        else:
            await self._stream(answer, context, receive, send)

    async def _body(self, scope: Scope, receive: Receive) -> IO[bytes]:
        # The limit is known from the header before anything is read; a body without length is counted.
        most = min(self.max_body, STRANGER)
        if (length := int(dict(scope["headers"]).get(b"content-length", b"0"))) > most:
            most = await self._most(scope)
        if length > most:
            raise TooLarge
        body, size = SpooledTemporaryFile(max_size=SPOOL), 0  # noqa: SIM115  # closed when the page is made
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                body.close()
                raise Gone
            piece = message.get("body", b"")
            size += len(piece)
            if size > most:
                most = await self._most(scope)
            if size > most:
                body.close()
                raise TooLarge
            body.write(piece)
            if not message.get("more_body"):
                body.seek(0)
                return body

    async def _most(self, scope: Scope) -> int:
        """How many bytes this client may send."""
        cookies = b"; ".join(value for name, value in scope["headers"] if name == b"cookie").decode("latin-1")
        known = await asyncio.get_running_loop().run_in_executor(self.pool, self.known, cookies)
        return self.max_body if known else min(self.max_body, STRANGER)

    def _call(self, environ: dict[str, Any]) -> _Answer:
        """In a thread: run the application; an answer that is already whole is closed at once."""
        head: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
            head[:] = [int(status[:3]), [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers]]

        result = self.wsgi(environ, start)
        close = getattr(result, "close", lambda: None)
        try:
            if isinstance(result, FileWrapper) and head[0] == 200 and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
                head[:] = _ranged(result, head[1], environ)
            rest = iter(result)
            first = next(rest, b"")
            length = dict(head[1]).get(b"content-length")
            if length is not None and len(first) == int(length):
                close()
                return _Answer(head[0], head[1], first, None, close)
            return _Answer(head[0], head[1], first, rest, close)
        except BaseException:
            close()
            raise
        finally:
            environ["wsgi.input"].close()

    async def _stream(self, answer: _Answer, context: Context, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        gone = asyncio.ensure_future(receive())  # resolves when the client has left
        try:
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
            piece: bytes | None = answer.body
            while piece is not None and not gone.done():
                if piece:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                piece = await loop.run_in_executor(self.pool, context.run, answer.next)
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            await loop.run_in_executor(self.pool, context.run, answer.close)


def _ranged(result: FileWrapper, headers: Headers, environ: dict[str, Any]) -> tuple[int, Headers]:
    """Status and headers of a whole file, or of the one range asked for (without If-Range: our files never change)."""
    size = int(dict(headers).get(b"content-length", b"-1"))
    if size < 0 or not result.file.seekable():
        return 200, headers
    kept = [(name, value) for name, value in headers if name not in (b"content-length", b"accept-ranges")]
    try:
        found = None if "HTTP_IF_RANGE" in environ else result.narrow(environ.get("HTTP_RANGE", ""), size)
    except ValueError:
        result.left = 0
        return 416, [*kept, (b"content-range", b"bytes */%d" % size), (b"content-length", b"0")]
    if found is None:
        return 200, [*headers, (b"accept-ranges", b"bytes")]
    start, end = found
    return 206, [
        *kept,
        (b"accept-ranges", b"bytes"),
        (b"content-range", b"bytes %d-%d/%d" % (start, end, size)),
        (b"content-length", b"%d" % (end - start + 1)),
    ]


def environ_of(scope: Scope, body: IO[bytes]) -> dict[str, Any]:
    """The WSGI environment of an ASGI request (PEP 3333; paths are the decoded bytes as Latin-1)."""
    raw = scope.get("raw_path")
    path = unquote_to_bytes(raw) if raw else scope["path"].encode()
    client, server = scope.get("client") or ("", 0), scope.get("server") or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": path.decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
    }
    for name, value in scope["headers"]:
        if b"_" in name:  # `x_forwarded_proto` would become the same variable as `x-forwarded-proto`
            continue
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        text = value.decode("latin-1")
        if key in environ:
            text = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}"
        environ[key] = text
    return environ


async def _send_whole(send: Send, status: int, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
