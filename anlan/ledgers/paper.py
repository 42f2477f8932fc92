"""Entries on paper: typst with the Chinese fonts; photos are handed to it as files of its own folder."""

from __future__ import annotations

import json
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import typst
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.enterprises.models import Enterprise
from anlan.files.actions import open_blob
from anlan.files.models import Blob
from anlan.files.pictures import lighten
from anlan.ledgers.models import Entry, EntryFile, Template
from anlan.ledgers.queries import Conditions
from anlan.ledgers.show import Line, columns_of, lines
from anlan.ledgers.values import shown_text
from anlan.lib.numerals import article

FOLDER: Final = Path(__file__).parent / "pdf"
PRINTED: Final = 1200
"""Longest side of a printed photo in pixels: 300 dpi at 10 cm."""


@lru_cache(maxsize=2)
def _fonts(system: bool) -> Any:
    return typst.Fonts(
        include_system_fonts=system, include_embedded_fonts=False, font_paths=[str(settings.WEB_DIST / "fonts")]
    )


def _render(name: str, facts: dict[str, Any], pictures: dict[str, bytes] | None = None) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / name).write_bytes((FOLDER / name).read_bytes())
        for path, data in (pictures or {}).items():
            (root / path).write_bytes(data)
        compiler: Any = typst.Compiler
        made = compiler(str(root / name), root=str(root), font_paths=_fonts(False)).compile(
            format="pdf", sys_inputs={"facts": json.dumps(facts, ensure_ascii=False)}
        )
        return bytes(made)


def _at(moment: Any) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else ""


def _picture(blob: Blob, name: str, pictures: dict[str, bytes]) -> str:
    """Put a light copy beside the page; the name under which the page finds it."""
    with open_blob(blob) as content:
        pictures[name] = lighten(content, blob.name, longest=PRINTED)[0].getvalue()
    return name


def entry_pdf(entry: Entry) -> bytes:
    """One entry: fields, tables, photos, signatures, the chain of a permit, changes since."""
    pictures: dict[str, bytes] = {}
    rows = [_row(line, pictures) for line in lines(entry.version.fields, entry.values, entry=entry)]
    steps = []
    for step in entry.steps.filter(round=entry.round).select_related("signature__shown", "signature__original"):
        drawn = (
            _picture(step.signature.shown or step.signature.original, f"s{step.pk}.jpg", pictures)
            if step.signature
            else ""
        )
        steps.append([step.name, step.signed_name or _("待签"), _at(step.at), step.words, drawn])
    facts = {
        "title": entry.template.name, "number": entry.number or _("草稿"), "firm": entry.enterprise.organisation.name,
        "state": entry.state_words, "rows": rows, "steps": steps, "steps_title": _("签字"), "step_heads": [_("步骤"), _("签字人"), _("时间"), _("意见"), _("签名")],
        "valid": _("有效期：%(a)s 至 %(b)s") % {"a": _at(entry.valid_from), "b": _at(entry.valid_until)} if entry.valid_from else "",
        "ended": _("%(what)s：%(who)s，%(at)s。%(words)s") % {
            "what": entry.get_state_display(), "who": entry.ended_by.name if entry.ended_by else "", "at": _at(entry.ended_at), "words": entry.ended_words,
        } if entry.ended_at else "",
        "source": "；".join([*map(article, entry.template.sources), *([entry.version.permit["source"]] if entry.version.permit.get("source") else [])]),
        "author": _("填写人：%(name)s　%(at)s") % {"name": entry.created_by.name if entry.created_by else "", "at": _at(entry.entered_at or entry.updated_at)},
        "foot": _("%(name)s 第 %(n)d 版") % {"name": entry.template.name, "n": entry.version.number}, "printed": _("打印 %(at)s") % {"at": _at(timezone.now())},
        "seal": _("内容校验 %(hash)s") % {"hash": entry.seal()[:16]},
    }  # fmt: skip
    return _render("entry.typ", facts, pictures)


def _row(line: Line, pictures: dict[str, bytes]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "kind": line.kind,
        "label": line.one["label"],
        "text": line.text or "—",
        "pictures": [],
        "head": [],
        "cells": [],
    }
    if line.kind == "table":
        row["head"] = [f"{c['label']}{'（' + c['unit'] + '）' if c.get('unit') else ''}" for c in line.one["columns"]]
        row["cells"] = [[cell.value or "—" for cell in cells] for cells in line.rows]
    files: list[EntryFile] = [*line.files, *([line.drawn] if line.drawn else [])]
    for file in files:
        blob = file.shown or (file.original if file.original.media_type.startswith("image/") else None)
        if blob is not None:
            row["pictures"].append(_picture(blob, f"p{file.pk}.jpg", pictures))
    if line.kind == "file":
        row["text"] = "、".join(file.original.name for file in line.files) or "—"
    return row


def list_pdf(firm: Enterprise, template: Template, entries: QuerySet[Entry], asked: Conditions) -> bytes:
    """The entries of one ledger as a table across the page."""
    columns = columns_of(template)
    cells = []
    for entry in entries.select_related("version", "created_by"):
        own = [(entry.version.by_key(one["key"]), entry.values.get(one["key"])) for one in columns]
        texts = [shown_text(one, value) if one else "" for one, value in own]
        cells.append(
            [
                entry.number,
                _at(entry.entered_at),
                *texts,
                entry.created_by.name if entry.created_by else "",
                entry.state_words,
            ]
        )
    facts = {
        "title": template.name, "firm": firm.organisation.name, "asked": "，".join(words for _name, words in asked.chips) or _("全部记录"),
        "count": _("共 %(n)d 条") % {"n": len(cells)}, "cells": cells,
        "head": [_("编号"), _("登记时间"), *(one["label"] for one in columns), _("填写人"), _("状态")],
        "printed": _("打印 %(at)s") % {"at": _at(timezone.now())}, "source": "；".join(map(article, template.sources)),
    }  # fmt: skip
    return _render("list.typ", facts)
