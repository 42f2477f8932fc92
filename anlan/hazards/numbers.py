"""Numbers that people read out: YH-410105-26110007 (county, year and month, running number)."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import F

from anlan.hazards.models import Series


@transaction.atomic
def next_number(kind: str, region_code: str, day: date) -> str:
    """Give out the next number of a kind (YH hazard, ZG rectification order) in a county and month.

    The row of the series is locked until the caller's transaction ends, so numbers neither repeat nor leave gaps.
    """
    prefix = f"{kind}-{region_code[:6]}-{day:%y%m}"
    Series.objects.get_or_create(pk=prefix)
    Series.objects.filter(pk=prefix).update(last=F("last") + 1)
    return f"{prefix}{Series.objects.values_list('last', flat=True).get(pk=prefix):04d}"
