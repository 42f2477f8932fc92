"""The official texts, where they lie beside the repository: counts equal the manifest, and nothing is lost."""

from __future__ import annotations

import csv
import html
import re
from datetime import date
from functools import cache

from anlan.law.aligning import align
from anlan.law.parsing import Kind, Piece, Text, parse
from anlan.law.parsing.days import commencement
from anlan.law.parsing.folder import collect
from anlan.law.parsing.marks import BLANKS
from anlan.law.tests.made_up import LAWS, needs_laws

pytestmark = needs_laws

WRONG = {
    # The manifest took the first day of each line of the header only; these lines hold several.
    ("浙江省消防条例(2021-11-25).md", "header_dates"): "2010年5月28日;2016年5月27日;2017年11月30日;2021年11月25日",
    ("浙江省工伤保险条例(2020-09-24).md", "header_dates"): "2017年9月30日;2020年9月24日",
    ("若干问题的解释（二）(2022-12-15).md", "header_dates"): "2022年9月19日;2022年10月25日;2022年12月19日",
    (
        "just-laws/刑法/README.md",
        "header_dates",
    ): "1979年7月1日;1997年3月14日;1998年12月29日;1999年12月25日;2001年8月31日;2001年12月29日;"
    "2002年12月28日;2005年2月28日;2006年6月29日;2009年2月28日;2009年8月27日;2011年2月25日;2015年8月29日;2017年11月4日;2020年12月26日",
    # "本法自1986年10月1日施行。" without 起 escaped it.
    ("矿产资源法(2009-08-27).md", "effective_date_last_clause"): "1986年10月1日",
    # One file of twelve amendments, read as a whole: the last clause that names a day is that of the ninth.
    ("刑法/04-amendment.md", "effective_date_last_clause"): "2015年11月1日",
    # Volumes of one statute: the first heading is a part, not a title.
    ("刑法/01-general-provisions.md", "title"): "",
    ("刑法/02-specific-provisions.md", "title"): "",
}
"""Where the manifest is wrong, proved from the text itself."""


@cache
def manifest() -> list[dict[str, str]]:
    with (LAWS / "MANIFEST.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@cache
def read(file: str) -> Text:
    return parse((LAWS / file).read_text("utf-8"))


def said(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def counted(text: Text) -> dict[str, str]:
    """The columns of the manifest, from a parsed text."""
    numbers = [int(piece.ref) for piece in text.articles if "-" not in piece.ref]
    missing = [n for n in range(1, max(numbers, default=0)) if n not in numbers]
    clause = commencement([(p.ref, p.text) for p in text.pieces if p.kind in (Kind.ARTICLE, Kind.CLAUSE)])
    return {
        "title": text.title,
        "header_dates": ";".join(said(event.on) for event in text.events if event.on),
        "effective_date_last_clause": said(clause.on) if clause and clause.on else "",
        "chapters": str(sum(p.kind is Kind.CHAPTER and p.label.startswith("第") for p in text.pieces)),
        "sections": str(sum(p.kind is Kind.SECTION for p in text.pieces)),
        "articles": str(len(text.articles)),
        "max_article_no": str(max(numbers, default=0)),
        # The manifest lists the first twelve.
        "missing_article_nos": " ".join(map(str, missing[:12])),
        "duplicate_nos": str(len(text.articles) - len({p.ref for p in text.articles})),
    }


def test_counts_equal_the_manifest() -> None:
    odd = {}
    for row in manifest():
        for column, value in counted(read(row["file"])).items():
            right = next(
                (said for (end, name), said in WRONG.items() if name == column and row["file"].endswith(end)),
                row[column],
            )
            if value != right:
                odd[row["file"], column] = (value, right)
    assert odd == {}


_TAG = re.compile(
    r"</?(?:table|thead|tbody|tr|td|th|br|div|span|p|strong|em|b|i|center|sup|sub|a|img)(?:\s[^<>]*)?/?>", re.I
)
_MARKS = re.compile(r"[*#|>【】（）()［］：:]")


def bare(source: str) -> str:
    """A source without blanks and marks, written apart from the parser on purpose."""
    words = re.sub(r"\A\ufeff?---\s*\n.*?\n---\s*(?:\n|\Z)", "", source, flags=re.S)
    words = re.sub(r"<!--.*?-->", "", words, flags=re.S)
    words = re.sub(r"!\[([^\]]*)\]\([^)]*\)", r"图：\1", words)
    words = re.sub(r"(?m)^\|?[\s:|-]*-[\s:|-]*\|?$", "", words)
    return _MARKS.sub("", BLANKS.sub("", html.unescape(_TAG.sub("", words))))


def test_title_header_preamble_and_provisions_together_are_the_source() -> None:
    for row in manifest():
        assert _MARKS.sub("", read(row["file"]).whole()) == bare((LAWS / row["file"]).read_text("utf-8")), row["file"]


def test_a_statute_split_over_several_files_comes_out_whole() -> None:
    found = {source.place: source.text for source in collect(LAWS) if not source.refusal}
    whole = found["just-laws/刑法/README.md"]
    assert whole.title == "中华人民共和国刑法"
    numbers = [int(p.ref) for p in whole.articles if "-" not in p.ref]
    assert numbers == sorted(numbers)
    assert (numbers[0], numbers[-1]) == (1, 452)
    amendments = [text.title for place, text in found.items() if place.startswith("just-laws/刑法/04")]
    assert len(amendments) == 12 or len(amendments) == 11


def pairs(old: str, new: str) -> tuple[dict[str, str], list[Piece], list[Piece]]:
    a, b = read(old).articles, read(new).articles
    return {a[i].ref: b[j].ref for i, j, _s in align([p.text for p in a], [p.text for p in b])}, a, b


def test_articles_keep_their_identity_through_the_emergency_response_law_of_2024() -> None:
    found, old, new = pairs(
        "LawRefBook/行政法/突发事件应对法(2007-08-30).md", "LawRefBook/行政法/突发事件应对法(2024-06-28).md"
    )
    assert (len(old), len(new)) == (70, 106)
    assert len(found) >= 60
    # Read by a person: rank of hazards, fiscal means, reserve of goods, communications, donations, management, final clause.
    expected = {
        "4": "16",
        "18": "28",
        "31": "44",
        "32": "46",
        "33": "49",
        "34": "52",
        "48": "72",
        "61": "89",
        "66": "98",
        "70": "106",
    }
    assert {ref: found.get(ref) for ref in expected} == expected


def test_a_law_written_anew_pairs_only_what_corresponds() -> None:
    found, _old, _new = pairs(
        "LawRefBook/经济法/矿产资源法(2009-08-27).md", "LawRefBook/经济法/矿产资源法(2024-11-08).md"
    )
    expected = {"1": "1", "3": "4", "8": "11", "10": "13", "22": "43", "50": "77", "53": "80"}
    assert {ref: found.get(ref) for ref in expected} == expected
    # Approval of mining by rank of deposit, transfer of rights as of 1996: nothing in the new law is their successor.
    assert not {"6", "16"} & set(found)


def test_a_local_regulation_cut_by_a_third_keeps_what_it_kept() -> None:
    found, _old, _new = pairs(
        "LawRefBook/DLC/北京地方法规/北京/北京市安全生产条例.md",
        "LawRefBook/DLC/北京地方法规/北京/北京市安全生产条例(2022-05-25).md",
    )
    expected = {"2": "2", "7": "5", "9": "8", "18": "15", "28": "23", "57": "44", "82": "57", "92": "60"}
    assert {ref: found.get(ref) for ref in expected} == expected
    assert len(found) >= 30


def test_the_work_safety_law_is_the_same_in_both_collections() -> None:
    found, old, new = pairs("LawRefBook/社会法/安全生产法(2021-06-10).md", "just-laws/安全生产法.md")
    assert found == {str(n): str(n) for n in range(1, 120)}
    assert len(old) == len(new) == 119
