"""`anlan worker`: background work, for machines beside the one that runs `anlan up`."""

import hashlib
import signal
import socket
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from anlan.operations.schedule import build, holding_the_clock
from anlan.operations.supervisor import Child, Supervisor, worker_commands

MOST_ATTEMPTS = 3


class Command(BaseCommand):
    """Run the clock and the queues; with a part's name, only that part in this process."""

    help = "后台进程：定时任务和队列。anlan up 会自动启动；多台机器时在别的机器上单独执行。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the part."""
        parser.add_argument("part", nargs="?", choices=[*worker_commands()])

    def handle(self, *args: Any, part: str | None, **options: Any) -> None:
        """Run until told to stop."""
        if part is None:
            house = Supervisor([Child(name, command) for name, command in worker_commands().items()])
            house.start()
            house.watch()
        elif part == "schedule":
            run_clock()
        else:
            run_queue(part)


def run_clock() -> None:
    """Wait for the clock and keep it running; SIGTERM lets running jobs finish."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with holding_the_clock() as still_ours:
        clock = build()
        clock.start()
        while not stop.wait(5) and still_ours():
            pass
        clock.shutdown(wait=stop.is_set())


def run_queue(queue: str) -> None:
    """Work on one queue, first on what a killed predecessor of this worker left undone."""
    place = hashlib.sha256(f"{socket.gethostname()}:{settings.VAR_DIR}".encode()).hexdigest()[:16]
    worker_id = f"{place}-{queue}"
    take_up_again(worker_id)
    call_command("db_worker", queue_name=queue, worker_id=worker_id, interval=1, startup_delay=False, verbosity=0)


@transaction.atomic
def take_up_again(worker_id: str) -> int:
    """Queue again the tasks that a worker of this id was running when it was killed; return how many.

    A task that ended its worker three times is marked as failed, so that it cannot hold up the others for ever.
    """
    count = 0
    for left in DBTaskResult.objects.running():
        if not left.worker_ids or left.worker_ids[-1] != worker_id:
            continue
        if len(left.worker_ids) >= MOST_ATTEMPTS:
            left.status, left.finished_at = "FAILED", timezone.now()
            left.traceback = f"The process ended {MOST_ATTEMPTS} times while it ran this task."
        else:
            left.status, left.started_at = "READY", None
        left.save(update_fields=["status", "started_at", "finished_at", "traceback"])
        count += 1
    return count
