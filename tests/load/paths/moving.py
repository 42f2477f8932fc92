"""Moving 10,000 firms to another grid: places, history, counters of what exists now, one record."""

import time

from tests.load.firms import lay
from tests.load.house import Figure, House

DATABASES = ("sqlite", "postgresql")
COUNT = 10_000


def measure(house: House) -> Figure:
    """Move ten thousand firms of one county into one town, with people employed in each."""
    from django.db import transaction

    from anlan.accounts.models import Organisation
    from anlan.enterprises.actions.moving import move_enterprises
    from anlan.enterprises.models import Enterprise
    from anlan.tallies.actions import tally_many

    first = lay()
    keys = range(first, first + COUNT)
    for model in (Organisation, Enterprise):
        model._default_manager.filter(pk__in=keys).update(region_code="410105100")
    from django.utils import timezone

    now = timezone.now()
    tally_many([("workers", 7, ("enterprise", pk), now, "410105100", "C33") for pk in keys])
    firms = Enterprise.objects.filter(pk__gte=first, pk__lt=first + COUNT)
    begin = time.perf_counter()
    with transaction.atomic():
        moved = move_enterprises(firms, "410105101", by=house.cast.county, because="测量")
    seconds = time.perf_counter() - begin
    return Figure(seconds, "s for 10,000", "< 10 s", moved == COUNT and seconds < 10)
