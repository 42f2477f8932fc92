"""The printed certificate: typst with the Chinese fonts embedded, PDF/A-3 with its record attached."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import segno
import typst
from django.conf import settings

FOLDER = Path(__file__).parent
STANDARD: Final = "a-3b"
"""Allows attachments, embeds every font, and refuses characters that no font can show."""
_UNSHOWN = re.compile(r'the text `"(.*?)"` could not be displayed')
_ESCAPE = re.compile(r"\\u\{([0-9a-f]+)\}")


@dataclass(frozen=True, slots=True)
class Page:
    """What one certificate shows, already in words."""

    number: str
    grouped: str
    holder: str
    holder_id: str
    title: str
    kind: str
    hours: str
    score: str
    enterprise: str
    issuer: str
    issued: str
    valid_until: str
    review_by: str
    verify: str
    verify_short: str
    qr: str
    copy: bool = False


def qr_svg(address: str) -> str:
    """A QR code of medium error correction as SVG, in ink, without a quiet zone."""
    code = segno.make(address, error="m", micro=False)
    return str(code.svg_inline(border=0, dark="#17262b", scale=4)).replace(
        "<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1
    )


@lru_cache(maxsize=2)
def _compiler(with_system_fonts: bool) -> typst.Compiler:
    fonts = typst.Fonts(
        include_system_fonts=with_system_fonts,
        include_embedded_fonts=False,
        font_paths=[str(settings.WEB_DIST / "fonts")],
    )
    return typst.Compiler(str(FOLDER / "certificate.typ"), root=str(FOLDER), font_paths=fonts)


def render(pages: Sequence[Page], *, made_at: datetime, record: bytes = b"") -> bytes:
    """Return the PDF of one or more certificates; `record` is attached as record.json.

    A character that our fonts lack is looked for in the fonts of the machine; one that no font has is printed as its
    code point 〔U+2CB4E〕, so that the name stays whole instead of showing an empty box.
    """
    shown = [asdict(page) for page in pages]
    for _attempt in range(20):
        inputs = {"pages": json.dumps(shown, ensure_ascii=False), "record": record.decode()}
        for with_system_fonts in (False, True):
            try:
                made = _compiler(with_system_fonts).compile(
                    format="pdf", sys_inputs=inputs, pdf_standards=STANDARD, timestamp=made_at.replace(microsecond=0)
                )
                assert isinstance(made, bytes)  # noqa: S101  # one document, one file
                return made
            except typst.TypstError as error:
                problem = error
        shown = [_spelled_out(page, problem) for page in shown]
    raise problem


def _spelled_out(page: dict[str, Any], problem: typst.TypstError) -> dict[str, Any]:
    """Replace the characters that no font can show; raise the problem again when it is another one."""
    texts = _UNSHOWN.findall(problem.diagnostic)
    if not texts:
        raise problem
    chars = {char for text in texts for char in _ESCAPE.sub(lambda code: chr(int(code[1], 16)), text)}
    table = {ord(char): f"〔U+{ord(char):04X}〕" for char in chars if not char.isascii() or not char.isprintable()}
    return {name: value.translate(table) if isinstance(value, str) else value for name, value in page.items()}
