"""Long work of this app for the worker, and what the schedule calls."""

from datetime import timedelta
from typing import Final

from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from anlan.enterprises.actions import (
    check_roster,
    fail_reading,
    import_roster,
    read_reading,
    revert_roster,
    write_export,
)
from anlan.enterprises.actions.extract_undoing import revert_extract
from anlan.enterprises.actions.extracting import check_extract, import_extract
from anlan.enterprises.actions.policy import regrade
from anlan.enterprises.models import Chemical, Enterprise, Equipment, Export, Extract, Permit, Reading, Roster
from anlan.enterprises.people import managers_of, officers_of
from anlan.notifications.actions import notify
from anlan.tallies.models import Tally

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
def work_on_extract(extract_id: int) -> None:
    """Do what the extract's state asks for: check, import or revert."""
    check_extract(extract_id)
    import_extract(extract_id)
    revert_extract(extract_id)


def begin_extract(extract: Extract) -> None:
    """Hand the extract to the worker; small ones are checked at once, so that the preview opens filled."""
    if extract.state == Extract.State.CHECKING and extract.rows <= INLINE_ROWS:
        check_extract(extract.pk)
    else:
        work_on_extract.enqueue(extract.pk)


@task(queue_name="default")
def work_on_export(export_id: int) -> None:
    """Write the workbook of an export."""
    try:
        write_export(export_id)
    except Exception:
        Export.objects.filter(pk=export_id).update(state=Export.State.FAILED, problem=_("导出中断了，请再导一次。"))
        raise


@task(queue_name="default")
def work_on_reading(reading_id: int) -> None:
    """Read the picture of a licence or permit."""
    try:
        read_reading(reading_id)
    except Exception:
        fail_reading(reading_id)
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
        (Extract, work_on_extract, Extract.AT_WORK),
        (Export, work_on_export, (Export.State.RUNNING,)),
        (Reading, work_on_reading, (Reading.State.RUNNING,)),
    ):
        silent = model._default_manager.filter(state__in=states, beat_at__lt=now - SILENCE)
        for pk, beat in silent.values_list("pk", "beat_at"):
            # Compare-and-set on the beat: of two schedulers one sends it.
            if model._default_manager.filter(pk=pk, beat_at=beat).update(beat_at=now):
                work.enqueue(pk)
                count += 1
    return count


STAGES: Final = (7, 30, 60)
"""A permit's end is told so many days before, once each; and once when it has passed."""


def remind_permits() -> int:
    """Tell managers and the officers of the place which permits end or have ended; return how many new messages.

    For the schedule, daily. Each permit and stage is told once: a stage missed while the machine was off is told late,
    the nearer stage instead of all before it.
    """
    today, told = timezone.localdate(), 0
    ending = Permit.objects.ending(max(STAGES)).filter(
        enterprise__status="active", until__gte=today - timedelta(days=max(STAGES))
    )
    for permit in ending.select_related("enterprise__organisation").iterator():
        assert permit.until is not None  # noqa: S101  # filtered above
        left = (permit.until - today).days
        stage = "over" if left < 0 else str(next(days for days in STAGES if left <= days))
        words = {"name": permit.name, "day": permit.until.isoformat(), "left": left, "firm": permit.enterprise}
        title = _("%(name)s已经过期") % words if left < 0 else _("%(name)s还有 %(left)d 天到期") % words
        key = f"permit:{permit.pk}:{permit.until.isoformat()}:{stage}"
        own = reverse("enterprises:permit", args=[permit.pk])
        text = _("到期日 %(day)s。换证后拍一张新证，旧的会收起。") % words
        told += notify(managers_of(permit.enterprise_id), "permit", title, key=key, text=text, url=own)
        if stage in ("7", "over"):  # the officer hears of it when the firm had its time
            told += notify(
                officers_of(permit.enterprise.organisation.region_code), "permit", f"{permit.enterprise}：{title}", key=key,
                text=_("到期日 %(day)s。") % words, url=reverse("enterprises:permits", args=[permit.enterprise_id]),
            )  # fmt: skip
    return told


def regrade_all() -> int:
    """Grade every active firm; return how many colours changed. For the schedule, nightly: time itself changes facts."""
    return sum(regrade(Enterprise.objects.all()).changed.values())


def regrade_changed() -> int:
    """Grade the firms whose file, belongings or counters may have changed since; return how many colours did. Hourly."""
    old, month = F("graded_at"), timezone.localdate().replace(day=1)
    counted = Tally.objects.filter(subject_kind="enterprise", month=month, subject_id=OuterRef("pk"))
    said = [
        Exists(model._default_manager.filter(enterprise=OuterRef("pk"), said_at__gt=OuterRef("graded_at")))
        for model in (Permit, Equipment, Chemical)
    ]
    found = Q(graded_at__isnull=True) | Q(updated_at__gt=old) | Q(verified_at__gt=old) | Q(Exists(counted))
    for one in said:
        found |= Q(one)
    return sum(regrade(Enterprise.objects.filter(found)).changed.values())
