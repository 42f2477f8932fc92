"""The stretch of a text that answers, with the found words marked. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from anlan.search.understanding import Understood
from anlan.search.words import meaningful

LONG: Final = 118
"""Characters of a passage: three lines on a phone."""


def terms(asked: Understood) -> list[str]:
    """Return what is marked: what was typed and the law's words for it, long ones first."""
    found = list(asked.words)
    for match in asked.matches:
        for phrase in match.formal:
            found += [phrase] if len(phrase) <= 12 else []
            found += [word for word in meaningful(phrase) if len(word) > 2]
    if len(asked.text) == 1:
        found.append(asked.text)
    return sorted(dict.fromkeys(found), key=lambda word: (-len(word), word))[:60]


def spans(text: str, words: Iterable[str]) -> list[tuple[int, int]]:
    """Return where words stand in a text, longer ones first, none overlapping, in order."""
    taken = bytearray(len(text))
    found = []
    low = text.lower() if len(text.lower()) == len(text) else text
    for word in words:
        at = low.find(word)
        while word and at >= 0:
            if not any(taken[at : at + len(word)]):
                taken[at : at + len(word)] = b"\1" * len(word)
                found.append((at, at + len(word)))
            at = low.find(word, at + len(word))
    return sorted(found)


def passage(text: str, words: Sequence[str], long: int = LONG) -> SafeString:
    """Return the stretch with most found characters, marked; the beginning where nothing is found."""
    flat = " ".join(text.split())
    found = spans(flat, words)
    start = _densest(found, long) if len(flat) > long else 0
    # Begin at the sentence where that costs little.
    cut = max(flat.rfind(mark, max(0, start - 24), start) for mark in "。；，：") if start else -1
    start = cut + 1 if cut >= 0 else start
    end = min(len(flat), start + long)
    inside = [(begin, stop) for begin, stop in found if begin >= start and stop <= end]
    plain = [start, *(stop for _, stop in inside)]
    marked = format_html_join(
        "", "{}<mark>{}</mark>", ((flat[at:begin], flat[begin:stop]) for at, (begin, stop) in zip(plain, inside, strict=False))
    )  # fmt: skip
    return format_html("{}{}{}{}", "…" if start else "", marked, flat[plain[-1] : end], "…" if end < len(flat) else "")


def _densest(found: Sequence[tuple[int, int]], long: int) -> int:
    """Return the start of the window that holds most marked characters; long words count more than their length."""
    best, start = -1.0, 0
    for place, (begin, _) in enumerate(found):
        weight = sum((stop - at) ** 1.5 for at, stop in found[place:] if stop <= begin + long)
        if weight > best:
            best, start = weight, begin
    return start
