"""Industries by GB/T 4754-2017 (with its first amendment): 20 sections, 97 divisions, 473 groups, 1,381 classes.

A code in the product is the section letter and up to four digits: C, C33, C339, C3391. In the standard the digits
alone are unique; the letter is kept in front so that a section is a prefix too.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

import orjson

LEVELS: Final = {1: "门类", 2: "大类", 3: "中类", 4: "小类"}


@dataclass(frozen=True, slots=True)
class Industry:
    """One entry: `code` as the product writes it, `level` 1 (section) to 4 (class)."""

    code: str
    name: str
    level: int
    parent: str

    @property
    def path(self) -> str:
        """The names from the division down: 金属制品业 › 锻件及粉末冶金制品制造."""
        return " › ".join(entry.name for entry in lineage(self.code)[1:]) or self.name

    def __str__(self) -> str:
        return f"{self.name}（{self.code}）"


@lru_cache(maxsize=1)
def industries() -> dict[str, Industry]:
    """All entries by code, in the order of the standard."""
    rows = orjson.loads(files("anlan.enterprises").joinpath("data/gbt4754-2017.json").read_bytes())
    found: dict[str, Industry] = {}
    section = ""
    for code, name, level, parent in rows:
        if level == 1:
            section = code
        own = code if level == 1 else section + code
        above = "" if parent is None else parent if level == 2 else section + parent
        found[own] = Industry(own, name, level, above)
    return found


def lineage(code: str) -> list[Industry]:
    """The entry and those above it, section first; empty for an unknown code."""
    chain: list[Industry] = []
    entry = industries().get(code)
    while entry is not None:
        chain.append(entry)
        entry = industries().get(entry.parent)
    return chain[::-1]


def name_of(code: str) -> str:
    """The name of an entry; the code itself where the standard has no such entry."""
    entry = industries().get(code)
    return entry.name if entry else code


@lru_cache(maxsize=1)
def sections() -> tuple[tuple[str, str], ...]:
    """Letter and name of the 20 sections."""
    return tuple((entry.code, entry.name) for entry in industries().values() if entry.level == 1)


def search(words: str, limit: int = 20) -> list[Industry]:
    """Entries below the sections whose name contains every word, or whose code begins with the only one.

    Best first: equal names, then names that begin with the first word, then the finer levels.
    """
    wanted = words.upper().split()
    if not wanted:
        return []
    first = wanted[0]
    hits = [
        entry
        for entry in industries().values()
        if entry.level > 1
        and (
            all(word in entry.name.upper() for word in wanted)
            or (len(wanted) == 1 and (entry.code.startswith(first) or entry.code[1:].startswith(first)))
        )
    ]
    hits.sort(key=lambda entry: (entry.name != first, not entry.name.startswith(first), -entry.level, entry.code))
    return hits[:limit]
