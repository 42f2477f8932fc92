"""What follows a firm that moves: its classes that are not over. Registered in `apps`."""

from __future__ import annotations

from django.db.models import QuerySet

from anlan.enterprises.models import Enterprise
from anlan.training.models import TrainingClass

LIVE = (TrainingClass.State.DRAFT, TrainingClass.State.OPEN)


def follow_move(firms: QuerySet[Enterprise], to: str) -> None:
    """Let the open classes of the firms be seen by whoever answers for the firm now; what is over stays where it was held."""
    live = TrainingClass.objects.filter(organisation_id__in=firms.values("pk"), state__in=LIVE)
    live.exclude(region_code=to).update(region_code=to)
