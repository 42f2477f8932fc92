"""Long work of this app for the worker, and what the schedule calls."""

from datetime import timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from anlan.enterprises.actions import check_roster, import_roster, revert_roster, write_export
from anlan.enterprises.models import Export, Roster

SILENCE: Final = timedelta(minutes=2)
"""A process that works says so every second or so; after this long it is taken for dead."""
INLINE_ROWS: Final = 2000


@task(queue_name="default")
def work_on_roster(roster_id: int) -> None:
    """Do what the roster's state asks for: check, import or revert."""
    check_roster(roster_id)
    import_roster(roster_id)
    revert_roster(roster_id)


@task(queue_name="default")
def work_on_export(export_id: int) -> None:
    """Write the workbook of an export."""
    try:
        write_export(export_id)
    except Exception:
        Export.objects.filter(pk=export_id).update(state=Export.State.FAILED, problem=_("导出中断了，请再导一次。"))
        raise


def begin(roster: Roster) -> None:
    """Hand the roster to the worker; small ones are checked at once, so that the preview opens filled."""
    if roster.state == Roster.State.CHECKING and roster.rows <= INLINE_ROWS:
        check_roster(roster.pk)
    else:
        work_on_roster.enqueue(roster.pk)


def requeue_dead_rosters() -> int:
    """Hand rosters and exports whose process has fallen silent to a worker again; return how many. For the schedule."""
    now, count = timezone.now(), 0
    for model, work, states in (
        (Roster, work_on_roster, Roster.AT_WORK),
        (Export, work_on_export, (Export.State.RUNNING,)),
    ):
        silent = model._default_manager.filter(state__in=states, beat_at__lt=now - SILENCE)
        for pk, beat in silent.values_list("pk", "beat_at"):
            # Compare-and-set on the beat: of two schedulers one sends it.
            if model._default_manager.filter(pk=pk, beat_at=beat).update(beat_at=now):
                work.enqueue(pk)
                count += 1
    return count
