"""Long work of the law for the worker, and what the schedule calls."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from anlan.law.actions.citing import cite_laws
from anlan.law.actions.fetching import fetch_collection, fetch_national
from anlan.law.actions.naming import name_statutes
from anlan.law.actions.settling import settle_dates, tell_search
from anlan.law.actions.stale import mark_stale
from anlan.law.actions.uploading import work_on
from anlan.law.models import Import, Statute, Version

SILENCE: Final = timedelta(minutes=3)
"""A run says so after every batch; after this long it is taken for dead."""


@task(queue_name="default")
def work_on_import(import_id: int) -> None:
    """Do an import. Safe to run twice: what is there is known by its digest."""
    run = Import.objects.get(pk=import_id)
    if run.state != Import.State.RUNNING:
        return
    try:
        work_on(run)
    except Exception:
        Import.objects.filter(pk=import_id).update(
            state=Import.State.FAILED, words=_("导入中断了。已读入的不会丢，重来时会接着做。"), ended_at=timezone.now()
        )
        raise


def requeue_imports() -> int:
    """Hand imports whose process has fallen silent to a worker again; return how many. Every two minutes."""
    now, count = timezone.now(), 0
    silent = Import.objects.filter(state=Import.State.RUNNING, beat_at__lt=now - SILENCE).exclude(path="", blob_uid="")
    for pk, beat in silent.values_list("pk", "beat_at"):
        # Compare-and-set on the beat: of two schedulers one sends it.
        if Import.objects.filter(pk=pk, beat_at=beat).update(beat_at=now):
            work_on_import.enqueue(pk)
            count += 1
    return count


def import_configured() -> int:
    """At the start: name the common statutes, and import ANLAN_LAW_DIR in the background where it was never imported.

    Returns 1 when an import was handed to a worker. Harmless to repeat: a folder that is done is not read again.
    """
    name_statutes()
    folder = Path(settings.ANLAN_LAW_DIR) if settings.ANLAN_LAW_DIR else None
    if folder is None or not folder.is_dir():
        return 0
    mine = Import.objects.filter(path=str(folder)).exclude(state=Import.State.FAILED)
    if mine.exists():
        return 0
    run = Import.objects.create(source=_("随平台配置的法规文本"), path=str(folder), by_name=_("平台"))
    work_on_import.enqueue(run.pk)
    return 1


def check_daily() -> int:
    """Every day: what came into force or ended today, then what is new on the network. Return how many versions are new.

    Turned off for the network with ANLAN_LAW_DAILY empty; without a network the runs say so and nothing else happens.
    """
    begin_and_end()
    added = 0
    if settings.ANLAN_LAW_DAILY:
        added += fetch_national(settings.ANLAN_LAW_DAILY).added
    if settings.ANLAN_LAW_COLLECTION:
        added += fetch_collection().added
    return added


def begin_and_end() -> int:
    """Tell search what changed its standing in the last days: texts that came into force, were replaced or repealed."""
    settle_dates()
    cite_laws()
    mark_stale()
    today = timezone.localdate()
    lately = (today - timedelta(days=8), today)
    turned = Version.objects.filter(
        Q(effective_on__range=lately) | Q(ended_on__range=lately) | Q(provisions__effective_on__range=lately)
    )
    return tell_search(set(Statute.objects.filter(versions__in=turned).values_list("pk", flat=True)))
