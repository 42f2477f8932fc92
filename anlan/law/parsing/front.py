"""What stands before the first line of the body: title, header, contents; and what a numbered heading is. Pure."""

from __future__ import annotations

import re
from typing import Final

from anlan.law.parsing.days import is_header
from anlan.law.parsing.marks import INFO_END, Line, squeeze
from anlan.law.parsing.numbers import ARTICLE, NUMBER

_DIVISION: Final = re.compile(rf"(第\s?{NUMBER}\s?(分编|编|章|节))(?:\s+|[:：]\s*)?(.*)")
LABEL: Final = re.compile(rf"({ARTICLE.pattern})(?=[\s：:【\[（(]|$|[^，、。；的规])\s*[：:]?\s*")
_CONTENTS: Final = re.compile(r"目\s?[录次]")
ENDS: Final = ("。", "；", "：", "，", "、", ".", ";", ":", ",")


def take_title(lines: list[Line]) -> tuple[str, str, list[Line]]:
    """Return title, subtitle and the lines after them; empty where the source begins without one."""
    at = 0
    while at < len(lines) and lines[at].words == INFO_END:
        at += 1
    if at == len(lines):
        return "", "", []
    first = lines[at]
    if first.depth == 1:
        if division(first):
            return "", "", lines[at:]
        following = lines[at + 1] if at + 1 < len(lines) else None
        if following and following.depth == 1 and not division(following):
            return first.words, following.words, lines[at + 2 :]
        return first.words, "", lines[at + 1 :]
    if first.depth or division(first) or LABEL.match(first.words):
        return "", "", lines[at:]
    # A Word file: the title may run over several centred lines, until a day, the contents or the text begins.
    words = ""
    while at < len(lines) and len(words) < 200:
        line = lines[at].words
        if line == INFO_END or lines[at].depth or is_header(line) or _CONTENTS.fullmatch(line) or line[:1] in "（(":
            break
        if words and (line.endswith(ENDS) or len(line) > 40 or division(lines[at]) or LABEL.match(line)):
            break
        words += line
        at += 1
        if words.endswith(
            ("法", "条例", "办法", "规定", "细则", "规则", "决定", "解释", "意见", "通知", "标准", "规程", "法典")
        ):
            break
    return words, "", lines[at:]


def take_header(lines: list[Line]) -> tuple[list[str], list[Line]]:
    """Return the lines that say who adopted and changed the text when, and the lines after them."""
    ends = [n for n, line in enumerate(lines) if line.words == INFO_END]
    header: list[str] = []
    if ends:
        header = [line.words for line in lines[: ends[0]]]
        lines = [line for line in lines[ends[0] + 1 :] if line.words != INFO_END]
    while lines and not lines[0].depth and _part_of_header(lines[0].words, header):
        header.append(lines[0].words)
        lines = lines[1:]
    return header, lines


def _part_of_header(words: str, header: list[str]) -> bool:
    if is_header(words):
        return True
    # （2002年…通过 over several lines, until the bracket closes.
    open_ones = "".join(header).count("（") - "".join(header).count("）")
    return bool(header) and open_ones > 0 and len(words) < 300 and not LABEL.match(words)


def take_contents(lines: list[Line]) -> tuple[list[str], list[Line]]:
    """The table of contents, if there is one: it ends where its first line stands again, or where text begins."""
    if not lines or not _CONTENTS.fullmatch(lines[0].words):
        return [], lines
    first = squeeze(lines[1].words) if len(lines) > 1 else ""
    for n, line in enumerate(lines[2:], 2):
        if squeeze(line.words) == first:
            return [found.words for found in lines[:n]], lines[n:]
        if LABEL.match(line.words) or len(line.words) > 60:
            break
    return [lines[0].words], lines[1:]


def division(line: Line) -> re.Match[str] | None:
    """A numbered heading; in running text only a line of its own, short and without an end of sentence."""
    found = _DIVISION.fullmatch(line.words)
    if not found:
        return None
    if line.depth:
        return found
    words = found[3]
    if len(words) > 45 or words.endswith(ENDS) or re.search("[，。；“”]|改为|第.{1,6}条", words):
        return None
    return found
