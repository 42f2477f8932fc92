"""What follows a firm that moves: its exams that are not over. Registered in `apps`."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from anlan.enterprises.models import Enterprise
from anlan.exams.models import Exam


def follow_move(firms: QuerySet[Enterprise], to: str) -> None:
    """Let the exams to come be seen by whoever answers for the firm now; what is over stays where it was held."""
    coming = Exam.objects.filter(organisation_id__in=firms.values("pk"), closes_at__gt=timezone.now())
    coming.exclude(region_code=to).update(region_code=to)
