"""The list of hosts that texts may link to, and links to all others."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import Final
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.db import transaction
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.content.actions.drafts import may_write
from anlan.content.collecting.addresses import host_of, is_among
from anlan.content.models import AllowedHost
from anlan.lib.errors import Refused

SHIPPED: Final = (
    ("gov.cn", True, "国家和地方政府网站"),
    ("npc.gov.cn", True, "全国人大及国家法律法规数据库"),
    ("court.gov.cn", True, "人民法院"),
    ("xinhuanet.com", True, "新华社"),
    ("people.com.cn", True, "人民日报社"),
    ("ilo.org", True, "国际劳工组织"),
    ("iso.org", True, "国际标准化组织"),
    ("who.int", True, "世界卫生组织"),
)
_CACHE: Final = "content:allowed-hosts"
_FRESH: Final = 30
_SALT: Final = "content.links.leave"
_LINK: Final = re.compile(r'<a href="(https?://[^"]*)"')
_HOST: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+")


def allowed_hosts() -> frozenset[str]:
    """The hosts; ".example.cn" stands for all below it. Kept for half a minute."""
    found = cache.get(_CACHE)
    if found is None:
        rows = AllowedHost.objects.values_list("host", "subdomains")
        found = frozenset(name for host, below in rows for name in ((host, f".{host}") if below else (host,)))
        cache.set(_CACHE, found, _FRESH)
    return frozenset(found)


def is_allowed(url: str, hosts: frozenset[str] | None = None) -> bool:
    """Whether a text may link to `url` directly: our own site, or a host of the list."""
    host = host_of(url)
    return host == host_of(settings.ANLAN_PUBLIC_URL) or is_among(host, allowed_hosts() if hosts is None else hosts)


def outward(url: str, hosts: frozenset[str] | None = None) -> str:
    """What a link to `url` points at: itself where we vouch for the host, else the page that says where it leads."""
    if not url.startswith(("http://", "https://")) or is_allowed(url, hosts):
        return url
    return f"{reverse('content:leave')}?{urlencode({'to': signing.Signer(salt=_SALT).sign(url)})}"


def read_outward(signed: str) -> str:
    """The address that a link of ours named. Raises `Refused` (404) for any other: the page is nobody's springboard."""
    try:
        return signing.Signer(salt=_SALT).unsign(signed[:2000])
    except signing.BadSignature:
        raise Refused(_("没有这个页面。"), code="not_found", status=404) from None


def guarded(html: str) -> SafeString:
    """HTML that was cleaned, with its links to hosts outside the list led through the page between."""
    if '<a href="http' not in html:
        return SafeString(html)
    hosts = allowed_hosts()

    def led(found: re.Match[str]) -> str:
        return f'<a href="{escape(outward(unescape(found[1]), hosts))}"'

    return SafeString(_LINK.sub(led, html))  # only href changed, escaped


@transaction.atomic
def allow_host(host: str, *, subdomains: bool, reason: str, by: User) -> AllowedHost:
    """Put a host on the list, or change its row. Raises `Refused`: 404 no editor, 422 no host or no reason."""
    may_write(by)
    neat = (host_of(host if "//" in host else f"//{host}") or host).strip().lower()
    if not _HOST.fullmatch(neat) or len(neat) > 120:
        raise Refused(_("这不是一个域名，请写成 www.example.cn。"), code="bad_host", status=422, field="host")
    if not reason.strip():
        raise Refused(_("请写明为什么允许链接到它。"), code="no_reason", status=422, field="reason")
    row, _new = AllowedHost.objects.update_or_create(
        host=neat, defaults={"subdomains": subdomains, "reason": reason.strip()[:200], "by_name": by.name}
    )
    record("allow_host", row, by=by, subdomains=subdomains, reason=row.reason)
    transaction.on_commit(lambda: cache.delete(_CACHE))
    return row


@transaction.atomic
def disallow_host(row: AllowedHost, *, by: User) -> None:
    """Take a host off the list; links to it lead through the page between from now on. Raises `Refused` (404)."""
    may_write(by)
    record("disallow_host", row, by=by)
    row.delete()
    transaction.on_commit(lambda: cache.delete(_CACHE))


def install_hosts() -> int:
    """Add the shipped hosts to an empty list; return how many."""
    if AllowedHost.objects.exists():
        return 0
    rows = [
        AllowedHost(host=host, subdomains=below, reason=reason, by_name="安澜编辑部") for host, below, reason in SHIPPED
    ]
    return len(AllowedHost.objects.bulk_create(rows))
