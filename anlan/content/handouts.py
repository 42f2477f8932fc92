"""Handouts as PDF: a page of Markdown laid out by typst with the Chinese fonts."""

from __future__ import annotations

import json
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import segno
import typst
from django.conf import settings
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.token import Token

TEMPLATE: Final = Path(__file__).parent / "pdf" / "handout.typ"
_PARSER: Final = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
Block = dict[str, Any]


def blocks(text: str) -> list[Block]:
    """Markdown as a flat list that the template lays out: `{"kind": "h" | "p" | "li" | "quote" | "row", "runs", …}`.

    A run is `[text, bold]`; list items carry `mark` ("☐", "•" or "1.") and `depth`; rows of tables carry `cells`.
    """
    found: list[Block] = []
    lists: list[list[Any]] = []
    quoted, marked = 0, False
    cells: list[list[list[Any]]] | None = None
    for token in _PARSER.parse(text):
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                lists.append([token.type[0] == "o", int(token.attrGet("start") or 1)])
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
            case "list_item_open":
                marked = False
            case "blockquote_open" | "blockquote_close":
                quoted += 1 if token.nesting > 0 else -1
            case "heading_open":
                found.append({"kind": "h", "level": int(token.tag[1]), "runs": []})
            case "tr_open":
                cells = []
            case "tr_close":
                found.append({"kind": "row", "cells": cells or []})
                cells = None
            case "inline":
                runs = _runs(token)
                if cells is not None:
                    cells.append(runs)
                elif found and found[-1]["kind"] == "h" and not found[-1]["runs"]:
                    found[-1]["runs"] = runs
                elif lists and not marked:
                    found.append({"kind": "li", "mark": _mark(lists[-1], runs), "depth": len(lists), "runs": runs})
                    marked = True
                else:
                    found.append({"kind": "quote" if quoted else "p", "runs": runs})
    return found


def _mark(level: list[Any], runs: list[list[Any]]) -> str:
    if runs and runs[0][0].startswith(("[ ] ", "☐ ")):
        runs[0][0] = runs[0][0].removeprefix("[ ] ").removeprefix("☐ ")
        return "☐"
    if not level[0]:
        return "•"
    level[1] += 1
    return f"{level[1] - 1}."


def _runs(token: Token) -> list[list[Any]]:
    runs: list[list[Any]] = []
    bold = False
    for child in token.children or []:
        if child.type in ("strong_open", "strong_close"):
            bold = child.type == "strong_open"
        elif child.type in ("softbreak", "hardbreak"):
            runs.append(["\n", bold])
        elif child.content:
            runs.append([child.content, bold])
    return runs


@lru_cache(maxsize=32)
def handout_pdf(title: str, text: str, path: str) -> bytes:
    """Return the PDF of a handout; `path` (of its page) goes into the QR code. The same text is laid out once."""
    facts = {
        "title": title, "blocks": blocks(text), "foot": _("安澜 · 扫码看最新版"), "address": settings.ANLAN_PUBLIC_URL + path,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / TEMPLATE.name).write_bytes(TEMPLATE.read_bytes())
        (root / "facts.json").write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
        segno.make(facts["address"], error="m", micro=False).save(str(root / "qr.svg"), border=0, dark="#17262b")
        made = typst.compile(
            str(root / TEMPLATE.name), root=folder, font_paths=[str(settings.WEB_DIST / "fonts")], ignore_system_fonts=True,
            format="pdf",
        )  # fmt: skip
    return bytes(made)
