"""A query that names an article goes straight there: 安法38, 第三十八条, 消防法 6-2, 刑法一百三十四条之一. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from pypinyin import Style, lazy_pinyin

from anlan.lib.codes import Malformed
from anlan.lib.numerals import from_chinese
from anlan.search.words import normalise

FIRST: Final = (
    "安全生产法", "消防法", "工伤保险条例", "职业病防治法", "特种设备安全法", "劳动合同法", "劳动法", "突发事件应对法", "矿山安全法",
    "道路交通安全法", "建筑法", "危险化学品安全管理条例", "生产安全事故报告和调查处理条例", "民法典", "刑法",
)  # fmt: skip
"""Whose article is meant when somebody types only 第三十八条."""
_NUMBER: Final = r"(?:\d{1,4}|[〇零一二三四五六七八九十百千两]+)"
_ARTICLE: Final = re.compile(
    rf"(?P<name>.*?)(?P<year>(?:19|20)\d\d)?年?(?:版|修订|修正|修改)?(?:的)?"
    rf"(?P<ordinal>第)?(?P<number>{_NUMBER})(?P<word>条)?(?:(?:之|-|之第)(?P<inserted>{_NUMBER}))?(?:条)?"
    rf"(?:第?(?P<paragraph>{_NUMBER})款)?(?:第?\(?(?P<item>{_NUMBER})\)?项)?(?:是什么|内容|规定|原文|全文|的)*"
)
_ALONE: Final = re.compile(r"(?P<name>.*?)(?P<year>(?:19|20)\d\d)?年?(?:版|修订|修正|修改)?(?:全文|原文)?")
_IDLE: Final = re.compile(r"[\s《》〈〉“”\"'·,，。.:：]+")
HIGHEST: Final = 1500


@dataclass(frozen=True, slots=True)
class Jump:
    """Where a query points: the statutes it may mean, best first; `ref` "38" or "6-2", empty for the statute itself;
    款 and 项 from 1, 0 when not said; `year` of the version asked for, 0: the one in force."""

    slugs: tuple[str, ...]
    ref: str = ""
    paragraph: int = 0
    item: int = 0
    year: int = 0


@dataclass(slots=True)
class Names:
    """How statutes are called."""

    exact: dict[str, list[str]] = field(default_factory=dict)
    sounds: dict[str, list[str]] = field(default_factory=dict)
    titles: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, rows: Iterable[tuple[str, Iterable[str]]]) -> Names:
        """Build from (slug, names), the most important statutes first."""
        built = cls()
        for slug, names in rows:
            for place, name in enumerate(dict.fromkeys(map(plain, names))):
                if not name:
                    continue
                built._add(built.exact, name, slug)
                if place == 0:
                    built.titles.append((name, slug))
                if len(name) <= 24:
                    for said in sounds(name):
                        built._add(built.sounds, said, slug)
        return built

    @staticmethod
    def _add(table: dict[str, list[str]], name: str, slug: str) -> None:
        known = table.setdefault(name, [])
        if slug not in known:
            known.append(slug)

    def find(self, name: str) -> tuple[str, ...]:
        """Return the statutes a name may mean: by title, short title or alias; by sound; by its characters in order
        (工伤条例 in 工伤保险条例), the important first, at most five."""
        name = plain(name)
        if not name:
            return ()
        if found := self.exact.get(name) or (self.sounds.get(name) if name.isascii() and len(name) > 2 else None):
            return tuple(found[:5])
        if len(name) < 3 or name.isascii():
            return ()
        inside = [(len(title), at, slug) for at, (title, slug) in enumerate(self.titles) if _in_order(name, title)]
        # Much shorter than the title it would be a guess.
        near = sorted(entry for entry in inside if entry[0] <= 2 * len(name) + 2)
        return tuple(dict.fromkeys(slug for _, _, slug in sorted(near, key=lambda e: (e[1] // 200, e[0], e[1]))))[:5]


def plain(name: str) -> str:
    """A name without brackets, spaces and 中华人民共和国."""
    return _IDLE.sub("", normalise(name)).replace("(", "").replace(")", "").removeprefix("中华人民共和国")


def sounds(name: str) -> tuple[str, str]:
    """Return pinyin in full and as initials: anquanshengchanfa, aqscf."""
    full = lazy_pinyin(name)
    return "".join(full), "".join(part[:1] for part in lazy_pinyin(name, style=Style.NORMAL))


def parse(query: str, names: Names) -> Jump | None:
    """Return where the query points, or None when it is a question in words."""
    text = re.sub(r"[—–_~]", "-", _IDLE.sub("", normalise(query)))
    if not text or len(text) > 80:
        return None
    found = _ARTICLE.fullmatch(text)
    if found and (jump := _article(found, names)):
        return jump
    alone = _ALONE.fullmatch(text)
    if alone and (slugs := _certain(alone["name"], names)):
        return Jump(slugs, year=int(alone["year"] or 0))
    return None


def _article(found: re.Match[str], names: Names) -> Jump | None:
    try:
        number, inserted, paragraph, item = (
            _number(found[group]) for group in ("number", "inserted", "paragraph", "item")
        )
    except Malformed:
        return None
    name = found["name"].removesuffix("第")
    if not 0 < number <= HIGHEST or (not name and not found["word"]):
        return None
    slugs = names.find(name) if name else tuple(slug for slug in FIRST if slug in names.exact.get(slug, ()))
    if not slugs:
        return None
    ref = f"{number}-{inserted}" if inserted else str(number)
    return Jump(slugs, ref, paragraph, item, int(found["year"] or 0))


def _certain(name: str, names: Names) -> tuple[str, ...]:
    """A name alone must be one: words that merely stand in a title are a search."""
    said = plain(name)
    return tuple(names.exact.get(said) or (said.isascii() and len(said) > 3 and names.sounds.get(said)) or ())[:5]


def _number(written: str | None) -> int:
    if not written:
        return 0
    return int(written) if written.isdecimal() else from_chinese(written)


def _in_order(name: str, title: str) -> bool:
    """Whether the characters of a name stand in a title in this order, the first and the last at its ends."""
    if title[:1] != name[:1] or title[-1:] != name[-1:]:
        return False
    rest = iter(title)
    return all(char in rest for char in name)
