"""Periodic work of the inbox."""

from datetime import datetime, timedelta

from django.utils import timezone

from anlan.notifications.delivery import route, send_due
from anlan.notifications.models import Notice

KEEP = timedelta(days=730)
"""Two years: longer than any deadline a notice speaks of, shorter than the records that prove the fact itself."""
BATCH = 20_000


def purge(now: datetime | None = None) -> int:
    """Delete notices older than two years, in short transactions; return how many."""
    before = (now or timezone.now()) - KEEP
    gone = 0
    while pks := list(Notice.objects.filter(created_at__lt=before).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        gone += Notice.objects.filter(pk__gte=pks[0], pk__lte=pks[-1], created_at__lt=before).delete()[0]
    return gone


def deliver() -> int:
    """Route new notices and send what is due; return how many messages went out. Runs every few seconds."""
    route()
    return send_due()
