"""Collecting, letters, links, subscriptions, feeds."""

from __future__ import annotations

from typing import Any

from anlan.content.letters.writing import write_letter
from anlan.content.models import AllowedHost, Collected, Correction, Link, Source
from anlan.content.subscriptions.saving import save_subscription
from anlan.operations.demo.cast import Cast
from tests.walk.people import EDITORS, EVERYONE

MANAGER = frozenset({"manager"})

ALLOWED = {
    "content:letter": ("GET", "", EVERYONE),
    "content:letter_thanks": ("GET", "", EVERYONE),
    "content:letter_follow": ("GET", "", EVERYONE),
    "content:letter_mine": ("GET", "reader_letter", frozenset({"worker"})),
    "content:corrections": ("GET", "", EVERYONE),
    "content:leave": ("GET", "", frozenset()),  # without a signed address it leads nowhere
    "content:subscriptions": ("GET", "", EVERYONE),
    "content:subscribe": ("GET", "", EVERYONE),
    "content:subscription-sent": ("GET", "", EVERYONE),
    "content:subscription": ("GET", "reader_subscription", MANAGER),
    "content:subscription-drop": ("POST", "reader_subscription", MANAGER),
    "content:subscription-confirm": ("GET", "reader_token", EVERYONE),
    "content:unsubscribe": ("GET", "reader_token", EVERYONE),
    "content:feeds": ("GET", "", EVERYONE),
    "content:rss": ("GET", "reader_feed", EVERYONE),
    "content:atom": ("GET", "reader_feed", EVERYONE),
    "content:rss-tag": ("GET", "reader_feed", EVERYONE),
    "content:atom-tag": ("GET", "reader_feed", EVERYONE),
    "content:recommended": ("GET", "", EVERYONE),
    "content:reading-choose": ("POST", "", frozenset()),  # without saying what, nobody chooses anything
    "content:reading-note": ("POST", "reader_nothing", frozenset()),
    "content:collected": ("GET", "", EDITORS),
    "content:collected-bulk": ("POST", "", EDITORS),
    "content:collected-item": ("GET", "reader_collected", EDITORS),
    "content:collected-take": ("POST", "reader_collected", EDITORS),
    "content:collected-restore": ("POST", "reader_collected", EDITORS),
    "content:sources": ("GET", "", EDITORS),
    "content:source-new": ("GET", "", EDITORS),
    "content:source": ("GET", "reader_source", EDITORS),
    "content:source-do": ("POST", "reader_source", frozenset()),  # without saying what, nothing is done
    "content:letters": ("GET", "", EDITORS),
    "content:letter_desk": ("GET", "reader_letter", EDITORS),
    "content:letter_do": ("POST", "reader_letter", frozenset()),
    "content:correction-new": ("GET", "", EDITORS),
    "content:correction-withdraw": ("POST", "reader_correction", EDITORS),
    "content:links": ("GET", "", EDITORS),
    "content:link-again": ("POST", "reader_link", EDITORS),
    "content:host-add": ("POST", "", EDITORS),
    "content:host-remove": ("POST", "reader_host", EDITORS),
}


def arguments(cast: Cast) -> dict[str, list[Any]]:
    """One of each."""
    letter, _code = write_letter(kind="other", text="建议把字放大一些", by=cast.worker)
    source = Source.objects.create(name="示例", url="https://example.invalid/list/")
    collected = Collected.objects.create(
        source=source, source_name="示例", url="https://example.invalid/1", url_key="1" * 64, title="一篇"
    )
    return {
        "reader_letter": [letter.number],
        "reader_subscription": [save_subscription(cast.manager, [("tag", "叉车")], rhythm="daily", channels=[]).pk],
        "reader_token": ["no-token"],
        "reader_feed": ["all"],
        "reader_nothing": [999_999_999],
        "reader_collected": [collected.pk],
        "reader_source": [source.pk],
        "reader_correction": [
            Correction.objects.create(title="一页", wrong="三", right="四", by=cast.editor, by_name="宋可").pk
        ],
        "reader_link": [Link.objects.create(url="https://example.invalid/x", key="x", host="example.invalid").pk],
        "reader_host": [AllowedHost.objects.create(host="example.invalid", reason="示例").pk],
    }
