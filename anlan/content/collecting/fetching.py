"""Reading other people's sites as a good guest: robots.txt, one request at a time with pauses, only what changed, and
limits on everything that a bad site could use against us (size, time, redirects, private addresses).
"""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

import requests
import urllib3
from django.utils import timezone
from django.utils.translation import gettext as _
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from anlan.content.collecting.addresses import absolute, host_of, is_among, is_inside, is_public

AGENT: Final = "AnlanBot/1.0"
TIMEOUT: Final = (5, 15)
"""Seconds to connect, and to wait for the next bytes."""
WHOLE: Final = 40
"""Seconds that one answer may take altogether."""
MOST_BYTES: Final = 4_000_000
ROBOTS_BYTES: Final = 512_000
HOPS: Final = 5
LONGEST_WAIT: Final = 86_400
_CHUNK: Final = 32_768
_CHARSET: Final = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w-]{3,20})""", re.I)


class Unreachable(Exception):
    """A page was not read: why, in words for an editor. `wait`: seconds that the site asks us to stay away."""

    def __init__(self, words: str, *, status: int = 0, wait: int = 0) -> None:
        super().__init__(words)
        self.words = words
        self.status = status
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: where it came from in the end, its bytes, and what to ask with next time."""

    url: str
    status: int
    body: bytes = b""
    kind: str = ""
    charset: str = ""
    etag: str = ""
    modified: str = ""

    @property
    def text(self) -> str:
        """The body as text, by the header, the document's own word, else UTF-8 or GB18030."""
        return decode(self.body, self.charset)


def decode(body: bytes, charset: str = "") -> str:
    """Bytes as text. GB2312 and GBK are read as GB18030, which holds both; what cannot be read becomes �."""
    said = charset or next((m[1].decode("ascii") for m in [_CHARSET.search(body[:2048])] if m), "")
    name = "gb18030" if said.lower() in ("gb2312", "gbk", "gb18030", "x-gbk") else said
    if name:
        try:
            return body.decode(name, errors="replace").lstrip("\ufeff")
        except LookupError:
            pass
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("gb18030", errors="replace")


class _Guard:
    """A connection that looks whom it reached before it says a word: names may point into the own network."""

    host: str

    def _new_conn(self) -> Any:
        sock = super()._new_conn()  # type: ignore[misc]
        if not is_inside(self.host) and not is_public(sock.getpeername()[0]):
            sock.close()
            raise _Private
        return sock


class _Private(Exception):
    """The name leads into a private network."""


class _Plain(_Guard, HTTPConnection):
    pass


class _Secure(_Guard, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}


@dataclass
class Fetcher:
    """Reads pages, one after another. Keep one for a whole run, so that pauses hold between sources of one host."""

    pause: Callable[[float], None] = time.sleep
    _robots: dict[str, RobotFileParser] = field(default_factory=dict)
    _last: dict[str, float] = field(default_factory=dict)
    _session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self._session.trust_env = False  # neither a proxy nor credentials of this machine
        self._session.headers.update({"User-Agent": AGENT, "Accept-Language": "zh-CN,zh;q=0.9"})
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(max_retries=0))

    def get(
        self, url: str, *, hosts: frozenset[str] | None = None, gap: float = 5, etag: str = "", modified: str = "",
        method: str = "GET", most: int = MOST_BYTES, robots: bool = True,
    ) -> Page:  # fmt: skip
        """Read `url`, redirects included. `hosts`: where it may lead (None: any public host); `gap`: least seconds
        between two requests to a host. 304 comes back as a page without a body. Raises `Unreachable`.
        """
        for _hop in range(HOPS + 1):
            host = host_of(url)
            if hosts is not None and not is_among(host, hosts):
                raise Unreachable(_("它转到了名单以外的网站：%(host)s。") % {"host": host or url[:80]})
            self._check_port(url)
            if robots:
                gap = self._ask_robots(url, gap)
            self._wait(host, gap)
            page, onward = self._once(url, method, etag, modified, most)
            if not onward:
                return page
            url = onward
        raise Unreachable(_("它来回跳转，超过 %(n)d 次，没有再跟。") % {"n": HOPS})

    @staticmethod
    def _check_port(url: str) -> None:
        parts = urlsplit(url)
        if not parts.hostname or (parts.port not in (None, 80, 443) and not is_inside(parts.hostname)):
            raise Unreachable(_("这个地址不能采：%(url)s。") % {"url": url[:120]})

    def _wait(self, host: str, gap: float) -> None:
        last = self._last.get(host)
        if last is not None and (left := last + gap - time.monotonic()) > 0:
            self.pause(left)
        self._last[host] = time.monotonic()

    def _ask_robots(self, url: str, gap: float) -> float:
        """Refuse what robots.txt of the host forbids; return the pause, longer where it asks for more."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._robots:
            self._robots[origin] = self._read_robots(origin, gap)
        rules = self._robots[origin]
        if not rules.can_fetch(AGENT, url):
            raise Unreachable(_("对方网站的 robots.txt 不许采这一页。"), status=403)
        return max(gap, min(float(rules.crawl_delay(AGENT) or 0), 60.0))

    def _read_robots(self, origin: str, gap: float) -> RobotFileParser:
        """RFC 9309: 4xx is no rule at all, an error of the server forbids everything for now."""
        rules = RobotFileParser()
        try:
            page = self.get(f"{origin}/robots.txt", gap=gap, most=ROBOTS_BYTES, robots=False)
            rules.parse(page.text.splitlines())
        except Unreachable as error:
            if not 400 <= error.status < 500 or error.status == 429:
                raise Unreachable(
                    _("没有读到对方网站的 robots.txt（%(why)s），这次不采。") % {"why": error.words.rstrip("。")},
                    status=error.status, wait=error.wait,
                ) from error  # fmt: skip
            rules.parse([])
        return rules

    def _once(self, url: str, method: str, etag: str, modified: str, most: int) -> tuple[Page, str]:
        """One request; the page, and where it leads on (empty: here)."""
        asked = {"If-None-Match": etag, "If-Modified-Since": modified}
        try:
            with closing(
                self._session.request(
                    method, url, headers={k: v for k, v in asked.items() if v}, timeout=TIMEOUT, stream=True,
                    allow_redirects=False,
                )
            ) as answer:  # fmt: skip
                return self._read(answer, url, most)
        except (requests.RequestException, urllib3.exceptions.HTTPError, _Private, OSError, ValueError) as error:
            raise Unreachable(_why(error)) from error

    def _read(self, answer: requests.Response, url: str, most: int) -> tuple[Page, str]:
        code, said = answer.status_code, answer.headers
        if code in (301, 302, 303, 307, 308):
            onward = absolute(url, _latin(said.get("Location", "")))
            if not onward:
                raise Unreachable(_("它转到一个看不懂的地址。"), status=code)
            return Page(url, code), onward
        if code == 304:
            return Page(url, code), ""
        if code >= 400:
            raise Unreachable(_status_words(code), status=code, wait=retry_after(said.get("Retry-After", "")))
        charset = re.search(r"charset=\"?([\w-]+)", said.get("Content-Type", ""), re.I)
        return Page(
            url, code, b"".join(_chunks(answer, most)), said.get("Content-Type", "").split(";")[0].strip().lower(),
            charset[1] if charset else "", said.get("ETag", "")[:200], said.get("Last-Modified", "")[:60],
        ), ""  # fmt: skip


def _chunks(answer: requests.Response, most: int) -> Iterator[bytes]:
    end, size = time.monotonic() + WHOLE, 0
    for chunk in answer.iter_content(_CHUNK):
        size += len(chunk)
        if size > most:
            raise Unreachable(_("它超过 %(n)d MB，没有读完。") % {"n": max(1, most // 1_000_000)})
        if time.monotonic() > end:
            raise Unreachable(_("它传得太慢，%(n)d 秒还没传完。") % {"n": WHOLE})
        yield chunk


def retry_after(value: str) -> int:
    """Seconds that Retry-After asks for, given as seconds or as a date; at most a day, 0 for none or nonsense."""
    if value.strip().isascii() and value.strip().isdigit():
        return min(int(value.strip()[:6]), LONGEST_WAIT)
    try:
        when = email.utils.parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return 0
    aware = when if timezone.is_aware(when) else timezone.make_aware(when)
    return max(0, min(int((aware - timezone.now()).total_seconds()), LONGEST_WAIT))


def _latin(value: str) -> str:
    """Headers arrive as Latin-1; Chinese sites put UTF-8 into them."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def _status_words(code: int) -> str:
    known = {
        401: _("要登录才能看"), 403: _("对方网站不让看"), 404: _("页面不在了"), 410: _("页面已经撤下"), 429: _("对方网站说我们看得太频繁"),
        503: _("对方网站正在维护"),
    }  # fmt: skip
    words = known.get(code) or (_("对方网站出错") if code >= 500 else _("对方网站没有给这一页"))
    return _("%(words)s（%(code)d）。") % {"words": words, "code": code}


def _why(error: Exception) -> str:
    chain: list[BaseException] = []
    seen: BaseException | None = error
    while seen is not None and len(chain) < 8:
        chain.append(seen)
        seen = seen.__cause__ or seen.__context__
    if any(isinstance(one, _Private) for one in chain):
        return _("这个网址指向内部网络，没有去读。")
    if any("NameResolution" in type(one).__name__ or "gaierror" in type(one).__name__ for one in chain):
        return _("找不到这个网站，请核对网址，或者这台机器不能上网。")
    if isinstance(error, requests.exceptions.SSLError):
        return _("对方网站的安全证书有问题。")
    if isinstance(error, requests.Timeout):
        return _("对方网站太久没有回答。")
    if isinstance(error, requests.ConnectionError):
        return _("连不上对方网站。")
    return _("对方网站的回答读不懂。")
