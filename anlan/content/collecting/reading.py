"""What a list page, a feed or a site map leads to, and the text of a page without its furniture."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import trafilatura
from lxml import etree  # type: ignore[import-untyped]
from lxml import html as lxml_html

from anlan.content.collecting.addresses import absolute
from anlan.lib.dates import SHANGHAI

MOST: Final = 500
"""Entries read of one list."""
SHORTEST_TITLE: Final = 6
"""Characters under which the words of a link are a menu, not a title."""
_DAY: Final = re.compile(r"(20\d\d)\s*[-./年]\s*(\d{1,2})\s*[-./月]\s*(\d{1,2})")
_AREA: Final = re.compile(r"^([#.])([\w-]{1,60})$")


@dataclass(frozen=True, slots=True)
class Lead:
    """One entry of a list: where it leads, what it is called, of which day."""

    url: str
    title: str = ""
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """What a page says."""

    title: str = ""
    text: str = ""
    site: str = ""
    day: date | None = None


def leads_of(kind: str, text: str, base: str, area: str = "") -> list[Lead]:
    """Return what a page (`Source.Kind`) leads to, each address once, in its order. Raises `ValueError` where it is none."""
    found = _of_list(text, base, area) if kind in ("list", "law") else _of_xml(text, base)
    return list({lead.url: lead for lead in reversed(list(found)) if lead.url}.values())[::-1][:MOST]


def deeper(text: str, base: str) -> list[str]:
    """Return the site maps that an index of site maps names, the newest first."""
    root = _xml(text)
    if etree.QName(root).localname != "sitemapindex":
        return []
    rows = [
        (_child(node, "lastmod"), absolute(base, _child(node, "loc"))) for node in root if isinstance(node.tag, str)
    ]
    return [url for _day, url in sorted(rows, reverse=True) if url]


def _xml(text: str) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    clean = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    try:
        root = etree.fromstring(clean.encode("utf-8", errors="replace"), parser)
    except etree.XMLSyntaxError as error:
        raise ValueError("not XML") from error
    if root is None:
        raise ValueError("not XML")
    return root


def _child(node: Any, name: str) -> str:
    for child in node:
        if isinstance(child.tag, str) and etree.QName(child).localname == name:
            return " ".join("".join(child.itertext()).split())
    return ""


def _of_xml(text: str, base: str) -> Iterator[Lead]:
    root = _xml(text)
    if etree.QName(root).localname not in ("rss", "RDF", "feed", "urlset", "sitemapindex"):
        raise ValueError("neither a feed nor a site map")
    for node in root.iter():
        name = etree.QName(node).localname if isinstance(node.tag, str) else ""
        if name == "item":
            yield Lead(
                absolute(base, _child(node, "link")),
                _child(node, "title"),
                _day(_child(node, "pubDate") or _child(node, "date")),
            )
        elif name == "entry":
            links = [child for child in node if isinstance(child.tag, str) and etree.QName(child).localname == "link"]
            href = next((str(one.get("href") or "") for one in links if one.get("rel", "alternate") == "alternate"), "")
            yield Lead(
                absolute(base, href), _child(node, "title"), _day(_child(node, "published") or _child(node, "updated"))
            )
        elif name == "url":
            yield Lead(absolute(base, _child(node, "loc")), "", _day(_child(node, "lastmod")))


def _of_list(text: str, base: str, area: str) -> Iterator[Lead]:
    try:
        root = lxml_html.document_fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise ValueError("not HTML") from error
    places = [root]
    if wanted := _AREA.match(area):
        where = (
            "@id=$name"
            if wanted[1] == "#"
            else "contains(concat(' ', normalize-space(@class), ' '), concat(' ', $name, ' '))"
        )
        places = root.xpath(f"//*[{where}]", name=wanted[2])
        if not places:
            raise ValueError("the part of the page is gone")
    for place in places:
        for node in place.iter("a"):
            title = " ".join(str(node.get("title") or "".join(node.itertext())).split())
            if len(title) >= SHORTEST_TITLE:
                parent = node.getparent()
                near = " ".join("".join(parent.itertext()).split())[:400] if parent is not None else ""
                yield Lead(absolute(base, str(node.get("href") or "")), title, _day(near.replace(title, "")))


def _day(words: str) -> date | None:
    """The day in an entry, however it is written; days in Shanghai."""
    if found := _DAY.search(words):
        with suppress(ValueError):
            return date(int(found[1]), int(found[2]), int(found[3]))
    with suppress(TypeError, ValueError):
        moment: datetime = email.utils.parsedate_to_datetime(words)
        return moment.astimezone(SHANGHAI).date() if moment.tzinfo else moment.date()
    return None


def text_of(html: str, url: str) -> Text:
    """The title, text, publisher and day of a page; empty where nothing can be read."""
    try:
        found: Any = trafilatura.bare_extraction(
            html, url=url, include_comments=False, include_tables=True, favor_precision=True
        )
    except Exception:  # noqa: BLE001 — whatever strange pages do to the extractor must not stop the run
        return Text()
    if found is None:
        return Text()
    day = _day(str(found.date or ""))
    return Text(_neat(found.title), str(found.text or "").strip(), _neat(found.sitename), day)


def _neat(words: Any) -> str:
    return " ".join(str(words or "").split())
