"""What runs periodically, and the clock that runs it: one process of all machines holds the clock."""

from __future__ import annotations

import fcntl
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from django.conf import settings
from django.core.management import call_command
from django.db import close_old_connections, connection
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks.base import Task

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """A callable by its dotted path; every so many seconds, or (`at`) daily at this hour and minute.

    A daily job also runs five minutes after the start, since a machine may be off at night: all are harmless to repeat.
    A background task is only handed to its queue here.
    """

    call: str
    seconds: int = 0
    at: str = ""


JOBS: Final = (
    Job("anlan.training.tasks.fold_beats", 1),
    Job("anlan.tallies.tasks.fold", 1),
    Job("anlan.audit.tasks.seal", 1),
    Job("anlan.search.tasks.follow", 2),
    Job("anlan.content.tasks.publish_due", 2),
    Job("anlan.content.subscriptions.tasks.tell_due", 3),
    Job("anlan.certificates.tasks.issue_due", 3),
    Job("anlan.notifications.tasks.deliver", 3),
    Job("anlan.exams.tasks.sweep", 5),
    Job("anlan.certificates.tasks.sign_head", 10),
    Job("anlan.exams.tasks.prepare", 60),
    Job("anlan.enterprises.tasks.requeue_dead_rosters", 60),
    Job("anlan.enterprises.tasks.regrade_changed", 3600),
    Job("anlan.enterprises.tasks.regrade_all", at="02:30"),
    Job("anlan.certificates.tasks.requeue_batches", 60),
    Job("anlan.training.tasks.requeue_dead_recordings", 60),
    Job("anlan.training.tasks.requeue_exports", 120),
    Job("anlan.ledgers.tasks.requeue_dead_packs", 120),
    Job("anlan.supervision.tasks.requeue_dead_packs", 120),
    Job("anlan.ledgers.tasks.remind_open_permits", 300),
    Job("anlan.content.tasks.watch_releases", 60),
    Job("anlan.law.tasks.requeue_imports", 120),
    Job("anlan.content.subscriptions.tasks.tell_law", 300),
    Job("anlan.content.collecting.tasks.crawl_due", 600),
    Job("anlan.content.links.tasks.check", 600),
    Job("anlan.operations.indexing.reindex", 600),
    Job("anlan.operations.citing.recite", 600),
    Job("anlan.training.tasks.remind_due", 3600),
    Job("anlan.training.actions.hours.follow_risk_policies", 3600),
    Job("anlan.hazards.tasks.hazards.requeue_exports", 120),
    Job("anlan.hazards.tasks.hazards.escalate_overdue", 3600),
    Job("anlan.hazards.tasks.hazards.remind_deadlines", at="08:00"),
    Job("anlan.hazards.tasks.inspections.remind_reports", at="08:05"),
    Job("anlan.hazards.tasks.inspections.open_reports", at="00:10"),
    Job("anlan.hazards.tasks.inspections.plan_patrols", at="00:20"),
    Job("anlan.exams.tasks.count_items", 3600),
    Job("anlan.content.tasks.reindex", 3600),
    Job("anlan.law.tasks.check_daily", at="00:05"),
    Job("anlan.content.subscriptions.tasks.digest", at="07:40"),
    Job("anlan.content.tasks.remind_reviews", at="08:30"),
    Job("anlan.content.letters.tasks.remind_letters", at="08:35"),
    Job("anlan.content.links.tasks.gather", at="03:10"),
    Job("anlan.search.tasks.learn", at="03:45"),
    Job("anlan.portal.digests.send_digests", at="07:30"),
    Job("anlan.certificates.tasks.remind_expiring", at="08:10"),
    Job("anlan.agencies.tasks.close_ended_contracts", at="00:20"),
    Job("anlan.agencies.tasks.compute_scores", at="01:40"),
    Job("anlan.enterprises.tasks.remind_permits", at="08:20"),
    Job("anlan.audit.tasks.check_chain", at="02:30"),
    Job("anlan.training.tasks.tidy_media", at="03:00"),
    Job("anlan.notifications.tasks.purge", at="03:20"),
    Job("anlan.channels.tasks.forget_quotas", at="03:30"),
    Job("anlan.operations.schedule.sweep_out", at="03:40"),
    Job("anlan.supervision.tasks.recount", at="04:00"),
    Job("anlan.supervision.tasks.forget_self_checks", at="03:50"),
    Job("anlan.supervision.tasks.score_performance", at="05:00"),
)
ELECTION: Final = 41_0601
"""Key of the PostgreSQL advisory lock that the holder of the clock keeps."""


def run_job(name: str) -> None:
    """Run one job now. An error is logged, and the next run comes all the same."""
    close_old_connections()
    try:
        found: Any = import_string(name)
        if isinstance(found, Task):
            found.enqueue()
        else:
            found()
    except Exception:
        log.exception("%s failed", name)
    finally:
        close_old_connections()


def sweep_out() -> None:
    """Delete sessions that expired, results of background tasks older than two weeks, and sign-ups that were never proved."""
    call_command("clearsessions")
    import_string("anlan.accounts.actions.forget_unproved")()
    call_command("prune_db_task_results", min_age_days=14, queue_name="*", verbosity=0)


def build() -> BackgroundScheduler:
    """Return the clock with every job set; a job never overlaps itself, and none waits for another."""
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a run skipped because the last one lasts is no news
    clock = BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(len(JOBS))},
        job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        timezone=settings.TIME_ZONE,
    )
    now = timezone.now()
    for job in JOBS:
        if job.at:
            hour, minute = job.at.split(":")
            trigger, first = CronTrigger(hour=hour, minute=minute), now + timedelta(minutes=5)
        else:
            trigger, first = IntervalTrigger(seconds=job.seconds), now + timedelta(seconds=min(job.seconds, 60))
        clock.add_job(run_job, trigger, args=[job.call], id=job.call, next_run_time=first)
    return clock


@contextmanager
def holding_the_clock() -> Iterator[Callable[[], bool]]:
    """Wait until no other process holds the clock; give a question that tells whether we still do."""
    if connection.vendor == "postgresql":
        while not _try_advisory_lock():
            time.sleep(5)
        yield _still_connected
    else:
        with (settings.VAR_DIR / "schedule.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield lambda: True


def _try_advisory_lock() -> bool:
    # The lock belongs to this thread's connection, which therefore must stay open: no close_old_connections here.
    connection.close_if_unusable_or_obsolete()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ELECTION])
        return bool(cursor.fetchone()[0])


def _still_connected() -> bool:
    return bool(connection.is_usable())
