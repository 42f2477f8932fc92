"""Grading 100,000 firms by the risk policy: all for the first time, then all again with nothing new."""

import time

from tests.load.firms import COUNT, lay
from tests.load.house import Figure, House

DATABASES = ("sqlite", "postgresql")


def measure(house: House) -> Figure:
    """Hold every firm against the policy, as the night does; each gets one grade with its reasons, and only one."""
    from anlan.enterprises.actions.policy import install_default_policy, regrade
    from anlan.enterprises.models import Enterprise, RiskGrade

    first = lay()
    install_default_policy()
    firms = Enterprise.objects.filter(pk__gte=first, pk__lt=first + COUNT)
    RiskGrade.objects.filter(enterprise__in=firms).delete()
    begin = time.perf_counter()
    regrade(firms)
    graded = time.perf_counter()
    regrade(firms)
    again = time.perf_counter() - graded
    kept = RiskGrade.objects.filter(enterprise__in=firms).count() == COUNT
    seconds = graded - begin
    return Figure(seconds, "s for 100,000", "every firm graded once", kept, more={"again_s": round(again, 1)})
