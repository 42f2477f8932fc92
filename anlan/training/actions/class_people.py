"""People in a class: enrol, withdraw, restore, remind, and the mark that exams set."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, Count, Q, QuerySet, Value, When
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.enterprises.models import Worker
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify_all
from anlan.training.actions.classes import (
    insert_enrolments,
    mine_url,
    refresh_known,
    tally_enrolled,
    tell_enrolled,
)
from anlan.training.models import Enrolment, Lesson, TrainingClass
from anlan.training.models.classes import remindable

State = Enrolment.State
NAMED = 50
"""Up to so many people are named one by one in the record; above, their number says it."""


def _open(one: TrainingClass, by: User) -> TrainingClass:
    """Return the class, locked, if the user may change it and it is running."""
    if not one.can_manage(by):
        raise Refused(_("这个培训班不归您管理。"), code="power", status=403)
    found = TrainingClass.objects.select_for_update().filter(pk=one.pk, state=TrainingClass.State.OPEN).first()
    if found is None:
        raise Refused(_("这个班已经结束或取消，没有改动。"), code="not_open")
    return found


@transaction.atomic
def enrol_workers(one: TrainingClass, workers: QuerySet[Worker, Any], *, by: User) -> int:
    """Put the firm's workers into the class; who is in stays, who was withdrawn comes back. Return how many are new.

    Set-based: 20,000 people are one statement.
    """
    one = _open(one, by)
    workers = workers.filter(enterprise_id=one.organisation_id, left_on__isnull=True)
    now = timezone.now()
    back = _bring_back(Enrolment.objects.filter(training_class=one, user_id__in=workers.values("user_id")))
    lessons = Lesson.objects.filter(course__classes=one).count()
    fresh = insert_enrolments(workers, Value(one.pk), lessons, now)
    if not back and not fresh:
        raise Refused(_("选的人都已经在这个班里。"), code="nobody_new")
    tally_enrolled([(one.organisation_id, now, fresh)])
    record("enrol_workers", one, by=by, region_code=one.region_code, people=fresh + back)
    tell_enrolled(Enrolment.objects.filter(training_class=one, created_at=now), one)
    refresh_known([one], now)
    return fresh + back


@transaction.atomic
def withdraw_people(one: TrainingClass, enrolments: Iterable[int], *, by: User, reason: str) -> int:
    """Take people out, with a reason; return how many. Hours earned stay. Who has finished cannot be taken out."""
    one = _open(one, by)
    if not reason.strip():
        raise Refused(_("请写明退出的原因，例如“已离职”。"), code="reason", status=422, field="reason")
    chosen = Enrolment.objects.filter(training_class=one, pk__in=list(enrolments)).lagging()
    rows = list(chosen.values_list("pk", "user_id", "created_at"))
    gone = chosen.filter(pk__in=[pk for pk, _user, _at in rows]).update(state=State.WITHDRAWN)
    if not gone:
        raise Refused(_("选的人都已学完或已退出，没有改动。"), code="nobody")
    tally_enrolled([(one.organisation_id, at, -1) for _pk, _user, at in rows])
    record(
        "withdraw_people", one, by=by, region_code=one.region_code, people=gone, reason=reason.strip()[:200],
        users=[user for _pk, user, _at in rows][:NAMED],
    )  # fmt: skip
    return gone


@transaction.atomic
def restore_people(one: TrainingClass, enrolments: Iterable[int], *, by: User) -> int:
    """Undo a withdrawal; return how many are back, with all they had learnt."""
    one = _open(one, by)
    back = _bring_back(Enrolment.objects.filter(training_class=one, pk__in=list(enrolments)))
    if not back:
        raise Refused(_("选的人都在班里，没有改动。"), code="nobody")
    record("restore_people", one, by=by, region_code=one.region_code, people=back)
    return back


def _bring_back(rows: QuerySet[Enrolment, Any]) -> int:
    withdrawn = rows.filter(state=State.WITHDRAWN)
    pks = list(withdrawn.values_list("pk", flat=True))
    if not pks:
        return 0
    back = Enrolment.objects.filter(pk__in=pks, state=State.WITHDRAWN).update(
        state=Case(
            When(Q(last_seen_at__isnull=False) | Q(credited_ms__gt=0), then=Value(State.LEARNING)),
            default=Value(State.ASSIGNED),
        )
    )
    days = (
        Enrolment.objects.filter(pk__in=pks)
        .order_by()
        .values_list("training_class__organisation_id", TruncDate("created_at"))
        .annotate(n=Count("pk"))
    )
    tally_enrolled(list(days))
    return back


@transaction.atomic
def remind_people(
    one: TrainingClass, *, by: User, enrolments: Iterable[int] | None = None, now: datetime | None = None
) -> int:
    """Remind those chosen (all who lag when None), each at most once a day; return how many were reminded now."""
    one = _open(one, by)
    now = now or timezone.now()
    rows = Enrolment.objects.filter(remindable(now), training_class=one).lagging()
    if enrolments is not None:
        rows = rows.filter(pk__in=list(enrolments))
    told = notify_all(
        rows, "user_id", "class", _("%(who)s请您抓紧学完：%(title)s") % {"who": by.name, "title": one.title},
        key=f"class-remind:{one.pk}:{timezone.localdate(now)}",
        text=_("截止日期 %(day)s。从上次学到的地方接着学就行。") % {"day": f"{timezone.localtime(one.deadline):%Y-%m-%d}"},
        url=mine_url(),
    )  # fmt: skip
    rows.update(reminded_at=now)
    if not told:
        raise Refused(_("要催的人今天都已经催过了，明天再催。"), code="reminded", status=429)
    record("remind_people", one, by=by, region_code=one.region_code, people=told)
    return told


@transaction.atomic
def mark_passed(enrolment: Enrolment, *, by: User | None, at: datetime | None = None) -> bool:
    """Set PASSED when the standard of the class is met; called by exams, which also count it. Return whether it is new.

    From LEARNT, or from earlier where the exam comes first; never from WITHDRAWN.
    """
    changed = (
        Enrolment.objects.filter(pk=enrolment.pk)
        .exclude(state__in=[State.WITHDRAWN, State.PASSED])
        .update(state=State.PASSED, passed_at=at or timezone.now())
    )
    if changed:
        enrolment.refresh_from_db(fields=["state", "passed_at"])
        region = TrainingClass.objects.values_list("region_code", flat=True).get(pk=enrolment.training_class_id)
        record("pass_class", enrolment, by=by, region_code=region)
    return bool(changed)
