"""Performance: ranking, scores, weights, appeals."""

from __future__ import annotations

from typing import Any

from anlan.operations.demo.cast import Cast
from anlan.supervision.actions import compute_month, make_appeal
from anlan.supervision.models import Score
from anlan.supervision.tests.making import enough, in_office, last_month
from tests.walk.people import AGENCIES, REGULATORS, TERRITORY

ALLOWED = {
    "supervision:performance": ("GET", "", REGULATORS | AGENCIES),
    "supervision:performance-export": ("GET", "", TERRITORY | {"other_grid"}),
    "supervision:performance-compute": ("POST", "", frozenset()),
    "supervision:weights": ("GET", "", REGULATORS),
    "supervision:score": ("GET", "score", TERRITORY),
    "supervision:score-records": ("GET", "score_records", TERRITORY),
    "supervision:appeals": ("GET", "", REGULATORS | AGENCIES),
    "supervision:appeal": ("GET", "score_appeal", TERRITORY - {"town"}),
}


def arguments(cast: Cast) -> dict[str, list[Any]]:
    """A published score of the grid officer of the cast, with an appeal."""
    in_office(cast.grid, cast.other_grid)
    enough(cast, last_month())
    compute_month("410105", last_month(), kinds=["officer"], tell=False)
    score = Score.objects.get(user=cast.grid)
    missed = [pk for pk, value in score.evidence.cases["patrol"] if not value]
    appeal = make_appeal(score, by=cast.grid, indicator="patrol", cases=missed[:1], words="企业停产")
    return {"score": [score.pk], "score_records": [score.pk, "patrol"], "score_appeal": [appeal.pk]}
