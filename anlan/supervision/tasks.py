"""The nightly recount, and the performance of the month."""

import logging
from datetime import timedelta

from django.db.models.functions import Substr
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from anlan.accounts.models import Post
from anlan.audit.actions import record
from anlan.supervision.actions.selfcheck import clear_old_checks
from anlan.supervision.actions.snapshots import compute_month
from anlan.supervision.models import Pack
from anlan.supervision.pack.making import write_pack
from anlan.supervision.recount import swap, words

log = logging.getLogger("anlan.supervision")


def recount() -> int:
    """Count again from the facts, swap, and publish the drift; return how many counters had drifted (must be 0)."""
    found = swap()
    for line in words(found):
        log.warning("counter drifted: %s", line)
    record("recount", ("tallies.rollup", "", "汇总"), by=None, drift=len(found), lines=list(words(found))[:20])
    return len(found)


COUNTY_DIGITS = 6


def score_performance() -> int:
    """Publish last month where that has not been done, and bring the running month up to date; return the snapshots made.

    Daily, so that the first of the month is never missed and the provisional result is a day old at most. A county that
    fails is logged and left to the next day.
    """
    posts = Post.objects.filter(role="grid_officer", organisation=None)
    counties = (
        posts.order_by()
        .annotate(county=Substr("region_code", 1, COUNTY_DIGITS))
        .values_list("county", flat=True)
        .distinct()
    )
    month, made = timezone.localdate().replace(day=1), 0
    for county in sorted(counties):
        for each in ((month - timedelta(days=1)).replace(day=1), month):
            try:
                made += len(compute_month(county, each))
            except Exception:
                log.exception("performance of %s in %s could not be computed", county, each)
    return made


SILENCE = timedelta(minutes=2)


@task(queue_name="default")
def work_on_pack(pack_id: int) -> None:
    """Make the inspection pack of a firm."""
    try:
        write_pack(pack_id)
    except Exception:
        Pack.objects.filter(pk=pack_id).update(state=Pack.State.FAILED, problem=_("打包中断了，请再打包一次。"))
        raise


def requeue_dead_packs() -> int:
    """Hand packs whose process has fallen silent to a worker again; return how many. For the schedule."""
    now, count = timezone.now(), 0
    silent = Pack.objects.filter(state=Pack.State.RUNNING, beat_at__lt=now - SILENCE)
    for pk, beat in silent.values_list("pk", "beat_at"):
        if Pack.objects.filter(pk=pk, beat_at=beat).update(beat_at=now):  # of two schedulers one sends it
            work_on_pack.enqueue(pk)
            count += 1
    return count


def forget_self_checks() -> int:
    """Delete the self-checks of nobody that were left for 90 days; return how many. Daily, for the schedule."""
    return clear_old_checks()
