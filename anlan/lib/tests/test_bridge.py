"""The bridge: what goes in reaches the WSGI application unchanged, what comes out is never held whole in memory."""

import asyncio
import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from anlan.lib.bridge import Pages

Environ = dict[str, Any]


def ask(
    app: Any,
    *,
    method: str = "GET",
    path: bytes = b"/",
    headers: list[tuple[bytes, bytes]] | None = None,
    body: list[bytes] | None = None,
    max_body: int = 10_000_000,
    leaves_after: int | None = None,
    proxies: frozenset[str] = frozenset(),
    known: Any = lambda cookies: True,
) -> tuple[int, dict[bytes, bytes], list[bytes]]:
    """Send one request through the bridge; return status, headers and the pieces of the body as they were sent."""
    pages = Pages(app, threads=2, max_body=max_body, proxies=proxies, known=known)
    sent: list[dict[str, Any]] = []
    gone: asyncio.Event

    async def scene() -> None:
        nonlocal gone
        gone = asyncio.Event()
        pieces = list(body or [b""])

        async def receive() -> dict[str, Any]:
            if pieces:
                return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)
            if leaves_after is not None and len(sent) > leaves_after:
                gone.set()
                await asyncio.sleep(0)

        scope = {
            "type": "http", "method": method, "path": path.decode(), "raw_path": path, "query_string": b"q=1",
            "headers": headers or [], "http_version": "1.1", "scheme": "http",
            "client": ("10.0.0.9", 5), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        await pages(scope, receive, send)

    asyncio.run(scene())
    pages.pool.shutdown()
    return sent[0]["status"], dict(sent[0]["headers"]), [message["body"] for message in sent[1:] if message["body"]]


def echo(environ: Environ, start: Any) -> list[bytes]:
    data = environ["wsgi.input"].read()
    words = [environ[name] for name in ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "REMOTE_ADDR")]
    words += [environ.get("HTTP_COOKIE", ""), str("HTTP_X_FORWARDED_PROTO" in environ), str(len(data))]
    answer = "|".join(words).encode("latin-1")
    start("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]


def test_a_request_reaches_the_application_as_it_was_sent() -> None:
    status, headers, pieces = ask(
        echo,
        method="POST",
        path=b"/%E6%B3%95%2F8",
        headers=[(b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"x_forwarded_proto", b"https")],
        body=[b"x" * 100_000] * 15,
    )
    assert status == 200
    assert headers[b"content-length"] == str(len(pieces[0])).encode()
    method, path, query, client, cookie, spoofed, length = pieces[0].split(b"|")
    assert (method, query, client, cookie, length) == (b"POST", b"q=1", b"10.0.0.9", b"a=1; b=2", b"1500000")
    assert path.decode() == "/法/8"
    assert spoofed == b"False"


@pytest.mark.parametrize(("proxies", "client"), [(frozenset(), b"10.0.0.9"), (frozenset({"10.0.0.9"}), b"192.0.2.7")])
def test_only_a_known_proxy_is_believed_about_the_client(proxies: frozenset[str], client: bytes) -> None:
    headers = [(b"x-forwarded-for", b"1.1.1.1, 192.0.2.7")]
    assert ask(echo, headers=headers, proxies=proxies)[2][0].split(b"|")[3] == client


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_over_the_limit_is_refused_before_the_application_sees_it(declared: bool) -> None:
    def app(environ: Environ, start: Any) -> list[bytes]:
        raise AssertionError("must not be called")

    headers = [(b"content-length", b"5000")] if declared else []
    assert ask(app, method="POST", headers=headers, body=[b"x" * 1000] * 5, max_body=4000)[0] == 413


def test_an_application_that_fails_is_not_silent() -> None:
    def app(environ: Environ, start: Any) -> list[bytes]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask(app)


class Stream:
    """An endless answer that counts what was taken and knows whether it was closed."""

    def __init__(self) -> None:
        self.taken = 0
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.taken += 1
            yield b"piece"

    def close(self) -> None:
        self.closed.set()


def test_a_stream_is_made_as_fast_as_it_is_taken_and_ends_when_the_client_leaves() -> None:
    stream = Stream()

    def app(environ: Environ, start: Any) -> Stream:
        start("200 OK", [])
        return stream

    ask(app, leaves_after=10)
    assert 10 <= stream.taken <= 12
    assert stream.closed.is_set()


CONTENT = bytes(range(256)) * 4000


@pytest.fixture
def file_app(tmp_path: Path) -> Any:
    (tmp_path / "film").write_bytes(CONTENT)
    opened: list[io.BufferedReader] = []

    def app(environ: Environ, start: Any) -> Any:
        file = (tmp_path / "film").open("rb")
        opened.append(file)
        start("200 OK", [("Content-Length", str(len(CONTENT))), ("Content-Type", "video/mp4")])
        return environ["wsgi.file_wrapper"](file)

    yield app
    assert opened
    assert all(file.closed for file in opened)


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=1000000-", 1_000_000, 1_023_999),
        ("bytes=-5", 1_023_995, 1_023_999),
        ("bytes=5-99999999", 5, 1_023_999),
        ("bytes=-99999999", 0, 1_023_999),
    ],
)
def test_a_range_of_a_file_is_answered(file_app: Any, wanted: str, first: int, last: int) -> None:
    status, headers, pieces = ask(file_app, headers=[(b"range", wanted.encode())])
    assert status == 206
    assert headers[b"content-range"] == f"bytes {first}-{last}/{len(CONTENT)}".encode()
    assert int(headers[b"content-length"]) == last - first + 1
    assert b"".join(pieces) == CONTENT[first : last + 1]


@pytest.mark.parametrize("wanted", ["", "bytes=0-1,5-9", "bytes=x", "bytes=-", "bytes=9-3", "lines=1-2"])
def test_without_a_range_that_we_serve_the_whole_file_comes_in_pieces(file_app: Any, wanted: str) -> None:
    status, headers, pieces = ask(file_app, headers=[(b"range", wanted.encode())])
    assert (status, headers[b"accept-ranges"]) == (200, b"bytes")
    assert b"".join(pieces) == CONTENT
    assert max(len(piece) for piece in pieces) <= 256 * 1024


@pytest.mark.parametrize("wanted", [b"bytes=1024000-", b"bytes=-0"])
def test_a_range_outside_the_file_is_refused(file_app: Any, wanted: bytes) -> None:
    status, headers, pieces = ask(file_app, headers=[(b"range", wanted)])
    assert (status, headers[b"content-range"], pieces) == (416, b"bytes */1024000", [])


def test_a_long_body_is_read_only_from_who_is_known() -> None:
    def app(environ: Environ, start: Any) -> list[bytes]:
        start("200 OK", [])
        return [b"%d" % len(environ["wsgi.input"].read())]

    piece, asked = b"x" * 1024 * 1024, []

    def known(cookies: str) -> bool:
        asked.append(cookies)
        return cookies == "sessionid=good"

    def send(cookie: bytes, pieces: int, *, length: bool) -> int:
        headers = [(b"cookie", cookie)] + [(b"content-length", b"%d" % (pieces * len(piece)))] * length
        return ask(app, method="POST", headers=headers, body=[piece] * pieces, known=known)[0]

    assert [send(b"sessionid=bad", 7, length=length) for length in (True, False)] == [413, 413]
    assert [send(b"sessionid=good", 7, length=length) for length in (True, False)] == [200, 200]
    assert [send(b"sessionid=good", 11, length=length) for length in (True, False)] == [413, 413]
    asked.clear()
    assert send(b"sessionid=bad", 2, length=True) == 200 and asked == []
