"""Tables that come from and go to spreadsheets: xlsx, xls and csv in, xlsx out."""

import csv
import io
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Final

import python_calamine
import xlsxwriter
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from anlan.lib.codes import Malformed
from anlan.lib.dates import SHANGHAI

MB: Final = 1024 * 1024
MAX_FILE: Final = 100 * MB
MAX_UNPACKED: Final = 300 * MB
MAX_RATIO: Final = 200  # honest tables shrink 5 to 40 times; checked where the unpacked whole is over 20 MB
MAX_MEMORY: Final = 2048 * MB
MAX_SECONDS: Final = 120
MAX_CELL: Final = 32_767  # Excel's limits
MAX_ROWS: Final = 1_048_576

_ENCRYPTED = _("这个文件设了打开密码，请取消密码后重新上传。")
_TOO_BIG = _("这个文件太大或者异常膨胀，请删去多余的行、列和格式，或分成几个文件。")
_NOT_TABLE = _("这不是表格文件，请上传 xlsx、xls 或 csv 文件。")
_DAMAGED = _("这个表格文件已损坏，请用 Excel 或 WPS 打开，另存为 xlsx 后重新上传。")


def read_rows(file: BinaryIO, filename: str) -> Iterator[list[object]]:
    """The rows of the first visible sheet, top to bottom, blank ones inside included, blank ones at the end not.

    A cell is str, int, float, bool, date, datetime, time or timedelta; an empty one is "". Whole numbers below
    10**15 are int, so that `str(cell)` is what was typed; longer ones stay float, because Excel has lost their
    last digits (`codes.id_number` says so). From csv every cell is str. The kind is told by the content; the
    name only helps to explain. Raises `Malformed` at once, before the first row is asked for (only an open quotation
    mark in csv when it is reached).
    """
    data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise Malformed(_TOO_BIG)
    if not data.strip():
        raise Malformed(_("这个文件是空的。"))
    if data.startswith(b"PK\x03\x04"):
        _check_zip(data)
        return _without_blank_tail(_read_workbook(data))
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Malformed(_ENCRYPTED)
        return _without_blank_tail(_read_workbook(data))
    return _without_blank_tail(_read_csv(data, filename))


def _without_blank_tail(rows: Iterable[list[object]]) -> Iterator[list[object]]:
    blank: list[list[object]] = []
    for row in rows:
        blank.append(row)
        if any(cell != "" for cell in row):
            yield from blank
            blank = []


# --- workbooks ------------------------------------------------------------------------------------


def _check_zip(data: bytes) -> None:
    """Refuse what is no workbook, or would not fit, by the archive's own directory."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise Malformed(_DAMAGED) from None
    if not any(member.filename.lower() == "xl/workbook.xml" for member in members):
        raise Malformed(_NOT_TABLE)
    if any(member.flag_bits & 1 for member in members):
        raise Malformed(_ENCRYPTED)
    unpacked = sum(member.file_size for member in members)
    if unpacked > MAX_UNPACKED or unpacked > max(20 * MB, MAX_RATIO * len(data)):
        raise Malformed(_TOO_BIG)


def _read_workbook(data: bytes) -> Iterator[list[object]]:
    _probe(data)
    try:
        sheet = _first_visible(data)
        rows = sheet.iter_rows()
    except python_calamine.PasswordError:
        raise Malformed(_ENCRYPTED) from None
    except (python_calamine.CalamineError, StopIteration):
        raise Malformed(_DAMAGED) from None
    left: list[object] = [""] * (sheet.start[1] if sheet.start else 0)  # iter_rows leaves out empty first columns
    return ([*left, *map(_exact, row)] for row in rows)


def _first_visible(data: bytes) -> python_calamine.CalamineSheet:
    workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    return workbook.get_sheet_by_name(
        next(
            sheet.name
            for sheet in workbook.sheets_metadata
            if sheet.visible == python_calamine.SheetVisibleEnum.Visible
            and sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
        )
    )


def _exact(cell: object) -> object:
    return int(cell) if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15 else cell


def _probe(data: bytes) -> None:
    """Open the workbook in a process of its own first, with limits on memory and time.

    An archive's directory can lie about sizes, and two cells in opposite corners make the parser reserve the
    whole sheet, which would end this process rather than raise. Costs about as much as opening it again.
    """
    try:
        done = subprocess.run(  # noqa: S603 (our own text)
            [sys.executable, "-I", "-c", _PROBE],
            input=data,
            capture_output=True,
            timeout=MAX_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Malformed(_TOO_BIG) from None
    if done.returncode != 0:  # killed or out of memory: what the parser itself refuses ends with 0 and is met again
        raise Malformed(_TOO_BIG)


_PROBE: Final = f"""
import io, resource, sys
import python_calamine
resource.setrlimit(resource.RLIMIT_AS, ({MAX_MEMORY}, {MAX_MEMORY}))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
try:
    workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    for sheet in workbook.sheets_metadata:
        if sheet.visible == python_calamine.SheetVisibleEnum.Visible and sheet.typ == python_calamine.SheetTypeEnum.WorkSheet:
            workbook.get_sheet_by_name(sheet.name)
            break
except python_calamine.CalamineError:
    pass
"""


# --- csv ------------------------------------------------------------------------------------------


def _read_csv(data: bytes, filename: str) -> Iterator[list[object]]:
    text = _decoded(data)
    start = text[:1000].lstrip().lower()
    if start.startswith(("<html", "<!doctype", "<table", "<?xml", "<meta")):
        raise Malformed(
            format_lazy(
                _("“{name}”其实是网页，不是表格。请用 Excel 或 WPS 打开，另存为 xlsx 后重新上传。"), name=filename
            )
        )
    if any(char < " " and char not in "\t\r\n" for char in text[:100_000]):
        raise Malformed(_NOT_TABLE)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=False)
    return _csv_rows(rows)


def _csv_rows(rows: Iterator[list[str]]) -> Iterator[list[object]]:
    try:
        for row in rows:
            yield [cell.strip() for cell in row]
    except csv.Error:
        raise Malformed(_("这个 csv 文件有一格过长，多半是引号没有成对。")) from None


def _decoded(data: bytes) -> str:
    """UTF-8, then GB 18030, which takes almost anything and so comes last; UTF-16 (Excel's "Unicode text") by its mark."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\x00" in data:
        encodings = []
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        with suppress(UnicodeDecodeError):
            return data.decode(encoding)
    raise Malformed(_NOT_TABLE)


def _delimiter(text: str) -> str:
    """The one that stands most often, outside quotation marks, in the first line that has anything."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    bare = "".join(first.split('"')[::2])
    return max(",;\t", key=bare.count)


# --- writing --------------------------------------------------------------------------------------


def write_rows(path_or_file: str | Path | BinaryIO, sheets: Mapping[str, Iterable[Sequence[object]]]) -> None:
    """An xlsx with one sheet for each name; the first row of each is its head. Streams: rows may be generators.

    Text stays text, also when somebody edits it (an identity number never becomes a float), and text that
    looks like a formula is marked as quoted, so that it does not come alive on the way through csv. Whole
    numbers of 16 digits and more are written as text. Moments are written as seen in Shanghai.
    Raises `ValueError` beyond Excel's 1,048,576 rows.
    """
    options = {
        "constant_memory": True,
        "strings_to_numbers": False,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "default_date_format": "yyyy-mm-dd",
    }
    with xlsxwriter.Workbook(str(path_or_file) if isinstance(path_or_file, Path) else path_or_file, options) as book:
        write = _cell_writer(book)
        head = book.add_format({"bold": True, "num_format": "@", "bottom": 1})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(_sheet_name(name))
            sheet.freeze_panes(1, 0)
            for y, row in enumerate(rows):
                if y >= MAX_ROWS:
                    raise ValueError("more rows than a sheet can hold: split the export")
                if y == 0:  # widths must be set before the first row is streamed
                    for x, title in enumerate(row):
                        sheet.set_column(x, x, min(40, max(12, 2 * len(str(title)) + 4)))
                        sheet.write_string(y, x, str(title), head)
                    continue
                for x, cell in enumerate(row):
                    write(sheet, y, x, cell)


def _sheet_name(name: str) -> str:
    """Without the characters that Excel forbids, 31 at most."""
    return "".join("_" if char in "[]:*?/\\" else char for char in name)[:31].strip("'") or "Sheet"


def _cell_writer(book: xlsxwriter.Workbook) -> Callable[[Any, int, int, object], None]:
    text = book.add_format({"num_format": "@"})
    quoted = book.add_format({"num_format": "@", "quote_prefix": True})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    day = book.add_format({"num_format": "yyyy-mm-dd"})

    def write(sheet: Any, y: int, x: int, cell: object) -> None:
        if cell is None or cell == "":
            return
        if isinstance(cell, bool):
            sheet.write_boolean(y, x, cell)
        elif isinstance(cell, datetime):
            sheet.write_datetime(y, x, cell.astimezone(SHANGHAI).replace(tzinfo=None) if cell.tzinfo else cell, moment)
        elif isinstance(cell, date):
            sheet.write_datetime(y, x, cell, day)
        elif isinstance(cell, (int, float, Decimal)) and -(10**15) < float(cell) < 10**15:  # False for nan and infinity
            sheet.write_number(y, x, cell)
        else:
            string = str(cell)
            if len(string) > MAX_CELL:  # xlsxwriter would leave the cell empty without a word
                string = string[: MAX_CELL - 10] + "…（后文已略）"
            sheet.write_string(y, x, string, quoted if string[0] in "=+-@\t\r" else text)

    return write
