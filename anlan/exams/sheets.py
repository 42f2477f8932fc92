"""The bank as a spreadsheet: one row a question, the parts of a case in the rows below it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from anlan.exams.models import Question
from anlan.exams.questions import KINDS, MAX_OPTIONS, Draft, checked, draft_of
from anlan.lib.codes import Malformed
from anlan.lib.errors import Refused
from anlan.lib.xlsx import read_rows

HEAD: Final = [
    "编号",
    "题型",
    "知识点",
    "难度",
    "题干",
    *(f"选项{letter}" for letter in "ABCDEFGH"),
    "答案",
    "解析",
    "依据",
]
PART: Final = "小题·"
_KIND: Final = {name: kind for kind, name in KINDS.items()} | {PART + name: PART + kind for kind, name in KINDS.items()}
_LEVELS: Final = {"易": 1, "中": 2, "难": 3, "1": 1, "2": 2, "3": 3, "": 2}
_TRUE: Final = {
    "对": True,
    "正确": True,
    "√": True,
    "是": True,
    "true": True,
    "错": False,
    "错误": False,
    "×": False,
    "否": False,
    "false": False,
}
MAX_ROWS: Final = 5000
EXAMPLES: Final[list[list[object]]] = [
    ["", "单选题", "示例", "易", "发现有人在罐内晕倒，第一步做什么？", "下去拉人", "呼救并继续通风", "回办公室拿记录", "", "", "", "", "", "B", "不盲目施救。", "安全生产法:52"],
    ["", "多选题", "示例", "中", "动火前要清理哪些东西？", "油污", "包装纸箱", "灭火器", "木屑", "", "", "", "", "ABD", "可燃物都要清走，灭火器要留在手边。", "安全生产法:43"],
    ["", "判断题", "示例", "易", "接地线断了，设备照常开。", "", "", "", "", "", "", "", "", "错", "断了接地就没有漏电保护。", "安全生产法:36"],
    ["", "填空题", "示例", "中", "氧含量合格范围是 ____% 至 ____%。", "", "", "", "", "", "", "", "", "19.5|19.5%；23.5|23.5%", "低了缺氧，高了易燃。", "安全生产法:43"],
    ["", "案例题", "示例", "难", "一名工人没有系安全带上了屋面。", "", "", "", "", "", "", "", "", "", "", "安全生产法:57"],
    ["", "小题·单选题", "", "", "班长应当怎么做？", "让他快点干完", "叫停并补齐防护", "装作没看见", "", "", "", "", "", "B", "先停下来。", ""],
    ["", "小题·判断题", "", "", "工人自己也有责任佩戴防护用品。", "", "", "", "", "", "", "", "", "对", "", ""],
]  # fmt: skip


@dataclass(slots=True)
class Line:
    """A question as read: the row it began at, and either a draft or what is wrong with it."""

    row: int
    draft: Draft | None
    problem: str = ""
    same: bool = False


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _answer(kind: str, text: str) -> list[Any]:
    """B → [1], ABD → [0, 1, 3], 对 → [True], 19.5|19.5%；23.5 → [["19.5", "19.5%"], ["23.5"]]."""
    if kind == "true_false":
        value = _TRUE.get(text.lower())
        return [] if value is None else [value]
    if kind == "fill":
        return [
            [one.strip() for one in blank.split("|") if one.strip()]
            for blank in text.replace(";", "；").split("；")
            if blank.strip()
        ]
    return [ord(letter) - ord("A") for letter in text.upper() if letter.isascii() and letter.isalpha()]


def _read(cells: list[str]) -> tuple[str, Draft]:
    """The kind as named in the sheet, and a draft. Raises `Refused` for a kind or level nobody knows."""
    code, kind_name, point, level, stem = cells[:5]
    options = cells[5 : 5 + MAX_OPTIONS]
    answer, why, cites = cells[5 + MAX_OPTIONS : 8 + MAX_OPTIONS]
    kind = _KIND.get(kind_name.replace("小题-", PART).replace("小题 ", PART))
    if kind is None:
        raise Refused(_("不认识的题型“%(kind)s”。") % {"kind": kind_name}, code="kind", status=422)
    if level not in _LEVELS:
        raise Refused(_("难度只能是易、中、难。"), code="level", status=422)
    while options and not options[-1]:
        options.pop()
    if any(not option for option in options):
        raise Refused(_("选项中间空了一格。"), code="options", status=422)
    plain = kind.removeprefix(PART)
    split = [cite for cite in cites.replace(";", "；").split("；") if cite.strip()]
    return kind, Draft(plain, stem, point, _LEVELS[level], options, _answer(plain, answer), [], why, split, code)


def read_questions(file: Any, name: str) -> list[Line]:
    """Every question of a spreadsheet, each checked by itself. Raises `Refused` when it is no such sheet at all."""
    try:
        rows = list(read_rows(file, name))
    except Malformed as error:
        raise Refused(error.reason, code="not_table", status=422, field="file") from None
    if not rows or [_text(cell) for cell in rows[0]][: len(HEAD)] != HEAD:
        raise Refused(_("表头和模板不一样。请下载模板，按模板的列填写。"), code="head", status=422, field="file")
    if len(rows) > MAX_ROWS:
        raise Refused(
            _("一次最多导入 %(n)d 行，请分成几个文件。") % {"n": MAX_ROWS}, code="too_many", status=422, field="file"
        )
    lines: list[Line] = []
    for at, cells in enumerate(rows[1:], 2):
        texts = ([_text(cell) for cell in cells] + [""] * len(HEAD))[: len(HEAD)]
        if not any(texts):
            continue
        try:
            kind, draft = _read(texts)
        except Refused as refused:
            lines.append(Line(at, None, str(refused.message)))
            continue
        if not kind.startswith(PART):
            lines.append(Line(at, draft))
        elif lines and lines[-1].draft is not None and lines[-1].draft.kind == "case":
            lines[-1].draft.parts.append(
                {
                    "kind": draft.kind,
                    "stem": draft.stem,
                    "options": draft.options,
                    "answer": draft.answer,
                    "why": draft.why,
                }
            )
        else:
            lines.append(Line(at, None, _("小题上面没有案例题。")))
    for line in lines:
        if line.draft is not None:
            try:
                checked(line.draft)
            except Refused as refused:
                line.problem = str(refused.message)
    return lines


def _written(kind: str, answer: list[Any]) -> str:
    if kind == "true_false":
        return "对" if answer[0] else "错"
    if kind == "fill":
        return "；".join("|".join(accepted) for accepted in answer)
    return "".join(chr(ord("A") + i) for i in answer)


def _row(kind_name: str, draft: Draft, code: str) -> list[object]:
    options = (draft.options + [""] * MAX_OPTIONS)[:MAX_OPTIONS]
    answer = "" if draft.kind == "case" else _written(draft.kind, draft.answer)
    level = "" if kind_name.startswith(PART) else {1: "易", 2: "中", 3: "难"}[draft.difficulty]
    return [code, kind_name, draft.point, level, draft.stem, *options, answer, draft.why, "；".join(draft.cites)]


def question_rows(questions: Iterable[Question]) -> Iterator[list[object]]:
    """The sheet of these questions; importing it again changes nothing."""
    yield list(HEAD)
    for question in questions:
        draft = draft_of(question)
        yield _row(KINDS[draft.kind], draft, draft.code)
        for part in draft.parts:
            yield _row(
                PART + KINDS[part["kind"]],
                Draft(part["kind"], part["stem"], "", 2, part["options"], part["answer"], [], part["why"]),
                "",
            )


def template_rows() -> list[list[object]]:
    """The empty sheet with one example of each kind."""
    return [list(HEAD), *EXAMPLES]
