"""A web server that behaves as badly as real ones do, on this machine, for tests of collecting and of links."""

from __future__ import annotations

import gzip
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LONG = "车间里的粉尘清扫不及时，遇到火花就会爆炸，所以每班都要清扫，并且要用防爆的吸尘器，不能用压缩空气吹。"
OTHER = "进入有限空间作业之前必须先通风再检测，检测合格以后才能进入，外面要有人一直看着，出事不能盲目下去救人。"


def article(title: str, text: str = LONG, day: str = "2026-11-02") -> bytes:
    """A page with the usual furniture."""
    body = "".join(f"<p>{text}这是第 {n} 段。</p>" for n in range(1, 6))
    return (
        f"<!doctype html><html><head><meta charset='utf-8'><title>{title}</title><meta name='date' content='{day}'></head>"
        f"<body><nav><a href='/'>首页</a><a href='/login'>登录系统入口</a></nav><article><h1>{title}</h1>{body}</article>"
        f"<footer>版权所有</footer></body></html>"
    ).encode()


class Site:
    """Answers by path: (status, headers, body), or a function of the request's headers."""

    def __init__(self) -> None:
        self.pages: dict[str, Any] = {}
        self.asked: Counter[str] = Counter()
        self.headers: dict[str, dict[str, str]] = {}
        self.url = ""

    def page(self, path: str, body: bytes = b"", status: int = 200, **headers: str) -> None:
        """Serve `body` at a path."""
        self.pages[path] = (
            status,
            {"Content-Type": "text/html; charset=utf-8", **{k.replace("_", "-"): v for k, v in headers.items()}},
            body,
        )

    def feed(self, *titles: str) -> None:
        """A feed at /feed.xml and its articles, each with words of its own."""
        items = ""
        for n, title in enumerate(titles):
            self.page(f"/a/{n}.html", article(title, f"{title}。{OTHER if n % 2 else LONG}{title * 9}"))
            items += f"<item><title>{title}</title><link>/a/{n}.html?utm_source=x#top</link><pubDate>Mon, 02 Nov 2026 08:00:00 +0800</pubDate></item>"
        self.page(
            "/feed.xml",
            f"<?xml version='1.0' encoding='utf-8'?><rss><channel>{items}</channel></rss>".encode(),
            Content_Type="application/rss+xml",
        )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def _answer(self) -> None:
        path = self.path
        self.site.asked[f"{self.command} {path}"] += 1
        self.site.headers[path] = dict(self.headers)
        found = self.site.pages.get(path.split("?")[0])
        if callable(found):
            found = found(dict(self.headers))
        status, headers, body = found or (404, {}, b"nothing")
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            with suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(body)

    do_GET = do_HEAD = _answer

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Site]:
    """A site of one's own on a free port of this machine."""
    site = Site()
    handler = type("Handler", (_Handler,), {"site": site})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def bomb(megabytes: int) -> bytes:
    """So many megabytes of zeros, packed small."""
    return gzip.compress(b"0" * megabytes * 1_000_000)
