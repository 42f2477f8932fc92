"""Fold beats into progress, hours and enrolments: the only code that may say that anything was learnt."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
from django.db import connection, models, transaction
from django.db.models.functions import Length

from anlan.lib.dates import SHANGHAI
from anlan.lib.intervals import Intervals, from_json, to_json, total
from anlan.tallies.actions import tally_many
from anlan.training import coverage
from anlan.training.actions.enrolments import refresh_enrolments
from anlan.training.models import (
    Beat,
    ClassCourse,
    Enrolment,
    HourEntry,
    LearningSession,
    Lease,
    Lesson,
    LessonProgress,
    LessonPrompt,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MS = timedelta(milliseconds=1)
BATCH = 400
"""Envelopes in one transaction: so few that on SQLite, where one writes at a time, receivers wait for a moment only."""


@dataclass(slots=True)
class LessonFacts:
    """What folding needs of a lesson."""

    course_id: int
    length_ms: int
    prompts: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class Batch:
    """One batch in memory: what was read, and what will be written."""

    sessions: dict[int, LearningSession]
    lessons: dict[int, LessonFacts]
    leases: dict[int, int]
    progress: dict[int, LessonProgress]
    covered: dict[int, Intervals] = field(default_factory=dict)
    hours: dict[tuple[int, date], HourEntry] = field(default_factory=dict)
    seen: dict[int, datetime] = field(default_factory=dict)
    earned: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    tallies: dict[tuple[int, date, str, str], int] = field(default_factory=lambda: defaultdict(int))
    completed: set[int] = field(default_factory=set)


def fold_beats(*, limit: int = BATCH) -> int:
    """Fold up to `limit` envelopes in one transaction and delete them; return how many.

    Exactly once: what an envelope earned and its deletion commit together. Two folders do not meet: the second waits
    for the rows that the first has locked and then finds them gone. A retry or replay that comes later covers nothing new.
    """
    if not Beat.objects.exists():
        return 0
    with transaction.atomic():
        beats = list(Beat.objects.select_for_update().order_by("id")[:limit])
        if not beats:
            return 0
        batch = _read(beats)
        for beat in sorted(beats, key=lambda b: (b.received_at, b.pk)):
            _fold(batch, beat)
        _write(batch)
        Beat.objects.filter(pk__in=[beat.pk for beat in beats]).delete()
    return len(beats)


def complete_if_due(progress: LessonProgress, lesson: LessonFacts, at: datetime) -> bool:
    """Set `completed_at` when enough is covered and every question passed; return whether that is new."""
    if progress.completed_at is not None or not coverage.is_covered(progress.covered_ms, lesson.length_ms):
        return False
    if not {prompt for prompt, _at in lesson.prompts} <= set(progress.prompts_passed):
        return False
    progress.completed_at = at
    return True


def lesson_facts(ids: Iterable[int]) -> dict[int, LessonFacts]:
    """Read lengths and questions of lessons, without their texts."""
    rows = Lesson.objects.filter(pk__in=ids).annotate(text_length=Length("text"))
    facts = {
        pk: LessonFacts(course, coverage.lesson_length(kind, duration, length))
        for pk, course, kind, duration, length in rows.values_list("pk", "course_id", "kind", "duration_ms", "text_length")
    }  # fmt: skip
    for pk, lesson_id, at in LessonPrompt.objects.filter(lesson_id__in=facts).values_list("pk", "lesson_id", "at_ms"):
        facts[lesson_id].prompts.append((pk, at))
    return facts


def _read(beats: list[Beat]) -> Batch:
    sessions = LearningSession.objects.select_for_update().in_bulk({beat.session_id for beat in beats})
    for session in sessions.values():
        if session.progress_id is None:
            session.progress, _new = LessonProgress.objects.get_or_create(
                user_id=session.user_id, lesson_id=session.lesson_id, year=session.year
            )
    progress = LessonProgress.objects.select_for_update().in_bulk({s.progress_id for s in sessions.values()})
    batch = Batch(
        sessions=sessions,
        lessons=lesson_facts({s.lesson_id for s in sessions.values()}),
        leases=dict(
            Lease.objects.filter(user_id__in={s.user_id for s in sessions.values()}).values_list("user_id", "session_id")
        ),
        progress=progress,
    )  # fmt: skip
    batch.covered = {pk: from_json(json.loads(row.covered)) for pk, row in progress.items()}
    batch.hours = {(row.session_id or 0, row.day): row for row in HourEntry.objects.filter(session_id__in=sessions)}
    return batch


def _may_earn(batch: Batch, session: LearningSession, at: datetime) -> bool:
    """Only the holder of the lease earns; who held it before earned until the newer session began."""
    if session.closed_at is not None:
        return at <= session.closed_at
    return batch.leases.get(session.user_id) == session.pk


def _claim(beat: Beat) -> tuple[Intervals, int]:
    """Return the intervals claimed and the last place played. An envelope that cannot be read claims nothing."""
    try:
        flat = orjson.loads(beat.spans)
        return from_json(flat), int(flat[-1]) if flat else -1
    except (ValueError, TypeError):
        return (), -1


def _fold(batch: Batch, beat: Beat) -> None:
    session = batch.sessions.get(beat.session_id)
    lesson = batch.lessons.get(session.lesson_id) if session else None
    if session is None or lesson is None or session.progress_id is None:
        return
    progress = batch.progress[session.progress_id]
    claimed, last_ms = _claim(beat)
    session.folded_seq = max(session.folded_seq, beat.seq)
    if not _may_earn(batch, session, beat.received_at):
        session.refused_ms += total(claimed)
        return
    verdict = coverage.settle(
        batch.covered[progress.pk],
        (session.counted_until - EPOCH) // MS,
        (beat.received_at - EPOCH) // MS,
        claimed,
        reach_ms=coverage.reach(lesson.length_ms, lesson.prompts, progress.prompts_passed),
        pace=session.pace,
    )
    session.counted_until = EPOCH + verdict.until_ms * MS
    session.credited_ms += verdict.credited_ms
    session.refused_ms += verdict.refused_ms
    batch.covered[progress.pk] = verdict.covered
    progress.covered_ms += verdict.new_ms
    progress.credited_ms += verdict.credited_ms
    progress.updated_at = beat.received_at
    if last_ms >= 0:
        progress.position_ms = coverage.resume_at(verdict.covered, last_ms, lesson.length_ms)
    batch.seen[session.pk] = max(beat.received_at, batch.seen.get(session.pk, beat.received_at))
    if verdict.credited_ms:
        batch.earned[session.pk] += verdict.credited_ms
        _enter(batch, session, beat.received_at, verdict)
    if complete_if_due(progress, lesson, beat.received_at):
        batch.completed.add(session.pk)


def _enter(batch: Batch, session: LearningSession, at: datetime, verdict: coverage.Verdict) -> None:
    """Add a credit to the ledger, one row per session and day."""
    for begun, ended, credited, media in coverage.by_day(at, verdict.credited_ms, verdict.new_ms):
        day = begun.astimezone(SHANGHAI).date()
        row = batch.hours.get((session.pk, day))
        if row is None:
            row = batch.hours[session.pk, day] = HourEntry(
                user_id=session.user_id, lesson_id=session.lesson_id, session_id=session.pk,
                enterprise_id=session.enterprise_id, region_code=session.region_code, day=day,
                from_at=begun, to_at=ended, covered_ms=0, credited_ms=0,
            )  # fmt: skip
        row.from_at, row.to_at = min(row.from_at, begun), max(row.to_at, ended)
        row.covered_ms += media
        row.credited_ms += credited
        if session.enterprise_id:
            batch.tallies[session.enterprise_id, day, session.region_code, session.industry] += credited


def _write(batch: Batch) -> None:
    touched = [batch.sessions[pk] for pk in batch.sessions]
    _update(touched, "folded_seq", "counted_until", "credited_ms", "refused_ms", "progress_id")
    changed = {s.progress_id for s in touched if s.pk in batch.seen}
    rows = [row for pk, row in batch.progress.items() if pk in changed]
    for row in rows:
        row.covered = json.dumps(to_json(batch.covered[row.pk]), separators=(",", ":"))
    _update(rows, "covered", "covered_ms", "credited_ms", "position_ms", "completed_at", "updated_at")
    _write_hours(batch)
    tally_many(
        ("hours_ms", amount, ("enterprise", firm), day, region, industry)
        for (firm, day, region, industry), amount in batch.tallies.items()
    )
    _write_enrolments(batch)


def _write_hours(batch: Batch) -> None:
    fresh = [row for row in batch.hours.values() if row.pk is None]
    if fresh:
        classes = dict(
            Enrolment.objects.filter(
                pk__in={batch.sessions[row.session_id or 0].enrolment_id or 0 for row in fresh}
            ).values_list("pk", "training_class_id")
        )
        for row in fresh:
            row.training_class_id = classes.get(batch.sessions[row.session_id or 0].enrolment_id or 0)
        HourEntry.objects.bulk_create(fresh)
    earned = [row for (session, _day), row in batch.hours.items() if row not in fresh and batch.earned.get(session)]
    _update(earned, "from_at", "to_at", "covered_ms", "credited_ms")


def _write_enrolments(batch: Batch) -> None:
    """Pass on to every class of the year in which the person has this course; recount where a lesson was completed."""
    seen = [batch.sessions[pk] for pk in batch.seen]
    if not seen:
        return
    courses = {batch.lessons[s.lesson_id].course_id for s in seen}
    rows = (
        Enrolment.objects.filter(user_id__in={s.user_id for s in seen})
        .exclude(state=Enrolment.State.WITHDRAWN)
        .filter(training_class__class_courses__course_id__in=courses)
        .values_list("pk", "user_id", "training_class_id", "training_class__starts_on__year")
        .distinct()
    )
    enrolments: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for pk, user_id, class_id, year in rows:
        enrolments[user_id, year].append((pk, class_id))
    taught: dict[int, set[int]] = defaultdict(set)
    for class_id, course_id in (
        ClassCourse.objects.filter(course_id__in=courses)
        .filter(training_class_id__in={c for found in enrolments.values() for _pk, c in found})
        .values_list("training_class_id", "course_id")
    ):
        taught[class_id].add(course_id)
    added: dict[int, int] = defaultdict(int)
    last: dict[int, datetime] = {}
    recount: set[int] = set()
    for session in seen:
        for pk, class_id in enrolments.get((session.user_id, session.year), []):
            if batch.lessons[session.lesson_id].course_id in taught[class_id]:
                added[pk] += batch.earned.get(session.pk, 0)
                last[pk] = max(batch.seen[session.pk], last.get(pk, batch.seen[session.pk]))
                if session.pk in batch.completed:
                    recount.add(pk)
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {Enrolment._meta.db_table} SET credited_ms = credited_ms + %s, last_seen_at = %s,"  # noqa: S608
            " state = CASE WHEN state = 'assigned' THEN 'learning' ELSE state END WHERE id = %s",
            [(added[pk], adapt(last[pk]), pk) for pk in sorted(last)],
        )
    if recount:
        refresh_enrolments(recount, at=max(last[pk] for pk in recount))


def _update(rows: list[Any], *columns: str) -> None:
    """Write these columns (numbers, texts, moments) of rows that are locked: one statement, in the order of keys."""
    if not rows:
        return
    table, fields = rows[0]._meta.db_table, [rows[0]._meta.get_field(name.removesuffix("_id")) for name in columns]
    moments = [isinstance(f, models.DateTimeField) for f in fields]
    adapt = connection.ops.adapt_datetimefield_value
    sets = ", ".join(f"{f.column} = %s" for f in fields)
    values = []
    for row in sorted(rows, key=lambda r: int(r.pk)):
        present = [getattr(row, f.attname) for f in fields]
        values.append([adapt(v) if moment else v for v, moment in zip(present, moments, strict=True)] + [row.pk])
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET {sets} WHERE id = %s", values)  # noqa: S608  # names of our own columns
