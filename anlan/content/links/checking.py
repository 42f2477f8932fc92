"""Which links of the public pages lead nowhere any more."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt

from anlan.content.collecting.addresses import absolute, host_of
from anlan.content.collecting.fetching import Fetcher, Unreachable
from anlan.content.models import Entry, Link, LinkUse
from anlan.content.models.links import STRIKES
from anlan.notifications.actions import notify

WEEK: Final = timedelta(days=7)
AGAIN: Final = timedelta(days=1)
GAP: Final = 3
RUN: Final = 480
HEAD_BYTES: Final = 2_000_000
CLOSED: Final = frozenset({401, 403, 429})
"""There is something, but not for us to see."""
_PARSER: Final = MarkdownIt("commonmark", {"html": False}).enable("table")


def links_of(page: Entry) -> Iterator[tuple[str, str]]:
    """Yield (address, words) of every link that leads out of a page: in its text, its sources, its original."""
    for token in _PARSER.parse(page.body or ""):
        children = token.children or []
        for n, child in enumerate(children):
            if child.type == "link_open":
                words = next((one.content for one in children[n + 1 :] if one.content), "")
                yield absolute("https://nowhere.invalid/", str(child.attrGet("href") or "")), words
    for row in page.sources:
        yield absolute("https://nowhere.invalid/", str(row.get("url") or "")), str(row.get("title") or "")
    if page.source_url:
        yield absolute("https://nowhere.invalid/", page.source_url), _("原文")


@transaction.atomic
def gather_links() -> int:
    """Bring the table of links in line with the public pages; return how many links are in use."""
    wanted: dict[tuple[str, int], str] = {}
    urls: dict[str, str] = {}
    for page in Entry.objects.public().iterator(chunk_size=500):
        for url, words in links_of(page):
            if url and host_of(url) != "nowhere.invalid":
                key = hashlib.sha256(url.encode()).hexdigest()
                urls[key] = url
                wanted.setdefault((key, page.pk), words[:120])
    known = (
        set(Link.objects.filter(key__in=urls).values_list("key", flat=True))
        if len(urls) < 900
        else set(Link.objects.values_list("key", flat=True))
    )
    Link.objects.bulk_create(
        [Link(key=key, url=url, host=host_of(url)) for key, url in urls.items() if key not in known],
        ignore_conflicts=True,
    )
    pks = dict(Link.objects.values_list("key", "pk"))
    uses = {(link, page): pk for pk, link, page in LinkUse.objects.values_list("pk", "link__key", "page_id")}
    LinkUse.objects.filter(pk__in=[pk for use, pk in uses.items() if use not in wanted]).delete()
    fresh = [
        LinkUse(link_id=pks[use[0]], page_id=use[1], words=words) for use, words in wanted.items() if use not in uses
    ]
    LinkUse.objects.bulk_create(fresh, ignore_conflicts=True)
    Link.objects.filter(uses__isnull=True).delete()
    return len(urls)


def check_due(fetcher: Fetcher | None = None, limit: int = 200) -> int:
    """Look at links whose week is over, politely; return how many. Runs every ten minutes."""
    fetcher = fetcher or Fetcher()
    begun, done = timezone.now(), 0
    for link in Link.objects.due()[:limit]:
        if (timezone.now() - begun).total_seconds() > RUN:
            break
        check(link, fetcher)
        done += 1
    return done


def check(link: Link, fetcher: Fetcher) -> Link.State:
    """Look at one link: HEAD, then GET where that fails. Dead only after two failures a day apart; authors are told once."""
    status, words = _look(link.url, fetcher)
    now = timezone.now()
    if not words:
        Link.objects.filter(pk=link.pk).update(
            state=Link.State.OK, strikes=0, status=status, words="", checked_at=now, broken_at=None, next_at=now + WEEK
        )
        return Link.State.OK
    strikes = link.strikes + 1
    dead = strikes >= STRIKES
    state = Link.State.BROKEN if dead else Link.State.SHAKY
    Link.objects.filter(pk=link.pk).update(
        state=state, strikes=strikes, status=status, words=words[:200], checked_at=now, next_at=now + (WEEK if dead else AGAIN),
        broken_at=link.broken_at or (now if dead else None),
    )  # fmt: skip
    if strikes == STRIKES:
        owners = {pk for pk in link.uses.values_list("page__owner", flat=True) if pk}
        notify(
            owners, "content_link", _("一个外部链接打不开了：%(host)s") % {"host": link.host}, text=words,
            key=f"link:{link.pk}:{now:%Y%m%d}", url=f"{reverse('content:links')}?state=broken",
        )  # fmt: skip
    return state


def _look(url: str, fetcher: Fetcher) -> tuple[int, str]:
    """HTTP status and what is wrong in words, empty where it opens (or is closed to machines)."""
    found = Unreachable("")
    for method in ("HEAD", "GET"):
        try:
            return fetcher.get(url, gap=GAP, method=method, most=HEAD_BYTES).status, ""
        except Unreachable as error:
            found = error
            if error.status in CLOSED:
                return error.status, ""
    return found.status, found.words


def last_check() -> object:
    """When a link was looked at last, None before the first time."""
    return Link.objects.aggregate(last=Max("checked_at"))["last"]
