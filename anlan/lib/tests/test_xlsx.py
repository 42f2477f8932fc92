import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter

from anlan.lib import xlsx
from anlan.lib.codes import Malformed, id_number, phone
from anlan.lib.xlsx import read_rows, write_rows

HEAD = ["姓名", "身份证号", "手机号"]
ROW = ["李强", "11010519491231002X", "13800000417"]


def book(rows: list[list[object]], **sheets: list[list[object]]) -> io.BytesIO:
    file = io.BytesIO()
    write_rows(file, {"人员": rows, **sheets})
    file.seek(0)
    return file


def refusal(data: bytes, name: str = "a.xlsx") -> str:
    with pytest.raises(Malformed) as caught:
        read_rows(io.BytesIO(data), name)
    return str(caught.value)


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    moment = datetime(2024, 3, 1, 8, 30)  # noqa: DTZ001 (spreadsheets know no zone)
    rows: list[list[object]] = [HEAD, ROW, [], ["张三", 5, 5.5], [True, date(2024, 3, 1), moment]]
    write_rows(tmp_path / "a.xlsx", {"人员": rows, "第二/页": [["x"]]})
    with (tmp_path / "a.xlsx").open("rb") as file:
        read = list(read_rows(file, "a.xlsx"))
    assert read == [HEAD, ROW, ["", "", ""], ["张三", 5, 5.5], rows[4]]
    assert [type(cell) for cell in read[3]] == [str, int, float]


def test_long_numbers_stay_text_and_moments_are_those_of_shanghai() -> None:
    row: list[object] = [
        410105199001011234,
        Decimal("1.5"),
        datetime(2024, 2, 29, 16, 30, tzinfo=UTC),
        float("nan"),
        None,
        "x" * 40_000,
    ]
    number, decimal, moment, nan, none, long = list(read_rows(book([["a"], row]), "a.xlsx"))[1]
    assert (number, decimal, nan, none) == ("410105199001011234", 1.5, "nan", "")
    assert moment == datetime(2024, 3, 1, 0, 30)  # noqa: DTZ001
    assert len(str(long)) <= 32_767 and str(long).endswith("略）")


def test_text_that_looks_like_a_formula_stays_text_and_is_marked_as_quoted() -> None:
    attack = '=HYPERLINK("http://x","y")'
    file = book([["a"], [attack], ["@x"], ["http://x"]])
    with zipfile.ZipFile(file) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
        assert b'quotePrefix="1"' in archive.read("xl/styles.xml")
    file.seek(0)
    assert [row[0] for row in read_rows(file, "a.xlsx")] == ["a", attack, "@x", "http://x"]


def test_numbers_excel_has_damaged_are_told_from_those_it_has_not() -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as workbook:
        workbook.add_worksheet().write_row(2, 1, [13800000417, 410105199001011234])
    file.seek(0)
    rows = list(read_rows(file, "a.xlsx"))
    assert rows[:2] == [["", "", ""], ["", "", ""]] and rows[2][0] == ""
    assert phone(str(rows[2][1])) == "13800000417"
    with pytest.raises(Malformed, match="Excel"):
        id_number(str(rows[2][2]))


def test_the_first_visible_sheet_is_read_without_its_blank_tail() -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as workbook:
        hidden, shown = workbook.add_worksheet("a"), workbook.add_worksheet("b")
        hidden.write(0, 0, "hidden")
        shown.activate()
        shown.set_first_sheet()
        hidden.hide()
        shown.write(0, 0, "shown")
        shown.write(9, 0, "")
        shown.write_blank(9, 3, None, workbook.add_format({"bold": True}))
    file.seek(0)
    assert list(read_rows(file, "a.xlsx")) == [["shown"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_in_the_encodings_and_delimiters_people_have(encoding: str, delimiter: str) -> None:
    text = "\r\n".join(
        delimiter.join(row) for row in (HEAD, ROW, [f'"a{delimiter}""b"""', "", "1\n2".join('""')], ["", "", ""])
    )
    assert list(read_rows(io.BytesIO(text.encode(encoding)), "a.csv")) == [HEAD, ROW, [f'a{delimiter}"b"', "", "1\n2"]]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "空的"),
        (b"  \r\n", "空的"),
        (b"PK\x03\x04zzzz", "损坏"),
        (b"%PDF-1.7\x00\x01", "不是表格"),
        (b"\x89PNG\r\n\x1a\n\x00", "不是表格"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "网页"),
        (b"\xd0\xcf\x11\xe0" + b"\x00" * 600, "损坏"),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "密码"),
        (b"a,b\x81", "不是表格"),
    ],
)
def test_what_is_no_table_is_refused_in_plain_words(data: bytes, words: str) -> None:
    assert words in refusal(data)


def test_archives_that_are_no_workbook_are_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", "x")
    assert "不是表格" in refusal(file.getvalue())


def test_a_zip_bomb_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("xl/workbook.xml", b" " * (30 * xlsx.MB))
    assert "膨胀" in refusal(file.getvalue())


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MAX_FILE", 10)
    assert "太大" in refusal(b"a,b,c,d,e,f,g")


def test_two_cells_in_opposite_corners_do_not_end_the_process() -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write(0, 0, 1)
        sheet.write(1_048_575, 16_383, 1)
    assert "太大" in refusal(file.getvalue())


def test_a_csv_quotation_that_never_ends_is_named() -> None:
    with pytest.raises(Malformed, match="引号"):
        list(read_rows(io.BytesIO(b'a,"' + b"x" * 200_000), "a.csv"))


def test_more_rows_than_a_sheet_holds_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MAX_ROWS", 2)
    with pytest.raises(ValueError):
        book([["a"], ["b"], ["c"]])
