"""RSS and Atom of what was published, by kind and by tag, for everybody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.syndication.views import Feed
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from anlan.content.models import Announcement, Entry, NewsPage
from anlan.content.subscriptions.conditions import KINDS
from anlan.content.views.site import frame, offered, stamp
from anlan.ui.caching import public_page

ALL: Final = "all"
MOST: Final = 30


class _Row:
    """One entry: a page, or an announcement of the law."""

    def __init__(self, title: str, text: str, url: str, at: datetime | None, tags: list[str]) -> None:
        self.title, self.text, self.url, self.at, self.tags = title, text, url, at, tags


class PublishedFeed(Feed[Any, Any]):
    """Pages of a kind (`KINDS`, or all of them) or with a tag, the newest first."""

    def get_object(self, request: HttpRequest, kind: str = ALL, tag: str = "") -> tuple[str, str]:
        if kind != ALL and kind.replace("-", ":") not in KINDS:
            raise Http404
        return kind.replace("-", ":"), tag

    def title(self, obj: tuple[str, str]) -> str:
        """The name of the house and what the feed brings."""
        kind, tag = obj
        return _("安澜　%(what)s") % {"what": tag or (str(KINDS[kind]) if kind != ALL else _("全部内容"))}

    def description(self, obj: tuple[str, str]) -> str:
        """One line about it."""
        return _("三审三校后公开的内容，最新 %(n)d 条") % {"n": MOST}

    def link(self, obj: tuple[str, str]) -> str:
        """The page that the feed belongs to."""
        return reverse("content:feeds")

    def items(self, obj: tuple[str, str]) -> Iterable[_Row]:
        """What it brings. One query."""
        kind, tag = obj
        if kind == "law":
            rows = Announcement.objects.filter(key__startswith="law").order_by("-pk")[:MOST]
            return [_Row(row.title, row.text, row.url, row.at, []) for row in rows]
        section, _colon, own = kind.partition(":")
        pages: Any = (
            (NewsPage.objects.public().filter(kind=own) if own else Entry.objects.public()).newest().defer("body")
        )
        if kind != ALL:
            pages = pages.filter(section=section)
        if tag:
            pages = pages.marked("tag", tag)
        return [
            _Row(page.title, page.summary, page.get_absolute_url(), page.first_published_at, page.tags)
            for page in pages[:MOST]
        ]

    def item_title(self, item: _Row) -> str:
        """Its title."""
        return item.title

    def item_description(self, item: _Row) -> str:
        """Its summary."""
        return item.text

    def item_link(self, item: _Row) -> str:
        """Where it stands, under the public address of the house."""
        return str(settings.ANLAN_PUBLIC_URL + item.url)

    def item_guid(self, item: _Row) -> str:
        """The same as the address."""
        return str(settings.ANLAN_PUBLIC_URL + item.url)

    def item_pubdate(self, item: _Row) -> datetime | None:
        """When it was released."""
        return item.at

    def item_categories(self, item: _Row) -> list[str]:
        """Its tags."""
        return item.tags


class PublishedAtom(PublishedFeed):
    """The same as Atom."""

    feed_type = Atom1Feed
    subtitle = PublishedFeed.description


_RSS, _ATOM = PublishedFeed(), PublishedAtom()


def _feed_stamp(request: HttpRequest, **_rest: str) -> tuple[object, ...]:
    return (*stamp(request), Announcement.objects.order_by("-pk").values_list("pk", flat=True).first())


@login_not_required
@require_safe
@public_page(_feed_stamp)
def rss(request: HttpRequest, kind: str = ALL, tag: str = "") -> HttpResponse:
    """RSS 2.0."""
    return _RSS(request, kind=kind, tag=tag)


@login_not_required
@require_safe
@public_page(_feed_stamp)
def atom(request: HttpRequest, kind: str = ALL, tag: str = "") -> HttpResponse:
    """Atom 1.0."""
    return _ATOM(request, kind=kind, tag=tag)


@login_not_required
@require_safe
@public_page(_feed_stamp)
def feeds(request: HttpRequest) -> HttpResponse:
    """All feeds with their addresses."""
    rows = [(kind.replace(":", "-"), str(name)) for kind, name in KINDS.items()]
    return render(request, "content/subscriptions/feeds.html", {
        **frame(request), "rows": [(ALL, _("全部内容")), *rows], "tags": [tag for tag, _name in offered("news")["tags"]],
        "site": settings.ANLAN_PUBLIC_URL,
    })  # fmt: skip
