"""A paper as its candidate sees it. Everything here is made of stems, options and numbers; keys never come this way."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from anlan.exams.papers import Item, Paper, option_order
from anlan.exams.questions import BLANK, KINDS
from anlan.exams.stock import Card, Stock

LETTERS: Final = "ABCDEFGH"
# Places filled in per candidate, as private-use characters: number, total, points, shown place, its letter, options of a part.
_N, _T, _P, _K, _L, _O = (chr(0xE000 + i) for i in range(6))
_PRIVATE: Final = {0xE000 + i: None for i in range(6)}


def clean(value: Any) -> Any:
    """The same without the characters used as places."""
    if isinstance(value, str):
        return value.translate(_PRIVATE)
    if isinstance(value, list):
        return [clean(one) for one in value]
    return {name: clean(one) for name, one in value.items()} if isinstance(value, dict) else value


def stem_with_blanks(stem: str) -> SafeString:
    """A fill-in stem with its blanks numbered."""
    first, *rest = escape(stem).split(BLANK)
    return mark_safe(first + "".join(f'<span class="x-blank">{n}</span>{text}' for n, text in enumerate(rest, 1)))  # noqa: S308 (escaped above)


def _pieces(card: Card) -> tuple[str, dict[int, list[str]]]:
    """HTML of a question with places, and of its options per part (0: the question itself). Rendered once a language."""
    language = get_language() or ""
    if language not in card.pieces:
        body = clean(card.body)
        parts = [(at, part) for at, part in enumerate(body.get("parts", []), 1)]
        context = {
            "card": {"kind": card.kind, "stem": clean(card.stem), "body": body},
            "kind_name": KINDS[card.kind], "parts": parts, "n": _N, "total": _T, "points": _P, "o": _O,
            "blanks": range(1, int(body.get("blanks", 0)) + 1), "stem": stem_with_blanks(clean(card.stem)) if card.kind == "fill" else clean(card.stem),
        }  # fmt: skip
        options = {}
        for at, one in [(0, body), *parts]:
            kind = card.kind if at == 0 else one["kind"]
            if kind in ("single", "multiple"):
                options[at] = [
                    render_to_string(
                        "exams/room/option.html",
                        {"kind": kind, "part": at, "n": _N, "k": _K, "letter": _L, "text": text},
                    )
                    for text in one["options"]
                ]
        card.pieces[language] = (render_to_string("exams/room/question.html", context), options)
    found: tuple[str, dict[int, list[str]]] = card.pieces[language]
    return found


def question_html(card: Card, item: Item, total: int) -> SafeString:
    """One question of a paper, numbered and shuffled for its candidate."""
    html, options = _pieces(card)
    for part, texts in options.items():
        order = option_order(item.mix, len(texts), part)
        block = "".join(
            texts[written].replace(_K, str(place)).replace(_L, LETTERS[place]) for place, written in enumerate(order)
        )
        html = html.replace(f"{_O}{part}{_O}", block)
    return mark_safe(html.replace(_N, str(item.number)).replace(_T, str(total)).replace(_P, str(item.points)))  # noqa: S308 (rendered by templates)


def paper_html(stock: Stock, paper: Paper) -> list[SafeString]:
    """Every question of a paper."""
    return [question_html(stock.cards[item.question], item, len(paper.items)) for item in paper.items]


@lru_cache(maxsize=16)
def _marked(language: str, right: bool, chosen: bool) -> str:
    """A choice after scoring, with places for letter and text; rendered once a language."""
    context = {"right": right, "chosen": chosen, "letter": _L, "text": _K}
    return render_to_string("exams/_choice.html", context).strip()


def _choices(
    kind: str, body: dict[str, Any], key: dict[str, Any], order: list[int], given: Any, words: tuple[str, str]
) -> list[dict[str, Any]]:
    """The choices in the order shown: letter, text, right, chosen, and the whole as `html`."""
    chosen = given if isinstance(given, list) else []
    rows: list[tuple[str, str, int]]
    if kind == "true_false":
        rows = [("", text, value) for value, text in ((True, words[0]), (False, words[1]))]
    else:
        rows = [(LETTERS[place], body["options"][written], written) for place, written in enumerate(order)]
    language = get_language() or ""
    found = []
    for letter, text, value in rows:
        right, mine = value in key["right"], value in chosen
        html = (
            _marked(language, right, mine)
            .replace(_L, f"<b>{letter}</b>" if letter else "")
            .replace(_K, escape(clean(text)))
        )
        found.append({"letter": letter, "text": text, "right": right, "html": mark_safe(html)})  # noqa: S308 (escaped above)
    return found


def reviewed(card: Card, item: Item, given: Any, words: tuple[str, str]) -> dict[str, Any]:
    """A question after scoring: choices in the order shown, with what was chosen and what is right. `words`: 对, 错."""
    if card.kind == "fill":
        texts = (list(given) if isinstance(given, list) else []) + [""] * len(card.key["blanks"])
        blanks = [
            {"given": text, "accepted": accepted} for text, accepted in zip(texts, card.key["blanks"], strict=False)
        ]
        return {"card": card, "stem": stem_with_blanks(card.stem), "blanks": blanks}
    if card.kind != "case":
        order = option_order(item.mix, len(card.body.get("options", [])))
        return {
            "card": card,
            "stem": card.stem,
            "choices": _choices(card.kind, card.body, card.key, order, given, words),
        }
    answers = (list(given) if isinstance(given, list) else []) + [None] * len(card.key["parts"])
    parts = []
    for at, (body, key, answer) in enumerate(zip(card.body["parts"], card.key["parts"], answers, strict=False), 1):
        order = option_order(item.mix, len(body.get("options", [])), at)
        parts.append(
            {
                "stem": body["stem"],
                "why": key.get("why", ""),
                "choices": _choices(body["kind"], body, key, order, answer, words),
            }
        )
    return {"card": card, "stem": card.stem, "parts": parts}


def reviewed_html(
    card: Card, item: Item, given: Any, words: tuple[str, str], *, error: str, got: str, full: str
) -> SafeString:
    """A question after scoring as HTML. `error` says what was wrong, empty for a right answer; `got` of `full` points.

    What differs between two people are numbers, points and choices: the rest is rendered once per language and error.
    """
    q = reviewed(card, item, given, words)
    facts: dict[str, Any] = {"n": item.number, "got": got, "full": full}
    if "choices" not in q:
        return _reviewed(q | facts, card, error)
    choices = "".join(choice["html"] for choice in q["choices"])
    key = ("reviewed", get_language(), error)
    if key not in card.pieces:
        places = {"n": _N, "got": _P, "full": _T, "options": _O, "stem": clean(q["stem"])}
        card.pieces[key] = _reviewed(places, card, error)
    html: str = card.pieces[key]
    html = html.replace(_N, str(item.number)).replace(_P, got).replace(_T, full)
    return mark_safe(html.replace(_O, choices))  # noqa: S308 (rendered by templates)


def _reviewed(q: dict[str, Any], card: Card, error: str) -> SafeString:
    shown = {
        **q, "card": {"point": clean(card.point), "why": clean(card.why), "cites": card.cites},
        "kind": KINDS[card.kind], "error": error,
    }  # fmt: skip
    return mark_safe(render_to_string("exams/_reviewed.html", {"q": shown}))  # noqa: S308 (rendered by templates)
