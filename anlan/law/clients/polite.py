"""Requests as a good guest makes them: one at a time, at least a second apart, conditional, identified, and gone after repeated errors."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

import requests
from django.conf import settings
from django.utils import timezone

PAUSE: Final = 1.0
TIMEOUTS: Final = (10, 60)
"""Seconds to connect, and between two pieces of an answer."""
DEADLINE: Final = 180
"""Seconds for a whole answer: a server that trickles is given up."""
MAX_BYTES: Final = 30 * 1024 * 1024
MAX_WAIT: Final = 120
"""The longest Retry-After that is waited for; a longer one ends the run, the next one will come."""
MAX_ERRORS: Final = 4


class Missed(Exception):
    """One thing could not be fetched; the words are for people. The run goes on."""


class Stopped(Exception):
    """The server is away or does not want us; the words are for people. The run ends, what came is kept."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `fresh` is False for 304: what we have is still right."""

    body: bytes
    fresh: bool
    etag: str
    modified: str


def agent() -> str:
    """Who we are, and where to ask."""
    return f"AnlanBot/1.0 (+{settings.ANLAN_PUBLIC_URL}; law texts)"


class Guest:
    """A visitor of one server."""

    def __init__(self, pause: float = PAUSE, sleep: Callable[[float], None] = time.sleep) -> None:
        """Take the pause between requests in seconds."""
        self.pause, self.sleep = pause, sleep
        self.session = requests.Session()
        self.session.headers["User-Agent"] = agent()
        self.errors = 0
        self.last = 0.0
        self.robots: dict[str, RobotFileParser] = {}

    def get(self, url: str, *, etag: str = "", modified: str = "") -> Answer:
        """Fetch an address, conditionally where it was fetched before. Raises `Missed`, `Stopped`."""
        return self._send("GET", url, etag=etag, modified=modified)

    def get_json(self, url: str) -> Any:
        """Fetch JSON. Raises `Missed` for anything else: sites in trouble answer with a page."""
        return _json(self._send("GET", url), url)

    def post_json(self, url: str, body: dict[str, Any]) -> Any:
        """Ask with a JSON body. Raises like `get_json`."""
        return _json(self._send("POST", url, body=body), url)

    def _send(
        self, method: str, url: str, *, etag: str = "", modified: str = "", body: dict[str, Any] | None = None
    ) -> Answer:
        self._ask_robots(url)
        headers = {name: value for name, value in (("If-None-Match", etag), ("If-Modified-Since", modified)) if value}
        while True:
            try:
                response = self._once(method, url, headers, body)
                content = _read(response) if response.status_code == 200 else b""
            except (requests.RequestException, TimeoutError) as error:
                self._fail(f"{_host(url)} 连接不上或回答太慢", error)
                continue
            if response.status_code in (429, 503):
                self._wait(response, url)
                continue
            if response.status_code >= 500:
                self._fail(f"{_host(url)} 出错（{response.status_code}）")
                continue
            if response.status_code == 304:
                self.errors = 0
                return Answer(b"", False, etag, modified)
            if response.status_code in (401, 403):
                raise Stopped(f"{_host(url)} 不允许访问（{response.status_code}）。")
            if response.status_code != 200:
                raise Missed(f"{url} 没有取到（{response.status_code}）。")
            self.errors = 0
            return Answer(content, True, response.headers.get("ETag", ""), response.headers.get("Last-Modified", ""))

    def _once(self, method: str, url: str, headers: dict[str, str], body: dict[str, Any] | None) -> requests.Response:
        rest = self.last + self.pause - time.monotonic()
        if rest > 0:
            self.sleep(rest)
        try:
            return self.session.request(method, url, headers=headers, json=body, timeout=TIMEOUTS, stream=True)
        finally:
            self.last = time.monotonic()

    def _fail(self, words: str, error: Exception | None = None) -> None:
        self.errors += 1
        if self.errors >= MAX_ERRORS:
            raise Stopped(f"{words}，试了 {self.errors} 次，停止收取。") from error
        self.sleep(self.pause * 2**self.errors)

    def _wait(self, response: requests.Response, url: str) -> None:
        seconds = _retry_after(response.headers.get("Retry-After", ""))
        self.errors += 1
        if seconds > MAX_WAIT or self.errors >= MAX_ERRORS:
            raise Stopped(f"{_host(url)} 要求稍后再来，停止收取。")
        self.sleep(max(seconds, self.pause))

    def _ask_robots(self, url: str) -> None:
        """Obey robots.txt; a site without one allows everything, one that cannot say so now is left alone."""
        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.netloc}"
        if host not in self.robots:
            rules = RobotFileParser()
            try:
                response = self._once("GET", f"{host}/robots.txt", {}, None)
                text = _read(response).decode("utf-8", "replace") if response.status_code == 200 else ""
            except (requests.RequestException, TimeoutError, Missed) as error:
                raise Stopped(f"{parts.netloc} 连接不上。") from error
            # Some sites answer every unknown address with their start page: that is no list of rules.
            rules.parse([] if "<html" in text[:2000].lower() else text.splitlines())
            self.robots[host] = rules
        if not self.robots[host].can_fetch(agent(), url):
            raise Stopped(f"{parts.netloc} 的 robots.txt 不允许收取。")


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _read(response: requests.Response) -> bytes:
    """The body, within size and time. Raises `Missed`, `TimeoutError`."""
    expected = response.headers.get("Content-Length", "")
    if expected.isdigit() and int(expected) > MAX_BYTES:
        raise Missed(f"{response.url} 太大，没有下载。")
    until, parts, size = time.monotonic() + DEADLINE, [], 0
    for part in response.iter_content(65536):
        parts.append(part)
        size += len(part)
        if size > MAX_BYTES:
            raise Missed(f"{response.url} 太大，没有下载。")
        if time.monotonic() > until:
            raise TimeoutError
    return b"".join(parts)


def _json(answer: Answer, url: str) -> Any:
    try:
        return json.loads(answer.body)
    except ValueError as error:
        raise Missed(f"{_host(url)} 回答的不是数据，而是网页或残缺的内容。接口可能改了。") from error


def _retry_after(value: str) -> float:
    """Seconds to wait: a number, or a date of HTTP; 10 where it says nothing readable."""
    if value.strip().isdigit():
        return float(value)
    try:
        return max((parsedate_to_datetime(value) - timezone.now()).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return 10.0
