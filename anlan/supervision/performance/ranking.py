"""From records to figures, points and ranks. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from anlan.agencies.scoring import score as rating_score
from anlan.supervision.performance.indicators import FAST, INDICATORS, SLOW

Case = tuple[int, float]
"""A record and what it says: 1 or 0, days, or a rating."""
ENOUGH: Final = 60
"""Percent of the weights that must have enough records before somebody is ranked."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure: `part` of `whole` records; `value` percent, days or rating; `points` 0 to 100, None below the least sample."""

    part: int
    whole: int
    value: float | None
    points: float | None


def cell_of(code: str, cases: Sequence[Case]) -> Cell:
    """Return the figure that these records make."""
    indicator, values = INDICATORS[code], [value for _pk, value in cases]
    if not values:
        return Cell(0, 0, None, None)
    part = len(values)
    if indicator.unit == "days":
        value = float(statistics.median(values))
        points = 100 * min(1.0, max(0.0, (SLOW - value) / (SLOW - FAST)))
    elif indicator.unit == "rating":
        value = rating_score(sum(values), len(values), 0, 0).value
        points = 25 * (value - 1)
    else:
        part = round(sum(values))
        value = points = 100 * part / len(values)
    return Cell(part, len(values), round(value, 1), round(points, 1) if len(values) >= indicator.least else None)


def total_of(cells: Mapping[str, Cell], weights: Mapping[str, int]) -> tuple[float | None, bool]:
    """Return the weighted mean of what has enough records, one decimal, and whether that is enough to be ranked.

    The weight of a figure with too few records goes to the others in proportion: nobody gains or loses by chance.
    """
    counted = [(cell.points, weights.get(code, 0)) for code, cell in cells.items() if cell.points is not None]
    weight = sum(w for _points, w in counted)
    if not weight:
        return None, False
    total = round(sum(points * w for points, w in counted) / weight, 1)
    return total, weight >= ENOUGH


def ranks(totals: Iterable[tuple[str, float]]) -> dict[str, int]:
    """Return {subject: rank}, highest total first; equals share a rank and the next one is skipped (1, 2, 2, 4)."""
    ordered = sorted(totals, key=lambda row: -row[1])
    found: dict[str, int] = {}
    for n, (subject, total) in enumerate(ordered):
        same = n and ordered[n - 1][1] == total
        found[subject] = found[ordered[n - 1][0]] if same else n + 1
    return found


@dataclass(slots=True)
class Result:
    """What one subject gets: figures, total, rank (None: not ranked), records counted."""

    cells: dict[str, Cell]
    total: float | None
    rank: int | None
    sample: int

    def plain(self) -> dict[str, Any]:
        """The figures as JSON keeps them."""
        return {code: asdict(cell) for code, cell in self.cells.items()}


def judge(
    found: Mapping[str, Mapping[str, Sequence[Case]]], codes: Sequence[str], weights: Mapping[str, int]
) -> dict[str, Result]:
    """Return the result of every subject from {subject: {indicator: records}}."""
    results: dict[str, Result] = {}
    ranked: list[tuple[str, float]] = []
    for subject, cases in found.items():
        cells = {code: cell_of(code, cases.get(code, ())) for code in codes}
        total, enough = total_of(cells, weights)
        results[subject] = Result(cells, total, None, sum(cell.whole for cell in cells.values()))
        if enough and total is not None:
            ranked.append((subject, total))
    for subject, rank in ranks(ranked).items():
        results[subject].rank = rank
    return results
