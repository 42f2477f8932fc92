"""A Word file as lines. Hostile files are refused before anything is unpacked: by count, by size, by ratio."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import IO, Final

from docx import Document as open_docx
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph

from anlan.law.parsing.marks import Line, blank

MAX_BYTES: Final = 20 * 1024 * 1024
MAX_ENTRIES: Final = 2_000
MAX_UNPACKED: Final = 120 * 1024 * 1024
MAX_RATIO: Final = 200
"""A real document packs 5 to 20 times; a bomb a thousand times."""
_HEADING: Final = re.compile(r"(?:Heading|标题)\s*([1-6])", re.I)


class Unreadable(Exception):
    """A file that cannot be read as a text; the words are for people."""


def check_zip(source: Path | IO[bytes]) -> None:
    """Raise `Unreadable` for what is no ZIP, is cut off, or would unpack beyond the limits. Reads the directory only."""
    try:
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
    # zipfile says NotImplementedError of an archive that names a newer version of the format than it reads.
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Unreadable("文件不完整，或不是 Word（.docx）文件。旧的 .doc 请先另存为 .docx。") from error
    if len(entries) > MAX_ENTRIES:
        raise Unreadable(f"压缩包里有 {len(entries)} 个文件，超过 {MAX_ENTRIES} 个，没有读取。")
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if unpacked > MAX_UNPACKED or (unpacked > 1024 * 1024 and unpacked > MAX_RATIO * max(packed, 1)):
        raise Unreadable("压缩包解开后过大，像是有意构造的文件，没有读取。")
    if any(entry.flag_bits & 1 for entry in entries):
        raise Unreadable("文件加了密码，没有读取。请去掉密码再传。")


def read_docx(path: Path) -> list[Line]:
    """The paragraphs and tables of a Word file in order; headings by their style. Raises `Unreadable`."""
    if path.stat().st_size > MAX_BYTES:
        raise Unreadable(f"文件超过 {MAX_BYTES // 1024 // 1024} MB，没有读取。")
    check_zip(path)
    try:
        document = open_docx(str(path))
        lines: list[Line] = []
        for element in document.element.body.iterchildren():
            if element.tag == qn("w:p"):
                lines += _paragraph(Paragraph(element, document))
            elif element.tag == qn("w:tbl"):
                lines += _table(Table(element, document))
    except Exception as error:
        # python-docx raises whatever lxml, zipfile or a missing part raises; all of them mean the same to people.
        raise Unreadable("文件的内容读不出来，可能已损坏。请用 Word 打开后另存一份再传。") from error
    if not lines:
        raise Unreadable("文件里没有文字。扫描的图片不能导入。")
    return lines


def _paragraph(paragraph: Paragraph) -> list[Line]:
    style = paragraph.style.name if paragraph.style is not None else ""
    found = _HEADING.match(style or "")
    depth = int(found[1]) if found else 1 if style in ("Title", "标题") else 0
    # A soft line break inside a paragraph begins a new paragraph of the law.
    rows = [blank(row) for row in re.split(r"[\n\v]", paragraph.text)]
    return [Line(depth if n == 0 else 0, row) for n, row in enumerate(rows) if row]


def _table(table: Table) -> list[Line]:
    return [Line(0, "| " + " | ".join(blank(cell.text) for cell in row.cells) + " |") for row in table.rows]
