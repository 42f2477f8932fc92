"""Markdown of editors as HTML of the site: no raw HTML, no pictures from elsewhere, headings that fit the page."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import nh3
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

_PARSER: Final = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
_TAGS: Final = frozenset(
    [
        "a",
        "blockquote",
        "br",
        "code",
        "em",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)


def plain_text(text: str) -> str:
    """The words of `text` without their marks, a line for every paragraph, point and cell: for search and excerpts."""
    return "\n".join(
        "".join("\n" if part.type.endswith("break") else part.content for part in token.children or ())
        for token in _PARSER.parse(text)
        if token.type == "inline"
    )


@lru_cache(maxsize=512)
def body_html(text: str, top: int = 2) -> SafeString:
    """Render `text`; its highest heading becomes `<h{top}>`. The result is cleaned again, whatever the parser let through.

    Links keep http(s), mailto, tel and paths of this site; those that leave it tell nobody where they came from.
    """
    tokens = _PARSER.parse(text.replace("- [ ] ", "- ☐ "))
    levels = [int(token.tag[1]) for token in tokens if token.type == "heading_open"]
    shift = top - min(levels, default=top)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + shift)}"
    html = _PARSER.renderer.render(tokens, _PARSER.options, {})
    clean = nh3.clean(
        html,
        tags=set(_TAGS),
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer",
    )
    return SafeString(clean)  # cleaned by nh3
