"""Addresses of the web: when two are the same, and which ones a server may be sent to. Pure but for the resolver."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from django.conf import settings

_TRACKS: Final = re.compile(r"^(utm_\w+|spm|from|share\w*|isappinstalled|nsukey|fbclid|gclid)$", re.I)
_PORTS: Final = {"http": 80, "https": 443}
LONGEST: Final = 600


def absolute(base: str, href: str) -> str:
    """The http(s) address that `href` on the page `base` means; empty for mail, scripts, fragments and nonsense."""
    try:
        found = urlsplit(urljoin(base, href.strip()))
        if found.scheme not in _PORTS or not found.hostname or found.username or not 0 < len(href.strip()) <= LONGEST:
            return ""
        found.port  # noqa: B018 — raises for a port that is none
    except ValueError:
        return ""
    url = urlunsplit(found._replace(fragment=""))
    return url if len(url) <= LONGEST else ""


def canonical(url: str) -> str:
    """One spelling for one page: no scheme, no tracking, parameters in order, no default port, no slash at the end."""
    found = urlsplit(url)
    host = (found.hostname or "").rstrip(".").lower()
    port = f":{found.port}" if found.port and found.port != _PORTS.get(found.scheme) else ""
    asked = sorted((k, v) for k, v in parse_qsl(found.query, keep_blank_values=True) if not _TRACKS.match(k))
    path = re.sub(r"/(index\.s?html?)?$", "", found.path)
    return f"{host}{port}{path}" + (f"?{urlencode(asked)}" if asked else "")


def key_of(url: str) -> str:
    """SHA-256 of the canonical address, hex."""
    return hashlib.sha256(canonical(url).encode()).hexdigest()


def host_of(url: str) -> str:
    """The host in lower case, empty where there is none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError:
        return ""


def is_among(host: str, hosts: frozenset[str]) -> bool:
    """Whether `host` is one of `hosts`, or below one of them that is written ".example.cn"."""
    return host in hosts or any(host.endswith(one) for one in hosts if one.startswith("."))


def fits(url: str, pattern: str) -> bool:
    """Whether an address fits a pattern with * for anything; every address fits the empty one."""
    return not pattern or fnmatchcase(url, pattern)


def is_inside(host: str) -> bool:
    """Whether the operator named this host as one of the own network that may be read (ANLAN_CRAWL_INSIDE)."""
    return host in settings.ANLAN_CRAWL_INSIDE


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet: not ours, not the machine's, not a metadata service."""
    try:
        found = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None) or found
    return bool(mapped.is_global and not mapped.is_multicast)
