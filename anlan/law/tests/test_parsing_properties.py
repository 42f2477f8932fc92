"""A grammar of invented statutes: whatever it makes, in any layout, is read back as it was made, and nothing is lost."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.law.parsing import Kind, Piece, Text, parse, parse_lines
from anlan.law.parsing.marks import Line, read_lines, squeeze

NAMES = st.sampled_from(["总则", "挂灯", "收灯", "监督管理", "法律责任", "附则", "灯会、庙会和集市", "安全保障"])
STARTS = st.sampled_from(
    [
        "灯笼应当",
        "县级以上人民政府",
        "违反本法第三条规定的，",
        "前款规定的灯，",
        "“灯笼”是指",
        "第二条规定的除外，",
        "第二十条、第三十条所称的",
        "一、灯分三种，",
        "1．灯",
        "附近的",
        "附有灯的",
        "目前",
        "第一款中的",
    ]
)
MIDDLES = st.sampled_from(
    [
        "挂好",
        "由第五条规定的人扶梯",
        "（以下简称挂灯人）",
        "*不得*",
        "依照《灯笼法》第七条处理",
        "2020年1月1日以前",
        "a<b&c",
        "［示例］",
        "做到“三防”",
    ]
)
ENDS = st.sampled_from(["。", "；", "："])
SENTENCE = st.builds(lambda a, b, c: a + "".join(b) + c, STARTS, st.lists(MIDDLES, min_size=1, max_size=3), ENDS)
ITEM = st.builds(lambda n, s: f"（{n}）{s}", st.sampled_from("一二三四五"), SENTENCE)
PARAGRAPHS = st.builds(lambda first, rest: [first, *rest], SENTENCE, st.lists(st.one_of(SENTENCE, ITEM), max_size=3))


@dataclass(frozen=True)
class Chapter:
    name: str
    sections: tuple[tuple[str, tuple[tuple[list[str], bool], ...]], ...]
    """(name, or empty where articles stand directly below the chapter; articles as paragraphs, and whether it is 之一)."""


ARTICLES = st.lists(st.tuples(PARAGRAPHS, st.booleans()), min_size=1, max_size=4).map(tuple)
CHAPTER = st.builds(
    Chapter,
    NAMES,
    st.one_of(
        ARTICLES.map(lambda articles: (("", articles),)),
        st.lists(st.tuples(NAMES, ARTICLES), min_size=1, max_size=3).map(tuple),
    ),
)
DIGITS = "零一二三四五六七八九"


def chinese(n: int) -> str:
    """1 to 99."""
    tens, ones = divmod(n, 10)
    return ("" if tens == 0 else ("" if tens == 1 else DIGITS[tens]) + "十") + (DIGITS[ones] if ones else "")


@dataclass(frozen=True)
class Statute:
    header: tuple[str, ...]
    chapters: tuple[Chapter, ...]
    with_contents: bool
    preamble: str


STATUTES = st.builds(
    Statute,
    st.lists(
        st.builds(
            lambda y, m, d, w: f"{y}年{m}月{d}日灯会第{chinese(m)}次会议{w}",
            st.integers(1950, 2030),
            st.integers(1, 12),
            st.integers(1, 28),
            st.sampled_from(["通过", "修正", "修订"]),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
    st.lists(CHAPTER, min_size=1, max_size=4).map(tuple),
    st.booleans(),
    st.sampled_from(["", "为了灯笼的安全，制定本法。"]),
)


def pieces_of(statute: Statute) -> list[Piece]:
    """What reading must give."""
    pieces, last = [], 0
    for c, chapter in enumerate(statute.chapters, 1):
        above = f"第{chinese(c)}章 {chapter.name}"
        pieces.append(Piece(Kind.CHAPTER, label=f"第{chinese(c)}章", heading=chapter.name))
        for s, (name, articles) in enumerate(chapter.sections, 1):
            parents = above
            if name:
                pieces.append(Piece(Kind.SECTION, label=f"第{chinese(s)}节", heading=name, parents=above))
                parents = f"{above} › 第{chinese(s)}节 {name}"
            inserted = 0
            for paragraphs, is_inserted in articles:
                if is_inserted and last and not inserted:
                    inserted = 1
                    label, ref = f"第{chinese(last)}条之一", f"{last}-1"
                else:
                    last, inserted = last + 1, 0
                    label, ref = f"第{chinese(last)}条", str(last)
                if any(piece.ref == ref for piece in pieces):
                    last, inserted = last + 1, 0
                    label, ref = f"第{chinese(last)}条", str(last)
                pieces.append(Piece(Kind.ARTICLE, ref=ref, label=label, text="\n".join(paragraphs), parents=parents))
    return pieces


def render(statute: Statute, layout: str) -> str | list[Line]:
    """Write a statute in one of three layouts: two of Markdown, and lines as a Word file has them."""
    marked, gap = layout != "word", "　" if layout == "bold" else " "
    rows = ["# 灯笼安全法" if marked else "灯笼安全法", *statute.header]
    if layout == "info":
        rows.append("<!-- INFO END -->")
    pieces = pieces_of(statute)
    headings = [f"{p.label} {p.heading}" for p in pieces if p.kind is not Kind.ARTICLE]
    if statute.with_contents and len(headings) > 1:
        rows += ["目　录", *headings]
    elif statute.preamble and marked:
        rows.append(statute.preamble)
    for piece in pieces:
        if piece.kind is Kind.ARTICLE:
            label = f"**{piece.label}**" if layout == "bold" else piece.label
            first, *rest = piece.text.split("\n")
            rows += [label + gap + first, *rest]
        else:
            depth = "##" if piece.kind is Kind.CHAPTER else "###"
            rows.append(f"{depth} {piece.label}{gap}{piece.heading}" if marked else f"{piece.label} {piece.heading}")
    return "\n\n".join(rows) if marked else [Line(0, row) for row in rows]


def read(written: str | list[Line]) -> Text:
    return parse(written) if isinstance(written, str) else parse_lines(written)


@settings(max_examples=120, deadline=None)
@given(STATUTES, st.sampled_from(["info", "bold", "word"]))
def test_what_is_written_is_read_back(statute: Statute, layout: str) -> None:
    text = read(render(statute, layout))
    expected = [(p.kind, p.ref, p.label, p.heading, p.text.replace("*", ""), p.parents) for p in pieces_of(statute)]
    assert [(p.kind, p.ref, p.label, p.heading, p.text.replace("*", ""), p.parents) for p in text.pieces] == expected
    assert text.header == statute.header


@settings(max_examples=120, deadline=None)
@given(STATUTES, st.sampled_from(["info", "bold", "word"]))
def test_nothing_is_lost(statute: Statute, layout: str) -> None:
    written = render(statute, layout)
    lines = read_lines(written) if isinstance(written, str) else written
    assert read(written).whole() == squeeze("".join(line.words for line in lines if line.words != "\x00"))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400))
def test_any_words_at_all_are_read_without_an_error(words: str) -> None:
    parse(words)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            SENTENCE,
            st.sampled_from(
                [
                    "第一条",
                    "第三条 挂灯。",
                    "第一章 总则",
                    "附件：",
                    "一、挂灯",
                    "目 录",
                    "## 附则",
                    "# 灯法",
                    "<!-- INFO END -->",
                    "第五十条之二 灯。",
                ]
            ),
        ),
        max_size=20,
    )
)
def test_scrambled_lines_lose_nothing_either(rows: list[str]) -> None:
    source = "# 灯法\n\n" + "\n\n".join(rows)
    lines = "".join(line.words for line in read_lines(source) if line.words != "\x00")
    assert sorted(parse(source).whole()) == sorted(squeeze(lines))
