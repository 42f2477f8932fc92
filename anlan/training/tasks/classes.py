"""Work on classes behind the scenes: long reports, and reminders before and after the deadline."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import CharField, Count, F, Q, Value
from django.db.models.functions import Concat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from anlan.files.actions import store
from anlan.lib.xlsx import write_rows
from anlan.notifications.actions import notify, notify_all
from anlan.notifications.models import Notice
from anlan.training.actions.classes import class_key, managers_of, mine_url
from anlan.training.models import ClassExport, Enrolment, TrainingClass
from anlan.training.models.classes import remindable
from anlan.training.reports import sheet_of

BEFORE = (14, 7, 3, 1, 0)
"""Days before the deadline on which people are reminded; afterwards every seventh day."""
AFTER_EVERY = 7
CLASSES_AT_ONCE = 200
STALE = timedelta(minutes=10)


def remind_due(now: datetime | None = None) -> int:
    """Remind who lags, and give the managers one digest per class and day; return how many learners were reminded.

    Runs hourly, from 8 in the morning; a second run on the same day finds everyone reminded. Short transactions, each
    of a few statements for up to 200 classes.
    """
    now = now or timezone.now()
    if timezone.localtime(now).hour < 8:
        return 0
    return sum(_remind(chunk, days, now) for days, chunk in _due_classes(now))


def days_left(deadline: datetime, now: datetime) -> int:
    """Calendar days in Asia/Shanghai from now to the deadline: 0 on the day, negative when it is over."""
    return (timezone.localtime(deadline).date() - timezone.localtime(now).date()).days


def is_reminder_day(days: int) -> bool:
    """Whether people are reminded so many days before the deadline (negative: after)."""
    return days in BEFORE or (days < 0 and days % AFTER_EVERY == 0)


def _due_classes(now: datetime) -> Iterator[tuple[int, list[int]]]:
    """Yield (days left, up to 200 classes) for the running classes whose day has come."""
    near = TrainingClass.objects.running().filter(deadline__lt=now + timedelta(days=max(BEFORE) + 1))
    waiting: dict[int, list[int]] = {}
    for pk, deadline in near.order_by("pk").values_list("pk", "deadline").iterator(2000):
        days = days_left(deadline, now)
        if is_reminder_day(days):
            waiting.setdefault(days, []).append(pk)
    for days, pks in waiting.items():
        for start in range(0, len(pks), CLASSES_AT_ONCE):
            yield days, pks[start : start + CLASSES_AT_ONCE]


@transaction.atomic
def _remind(classes: list[int], days: int, now: datetime) -> int:
    rows = Enrolment.objects.filter(
        remindable(now), training_class__in=classes, training_class__state=TrainingClass.State.OPEN
    ).lagging()
    title = Concat(Value(f"{_words(days)}："), F("training_class__title"), output_field=CharField())
    told = notify_all(
        rows, "user_id", "class-deadline", title, key=class_key("deadline", f":{timezone.localdate(now)}"),
        text=_("从上次学到的地方接着学就行，可以分几次学。"), url=mine_url(), at=now,
    )  # fmt: skip
    _digest(classes, days, now)
    # A plain condition on the class: an UPDATE across a join is not portable.
    Enrolment.objects.filter(remindable(now), training_class__in=classes).lagging().update(reminded_at=now)
    return told


def _words(days: int) -> str:
    if days < 0:
        return _("已经逾期 %(n)d 天") % {"n": -days}
    return {0: _("今天截止"), 1: _("明天截止")}.get(days) or _("还有 %(n)d 天截止") % {"n": days}


def _digest(classes: list[int], days: int, now: datetime) -> None:
    """One message per class and day to each manager, not one per person."""
    rows = list(
        TrainingClass.objects.filter(pk__in=classes)
        .annotate(
            lag=Count("enrolments", filter=Q(enrolments__state__in=["assigned", "learning"])),
            people=Count("enrolments", filter=~Q(enrolments__state="withdrawn")),
        )
        .filter(lag__gt=0)
        .values_list("pk", "organisation_id", "title", "lag", "people")
    )
    managers: dict[int, list[int]] = {}
    for organisation, user in managers_of({row[1] for row in rows}):
        managers.setdefault(organisation, []).append(user)
    Notice.objects.bulk_create(
        [
            Notice(
                user_id=user, kind="class-digest", key=f"class-digest:{pk}:{timezone.localdate(now)}",
                title=_("%(title)s：还有 %(lag)d 人没学完") % {"title": title[:80], "lag": lag},
                text=_("%(when)s，全班 %(people)d 人。已替您催过没学完的人。") % {"when": _words(days), "people": people},
                url=f"{reverse('training:class', args=[pk])}?state=lagging",
            )
            for pk, organisation, title, lag, people in rows
            for user in managers.get(organisation, [])
        ],
        ignore_conflicts=True,
    )  # fmt: skip


@task()
def write_export(export_id: int) -> None:
    """Write a long class report into a file; safe to start again: the job is taken by compare-and-set."""
    now = timezone.now()
    free = Q(state=ClassExport.State.QUEUED) | Q(state=ClassExport.State.RUNNING, beat_at__lt=now - STALE)
    if not ClassExport.objects.filter(free, pk=export_id).update(
        state=ClassExport.State.RUNNING, beat_at=now, rows_done=0
    ):
        return
    export = ClassExport.objects.select_related("training_class").get(pk=export_id)
    with tempfile.TemporaryFile() as file:
        write_rows(file, {_("学习情况"): _counted(export)})
        file.seek(0)
        name = f"{export.training_class.title}-{timezone.localdate()}.xlsx"
        blob = store(
            file, name=name, owner=("training.classexport", str(export.pk)), by_id=export.created_by_id, max_mb=500
        )
    ClassExport.objects.filter(pk=export.pk).update(state=ClassExport.State.DONE, file=blob, rows_done=F("rows"))
    notify(
        [export.created_by_id], "export", _("班级报表可以下载了：%(title)s") % {"title": export.training_class.title},
        key=f"class-export:{export.pk}", url=reverse("training:class-file", args=[export.pk]),
    )  # fmt: skip


def _counted(export: ClassExport) -> Iterator[list[object]]:
    """The rows, with a sign of life every 2,000."""
    for number, row in enumerate(sheet_of(export.training_class)):
        if number and number % 2000 == 0:
            ClassExport.objects.filter(pk=export.pk).update(rows_done=number, beat_at=timezone.now())
        yield row


def requeue_exports(now: datetime | None = None) -> int:
    """Start reports again whose process died, and those never taken; return how many. Runs every few minutes."""
    now = now or timezone.now()
    dead = ClassExport.objects.filter(
        Q(state=ClassExport.State.RUNNING, beat_at__lt=now - STALE)
        | Q(state=ClassExport.State.QUEUED, created_at__lt=now - STALE)
    )
    pks: list[Any] = list(dead.values_list("pk", flat=True)[:100])
    for pk in pks:
        write_export.enqueue(pk)
    return len(pks)
