"""The rectification notice 整改通知书 as a PDF: typst with the Chinese fonts, photographs laid in."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

import segno
import typst
from django.conf import settings

TEMPLATE: Final = Path(__file__).parent / "order.typ"


def order_pdf(facts: dict[str, Any], pictures: dict[str, bytes], address: str) -> bytes:
    """Return the PDF of these facts (texts, JSON: see the template), `pictures` by the file names used in them.

    `address` goes into the QR code. Nothing of the machine but the two font folders is read.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copy(TEMPLATE, root / TEMPLATE.name)
        (root / "facts.json").write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
        for name, content in pictures.items():
            (root / name).write_bytes(content)
        segno.make(address, error="m", micro=False).save(str(root / "qr.svg"), border=0, dark="#17262b")
        made = typst.compile(
            str(root / TEMPLATE.name),
            root=folder,
            font_paths=[str(settings.WEB_DIST / "fonts")],
            ignore_system_fonts=True,
            format="pdf",
        )
    return bytes(made)
