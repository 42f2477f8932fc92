"""Keeping channels small."""

from datetime import timedelta

from django.utils import timezone

from anlan.channels.models import Quota


def forget_quotas() -> int:
    """Delete the counts of past days; return how many. Runs every night."""
    deleted, _kinds = Quota.objects.filter(day__lt=timezone.localdate() - timedelta(days=1)).delete()
    return deleted
