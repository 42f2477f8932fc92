"""What changed between two versions of a page, field by field, line by line, sign by sign. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final, Literal

Mark = Literal["same", "out", "in"]
Run = tuple[Mark, str]
"""A stretch of text that both have, that only the old one has, or that only the new one has."""

_TOKENS: Final = re.compile(r"[A-Za-z]+|[0-9]+(?:\.[0-9]+)?|\s+|.", re.DOTALL)
_MOST: Final = 4_000
"""Above this many signs a changed line is shown whole: comparing sign by sign would take seconds."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line on both sides; a side is empty where the line is on the other only."""

    kind: Literal["same", "changed", "out", "in"]
    old: tuple[Run, ...]
    new: tuple[Run, ...]
    inline: tuple[Run, ...]
    """Both sides in one line: what went, then what came, in place."""


@dataclass(frozen=True, slots=True)
class Change:
    """A field that differs."""

    field: str
    rows: tuple[Row, ...]


def as_lines(value: Any) -> list[str]:
    """Any field as the lines people read: lists line by line, tables with their cells joined."""
    if value is None or value == "":
        return []
    if isinstance(value, Mapping):
        return ["　".join(str(part) for part in value.values() if part not in ("", None))]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [line for item in value for line in as_lines(item)]
    return str(value).replace("\r\n", "\n").split("\n")


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """The fields that differ, in the order of `new` (then what only `old` has)."""
    fields = [*new, *(name for name in old if name not in new)]
    changes = []
    for field in fields:
        before, after = as_lines(old.get(field)), as_lines(new.get(field))
        if before != after:
            changes.append(Change(field, tuple(_rows(before, after))))
    return changes


def _rows(old: list[str], new: list[str]) -> list[Row]:
    rows: list[Row] = []
    for op, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if op == "equal":
            rows += [_line("same", "same", line) for line in old[a:b]]
            continue
        pairs = min(b - a, d - c)
        rows += [_pair(left, right) for left, right in zip(old[a : a + pairs], new[c : c + pairs], strict=True)]
        rows += [_line("out", "out", line) for line in old[a + pairs : b]]
        rows += [_line("in", "in", line) for line in new[c + pairs : d]]
    return rows


def _line(kind: Literal["same", "out", "in"], mark: Mark, line: str) -> Row:
    runs: tuple[Run, ...] = ((mark, line),)
    return Row(kind, () if kind == "in" else runs, () if kind == "out" else runs, runs)


def _pair(old: str, new: str) -> Row:
    whole: tuple[Run, ...] = (("out", old), ("in", new))
    if len(old) + len(new) > _MOST:
        return Row("changed", whole[:1], whole[1:], whole)
    a, b = _TOKENS.findall(old), _TOKENS.findall(new)
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    if matcher.ratio() < 0.3:  # two other sentences: crumbs in common help nobody
        return Row("changed", whole[:1], whole[1:], whole)
    runs: list[Run] = []
    for op, i, j, k, m in matcher.get_opcodes():
        if op == "equal":
            runs.append(("same", "".join(a[i:j])))
            continue
        runs += [("out", "".join(a[i:j]))] if i < j else []
        runs += [("in", "".join(b[k:m]))] if k < m else []
    return Row(
        "changed",
        tuple(run for run in runs if run[0] != "in"),
        tuple(run for run in runs if run[0] != "out"),
        tuple(runs),
    )
