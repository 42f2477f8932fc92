"""Questionnaires from the files of `data/selfcheck`: one per industry, over a pool of common questions. Pure but for reading.

A body is JSON throughout, for it is stored with its digest: a check made last year is shown with the words of last year.

{"code", "title", "who", "icon", "order", "industries": […], "sections": [{"title", "questions": [{"key", "text", "help",
"fact", "when", "cites", "gap", "severity", "penalty": {"words", "cites"}, "course", "ledger", "checklist"}]}]}
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import orjson

DATA: Final = Path(__file__).resolve().parent.parent / "data" / "selfcheck"
SEVERITIES: Final = ("high", "medium", "low")
Body = dict[str, Any]
_EMPTY: Final[dict[str, Any]] = {
    "help": "", "fact": False, "when": "", "cites": [], "gap": "", "severity": "", "penalty": None, "course": "",
    "ledger": "", "checklist": "",
}  # fmt: skip


class Malformed(ValueError):
    """A file says something impossible: which questionnaire, which question, what."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """A questionnaire as it ships now, with the digest that names this version."""

    code: str
    body: Body
    digest: str


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / name).read_text(encoding="utf-8"))


def _question(key: str, row: dict[str, Any], penalties: dict[str, Any], where: str) -> dict[str, Any]:
    """A question with every field. Raises `Malformed` for what the result page could not show."""
    found = {"key": key, **_EMPTY, **row}
    unknown = set(found) - {"key", "text", *_EMPTY}
    if unknown or not found.get("text"):
        raise Malformed(f"{where} {key}: {unknown or 'no text'}")
    if found["penalty"] is not None:
        if found["penalty"] not in penalties:
            raise Malformed(f"{where} {key}: no penalty {found['penalty']}")
        found["penalty"] = penalties[found["penalty"]]
    if not found["fact"] and (not found["gap"] or not found["cites"] or found["severity"] not in SEVERITIES):
        raise Malformed(f"{where} {key}: gap, cites and severity belong together")
    return found


def read(raw: dict[str, Any], pool: dict[str, Any], penalties: dict[str, Any]) -> Body:
    """A questionnaire file as a body. Raises `Malformed`: an unknown or doubled key, a condition on what is asked later."""
    code, seen, sections = raw["code"], set[str](), []
    facts_before: set[str] = set()
    for section in raw["section"]:
        rows: list[tuple[str, dict[str, Any]]] = [(key, {}) for key in section.get("take", [])]
        rows += [(row["key"], {k: v for k, v in row.items() if k != "key"}) for row in section.get("question", [])]
        questions = []
        for key, row in rows:
            if not row and key not in pool:
                raise Malformed(f"{code}: no common question {key}")
            question = _question(key, row or pool[key], penalties, code)
            if key in seen:
                raise Malformed(f"{code}: {key} twice")
            if row and question["when"] and question["when"] not in facts_before:
                raise Malformed(f"{code} {key}: {question['when']} is not asked on an earlier page")
            if question["when"] not in facts_before:
                question["when"] = ""  # a common question whose condition this industry always meets
            seen.add(key)
            questions.append(question)
        facts_before |= {question["key"] for question in questions if question["fact"]}
        sections.append({"title": section["title"], "questions": questions})
    return {
        "code": code, "title": raw["title"], "who": raw["who"], "icon": raw["icon"], "order": raw["order"],
        "industries": raw["industries"], "sections": sections,
    }  # fmt: skip


@lru_cache(maxsize=1)
def shipped() -> dict[str, Shipped]:
    """Every questionnaire by its code, in the order in which they are offered."""
    pool, penalties = _read("common.toml"), _read("penalties.toml")
    found = []
    for path in sorted(DATA.glob("*.toml")):
        if path.name in ("common.toml", "penalties.toml"):
            continue
        body = read(_read(path.name), pool, penalties)
        digest = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
        found.append(Shipped(body["code"], body, digest))
    return {one.code: one for one in sorted(found, key=lambda one: one.body["order"])}


def questions_of(body: Body) -> list[dict[str, Any]]:
    """Every question, facts included, in order."""
    return [question for section in body["sections"] for question in section["questions"]]


def fitting(industry: str) -> str:
    """The code of the questionnaire made for an industry (GB/T 4754, C3391); the general one where none is."""
    best, found = 0, "general"
    for code, one in shipped().items():
        for prefix in one.body["industries"]:
            if industry.startswith(prefix) and len(prefix) > best:
                best, found = len(prefix), code
    return found
