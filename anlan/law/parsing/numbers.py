"""Numbers as statutes write them. More forgiving than `lib.numerals`: ○, 〇, 两, Arabic digits, 二○二一."""

from __future__ import annotations

import re
from typing import Final

DIGITS: Final = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "Ｏ": 0, "O": 0, "两": 2}
UNITS: Final = {"十": 10, "百": 100, "千": 1000}
NUMBER: Final = "[零〇○Ｏ一二三四五六七八九十百千两0-9]+"
ARTICLE: Final = re.compile(rf"[第笫]\s?({NUMBER})\s?条(?:\s?之\s?({NUMBER}))?")
"""第二十八条, 第六条之一; also with a stray blank inside, and with the lookalike 笫 that one collection has."""


def number(words: str) -> int:
    """一百二十 → 120, 二○二一 → 2021, 38 → 38."""
    if words.isascii() and words.isdigit():
        return int(words)
    if not any(char in UNITS for char in words):
        return int("".join(str(DIGITS.get(char, char)) for char in words))
    total = digit = 0
    for char in words:
        if char in UNITS:
            total, digit = total + (digit or 1) * UNITS[char], 0
        else:
            digit = DIGITS[char] if char in DIGITS else digit * 10 + int(char)
    return total + digit


def reference(found: re.Match[str]) -> str:
    """The short reference of an article: 28, 6-1."""
    return str(number(found[1])) + (f"-{number(found[2])}" if found[2] else "")
