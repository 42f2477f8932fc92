"""What a question must be: one check for the form, the spreadsheet and the course files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _

from anlan.lib.codes import Malformed
from anlan.lib.errors import Refused
from anlan.lib.numerals import article

KINDS: Final = {"single": "单选题", "multiple": "多选题", "true_false": "判断题", "fill": "填空题", "case": "案例题"}
PART_KINDS: Final = ("single", "multiple", "true_false")
BLANK: Final = "____"
MAX_OPTIONS: Final = 8


@dataclass(slots=True)
class Draft:
    """A question as somebody wrote it: `answer` is indices, a bool in a list, accepted texts per blank; `parts` of a case."""

    kind: str
    stem: str
    point: str = ""
    difficulty: int = 2
    options: list[str] = field(default_factory=list)
    answer: list[Any] = field(default_factory=list)
    parts: list[dict[str, Any]] = field(default_factory=list)
    why: str = ""
    cites: list[str] = field(default_factory=list)
    code: str = ""

    @classmethod
    def from_toml(cls, row: dict[str, Any]) -> Draft:
        """A row of a course's questions.toml."""
        known = {
            name: row[name]
            for name in ("kind", "stem", "point", "difficulty", "options", "answer", "parts", "why", "cites")
            if name in row
        }
        return cls(code=row.get("id", ""), **known)


def _no(message: str, field_name: str) -> Refused:
    return Refused(message, code="question", status=422, field=field_name)


def _body_and_key(
    kind: str, options: list[str], answer: list[Any], where: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Body and key of a question with options, or true/false. Raises `Refused` in words that begin with `where`."""
    if kind == "true_false":
        if len(answer) != 1 or not isinstance(answer[0], bool):
            raise _no(where + _("判断题要选“对”或“错”。"), "answer")
        return {}, {"right": answer}
    options = [option.strip() for option in options if option.strip()]
    if not 2 <= len(options) <= MAX_OPTIONS:
        raise _no(where + _("选项要有 2 至 %(n)d 个。") % {"n": MAX_OPTIONS}, "options")
    if len(set(options)) < len(options):
        raise _no(where + _("有两个选项一模一样。"), "options")
    if any(type(i) is not int or not 0 <= i < len(options) for i in answer) or not answer:
        raise _no(where + _("请标出哪个选项正确。"), "answer")
    right = sorted(set(answer))
    if kind == "single" and len(right) != 1:
        raise _no(where + _("单选题只能有一个正确选项。几个都对，请改成多选题。"), "answer")
    if kind == "multiple" and len(right) < 2:
        raise _no(where + _("多选题至少有两个正确选项。只有一个对，请改成单选题。"), "answer")
    return {"options": options}, {"right": right}


def checked(draft: Draft) -> dict[str, Any]:
    """Return the fields of a question row: kind, point, difficulty, stem, body, key, why, cites.

    Raises `Refused` (422, with the field it belongs to) at the first thing that is not right. A case keeps the reasons of
    its parts in the key, because whoever sits it must not read them.
    """
    stem, point = draft.stem.strip(), draft.point.strip()
    if draft.kind not in KINDS:
        raise _no(_("不认识的题型“%(kind)s”。") % {"kind": draft.kind}, "kind")
    if not stem:
        raise _no(_("题干是空的。"), "stem")
    if not point or len(point) > 60:
        raise _no(_("请写知识点，不超过 60 字。"), "point")
    if draft.difficulty not in (1, 2, 3):
        raise _no(_("难度只能是易、中、难。"), "difficulty")
    cites = [cite.strip().replace("：", ":") for cite in draft.cites if cite.strip()]
    if not cites:
        raise _no(_("请写依据，例如“安全生产法:28”。没有依据的题不能进题库。"), "cites")
    for cite in cites:
        try:
            if ":" not in cite:
                raise Malformed(_("依据要写到条，例如“安全生产法:28”。"))
            article(cite)
        except Malformed as error:
            raise _no(_("依据“%(cite)s”：%(reason)s") % {"cite": cite, "reason": error.reason}, "cites") from None
    if draft.kind == "fill":
        blanks = [[text.strip() for text in accepted if text.strip()] for accepted in draft.answer]
        if not blanks or stem.count(BLANK) != len(blanks) or not all(blanks):
            raise _no(
                _("题干里有 %(a)d 处“____”，答案给了 %(b)d 空，要一样多。")
                % {"a": stem.count(BLANK), "b": len([b for b in blanks if b])},
                "answer",
            )
        body: dict[str, Any] = {"blanks": len(blanks)}
        key: dict[str, Any] = {"blanks": blanks}
    elif draft.kind == "case":
        body, key = _case(draft)
    else:
        body, key = _body_and_key(draft.kind, draft.options, draft.answer, "")
    return {
        "kind": draft.kind, "point": point, "difficulty": draft.difficulty, "stem": stem, "body": body, "key": key,
        "why": draft.why.strip(), "cites": cites,
    }  # fmt: skip


def _case(draft: Draft) -> tuple[dict[str, Any], dict[str, Any]]:
    if not draft.parts:
        raise _no(_("案例题至少要有一道小题。"), "parts")
    bodies, keys = [], []
    for at, part in enumerate(draft.parts, 1):
        where = _("第 %(n)d 小题：") % {"n": at}
        stem = str(part.get("stem", "")).strip()
        if part.get("kind") not in PART_KINDS:
            raise _no(where + _("只能是单选、多选或判断。"), "parts")
        if not stem:
            raise _no(where + _("题干是空的。"), "parts")
        body, key = _body_and_key(part["kind"], list(part.get("options", [])), list(part.get("answer", [])), where)
        bodies.append({"kind": part["kind"], "stem": stem, **body})
        keys.append({**key, "why": str(part.get("why", "")).strip()})
    return {"parts": bodies}, {"parts": keys}


def draft_of(question: Any) -> Draft:
    """A stored question as a draft: for the form, and for the spreadsheet."""
    draft = Draft(
        question.kind,
        question.stem,
        question.point,
        question.difficulty,
        why=question.why,
        cites=list(question.cites),
        code=question.code,
    )
    if question.kind == "fill":
        draft.answer = question.key["blanks"]
    elif question.kind == "case":
        draft.parts = [
            {"kind": body["kind"], "stem": body["stem"], "options": body.get("options", []), "answer": key["right"], "why": key.get("why", "")}
            for body, key in zip(question.body["parts"], question.key["parts"], strict=True)
        ]  # fmt: skip
    else:
        draft.options, draft.answer = question.body.get("options", []), question.key["right"]
    return draft
