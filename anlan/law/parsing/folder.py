"""A folder of sources → statutes: which files belong together, and which are no statutes at all. Reads files, knows no database."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from anlan.law.parsing.marks import Line, front_matter, read_lines
from anlan.law.parsing.structure import Kind, Piece, Text, parse, parse_lines
from anlan.law.parsing.word import Unreadable, read_docx

KINDS: Final = (".md", ".markdown", ".txt", ".docx")
_CASE: Final = frozenset(
    {
        "基本案情",
        "裁判要点",
        "裁判结果",
        "裁判要旨",
        "典型意义",
        "案情回顾",
        "简要案情",
        "案例分析",
        "裁判理由",
        "法官解读",
    }
)
_NORM: Final = re.compile(
    r"(?:法|法典|条例|规定|办法|细则|规则|决定|决议|解释|解答|批复|复函|答复|通知|意见|纪要|安排|公告|标准|规程|准则|通则|修正案|章程|制度|宣言|声明|命令"
    r"|说明|议案|目录|方案|规划|协定|公约|补充|规范|要点|纲要|措施|条款)(?:[（(].{1,24}[)）])*$"
)


@dataclass(frozen=True, slots=True)
class Source:
    """One text as found. `refusal` says in words why it is no statute; then `text` is what could be read of it."""

    place: str
    digest: str
    text: Text
    refusal: str = ""


def read_text(path: Path) -> Text:
    """Read one file by its kind. Raises `Unreadable`."""
    if path.suffix.lower() == ".docx":
        return replace(parse_lines(read_docx(path)), front=_facts_beside(path))
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return parse(raw.decode(encoding))
        except UnicodeDecodeError:
            continue
    raise Unreadable("文件的编码认不出来，请另存为 UTF-8。")


def _facts_beside(path: Path) -> dict[str, str]:
    """What the source said about a Word file, kept beside it as JSON by whoever fetched it."""
    try:
        said = json.loads(path.with_suffix(".json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in said.items()} if isinstance(said, dict) else {}


def files_of(root: Path) -> list[Path]:
    """Every file that could be a text, in a stable order; hidden files and folders are left out, links are not followed."""
    if root.is_file():
        return [root]
    return sorted(
        path
        for path in root.rglob("*")
        if path.suffix.lower() in KINDS
        and path.is_file()
        and not path.is_symlink()
        and not any(part.startswith(".") for part in path.relative_to(root).parts)
    )


def collect(root: Path) -> Iterator[Source]:
    """Yield every text of a folder once; what was split over several files is put together."""
    base = root if root.is_dir() else root.parent
    folders: dict[Path, list[Path]] = {}
    for path in files_of(root):
        folders.setdefault(path.parent, []).append(path)
    for paths in folders.values():
        yield from _folder(paths, base)


def _folder(paths: list[Path], base: Path) -> Iterator[Source]:
    read: dict[Path, Text] = {}
    for path in paths:
        try:
            read[path] = read_text(path)
        except (Unreadable, OSError) as error:
            yield Source(str(path.relative_to(base)), _digest([path]), Text(path.stem), str(error) or "文件打不开。")
    taken: set[Path] = set()
    cover = next((path for path in read if path.name.lower() == "readme.md"), None)
    if cover and read[cover].title and not read[cover].pieces and read[cover].events:
        parts = [path for path in read if path != cover and _is_part(read[path])]
        if parts:
            taken.update((cover, *parts))
            yield Source(
                _place(cover, base), _digest([cover, *parts]), _join(read[cover], [read[path] for path in parts])
            )
    groups: dict[str, list[Path]] = {}
    for path, text in read.items():
        if text.subtitle and path not in taken:
            groups.setdefault(text.title, []).append(path)
    for title, members in groups.items():
        if len(members) > 1:
            taken.update(members)
            first = read[members[0]]
            whole = _join(
                replace(first, subtitle="", pieces=(), preamble="", header=_longest(read, members)),
                [_volume(read[path]) for path in members],
            )
            yield Source(_place(members[0].parent / title, base), _digest(members), whole)
    for path, text in read.items():
        if path not in taken:
            yield from _single(path, text, base, beside_cover=bool(taken))


def _single(path: Path, text: Text, base: Path, *, beside_cover: bool) -> Iterator[Source]:
    place = _place(path, base)
    if beside_cover and text.title == "修正案":
        yield from _split(path, place)
        return
    refusal = _refusal(path, text)
    yield Source(place, _digest([path]), text, refusal)


def _refusal(path: Path, text: Text) -> str:
    if not text.title:
        return "没有标题，不像法规文本。" if text.pieces else "是空文件或目录页。"
    if any(piece.heading in _CASE for piece in text.pieces) or "案例" in path.parts:
        return "是案例，不是法规文本。"
    if not text.pieces:
        return "只有标题，没有正文。"
    binding = [piece for piece in text.pieces if piece.kind in (Kind.ARTICLE, Kind.CLAUSE)]
    if not _NORM.search(text.title) and not (text.events and binding):
        return "标题不像法规，也没有条文和通过日期。"
    words = text.preamble + "".join(piece.text for piece in text.pieces)
    if not binding and (len(words) < 20 or not re.search("[。；：]", words)):
        return "没有条文，不像法规文本。"
    if text.title.startswith("某条"):
        return "是写法示例，不是法规文本。"
    return ""


def _is_part(text: Text) -> bool:
    """A volume without title of its own: it begins with 第一编, 附则 or 序言."""
    return (not text.title and bool(text.pieces)) or (
        text.title in ("附则", "附 则", "序言", "序 言") and not text.events
    )


def _volume(text: Text) -> Text:
    """A volume whose name is the second title: the name becomes the part it is."""
    return replace(text, title=text.subtitle, subtitle="")


def _longest(read: dict[Path, Text], members: list[Path]) -> tuple[str, ...]:
    return max((read[path].header for path in members), key=len)


def _first_number(text: Text) -> int:
    return next((int(piece.ref.split("-")[0]) for piece in text.articles), 0)


def _join(cover: Text, parts: list[Text]) -> Text:
    """Volumes in the order of their articles, whatever the files are called; 序言 has none and comes first."""
    pieces: list[Piece] = []
    doubts = list(cover.doubts)
    for part in sorted(parts, key=_first_number):
        name = part.title.replace(" ", "")
        if name:
            pieces.append(Piece(Kind.PART, heading=name))
            if part.preamble:
                pieces.append(Piece(Kind.TEXT, text=part.preamble, parents=name))
            pieces += [replace(p, parents=f"{name} › {p.parents}".removesuffix(" › ")[:300]) for p in part.pieces]
        else:
            if part.preamble:
                pieces.append(Piece(Kind.TEXT, text=part.preamble))
            pieces += part.pieces
        doubts += part.doubts
    return replace(cover, pieces=tuple(pieces), doubts=tuple(doubts))


def _split(path: Path, place: str) -> Iterator[Source]:
    """One file of several amendments, each below a heading of its own."""
    _front, body = front_matter(path.read_text("utf-8-sig"))
    chunks: list[list[Line]] = []
    for line in read_lines(body):
        if line.depth == 2 and "修正案" in line.words:
            chunks.append([Line(1, line.words)])
        elif chunks:
            chunks[-1].append(line)
    for chunk in chunks:
        text = parse_lines(chunk)
        words = "\n".join(line.words for line in chunk)
        yield Source(f"{place}#{text.title}", hashlib.sha256(words.encode()).hexdigest(), text)


def _place(path: Path, base: Path) -> str:
    return path.relative_to(base).as_posix()


def _digest(paths: list[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()
