"""Writes on sittings: start, extend, end, submit, sweep. Answers themselves come through the group commit of `exams.live`."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypedDict

from django.db import IntegrityError, transaction
from django.db.models import BigIntegerField
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.enterprises.models import Enterprise
from anlan.exams.actions.exams import new_seed
from anlan.exams.live import CLIENT_ID
from anlan.exams.models import Answer, Exam, Sitting, SittingEvent
from anlan.exams.scoring import score
from anlan.exams.stock import as_written, rows_of, stock_of
from anlan.lib.crypto import sign
from anlan.lib.errors import Refused
from anlan.lib.prepared import Prepared
from anlan.lib.receivers import INT64
from anlan.notifications.actions import notify
from anlan.tallies.actions import tally_many
from anlan.training.actions.class_people import mark_passed
from anlan.training.models import Enrolment

GRACE: Final = timedelta(seconds=90)
"""How long after the end answers still arrive: retries of a network that broke in the last minute."""


class Item(TypedDict):
    """An answer as the browser sends it; see `Answer`."""

    client_id: str
    seq: int
    number: int
    value: Any


# --- starting


def why_not(exam: Exam, user: User, enrolment: Enrolment | None, taken: int, passed: bool) -> str:
    """Why the person cannot start now, in words; empty when they can. `taken` counts finished attempts."""
    now = timezone.now()
    if exam.cancelled_at is not None:
        return _("这场考试取消了。已经交的卷和成绩都保留。")
    if now < exam.opens_at:
        return _("还没到时间，%(at)s 起可以开始。") % {"at": f"{timezone.localtime(exam.opens_at):%m-%d %H:%M}"}
    if now >= exam.closes_at:
        return _("考试已经截止。需要补考，请联系安排考试的单位。")
    if exam.is_mock:
        return ""
    if enrolment is None:
        return _("您不在这场考试的名单里。")
    if exam.needs_learnt and enrolment.state not in (Enrolment.State.LEARNT, Enrolment.State.PASSED):
        return _("要先学完这个班的课程才能考。")
    if passed:
        return _("您已经通过了，不用再考。")
    if taken >= exam.attempts:
        return _("%(n)d 次机会都用完了。需要再考，请联系安排考试的单位。") % {"n": exam.attempts}
    return ""


_own: Prepared[Sitting] = Prepared(
    lambda exam, user: Sitting.objects.filter(exam=exam, user=user).defer("result").order_by("attempt"),
    exam=BigIntegerField(),
    user=BigIntegerField(),
)
_membership: Prepared[Enrolment] = Prepared(
    lambda group, user: Enrolment.objects.filter(training_class=group, user=user).exclude(
        state=Enrolment.State.WITHDRAWN
    ),
    group=BigIntegerField(),
    user=BigIntegerField(),
)


def standing(exam: Exam, user: User) -> tuple[Sitting | None, str, int]:
    """Return (running sitting, why not to start, attempts left) of a person at an exam."""
    sittings = _own.rows(exam=exam.pk, user=user.pk)
    running = next((one for one in sittings if one.state == Sitting.State.RUNNING), None)
    taken = sum(one.state in (Sitting.State.SUBMITTED, Sitting.State.SCORED) for one in sittings)
    enrolment = None
    if exam.training_class_id is not None:
        enrolment = _membership.first(group=exam.training_class_id, user=user.pk)
    passed = any(one.passed for one in sittings)
    return running, why_not(exam, user, enrolment, taken, passed), max(0, exam.attempts - taken)


def start_sitting(exam: Exam, *, by: User) -> Sitting:
    """Start, or find the sitting that runs: a second device or tab goes on with the same one, a double tap starts once.

    It ends after the exam's minutes, or when the exam closes, whichever is first: the window is the rule for everybody.
    Everything is read before the transaction, which on SQLite holds the one write lock: a thousand starts wait for each
    other's two writes only, and the state and the constraints decide between two at once. Raises `Refused` with the reason.
    """
    running, reason, _left = standing(exam, by)
    if running is not None:
        return running
    if reason:
        raise Refused(reason, code="cannot_start")
    now = timezone.now()
    fresh = {
        "state": Sitting.State.RUNNING, "started_at": now,
        "ends_at": min(now + timedelta(minutes=exam.minutes), exam.closes_at),
    }  # fmt: skip
    mine = Sitting.objects.filter(exam=exam, user=by)
    sittings = _own.rows(exam=exam.pk, user=by.pk)
    prepared = next((one for one in sittings if one.state == Sitting.State.PREPARED), None)
    try:
        with transaction.atomic():
            if prepared is not None and mine.filter(pk=prepared.pk, state=Sitting.State.PREPARED).update(**fresh):
                sitting = prepared
                for name, value in fresh.items():
                    setattr(sitting, name, value)
            else:
                enterprise = (
                    Enrolment.objects.filter(training_class_id=exam.training_class_id, user=by)
                    .values_list("enterprise_id", flat=True)
                    .first()
                )
                attempt = mine.count() + 1
                if attempt > exam.attempts and not exam.is_mock:
                    return start_sitting(exam, by=by)  # used up since it was asked above: asked again, under the lock
                sitting = Sitting.objects.create(
                    exam=exam, user=by, attempt=attempt, seed=new_seed(), enterprise_id=enterprise, **fresh
                )
            SittingEvent.objects.create(sitting=sitting, kind=SittingEvent.Kind.STARTED, at=now)
    except IntegrityError:  # two starts at once: the other one won, and may be handed in already
        return start_sitting(exam, by=by)
    return sitting


def answer_token(sitting: Sitting) -> str:
    """The token with which the browser sends answers; good until the grace is over."""
    questions = sum(rule["count"] for rule in stock_of(sitting.exam.blueprint).rules)
    payload = {"s": sitting.pk, "u": sitting.user_id, "n": questions}
    return sign(payload, purpose="answer", expires_at=(sitting.ends_at or timezone.now()) + GRACE)


# --- reading what arrived


def _answer_columns(answers: Any) -> Any:
    return answers.order_by("seq", "id").values_list("sitting_id", "number", "seq", "value")


_answers: Prepared[tuple[int, int, int, str]] = Prepared(
    lambda sitting: _answer_columns(Answer.objects.filter(sitting_id=sitting)), sitting=BigIntegerField()
)


def received(sittings: Iterable[int]) -> dict[int, dict[int, tuple[int, Any]]]:
    """Per sitting and question number, the answer that counts: (seq, value) of the highest seq.

    A late retry with a lower seq changes nothing. Values that are no JSON count as no answer.
    """
    found: dict[int, dict[int, tuple[int, Any]]] = {}
    ids = list(sittings)
    rows = (
        _answers.rows(sitting=ids[0]) if len(ids) == 1 else _answer_columns(Answer.objects.filter(sitting_id__in=ids))
    )
    for sitting, number, seq, value in rows:
        try:
            found.setdefault(sitting, {})[number] = (seq, json.loads(value))
        except (ValueError, RecursionError):
            found.setdefault(sitting, {})[number] = (seq, None)
    return found


def _keep(sitting: Sitting, items: Sequence[Item], now: datetime) -> None:
    """Write answers that came with the paper itself, as if they had come through the receiver."""
    questions = sum(rule["count"] for rule in stock_of(sitting.exam.blueprint).rules)
    rows = [
        Answer(sitting_id=sitting.pk, client_id=item["client_id"][:36], seq=item["seq"], number=item["number"],
               value=json.dumps(item["value"], ensure_ascii=False)[:4000], received_at=now)
        for item in items
        if 1 <= item["number"] <= questions
    ]  # fmt: skip
    Answer.objects.bulk_create(rows, ignore_conflicts=True)


def parse_items(text: str) -> list[Item]:
    """Answers carried in a form field. What is malformed is left out: the rest must not be lost for it."""
    try:
        rows = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return []
    found: list[Item] = []
    for row in rows[:1000] if isinstance(rows, list) else []:
        if (
            isinstance(row, dict)
            and isinstance(row.get("client_id"), str)
            and CLIENT_ID.fullmatch(row["client_id"])
            and type(row.get("seq")) is int
            and 1 <= row["seq"] <= INT64
            and type(row.get("number")) is int
        ):
            found.append(
                {"client_id": row["client_id"], "seq": row["seq"], "number": row["number"], "value": row.get("value")}
            )
    return found


def item(number: int, value: Any) -> Item:
    """An answer from the plain form, newer than everything sent before."""
    return {
        "client_id": str(uuid.uuid4()),
        "seq": int(timezone.now().timestamp() * 1000),
        "number": number,
        "value": value,
    }


# --- closing


_locked: Prepared[Sitting] = Prepared(
    lambda pk: Sitting.objects.lean().select_for_update(of=("self",)).filter(pk=pk), pk=BigIntegerField()
)


@transaction.atomic
def submit_sitting(sitting: Sitting, items: Sequence[Item] = (), *, by: User) -> Sitting:
    """Hand in: keep what the request carries, merge with what arrived, score. Handing in again changes nothing.

    `by` is the candidate, or an invigilator who ends the sitting. What comes after the end and its grace is not counted.
    Raises `Refused` 404 for someone else's sitting, 409 before the start.
    """
    if sitting.user_id != by.pk and not sitting.exam.can_invigilate(by):
        raise Refused(_("没有找到这次考试。"), code="not_yours", status=404)
    fresh = _locked.rows(pk=sitting.pk)[0]
    if fresh.state in (Sitting.State.SCORED, Sitting.State.SUBMITTED):
        return fresh
    if fresh.state != Sitting.State.RUNNING or fresh.ends_at is None:
        raise Refused(_("这次考试还没有开始。"), code="not_running")
    now = timezone.now()
    if items and now <= fresh.ends_at + GRACE and sitting.user_id == by.pk:
        _keep(fresh, items, now)
    ended = by.pk != fresh.user_id
    _close([fresh], now, SittingEvent.Kind.ENDED if ended else SittingEvent.Kind.SUBMITTED, by)
    if ended:
        record("end_sitting", fresh, by=by, region_code=fresh.exam.region_code)
    return fresh


def close_overdue(limit: int = 500) -> int:
    """Close and score the sittings whose time and grace are over, `limit` at once; return how many.

    Three reads and two writes for the batch, whatever its size.
    """
    now = timezone.now()
    with transaction.atomic():
        overdue = list(
            Sitting.objects.lean()
            .select_for_update(of=("self",))
            .filter(state=Sitting.State.RUNNING, ends_at__lt=now - GRACE)
            .order_by("ends_at")[:limit]
        )
        _close(overdue, now, SittingEvent.Kind.SWEPT, None)
    return len(overdue)


def _close(sittings: list[Sitting], now: datetime, kind: str, by: User | None) -> None:
    """Score running sittings that the caller has locked, and write every consequence in the same transaction."""
    answers = received(one.pk for one in sittings)
    for sitting in sittings:
        stock = stock_of(sitting.exam.blueprint)
        paper = stock.paper(sitting.seed)
        given = {number: value for number, (_seq, value) in answers.get(sitting.pk, {}).items()}
        sitting.result = score(rows_of(stock, paper), as_written(stock, paper, given))
        sitting.score = Decimal(sitting.result["got"]) / 100
        sitting.full_score = Decimal(sitting.result["full"]) / 100
        sitting.passed = 100 * sitting.result["got"] >= sitting.exam.pass_mark * sitting.result["full"]
        sitting.state = Sitting.State.SCORED
        sitting.closed_by_sweep = kind == SittingEvent.Kind.SWEPT
        sitting.submitted_at = min(now, sitting.ends_at) if sitting.closed_by_sweep and sitting.ends_at else now
    fields = ["result", "score", "full_score", "passed", "state", "closed_by_sweep", "submitted_at"]
    if len(sittings) == 1:
        sittings[0].save(update_fields=fields)
    else:
        Sitting.objects.bulk_update(sittings, fields, batch_size=100)
    SittingEvent.objects.bulk_create(
        SittingEvent(
            sitting=one, kind=kind, at=one.submitted_at or now, by_name=by.name if by and by.pk != one.user_id else ""
        )
        for one in sittings
    )
    _tally(sittings, now)
    for sitting in sittings:
        if sitting.passed and sitting.exam.kind == Exam.Kind.FINAL:
            _pass_class(sitting)
    if kind != SittingEvent.Kind.SUBMITTED:
        _tell_closed(sittings, now)


def _tell_closed(sittings: list[Sitting], now: datetime) -> None:
    """Tell people whose paper was taken in without them, in one message per exam."""
    people: dict[Exam, list[int]] = {}
    for sitting in sittings:
        people.setdefault(sitting.exam, []).append(sitting.user_id)
    for exam, users in people.items():
        notify(
            users, "exam", _("已收卷：%(title)s") % {"title": exam.title}, key=f"exam-closed:{exam.pk}:{now.timestamp():.0f}",
            text=_("到时间或由监考收卷。收到的答案都算分了。"), url=reverse("exams:mine"),
        )  # fmt: skip


def _tally(sittings: list[Sitting], now: datetime) -> None:
    """Count final exams for the enterprise of the candidate. Pre-, post- and mock tests are no facts for the regulator."""
    final = [one for one in sittings if one.exam.kind == Exam.Kind.FINAL and one.enterprise_id is not None]
    if not final:
        return
    firms = {
        pk: (region, industry[:3])
        for pk, region, industry in Enterprise.objects.filter(pk__in={one.enterprise_id for one in final}).values_list(
            "pk", "organisation__region_code", "industry"
        )
    }
    rows = []
    for one in final:
        if one.enterprise_id in firms:
            region, industry = firms[one.enterprise_id]
            for measure in ("sittings", "passed" if one.passed else "failed"):
                rows.append((measure, 1, ("enterprise", one.enterprise_id), now, region, industry))
    tally_many(rows)


def _pass_class(sitting: Sitting) -> None:
    """The standard of a class is met when every final exam of it is passed."""
    finals = Exam.objects.filter(
        training_class_id=sitting.exam.training_class_id, kind=Exam.Kind.FINAL, cancelled_at__isnull=True
    )
    passed = (
        Sitting.objects.filter(exam__in=finals, user_id=sitting.user_id, passed=True).values("exam").distinct().count()
    )
    enrolment = Enrolment.objects.filter(
        training_class_id=sitting.exam.training_class_id, user_id=sitting.user_id
    ).first()
    if enrolment is not None and passed >= finals.count():
        mark_passed(enrolment, by=None)


# --- the invigilator, and what the page reports


@transaction.atomic
def extend_sitting(sitting: Sitting, minutes: int, words: str, *, by: User) -> datetime:
    """Give more time, with a reason; return the new end. The browser learns it, with a new token, at its next look.

    Raises `Refused`: 403 without the power, 409 when it no longer runs, 422 for minutes outside 1–120 or no reason.
    """
    if not sitting.exam.can_invigilate(by) or sitting.user_id == by.pk:
        raise Refused(_("只有监考人员可以延长时间，自己的考试由别人监考。"), code="not_invigilator", status=403)
    if not 1 <= minutes <= 120 or not words.strip():
        raise Refused(_("请填 1 至 120 分钟，并写明原因。"), code="bad_extension", status=422)
    fresh = Sitting.objects.select_for_update().get(pk=sitting.pk)
    if fresh.state != Sitting.State.RUNNING or fresh.ends_at is None:
        raise Refused(_("这次考试已经交卷，不能再延长。"), code="not_running")
    end = fresh.ends_at + timedelta(minutes=minutes)
    Sitting.objects.filter(pk=fresh.pk).update(ends_at=end, extra_minutes=fresh.extra_minutes + minutes)
    SittingEvent.objects.create(
        sitting=fresh, kind=SittingEvent.Kind.EXTENDED, at=timezone.now(), seconds=minutes * 60,
        words=words.strip()[:200], by_name=by.name,
    )  # fmt: skip
    record("extend_sitting", sitting, by=by, region_code=sitting.exam.region_code, minutes=minutes)
    return end


@transaction.atomic
def warn_sitting(sitting: Sitting, words: str, *, by: User) -> None:
    """Say something to a candidate; shown calmly in the room at its next look. Raises `Refused` like `extend_sitting`."""
    if not sitting.exam.can_invigilate(by):
        raise Refused(_("只有监考人员可以提醒考生。"), code="not_invigilator", status=403)
    if not words.strip():
        raise Refused(_("请写提醒的内容。"), code="empty", status=422)
    if sitting.state != Sitting.State.RUNNING:
        raise Refused(_("这次考试已经交卷，提醒没有发出。"), code="not_running")
    SittingEvent.objects.create(
        sitting=sitting, kind=SittingEvent.Kind.WARNED, at=timezone.now(), words=words.strip()[:200], by_name=by.name
    )
    record("warn_sitting", sitting, by=by, region_code=sitting.exam.region_code)


@transaction.atomic
def note_leaving(sitting: Sitting, client_id: str, seconds: int, *, by: User) -> int:
    """Count that the page was left; a repeated report of the same leaving only updates its length. Return the count."""
    if sitting.user_id != by.pk:
        raise Refused(_("没有找到这次考试。"), code="not_yours", status=404)
    if sitting.state == Sitting.State.RUNNING and client_id:
        seconds = max(0, min(seconds, 86_400))
        event, created = SittingEvent.objects.get_or_create(
            sitting=sitting, client_id=client_id[:36],
            defaults={"kind": SittingEvent.Kind.LEFT, "at": timezone.now(), "seconds": seconds},
        )  # fmt: skip
        if not created and event.kind == SittingEvent.Kind.LEFT and seconds > event.seconds:
            SittingEvent.objects.filter(pk=event.pk).update(seconds=seconds)
        if created:
            Sitting.objects.filter(pk=sitting.pk).update(leaves=sitting.leaves + 1)
            sitting.leaves += 1
    return sitting.leaves
