"""What the schedule and the worker do about hazards."""

from datetime import timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from anlan.hazards.actions.escalation import escalate_late, note_overdue
from anlan.hazards.actions.escalation import remind_deadlines as remind
from anlan.hazards.actions.exports import write_export
from anlan.hazards.models import HazardExport

SILENCE: Final = timedelta(minutes=2)
"""A process that writes a workbook says so every second or so; after this long it is taken for dead."""


def escalate_overdue() -> int:
    """Note what became overdue, then move up what is late; return how many changed. Every hour; harmless to repeat."""
    today = timezone.localdate()
    return note_overdue(today) + escalate_late(today)


def remind_deadlines() -> int:
    """Send the reminders of the day; return how many are new. Every morning."""
    return remind(timezone.localdate())


@task(queue_name="default")
def work_on_export(export_id: int) -> None:
    """Write the workbook of an export."""
    try:
        write_export(export_id)
    except Exception:
        HazardExport.objects.filter(pk=export_id).update(
            state=HazardExport.State.FAILED, problem=_("导出中断了，请再导一次。")
        )
        raise


def requeue_exports() -> int:
    """Hand exports whose process has fallen silent to a worker again; return how many."""
    now, count = timezone.now(), 0
    silent = HazardExport.objects.filter(state=HazardExport.State.RUNNING, beat_at__lt=now - SILENCE)
    for pk, beat in silent.values_list("pk", "beat_at"):
        # Compare-and-set on the beat: of two schedulers one sends it.
        if HazardExport.objects.filter(pk=pk, beat_at=beat).update(beat_at=now):
            work_on_export.enqueue(pk)
            count += 1
    return count
