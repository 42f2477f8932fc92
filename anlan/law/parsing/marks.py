"""From a source file to plain lines: Markdown and HTML marks off, every kind of blank made one. Pure."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Final

BLANKS: Final = re.compile(r"[\s\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f\u2060\u3000\ufeff\u00ad]+")
_COMMENT: Final = re.compile(r"<!--(.*?)-->", re.S)
_FRONT: Final = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?\r?\n)??---[ \t]*(?:\r?\n|\Z)", re.S)
_IMAGE: Final = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
_LINK: Final = re.compile(r"(?<!!)\[([^\]]+)\]\((?:https?:|\.{0,2}/|#)[^)]*\)")
_TAGS: Final = "table|thead|tbody|tfoot|tr|td|th|caption|colgroup|col|br|div|span|p|strong|em|b|i|u|center|sup|sub|a|img|hr|ul|ol|li"
_TAG: Final = re.compile(rf"</?(?:{_TAGS})(?:\s[^<>]*)?/?>", re.I)
_CELL_END: Final = re.compile(r"</t[dh]\s*>", re.I)
_ROW: Final = re.compile(r"<tr(?:\s[^<>]*)?>(.*?)</tr\s*>", re.S | re.I)
_RULE: Final = re.compile(r"\|?[\s:|-]*-[\s:|-]*\|?")
INFO_END: Final = "\x00"
"""The line that ends the header in one of the collections; no text holds this character."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line without marks: `depth` is the level of a heading (1 to 6), 0 for running text."""

    depth: int
    words: str


def front_matter(source: str) -> tuple[dict[str, str], str]:
    """Split off the front matter: its flat `key: value` lines, and the rest. Lists and nesting are not needed here."""
    found = _FRONT.match(source)
    if not found:
        return {}, source.removeprefix("\ufeff")
    rows = (line.split(":", 1) for line in (found[1] or "").splitlines() if ":" in line and line[:1].strip())
    return {key.strip(): value.strip().strip("\"'") for key, value in rows}, source[found.end() :]


def blank(words: str) -> str:
    """One ordinary space for every run of blanks, none at the ends."""
    return BLANKS.sub(" ", words).strip()


def read_lines(body: str) -> list[Line]:
    """The lines of a Markdown body. Tables, written either way, become lines `| a | b |`; nothing else keeps its marks."""
    body = _COMMENT.sub(lambda found: INFO_END if found[1].strip() == "INFO END" else "", body)
    body = body.replace(INFO_END, f"\n{INFO_END}\n")
    body = _ROW.sub(_row, body)
    body = _IMAGE.sub(r"［图：\1］", body)
    body = _LINK.sub(r"\1", body)
    body = _TAG.sub("", body)
    lines = []
    for raw in body.splitlines():
        line = _line(raw)
        if line is not None:
            lines.append(line)
    return lines


def _line(raw: str) -> Line | None:
    words = html.unescape(blank(raw)) if "&" in raw else blank(raw)
    if not words or (len(words) > 2 and _RULE.fullmatch(words)):
        return None
    if words.startswith("#"):
        title = words.lstrip("#")
        # A heading without words separates, it says nothing.
        return Line(min(len(words) - len(title), 6), unemphasised(title).strip()) if title.strip() else None
    if words.startswith(">"):
        words = words.lstrip("> ")
    words = unemphasised(words).strip()
    return Line(0, words) if words else None


def unemphasised(words: str) -> str:
    """Without **bold** and *slanted* marks; a lone star stays."""
    words = words.replace("**", "")
    return words[1:-1] if len(words) > 2 and words[0] == "*" == words[-1] and "*" not in words[1:-1] else words


def _row(found: re.Match[str]) -> str:
    cells = _CELL_END.split(found[1])
    texts = [blank(_TAG.sub(" ", cell)) for cell in cells]
    return "\n| " + " | ".join(texts[:-1] if not texts[-1] else texts) + " |\n"


def squeeze(words: str) -> str:
    """Without blanks: what two texts are compared by."""
    return BLANKS.sub("", words)
