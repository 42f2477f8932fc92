"""Score answers. Pure functions over the key of a question and the answer given.

Shape of a key by kind (`Question.key`), with options by their written index:
  single, multiple {"right": [1, 2]} · true_false {"right": [true]} · fill {"blanks": [["19.5", "19.5%"], …]} ·
  case {"parts": [key, …]} with the kinds of the parts in `body["parts"]`.
Shape of an answer: single, multiple [indices] · true_false [bool] · fill ["text", …] · case [answer of part, …].

Rules, the same for everybody and printed in the room: a single or true/false question is right or not; a multiple
question earns everything when exactly right, half when some right options were chosen and no wrong one, else nothing;
blanks and parts share the points equally. Scores are counted in hundredths of a point, as whole numbers.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

RIGHT: Final = ""
EMPTY: Final = "empty"
WRONG: Final = "wrong"
MISSED: Final = "missed"
EXTRA: Final = "extra"
PARTLY: Final = "partly"
ERRORS: Final = (EMPTY, WRONG, MISSED, EXTRA, PARTLY)
"""Error types: not answered, wrong, right options missed, wrong option among right ones, some blanks or parts wrong."""


@dataclass(frozen=True, slots=True)
class Row:
    """A question on a paper, as scoring needs it. `cents` are hundredths of a point."""

    number: int
    question: int
    kind: str
    point: str
    body: Mapping[str, Any]
    key: Mapping[str, Any]
    cents: int


def plain(text: str) -> str:
    """Return a filled-in text as it is compared: half width, lower case, no spaces, no final full stop."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split()).rstrip("。.")


def mark(kind: str, body: Mapping[str, Any], key: Mapping[str, Any], given: Any) -> tuple[Fraction, str]:
    """Return the share of the points earned (0 to 1) and the error type. An answer of another shape counts as none."""
    if kind == "case":
        return _mark_case(body, key, given)
    if kind == "fill":
        return _mark_fill(key, given)
    chosen = _choices(kind, given)
    if not chosen:
        return Fraction(0), EMPTY
    right = set(key["right"])
    if chosen == right:
        return Fraction(1), RIGHT
    if kind != "multiple":
        return Fraction(0), WRONG
    if chosen < right:
        return Fraction(1, 2), MISSED
    return Fraction(0), EXTRA if chosen & right else WRONG


def _choices(kind: str, given: Any) -> set[Any]:
    if not isinstance(given, list):
        return set()
    if kind == "true_false":
        return {value for value in given[:1] if isinstance(value, bool)}
    found = {value for value in given if isinstance(value, int) and not isinstance(value, bool)}
    return found if kind == "multiple" or len(found) == 1 else set()


def _mark_fill(key: Mapping[str, Any], given: Any) -> tuple[Fraction, str]:
    blanks: Sequence[Sequence[str]] = key["blanks"]
    texts = [plain(text) if isinstance(text, str) else "" for text in given] if isinstance(given, list) else []
    if not any(texts):
        return Fraction(0), EMPTY
    texts += [""] * len(blanks)
    good = sum(
        bool(text) and text in {plain(one) for one in accepted} for accepted, text in zip(blanks, texts, strict=False)
    )
    share = Fraction(good, len(blanks))
    return share, RIGHT if share == 1 else (PARTLY if good else WRONG)


def _mark_case(body: Mapping[str, Any], key: Mapping[str, Any], given: Any) -> tuple[Fraction, str]:
    answers = list(given) if isinstance(given, list) else []
    answers += [None] * len(key["parts"])
    marks = [
        mark(part["kind"], part, part_key, answer)
        for part, part_key, answer in zip(body["parts"], key["parts"], answers, strict=False)
    ]
    share = sum((share for share, _error in marks), Fraction(0)) / len(marks)
    if all(error == EMPTY for _share, error in marks):
        return Fraction(0), EMPTY
    return share, RIGHT if share == 1 else (PARTLY if share else WRONG)


def score(rows: Iterable[Row], given: Mapping[int, Any]) -> dict[str, Any]:
    """Return the result of a paper: cents in all, per question, per knowledge point, and how often each error was made.

    {"got", "full", "questions": [{"n", "id", "kind", "point", "full", "got", "error", "given"}], "points": {point: [got, full,
    right, count]}, "errors": {type: count}}; JSON throughout.
    """
    questions: list[dict[str, Any]] = []
    points: dict[str, list[int]] = {}
    errors: dict[str, int] = {}
    for row in rows:
        answer = given.get(row.number)
        share, error = mark(row.kind, row.body, row.key, answer)
        got = int(share * row.cents + Fraction(1, 2))
        questions.append(
            {
                "n": row.number, "id": row.question, "kind": row.kind, "point": row.point, "full": row.cents,
                "got": got, "error": error, "given": answer,
            }
        )  # fmt: skip
        sums = points.setdefault(row.point, [0, 0, 0, 0])
        for i, more in enumerate((got, row.cents, int(error == RIGHT), 1)):
            sums[i] += more
        if error != RIGHT:
            errors[error] = errors.get(error, 0) + 1
    return {
        "got": sum(question["got"] for question in questions),
        "full": sum(question["full"] for question in questions),
        "questions": questions,
        "points": points,
        "errors": errors,
    }
