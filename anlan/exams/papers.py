"""Draw a paper from frozen pools. Pure: pools + seed are the paper, today and in ten years.

Randomness comes from SplitMix64 (Steele, Lea and Flood, 2014) in plain integers rather than from `random`, whose
`shuffle` and `sample` may change between Python versions. A paper is therefore never stored: a sitting keeps its seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NotRequired, TypedDict

_MASK: Final = (1 << 64) - 1
KINDS: Final = ("single", "true_false", "multiple", "fill", "case")
"""The order of the sections of a paper: short questions first, cases last."""


class Rule(TypedDict):
    """One row of a blueprint: `count` questions of `kind`, `points` each; empty point or difficulty means any."""

    kind: str
    count: int
    points: int
    point: NotRequired[str]
    difficulty: NotRequired[int | None]
    course: NotRequired[int | None]


class TooFew(ValueError):
    """The pools cannot fill the rules without using a question twice. `rule` is the first row that stays short."""

    def __init__(self, rule: int) -> None:
        super().__init__(f"rule {rule} cannot be filled")
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Item:
    """A place on a paper. `mix` is the seed of the order in which the question's options are shown."""

    number: int
    question: int
    points: int
    mix: int


@dataclass(frozen=True, slots=True)
class Paper:
    """Questions in the order shown, numbered from 1."""

    items: tuple[Item, ...]

    @property
    def full(self) -> int:
        """The full score in points."""
        return sum(item.points for item in self.items)


class Dice:
    """SplitMix64: 64 random bits a call from one integer of state."""

    __slots__ = ("state",)

    def __init__(self, seed: int) -> None:
        self.state = seed & _MASK

    def roll(self) -> int:
        """Return the next 64 bits."""
        self.state = (self.state + 0x9E3779B97F4A7C15) & _MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return z ^ (z >> 31)

    def shuffled(self, things: Sequence[int]) -> list[int]:
        """Return the things in random order (Fisher and Yates)."""
        order = list(things)
        for i in range(len(order) - 1, 0, -1):
            j = (self.roll() * (i + 1)) >> 64  # even to 1 in 2**58
            order[i], order[j] = order[j], order[i]
        return order


def draw(rules: Sequence[Rule], pools: Sequence[Sequence[int]], seed: int) -> Paper:
    """Return the paper of this seed: exactly `count` questions for every rule, none twice.

    Pools may overlap (a row for one knowledge point, a row for any): then questions are moved between rows along
    augmenting paths, so a paper is found whenever one exists. Raises `TooFew` when none does. Sections stand in the order
    of `KINDS`; inside a section the order is random.
    """
    dice = Dice(seed)
    orders = [dice.shuffled(pool) for pool in pools]
    slots = [rule for rule, row in enumerate(rules) for _ in range(row["count"])]
    taken: dict[int, int] = {}

    def place(slot: int, tried: set[int]) -> bool:
        order = orders[slots[slot]]
        free = next((question for question in order if question not in taken and question not in tried), None)
        if free is not None:
            taken[free] = slot
            return True
        for question in order:
            if question not in tried:
                tried.add(question)
                if place(taken[question], tried):
                    taken[question] = slot
                    return True
        return False

    for slot in range(len(slots)):
        if not place(slot, set()):
            raise TooFew(slots[slot])
    chosen = {slot: question for question, slot in taken.items()}
    items: list[Item] = []
    for kind in KINDS:
        for slot in dice.shuffled([slot for slot, rule in enumerate(slots) if rules[rule]["kind"] == kind]):
            items.append(Item(len(items) + 1, chosen[slot], rules[slots[slot]]["points"], dice.roll()))
    return Paper(tuple(items))


def option_order(mix: int, count: int, part: int = 0) -> list[int]:
    """Return which option stands in each place: `order[shown] = written`.

    Parts of a case keep their written order, because they follow the story; the options inside each part are shuffled by
    themselves. True and false are never shuffled.
    """
    return Dice(mix ^ (part * 0xD1342543DE82EF95)).shuffled(range(count))
