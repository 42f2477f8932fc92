"""Word files: read as they are, and refused kindly where they are hostile."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from docx import Document

from anlan.law.parsing import parse_lines
from anlan.law.parsing.folder import collect
from anlan.law.parsing.word import MAX_ENTRIES, Unreadable, check_zip, read_docx


def written(path: Path, *rows: str, table: list[list[str]] | None = None) -> Path:
    """A Word file of plain paragraphs."""
    document = Document()
    for row in rows:
        document.add_paragraph(row)
    if table:
        grid = document.add_table(rows=len(table), cols=len(table[0]))
        for r, row in enumerate(table):
            for c, words in enumerate(row):
                grid.cell(r, c).text = words
    document.save(str(path))
    return path


def test_paragraphs_chapters_and_tables_are_read_in_order(tmp_path: Path) -> None:
    path = written(
        tmp_path / "灯笼条例.docx", "灯笼安全条例", "（2020年1月1日灯会通过）", "第一章　总则", "第一条　挂灯。\n挂稳。", "第二条　价目如下：",
        table=[["灯", "价"], ["红", "3"]],
    )  # fmt: skip
    text = parse_lines(read_docx(path))
    assert (text.title, len(text.events)) == ("灯笼安全条例", 1)
    assert [p.text for p in text.articles] == ["挂灯。\n挂稳。", "价目如下：\n| 灯 | 价 |\n| 红 | 3 |"]


def test_headings_by_style_are_headings(tmp_path: Path) -> None:
    document = Document()
    document.add_heading("灯笼安全条例", 1)
    document.add_heading("第一章 总则", 2)
    document.add_paragraph("第一条 挂灯。")
    document.save(str(tmp_path / "a.docx"))
    text = parse_lines(read_docx(tmp_path / "a.docx"))
    assert (text.title, [p.label for p in text.pieces]) == ("灯笼安全条例", ["第一章", "第一条"])


def test_what_a_source_told_about_a_file_stands_beside_it(tmp_path: Path) -> None:
    written(tmp_path / "灯笼条例.docx", "灯笼安全条例", "第一条 挂灯。")
    (tmp_path / "灯笼条例.json").write_text('{"publish_date": "2020-01-01", "status": "已废止"}', encoding="utf-8")
    found = list(collect(tmp_path))
    assert [source.text.front["status"] for source in found] == ["已废止"]


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"PK\x03\x04 cut off", b"\xd0\xcf\x11\xe0" + b"\0" * 600, b"<html></html>"]
)
def test_what_is_no_word_file_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.docx"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match="docx"):
        read_docx(path)


def test_a_zip_that_is_no_document_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "hello")
    with pytest.raises(Unreadable, match="读不出来"):
        read_docx(path)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * (8 * 1024 * 1024))
    with pytest.raises(Unreadable, match="过大"):
        check_zip(packed)


def test_too_many_entries_are_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for n in range(MAX_ENTRIES + 1):
            archive.writestr(str(n), b"")
    with pytest.raises(Unreadable, match="个文件"):
        check_zip(packed)


def test_an_empty_document_says_that_it_is_empty(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="没有文字"):
        read_docx(written(tmp_path / "a.docx"))
