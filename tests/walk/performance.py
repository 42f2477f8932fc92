"""Performance: ranking, scores, weights, appeals."""

from __future__ import annotations

from typing import Any

from anlan.operations.demo.cast import Cast
from anlan.supervision.models import Appeal
from tests.walk.people import AGENCIES, REGULATORS, TERRITORY

ALLOWED = {
    "supervision:performance": ("GET", "", REGULATORS | AGENCIES),
    "supervision:performance-export": ("GET", "", TERRITORY | AGENCIES | {"other_grid"}),
    "supervision:performance-compute": ("POST", "", frozenset()),
    "supervision:weights": ("GET", "", REGULATORS),
    "supervision:score": ("GET", "score", TERRITORY),
    "supervision:score-records": ("GET", "score_records", TERRITORY),
    "supervision:appeals": ("GET", "", REGULATORS | AGENCIES),
    "supervision:appeal": ("GET", "score_appeal", TERRITORY - {"town"}),
}


def arguments(cast: Cast) -> dict[str, list[Any]]:
    """The published score of the grid officer that the demo shows, and the appeal against it."""
    appeal = Appeal.objects.filter(by=cast.grid).earliest("pk")
    return {"score": [appeal.score_id], "score_records": [appeal.score_id, "patrol"], "score_appeal": [appeal.pk]}
