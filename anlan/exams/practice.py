"""Mock exams for anyone: nothing is stored. The paper is a pure function of a signed token, the answers stand in the
address of the result, and whoever closes the page leaves no trace.

Keys never travel with the paper: they are looked up when answers are handed in.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.core import signing
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from anlan.exams.actions.exams import new_seed
from anlan.exams.models import Exam, Question
from anlan.exams.papers import KINDS, Dice, Item, Paper
from anlan.exams.stock import Stock, card_of, stock_of
from anlan.training.models import Course, CourseTag

MOST: Final = 50
SIZES: Final = (10, 20)
PASS_MARK: Final = 80
DAYS: Final = 7
"""So long does the address of a paper serve."""
POINTS: Final = {"case": 3}
"""Points of a question by its kind; 1 where nothing stands."""
_SALT: Final = "exams.practice"
_LONGEST: Final = 12_000


def open_mocks() -> Any:
    """Mock exams that anyone may sit now."""
    return Exam.objects.filter(kind=Exam.Kind.MOCK, cancelled_at=None, closes_at__gt=timezone.now())


def pool() -> Any:
    """Questions that anyone may practise: live ones of a course with a mock exam open to all."""
    mocks = open_mocks().filter(course=OuterRef("course"))
    return Question.objects.live().filter(Exists(mocks))


def chosen(course: str = "", industry: str = "", point: str = "") -> Any:
    """The pool of a course (slug), an industry (name of a tag of the first level) and a knowledge point; "" is any."""
    found = pool()
    if course:
        found = found.filter(course__slug=course)
    if industry:
        found = found.filter(
            Q(course__course_tags__tag__parent__parent__name=industry), course__course_tags__confirmed=True
        ).distinct()
    return found.filter(point=point) if point else found


def topics() -> dict[str, Any]:
    """What one may choose from: industries and courses that have questions, and how many questions. Two queries."""
    courses = Course.objects.visible_to(None).filter(pk__in=pool().values("course"))
    tags = CourseTag.objects.filter(course__in=courses, confirmed=True)
    names = set(tags.values_list("tag__parent__parent__name", flat=True))
    return {
        "industries": sorted(name for name in names if name),
        "courses": list(courses.order_by("title").values_list("slug", "title")),
        "sizes": SIZES,
    }


@dataclass(frozen=True, slots=True)
class Practice:
    """A paper to practise on: what it is called, its stock with one paper in it, and the token it came from."""

    token: str
    title: str
    seed: int
    stock: Stock

    @property
    def paper(self) -> Paper:
        """The only paper of the stock."""
        return self.stock.papers[self.seed]


def token_for(title: str, questions: Iterable[int], seed: int | None = None) -> str:
    """The signed token of a paper of these questions, in a random order of options."""
    payload = {"t": title[:60], "q": list(questions)[:MOST], "s": new_seed() if seed is None else seed}
    return signing.dumps(payload, salt=_SALT, compress=True)


def draw_from(questions: Any, count: int) -> list[int]:
    """So many of the questions at random, each once; fewer when there are not so many."""
    ids = list(questions.order_by("pk").values_list("pk", flat=True))
    return Dice(new_seed()).shuffled(ids)[:count]


def drawn_for(exam: Exam) -> list[int]:
    """The questions of one paper of a mock exam, drawn by its own rules."""
    return [item.question for item in stock_of(exam.blueprint).paper(new_seed()).items][:MOST]


def read(token: str) -> Practice | None:
    """The practice of a token; None when it is forged, older than seven days, or its questions are gone."""
    try:
        said = signing.loads(token, salt=_SALT, max_age=DAYS * 24 * 3600)
        title, ids, seed = str(said["t"]), [int(pk) for pk in said["q"]], int(said["s"])
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        return None
    cards = {row.pk: card_of(row) for row in Question.objects.filter(pk__in=ids)}
    order = sorted((pk for pk in ids if pk in cards), key=lambda pk: KINDS.index(cards[pk].kind))
    if not order:
        return None
    dice = Dice(seed)
    items = tuple(Item(number, pk, POINTS.get(cards[pk].kind, 1), dice.roll()) for number, pk in enumerate(order, 1))
    return Practice(token, title, seed, Stock([], [], cards, {seed: Paper(items)}))


def pack(answers: dict[int, Any]) -> str:
    """Answers as a part of an address."""
    plain = json.dumps(answers, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(zlib.compress(plain, 9)).decode().rstrip("=")


def unpack(text: str) -> dict[int, Any]:
    """The answers of an address; what cannot be read counts as not answered. Never more than 200 kB unpacked."""
    if len(text) > _LONGEST:
        return {}
    try:
        raw = zlib.decompressobj().decompress(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), 200_000)
        said = json.loads(raw)
        return {int(number): value for number, value in said.items()} if isinstance(said, dict) else {}
    except (binascii.Error, zlib.error, ValueError, RecursionError):
        return {}
