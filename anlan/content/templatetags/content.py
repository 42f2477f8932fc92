"""What the pages of the site show in many places."""

from typing import Any

from django import template
from django.utils.safestring import SafeString

from anlan.content.citing import Chip, words_of
from anlan.content.links.allowing import guarded, outward
from anlan.content.models import Entry
from anlan.content.rendering import body_html

register = template.Library()


@register.filter
def body(text: str, top: int = 2) -> SafeString:
    """Markdown of an editor; its highest heading becomes h2 (or `top`). Links to hosts outside the list say where they lead."""
    return guarded(body_html(text or "", top))


@register.filter
def out(url: str) -> str:
    """An address outside: itself where its host is on the list, else the page that says where it leads."""
    return outward(url or "")


@register.simple_tag
def violations(page: Any, chips: list[Chip]) -> list[tuple[Chip, str]]:
    """What a case violated, with the links that the page has already."""
    links = {chip.words: chip for chip in chips}
    rows = [(words_of(row.get("cite", "")), row.get("what", "")) for row in page.violated]
    return [(links.get(words, Chip(words)), what) for words, what in rows]


@register.filter
def icon_of(page: Entry) -> str:
    """The icon of a page in a list."""
    return {
        "news": "file-text",
        "case": "alert-triangle",
        "knowledge": "first-aid-kit",
        "faq": "help-circle",
        "download": "file-download",
        "zone": "layout-grid",
    }.get(page.section, "file")
