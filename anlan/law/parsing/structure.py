"""A statute as structure: title, header, and every line of the body with its place. Pure: words in, data out.

`parse(source)` reads one file in either Markdown layout, or the plain paragraphs of a Word file. Nothing is lost:
`Text.whole()` put together again equals the source but for blanks and marks (held by tests over the whole corpus).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from anlan.law.parsing.days import Event, events_of
from anlan.law.parsing.front import ENDS, LABEL, division, take_contents, take_header, take_title
from anlan.law.parsing.marks import Line, front_matter, read_lines, squeeze
from anlan.law.parsing.numbers import ARTICLE, number, reference


class Kind(StrEnum):
    """What a line of the structure is; the values are those of `Provision.Kind`."""

    PART = "part"
    SUBPART = "subpart"
    CHAPTER = "chapter"
    SECTION = "section"
    ARTICLE = "article"
    CLAUSE = "clause"
    TEXT = "text"
    APPENDIX = "appendix"


LEVELS: Final = {Kind.PART: 1, Kind.SUBPART: 2, Kind.CHAPTER: 3, Kind.SECTION: 4}
_NAMES: Final = {"编": Kind.PART, "分编": Kind.SUBPART, "章": Kind.CHAPTER, "节": Kind.SECTION}
_INLINE: Final = re.compile(rf"(?<=[。；！？”）]) +(?={ARTICLE.pattern} )")
_CLAUSE: Final = re.compile(r"([一二三四五六七八九十百零]{1,5})\s*[、.．]\s*(?=\S)")
_APPENDIX: Final = re.compile(
    r"(?:附件|附录|附表|附图|附[:：]|附$|附 |［附|【附)|(?:中华人民共和国.{2,40})?(?:附件|附录)[一二三四五六七八九十\d]{1,3}"
)
_TITLED: Final = re.compile(r"【([^【】]{1,60})】\s*|（([^（）一二三四五六七八九十\d][^（）。；]{1,30})）\s*")
JUMP: Final = 60
"""An article whose number is this far ahead is one that the text quotes, not its own."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One line of the structure. Paragraphs (款) and items (项) are the lines of `text`."""

    kind: Kind
    ref: str = ""
    label: str = ""
    heading: str = ""
    text: str = ""
    parents: str = ""
    around: str = ""
    """The two marks around the heading of an article: 【】 or （）."""

    @property
    def digest(self) -> str:
        """Of the text without blanks, label and heading: equal texts under other numbers have equal digests."""
        return hashlib.blake2b(squeeze(self.text).encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Text:
    """A parsed source."""

    title: str
    subtitle: str = ""
    header: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()
    preamble: str = ""
    pieces: tuple[Piece, ...] = ()
    front: dict[str, str] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()

    @property
    def articles(self) -> list[Piece]:
        """The articles in order."""
        return [piece for piece in self.pieces if piece.kind is Kind.ARTICLE]

    @property
    def events(self) -> list[Event]:
        """The acts that the header lists, in its order."""
        return [event for line in self.header for event in events_of(line)]

    def whole(self) -> str:
        """Everything in the order of the source, without blanks."""
        parts = [self.title, self.subtitle, *self.header, *self.contents, self.preamble]
        for piece in self.pieces:
            parts += [piece.label, piece.around[:1], piece.heading, piece.around[1:], piece.text]
        return squeeze("".join(parts))

    @property
    def body_digest(self) -> str:
        """SHA-256 of what binds: preamble and pieces without blanks, so that two collections can be compared."""
        words = self.preamble + "".join(p.label + p.heading + p.text for p in self.pieces)
        return hashlib.sha256(squeeze(words).encode()).hexdigest()


def parse(source: str) -> Text:
    """Read one source. Never raises for odd texts: what is doubtful stands in `doubts`, what is unknown stays as text."""
    front, body = front_matter(source)
    return replace(parse_lines(read_lines(body)), front=front)


def parse_lines(lines: list[Line]) -> Text:
    """Read lines without marks (`depth` 0 throughout for a Word file)."""
    title, subtitle, rest = take_title(lines)
    header, rest = take_header(rest)
    contents, rest = take_contents(rest)
    if contents and not header:
        header, rest = take_header(rest)
    reader = _Reader(title)
    reader.read(rest)
    return Text(
        title=title, subtitle=subtitle, header=tuple(header), contents=tuple(contents), preamble=reader.preamble,
        pieces=tuple(reader.pieces), doubts=tuple(reader.doubts),
    )  # fmt: skip


def tidy(words: str) -> str:
    """A heading without the blanks that set it wide: 总 则 → 总则."""
    return re.sub(r"(?<=[\u3400-\u9fff（）、《》]) (?=[\u3400-\u9fff（）、《》])", "", words)


class _Reader:
    """Reads the body line by line; knows the last article, the headings above, and whether an annex has begun."""

    def __init__(self, title: str) -> None:
        self.pieces: list[Piece] = []
        self.preamble = ""
        self.doubts: list[str] = []
        self.title = title
        self.above: dict[int, str] = {}
        self.last = 0
        self.inserted = 0
        self.annex = False
        self.open: list[str] = []
        self.has_articles = False
        self.has_clauses = False

    def read(self, lines: list[Line]) -> None:
        """Read the lines of a body."""
        lines = self._split_inline(lines)
        self.numbers = [number(found[2]) for line in lines if not line.depth and (found := LABEL.match(line.words))]
        self.has_articles = bool(self.numbers) or any(LABEL.match(line.words) for line in lines if line.depth)
        self.has_clauses = not self.has_articles and any(_CLAUSE.match(line.words) for line in lines)
        before: list[str] = []
        for n, line in enumerate(lines):
            if not self.pieces and not line.depth and not self._starts(line, lines, n):
                before.append(line.words)
                continue
            self._take(line, lines, n)
        self._close()
        if not self.pieces and before:
            self.pieces.append(Piece(Kind.TEXT, text="\n".join(before)))
        else:
            self.preamble = "\n".join(before)
        self._take_titles()
        self._report()

    def _split_inline(self, lines: list[Line]) -> list[Line]:
        """Articles that the source ran into one paragraph: split where the numbers follow one another."""
        result: list[Line] = []
        last = 0
        for line in lines:
            start = LABEL.match(line.words) if not line.depth else None
            if start is None or (parts := _INLINE.split(line.words)) == [line.words]:
                result.append(line)
                if start and number(start[2]) <= last + JUMP:
                    last = max(last, number(start[2]))
                continue
            # `split` returns the groups of the lookahead as well; the pieces are every third element.
            joined = parts[0::3]
            words = joined[0]
            last = number(start[2])
            for part in joined[1:]:
                found = LABEL.match(part)
                if found and not found[3] and number(found[2]) == last + 1:
                    result.append(Line(0, words))
                    words, last = part, last + 1
                    self.doubts.append(f"第{last}条与上一条写在同一段，已按条号分开。")
                else:
                    words += " " + part
            result.append(Line(0, words))
        return result

    def _starts(self, line: Line, lines: list[Line], n: int) -> bool:
        """Whether an unmarked line opens the structure."""
        words = line.words
        return bool(
            division(line)
            or (LABEL.match(words) and self.has_articles)
            or (self.has_clauses and _CLAUSE.match(words))
            or self._plain_heading(line, lines, n)
        )

    def _plain_heading(self, line: Line, lines: list[Line], n: int) -> bool:
        """一、管辖 on a line of its own right above an article."""
        if not self.has_articles or len(line.words) > 40 or line.words.endswith(ENDS):
            return False
        following = lines[n + 1].words if n + 1 < len(lines) else ""
        return bool(_CLAUSE.match(line.words) and LABEL.match(following))

    def _take(self, line: Line, lines: list[Line], n: int) -> None:
        words = line.words
        if not self.annex and (found := self._article(words)):
            self._open_article(found, words)
        elif line.depth and not division(line):
            self._open_heading(line)
        elif (heading := division(line)) and not (self.annex and not line.depth):
            self._open_division(heading)
        elif not line.depth and self._is_annex(words):
            self._open_annex(words)
        elif self.has_clauses and not self.annex and (clause := self._clause(words)):
            self._close()
            self.pieces.append(
                Piece(
                    Kind.CLAUSE,
                    ref=str(number(clause[1])),
                    label=words[: clause.end()].strip(),
                    parents=self._parents(),
                )
            )
            self.open = [words[clause.end() :]]
        elif not self.annex and self._plain_heading(line, lines, n):
            self._open_heading(Line(2, words))
        elif self.pieces and self.pieces[-1].kind in (Kind.ARTICLE, Kind.CLAUSE, Kind.TEXT, Kind.APPENDIX):
            self.open.append(words)
        else:
            self._close()
            self.pieces.append(Piece(Kind.TEXT, parents=self._parents()))
            self.open = [words]

    def _article(self, words: str) -> re.Match[str] | None:
        """A line that opens an article of this text, not one that it quotes."""
        found = LABEL.match(words)
        if not found:
            return None
        n = number(found[2])
        if found[3] is not None:
            # 第六条之一 follows 第六条; elsewhere it is a reference at the start of a line.
            return found if n == self.last or (not self.last) or 0 < n - self.last <= 2 else None
        if (
            self.last
            and n > self.last + 1
            and (n - self.last > JUMP or self.last + 1 in self.numbers[self._read_so_far(n) :])
        ):
            return None
        if n <= self.last and self._quoting():
            return None
        return found

    def _read_so_far(self, n: int) -> int:
        try:
            return self.numbers.index(n) + 1
        except ValueError:
            return len(self.numbers)

    def _quoting(self) -> bool:
        """A quotation of several paragraphs opens each of them with “ and closes only the last."""
        said = "".join(self.open)
        return said.rfind("“") > said.rfind("”")

    def _clause(self, words: str) -> re.Match[str] | None:
        found = _CLAUSE.match(words)
        if not found or self._quoting():
            return None
        clauses = [piece for piece in self.pieces if piece.kind is Kind.CLAUSE]
        n, last = number(found[1]), int(clauses[-1].ref) if clauses else 0
        # 一、 inside a clause opens a list of its own; the text's own numbers go on by one, or begin again below a heading.
        return (
            found
            if n == last + 1 or not self.pieces or self.pieces[-1].kind in LEVELS or (last and 1 < n - last <= 3)
            else None
        )

    def _is_annex(self, words: str) -> bool:
        return bool(
            self.pieces and len(words) <= 60 and not words.endswith(("。", "；"))
            and re.match(r"附(?:件|录|表|图)?\s*[一二三四五六七八九十\d]*\s*[:：]?(?:\s|$|《|[一-鿿]{2,40}$)", words)
            and not re.match(r"附(?:加|则|带|近|属|有|随|上|设|着|后|条)", words)
            and self.last > 1
        )  # fmt: skip

    def _open_article(self, found: re.Match[str], words: str) -> None:
        self._close()
        ref = reference(re.match(ARTICLE, found[1]))  # type: ignore[arg-type]
        n = number(found[2])
        if found[3] is None and self.last and n <= self.last:
            self.doubts.append(f"条号 {ref} 重复或倒退。")
        self.last = max(n, self.last)
        self.pieces.append(Piece(Kind.ARTICLE, ref=ref, label=squeeze(found[1]), parents=self._parents()))
        self.open = [words[found.end() :]] if words[found.end() :] else []

    def _open_division(self, found: re.Match[str]) -> None:
        self._close()
        kind = _NAMES[found[2]]
        level = LEVELS[kind]
        self.annex = False
        label, heading = squeeze(found[1]), tidy(found[3].strip())
        self.above = {at: words for at, words in self.above.items() if at < level}
        self.pieces.append(Piece(kind, label=label, heading=heading, parents=self._parents()))
        self.above[level] = f"{label} {heading}".strip()

    def _open_heading(self, line: Line) -> None:
        """A heading without 第…章: 序言, 附则, 一、管辖, 附件一."""
        self._close()
        words = tidy(line.words)
        if _APPENDIX.match(words) or (self.annex and not re.fullmatch(r"附\s?则", words)):
            self._open_annex(words)
            return
        clause = _CLAUSE.match(words)
        label, heading = (words[: clause.end()].strip(), words[clause.end() :]) if clause else ("", words)
        level = 1 if words == "附则" and 1 in self.above else 3
        self.above = {at: said for at, said in self.above.items() if at < level}
        kind = Kind.PART if level == 1 else Kind.CHAPTER
        if len(words) > 180:
            self.pieces.append(Piece(Kind.TEXT, parents=self._parents()))
            self.open = [words]
            return
        self.pieces.append(Piece(kind, label=label, heading=heading, parents=self._parents()))
        self.above[level] = words

    def _open_annex(self, words: str) -> None:
        self._close()
        self.annex, self.above = True, {}
        heading, rest = (words, "") if len(words) <= 180 else ("附件", words)
        self.pieces.append(Piece(Kind.APPENDIX, heading=heading))
        self.open = [rest] if rest else []

    def _parents(self) -> str:
        return " › ".join(self.above[at] for at in sorted(self.above))[:300]

    def _close(self) -> None:
        if self.pieces and self.open:
            self.pieces[-1] = replace(self.pieces[-1], text="\n".join(self.open))
        self.open = []

    def _take_titles(self) -> None:
        """【标题】 and （标题） at the head of articles; round brackets only where the text does so throughout."""
        articles = [piece for piece in self.pieces if piece.kind is Kind.ARTICLE]
        found = [_TITLED.match(piece.text) for piece in articles]
        round_ones = sum(1 for hit in found if hit and hit[2])
        if not any(found):
            return
        throughout = round_ones >= 3 and round_ones * 3 >= len(articles) * 2
        for n, piece in enumerate(self.pieces):
            hit = _TITLED.match(piece.text) if piece.kind is Kind.ARTICLE else None
            if hit and (hit[1] or throughout):
                self.pieces[n] = replace(
                    piece,
                    heading=hit[1] or hit[2],
                    around="【】" if hit[1] else "（）",
                    text=piece.text[hit.end() :].lstrip("\n"),
                )

    def _report(self) -> None:
        numbers = [int(piece.ref) for piece in self.pieces if piece.kind is Kind.ARTICLE and "-" not in piece.ref]
        if numbers:
            there = set(numbers)
            missing = [n for n in range(min(numbers), max(numbers)) if n not in there]
            if missing:
                shown = "、".join(map(str, missing[:20])) + ("…" if len(missing) > 20 else "")
                self.doubts.append(f"缺条号：{shown}。")
        for piece in self.pieces:
            if piece.kind is Kind.ARTICLE and not piece.text:
                self.doubts.append(f"{piece.label}没有正文。")
