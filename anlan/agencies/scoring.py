"""How an agency's score comes about: what firms said after delivery, and whether the cures it helped with held.

The score is a mean of ratings that is pulled to the middle while there are few of them (Bayesian mean: `PRIOR_COUNT`
imagined ratings of `PRIOR_MEAN`), times a factor of the official re-inspections of hazards that the agency found or helped to
cure. Kind words of a firm whose cures then fail do not lift an agency; one failure among many does not sink it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.db.models import Avg, Count, F, Sum

from anlan.agencies.models import Agency, Rating
from anlan.enterprises.models import Enterprise
from anlan.tallies.actions import tally
from anlan.tallies.models import Delta, Tally

PRIOR_MEAN: Final = 3.5
"""What an agency without any rating is taken for, on the scale 1 to 5."""
PRIOR_COUNT: Final = 5
"""How many ratings it takes until the agency's own count as much as the prior."""
RECHECK_FLOOR: Final = 0.6
"""The factor when every re-inspection fails."""
RECHECK_PRIOR: Final = 3
"""Imagined passed re-inspections, so that a first failure does not decide."""
PASSED: Final = "agency_rechecks_passed"
FAILED: Final = "agency_rechecks_failed"


@dataclass(frozen=True, slots=True)
class Score:
    """A score with everything that made it. `value`, `mean` and `shrunk` are on the scale 1 to 5, `factor` is 0.6 to 1."""

    value: float
    mean: float | None
    shrunk: float
    ratings: int
    factor: float
    passed: int
    failed: int


def recheck_factor(passed: int, failed: int) -> float:
    """Return `RECHECK_FLOOR`…1 from the counts of passed and failed re-inspections; 1 while there are none."""
    held = (passed + RECHECK_PRIOR) / (passed + failed + RECHECK_PRIOR)
    return RECHECK_FLOOR + (1 - RECHECK_FLOOR) * held


def score(total: float, ratings: int, passed: int, failed: int) -> Score:
    """Return the score of an agency whose `ratings` ratings (each the mean of its aspects, 1 to 5) sum to `total`.

    Raises `ValueError` where a count is negative or the sum cannot be one of that many ratings.
    """
    if min(ratings, passed, failed) < 0 or not ratings - 1e-6 <= total <= 5 * ratings + 1e-6:
        raise ValueError("counts and sums of ratings must fit each other")
    shrunk = (total + PRIOR_MEAN * PRIOR_COUNT) / (ratings + PRIOR_COUNT)
    factor = recheck_factor(passed, failed)
    return Score(
        value=round(shrunk * factor, 2), mean=total / ratings if ratings else None, shrunk=shrunk, ratings=ratings,
        factor=factor, passed=passed, failed=failed,
    )  # fmt: skip


@transaction.atomic
def note_recheck(agency_id: int, passed: bool, enterprise: Enterprise, when: datetime | date) -> None:
    """Count a re-inspection of a hazard at `enterprise` that the agency (id of its organisation) found or helped to cure.

    Called in the transaction of the re-inspection.
    """
    tally(
        PASSED if passed else FAILED, 1, subject=("agency", agency_id), when=when,
        region_code=enterprise.organisation.region_code, industry=enterprise.trade,
    )  # fmt: skip
    rescore(agency_id)


def rechecks(agency_id: int) -> tuple[int, int]:
    """Return how many re-inspections of an agency's cures passed and failed, folded or not. Two queries."""
    counts = {PASSED: 0, FAILED: 0}
    for model in (Tally, Delta):
        rows = model.objects.filter(subject_kind="agency", subject_id=agency_id, measure__in=counts)
        for measure, amount in rows.order_by().values_list("measure").annotate(n=Sum("amount")):
            counts[measure] += amount
    return max(0, counts[PASSED]), max(0, counts[FAILED])


@transaction.atomic
def rescore(agency_id: int) -> Score | None:
    """Compute an agency's score from its ratings and re-inspections and keep it; None where there is no such agency."""
    if Agency.objects.select_for_update().filter(pk=agency_id).values_list("pk").first() is None:
        return None  # an association's inspections are counted too, but it is not scored
    said = Rating.objects.filter(service__agency_id=agency_id).aggregate(
        n=Count("pk"), mean=Avg((F("skill") + F("timeliness") + F("effect")) / 3.0)
    )
    passed, failed = rechecks(agency_id)
    found = score((said["mean"] or 0) * said["n"], said["n"], passed, failed)
    Agency.objects.filter(pk=agency_id).update(score=found.value, ratings=found.ratings, passed=passed, failed=failed)
    return found


def rescore_all() -> int:
    """Compute every agency's score again; return how many. For the nightly schedule."""
    ids = list(Agency.objects.values_list("pk", flat=True))
    for pk in ids:
        rescore(pk)
    return len(ids)
