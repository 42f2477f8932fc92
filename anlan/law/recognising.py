"""Citations in running text: 《安全生产法》第三十八条第二款第（三）项, 本法第七条, 前款, 第八条至第十条, 安全生产法:38.

Pure: knows no database. What a name means is the caller's business; a name is returned as it stands in the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from anlan.lib.codes import Malformed
from anlan.lib.numerals import from_chinese

HERE: Final = ""
"""The name of the statute in whose text the citation stands."""
LONGEST_NAME: Final = 40
WIDEST_RANGE: Final = 60
"""第八条至第十条 is eight, nine and ten; a wider stretch cites its two ends only."""

_NUMBER = r"[零〇一二三四五六七八九十百千两0-9０-９]{1,9}"
_OWN: Final = (
    "法|条例|规定|办法|决定|细则|规则|解释|章程|规程|准则|标准|通知|意见|制度|暂行规定|暂行办法|实施细则|实施办法"
)
_TOKEN: Final = re.compile(
    rf"""
    《(?P<title>[^《》\n]{{2,80}})》(?:[（(]\s*(?:以下|下称|简称)[^）)《]*《?(?P<short>[^》）)，。；]{{2,40}}?)》?[）)]|[（(](?P<year>[12][0-9]{{3}}[^）)]{{0,12}})[）)])?
    | (?P<own>本(?:{_OWN}))
    | (?P<same>该(?:{_OWN}))
    | (?P<thisarticle>本条)
    | 前(?P<back>[一二两三四五六]?)(?P<backunit>[条款])
    | 第?\s*[（(]?(?P<number>{_NUMBER})[）)]?\s*(?P<unit>[条款项])(?:之(?P<inserted>[一二三四五六七八九十]{{1,3}}))?
    """,
    re.X,
)
_SIGNS: Final = re.compile("[《条款]")
_JOINED: Final = re.compile(r"[\s的]*(?P<join>、|和|与|及|以及|或|或者|至|到|或者是|，)?[\s的]*")
_SHORT: Final = re.compile(r"(?P<name>[^:：\s《》]{2,80})[:：](?P<ref>[1-9][0-9]{0,3}(?:-[1-9][0-9]?)?)")
_SUFFIX: Final = re.compile(r"[（(].{0,30}[）)]$")


@dataclass(frozen=True, slots=True)
class Mention:
    """One citation in a text, from `start` to `end`.

    `name` as written without 《》 and 中华人民共和国, `HERE` for the text's own statute; `ref` "38" or "38-1", empty for a
    statute as a whole; paragraph 款 and item 项 from 1, 0 for none; `through`: every article from the mention before to this.
    """

    start: int
    end: int
    name: str
    ref: str
    paragraph: int = 0
    item: int = 0
    through: bool = False


def everyday_name(title: str) -> str:
    """中华人民共和国安全生产法（2021年修正） → 安全生产法."""
    plain = re.sub(r"\s+", "", title).strip("《》").removeprefix("中华人民共和国")
    return _SUFFIX.sub("", plain) or plain


def recognise(
    text: str,
    *,
    known: Container[str] = (),
    ref: str = "",
    previous: str = "",
    paragraph: int = 0,
    inside: bool = True,
    short: dict[str, str] | None = None,
) -> list[Mention]:
    """Return the citations of a text in their order.

    `known`: names that count without 《》 (消防法第二十八条). `inside`: the text belongs to a statute, so a bare 第八条 is an
    article of its own; in other texts a bare number cites nothing. `ref`, `previous`, `paragraph`: where in its statute the
    text stands, for 前条, 前款 and 本条. `short`: abbreviations made so far in the same text (以下简称《…》); new ones are added.
    """
    if not _SIGNS.search(text):
        return []
    return list(_Scanner(text, known, ref, previous, paragraph, inside, {} if short is None else short))


def recognise_short(refs: Iterable[str], *, known: Container[str] = ()) -> list[Mention]:
    """Return what short references and free text cite: "安全生产法:38", "消防法第二十八条", "《消防法》"."""
    found: list[Mention] = []
    for cite in refs:
        plain = unicodedata.normalize("NFKC", cite.strip())
        if hit := _SHORT.fullmatch(plain.strip("《》")):
            found.append(Mention(0, len(cite), everyday_name(hit["name"]), hit["ref"]))
            continue
        found += (mention for mention in recognise(plain, known=known, inside=False))
        if plain.strip("《》") and "《" not in plain and everyday_name(plain) in known:
            found.append(Mention(0, len(cite), everyday_name(plain), ""))
    return found


def expanded(mentions: Iterable[Mention]) -> Iterator[Mention]:
    """Yield them with the articles between the ends of 第八条至第十条."""
    before: Mention | None = None
    for mention in mentions:
        if mention.through and before is not None and before.ref.isdigit() and mention.ref.isdigit():
            first, last = int(before.ref) + 1, int(mention.ref)
            if 0 < last - first <= WIDEST_RANGE:
                yield from (replace(mention, ref=str(n), paragraph=0, item=0) for n in range(first, last))
        yield mention
        before = mention


class _Scanner:
    """Walks the tokens of one text once."""

    def __init__(
        self,
        text: str,
        known: Container[str],
        ref: str,
        previous: str,
        paragraph: int,
        inside: bool,
        short: dict[str, str],
    ) -> None:
        self.text, self.known, self.inside = text, known, inside
        self.ref, self.previous, self.paragraph = ref, previous or _before(ref), paragraph
        self.short = short
        self.name: str | None = None
        """The statute that the last token named or belonged to; None before any."""
        self.titled = HERE
        self.end = -1
        self.found: list[Mention] = []

    def __iter__(self) -> Iterator[Mention]:
        for hit in _TOKEN.finditer(self.text):
            if hit["title"]:
                self._title(hit)
            elif hit["own"]:
                self.name, self.end = HERE, hit.end()
            elif hit["same"]:
                self.name, self.end = self.titled, hit.end()
            elif hit["thisarticle"]:
                self._add(hit.start(), hit.end(), HERE, self.ref, keep=False)
            elif hit["backunit"]:
                self._back(hit)
            else:
                self._unit(hit)
        return (mention for mention in self.found if mention.name != HERE or (self.inside and mention.ref))

    def _add(self, start: int, end: int, name: str, ref: str, *, keep: bool = True, **more: int | bool) -> None:
        if keep or ref:
            self.found.append(Mention(start, end, name, ref, **more))  # type: ignore[arg-type]
        self.name, self.end = name, end

    def _title(self, hit: re.Match[str]) -> None:
        name = everyday_name(hit["title"])
        name = self.short.get(name, name)
        if hit["short"]:
            self.short[everyday_name(hit["short"])] = name
        self.titled = name
        self._add(hit.start(), hit.end(), name, "")

    def _back(self, hit: re.Match[str]) -> None:
        """前条, 前款, 前两款: what stands directly before, in this statute."""
        if not self.inside or not self.ref:
            return
        many = {"": 1, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6}[hit["back"]]
        if hit["backunit"] == "款":
            if self.paragraph > many:
                self._add(hit.start(), hit.end(), HERE, self.ref, paragraph=self.paragraph - many)
        elif self.previous:
            if many > 1 and self.previous.isdigit() and int(self.previous) >= many:
                self._add(hit.start(), hit.start(), HERE, str(int(self.previous) - many + 1))
                self._add(hit.start(), hit.end(), HERE, self.previous, through=True)
            else:
                self._add(hit.start(), hit.end(), HERE, self.previous)

    def _unit(self, hit: re.Match[str]) -> None:
        try:
            number = _number(hit["number"])
        except (Malformed, ValueError):
            return
        joined = _JOINED.fullmatch(self.text, self.end, hit.start()) if self.end >= 0 else None
        join = joined["join"] if joined else None
        last = self.found[-1] if joined and self.found else None
        if hit["unit"] == "条":
            self._article(hit, number, joined is not None and join != "，", join)
        elif last is None or not (last.ref and joined):
            # 第二款 alone is one of this article, where the text says so itself.
            if self.inside and self.ref and hit["unit"] == "款" and self.text[hit.start()] == "第":
                self._add(hit.start(), hit.end(), HERE, self.ref, paragraph=number)
        elif not join:
            finer = {"paragraph": number} if hit["unit"] == "款" else {"item": number}
            self.found[-1] = replace(last, end=hit.end(), **finer)  # type: ignore[arg-type]
            self.end = hit.end()
        elif join != "，":
            paragraph, item = (number, 0) if hit["unit"] == "款" else (last.paragraph, number)
            self._add(hit.start(), hit.end(), last.name, last.ref, paragraph=paragraph, item=item)

    def _article(self, hit: re.Match[str], number: int, joined: bool, join: str | None) -> None:
        if self.text[hit.start()] != "第" or not number:
            return
        ref = f"{number}-{_number(hit['inserted'])}" if hit["inserted"] else str(number)
        if not joined or self.name is None:
            self.name = self._named_before(hit.start())
            if self.name is None:
                self.name = HERE
            elif self.name != HERE:
                self.titled = self.name
                start = self.text.rfind(self.name, 0, hit.start())
                self._add(start, hit.end(), self.name, ref)
                return
        elif not join and self.found and self.found[-1].end == self.end and not self.found[-1].ref:
            # 《安全生产法》第三十八条 is one citation, not two.
            self.found[-1] = replace(self.found[-1], end=hit.end(), ref=ref)
            self.end = hit.end()
            return
        self._add(hit.start(), hit.end(), self.name, ref, through=join in ("至", "到"))

    def _named_before(self, end: int) -> str | None:
        """The longest known name, or abbreviation made in this text, that ends where the article begins."""
        end = len(self.text[:end].rstrip())
        for length in range(min(LONGEST_NAME, end), 1, -1):
            name = self.text[end - length : end]
            if name in self.short:
                return self.short[name]
            if name in self.known:
                return name
        return None


def _number(written: str) -> int:
    plain = unicodedata.normalize("NFKC", written)
    return int(plain) if plain.isdigit() else from_chinese(plain)


def _before(ref: str) -> str:
    """The number before: 28 → 27, 28-2 → 28-1, 28-1 → 28."""
    main, _dash, inserted = ref.partition("-")
    if inserted:
        return f"{main}-{int(inserted) - 1}" if int(inserted) > 1 else main
    return str(int(main) - 1) if main.isdigit() and int(main) > 1 else ""
