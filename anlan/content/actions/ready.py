"""What ships with the platform: emergency cards, questions, zones, handouts; in a demo also invented cases and articles.

Each text is put on the site once and followed while nobody here has written on it: an edit in this house always wins.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.utils.text import slugify
from pypinyin import lazy_pinyin
from wagtail.models import Locale

from anlan.content.actions.drafts import shelf
from anlan.content.findable import documents
from anlan.content.hashing import digest_of
from anlan.content.models import SECTION_MODELS, SITE_SECTIONS, Entry
from anlan.search.actions import index_many

DATA: Final = Path(__file__).parent.parent / "data"
AUTHOR: Final = "安澜编辑部"
Text = tuple[str, str, dict[str, Any]]
"""Section, slug, fields of the model."""


def install_ready(folder: Path = DATA, *, demo: bool = False) -> tuple[int, int]:
    """Put the shipped texts on the site; return how many are new and how many were brought up to date.

    Safe to run again and to be killed: every text is a transaction of its own, known by its slug and digest.
    """
    new = updated = 0
    known = {(row.section, row.slug): row for row in Entry.objects.all()}
    for section, slug, fields in texts(folder, demo=demo):
        digest = digest_of(fields)
        old = known.get((section, slug))
        if old is not None and (old.shipped == digest or old.edited or not old.shipped):
            continue
        _publish(section, slug, fields, digest, old)
        new, updated = new + (old is None), updated + (old is not None)
    if new or updated:
        for section in SITE_SECTIONS:
            index_many(section, documents(section))
    return new, updated


@transaction.atomic
def _publish(section: str, slug: str, fields: dict[str, Any], digest: str, old: Entry | None) -> None:
    if old is None:
        parent = shelf(section)
        page = SECTION_MODELS[section](slug=slug, live=False, **{"author_name": AUTHOR, **fields}, shipped=digest)
        page.locale = Locale.objects.get(pk=parent.locale_id)
        parent.add_child(instance=page)
    else:
        page = old.own
        for name, value in fields.items():
            setattr(page, name, value)
    page.save_revision(clean=False).publish(log_action=False, skip_permission_checks=True)
    Entry.objects.filter(pk=page.pk).update(shipped=digest)


def texts(folder: Path, *, demo: bool) -> Iterator[Text]:
    """Yield every shipped text; cases and articles are invented and go into a demo only."""
    for name, read in _READERS.items():
        if name in ("cases", "articles") and not demo:
            continue
        for path in sorted((folder / name).glob("*.toml")):
            yield from read(tomllib.loads(path.read_text(encoding="utf-8")), path.stem)
    zones = folder / "zones.toml"
    if zones.exists():
        for place, row in enumerate(tomllib.loads(zones.read_text(encoding="utf-8")).get("zone", []), 1):
            yield "zone", row["slug"], {
                "title": row["title"], "summary": row.get("intro", ""), "body": row.get("body", "").strip(), "kind": row["kind"],
                "position": place, "tags": row.get("tags", []), "industries": _codes(row), "cites": row.get("cites", []),
            }  # fmt: skip


def _codes(row: dict[str, Any]) -> list[str]:
    found = row.get("industries") or row.get("industry") or []
    return [str(code) for code in ([found] if isinstance(found, str) else found)]


def _common(row: dict[str, Any]) -> dict[str, Any]:
    found = {
        "title": row["title"], "summary": row.get("summary", ""), "body": row.get("body", "").strip(),
        "tags": row.get("tags", []), "cites": row.get("cites", []), "industries": _codes(row), "sources": row.get("sources", []),
    }  # fmt: skip
    return found | ({"author_name": row["author_name"]} if row.get("author_name") else {})


def _knowledge(row: dict[str, Any], stem: str) -> Iterator[Text]:
    yield "knowledge", stem, {
        **_common(row), "also": row.get("ask", []), "call": row.get("call", ""), "never": row.get("never", []),
        "steps": row.get("steps", []), "checked": row.get("checked", ""),
    }  # fmt: skip


def _faq(rows: dict[str, Any], stem: str) -> Iterator[Text]:
    for row in rows.get("faq", []):
        yield "faq", slugify("-".join(lazy_pinyin(row["q"])))[:80].strip("-"), {
            "title": row["q"], "body": row["a"].strip(), "also": row.get("also", []), "tags": row.get("tags", []),
            "cites": row.get("cites", []), "topic": rows.get("topic", stem),
        }  # fmt: skip


def _case(row: dict[str, Any], stem: str) -> Iterator[Text]:
    trade = row.get("trade", {})
    code, name = (trade.get("code", ""), trade.get("name", "")) if isinstance(trade, dict) else ("", trade)
    if not code and name[:2].isdigit():
        code, name = name[:2], name[2:].strip()
    yield "case", stem, {
        **_common(row), "industries": [str(code)] if code else [], "trade": name, "accident": row.get("kind", ""),
        "sources": [{"title": row.get("notice") or "教学案例，情节为演示虚构", "url": ""}],
        **{key: row.get(key, []) for key in ("timeline", "causes_direct", "causes_indirect", "lessons", "violated")},
        "deaths": row.get("deaths", 0), "injuries": row.get("injuries", 0), "loss_wan": row.get("loss_wan"),
    }  # fmt: skip


def _article(row: dict[str, Any], stem: str) -> Iterator[Text]:
    # A video without a film would be an empty promise: its words are an article until somebody uploads one.
    kind = "expert" if row.get("kind") == "video" else row.get("kind", "expert")
    yield "news", stem, {**_common(row), "kind": kind, "level": row.get("level", "national")}


def _handout(row: dict[str, Any], stem: str) -> Iterator[Text]:
    yield "download", stem, _common(row)


_READERS: Final[dict[str, Callable[[dict[str, Any], str], Iterator[Text]]]] = {
    "knowledge": _knowledge, "faq": _faq, "downloads": _handout, "cases": _case, "articles": _article,
}  # fmt: skip
