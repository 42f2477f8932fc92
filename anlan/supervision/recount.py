"""Counting again from the facts: what the folded tallies must equal, firm by firm, month by month, measure by measure."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, Sum
from django.db.models.functions import TruncDay, TruncMonth

from anlan.certificates.models import Certificate
from anlan.enterprises.actions.moving import STOCKS
from anlan.enterprises.models import Enterprise, Placement, Worker
from anlan.exams.models import Exam, Sitting
from anlan.hazards.counting import sources as hazard_sources
from anlan.hazards.counting_visits import sources as visit_sources
from anlan.hazards.models import Hazard
from anlan.tallies.models import Delta, Rollup, Tally
from anlan.tallies.tasks import ancestors, industries
from anlan.training.models import Enrolment, HourEntry, TrainingClass

Key = tuple[str, int, date]
"""Measure, enterprise, first day of the month."""
KIND = "enterprise"


def facts(*, daily_of_moved: bool = False) -> dict[Key, int]:
    """Count every measure from the rows themselves. One query a measure.

    With `daily_of_moved` only the firms that ever changed their grid, and by day instead of by month.
    """
    unit = TruncDay if daily_of_moved else TruncMonth
    live = Enrolment.objects.exclude(state=Enrolment.State.WITHDRAWN).exclude(
        training_class__state=TrainingClass.State.CANCELLED
    )
    finals = Sitting.objects.filter(exam__kind=Exam.Kind.FINAL, state=Sitting.State.SCORED, enterprise_id__isnull=False)
    found: dict[Key, int] = {}
    counted_rows: list[tuple[str, Any, str, str, str, int]] = [
        ("workers", Worker.objects.working(), "enterprise_id", "created_at", "", 1),
        ("enrolled", live.filter(enterprise_id__isnull=False), "enterprise_id", "created_at", "", 1),
        ("learnt", live.filter(enterprise_id__isnull=False, learnt_at__isnull=False), "enterprise_id", "learnt_at", "", 1),
        ("hours_ms", HourEntry.objects.filter(enterprise_id__isnull=False), "enterprise_id", "day", "credited_ms", 1),
        ("classes", TrainingClass.objects.exclude(state="cancelled").filter(organisation__kind=KIND), "organisation_id", "created_at", "", 1),
        ("sittings", finals, "enterprise_id", "submitted_at", "", 1),
        ("passed", finals.filter(passed=True), "enterprise_id", "submitted_at", "", 1),
        ("failed", finals.filter(passed=False), "enterprise_id", "submitted_at", "", 1),
        ("certificates", Certificate.objects.filter(enterprise_id__isnull=False), "enterprise_id", "issued_at", "", 1),
        ("revoked", Certificate.objects.filter(enterprise_id__isnull=False, revoked_at__isnull=False), "enterprise_id", "revoked_at", "", 1),
        *((measure, rows, firm, moment, "", sign) for measure, rows, firm, moment, sign in hazard_sources(Hazard.objects.all())),
        *((measure, rows, firm, moment, "", sign) for measure, rows, firm, moment, sign in visit_sources()),
    ]  # fmt: skip
    for measure, rows, firm, moment, column, sign in counted_rows:
        if daily_of_moved:
            rows = rows.filter(**{f"{firm}__in": Placement.objects.filter(until__isnull=False).values("enterprise_id")})
        counted: Any = rows.order_by().annotate(firm=F(firm), month=unit(moment)).values_list("firm", "month")
        for subject, month, amount in counted.annotate(n=Sum(column) if column else Count("pk")):
            key = measure, subject, month.date() if isinstance(month, datetime) else month
            found[key] = found.get(key, 0) + sign * amount
    return found


def drift() -> dict[tuple[str, int], tuple[int, int]]:
    """Return {(measure, enterprise): (counted now, folded)} where the sums over all months differ: nothing, when all is well."""
    folded: dict[tuple[str, int], int] = {}
    rows = Tally.objects.filter(subject_kind=KIND).values_list("measure", "subject_id").annotate(n=Sum("amount"))
    for measure, subject, amount in rows:
        folded[measure, subject] = amount
    counted: dict[tuple[str, int], int] = defaultdict(int)
    for (measure, subject, _month), amount in facts().items():
        counted[measure, subject] += amount
    return {
        key: (counted.get(key, 0), folded.get(key, 0))
        for key in counted.keys() | folded.keys()
        if counted.get(key, 0) != folded.get(key, 0)
    }


def swap() -> dict[tuple[str, int], tuple[int, int]]:
    """Replace tallies and roll-ups by a fresh count, and return the drift that it mended.

    Facts and their deltas commit together, so one snapshot shows both or neither: the deltas it shows are counted and
    go, later ones stay to be folded. SQLite lets no other writer in; PostgreSQL reads one snapshot (REPEATABLE READ)
    and fails, to be tried again, when a folder was at work.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if connection.vendor == "postgresql" and outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        pending = list(Delta.objects.filter(subject_kind=KIND).values_list("pk", "measure", "subject_id", "amount"))
        counted = facts()
        found = drift()
        for _pk, measure, subject, amount in pending:
            # What waits to be folded is no drift.
            now, folded = found.pop((measure, subject), (0, 0))
            if now != folded + amount:
                found[measure, subject] = (now, folded + amount)
        placed = list(_placed(counted))
        Delta.objects.filter(pk__in=[row[0] for row in pending]).delete()
        Tally.objects.filter(subject_kind=KIND).delete()
        Rollup.objects.all().delete()
        Tally.objects.bulk_create(_tallies(placed), batch_size=2000)
        Rollup.objects.bulk_create(_rollups(placed), batch_size=2000)
    return found


Placed = tuple[str, int, date, str, str, int]
"""Measure, enterprise, first day of the month, region where it happened, industry, amount."""


def _placed(counted: dict[Key, int]) -> Iterator[Placed]:
    """Give each count the region where it happened. A firm that moved: the region of the day, for flows; what exists
    now (`STOCKS`) left each old region and came to the next on the day of the move, as `move_enterprises` writes it."""
    industries_of: dict[int, str] = {}
    present: dict[int, str] = {}
    for pk, region, industry in Enterprise.objects.values_list("pk", "organisation__region_code", "industry"):
        present[pk], industries_of[pk] = region, industry[:3]
    moves: dict[int, list[tuple[date, str]]] = defaultdict(list)
    moved = Placement.objects.filter(until__isnull=False).values("enterprise_id")
    history = Placement.objects.filter(enterprise__in=moved).order_by("enterprise_id", "since", "pk")
    for pk, since, region in history.values_list("enterprise_id", "since", "region_code"):
        moves[pk].append((since, region))
    for (measure, subject, month), amount in counted.items():
        if subject in present and subject not in moves:
            yield measure, subject, month, present[subject], industries_of[subject], amount
    if not moves:
        return
    for (measure, subject, day), amount in facts(daily_of_moved=True).items():
        industry, places = industries_of[subject], moves[subject]
        at = max((n for n, (since, _region) in enumerate(places) if since <= day), default=0)
        yield measure, subject, day.replace(day=1), places[at][1], industry, amount
        if measure in STOCKS:
            for (_since, old), (since, new) in itertools.pairwise(places[at:]):
                yield measure, subject, since.replace(day=1), old, industry, -amount
                yield measure, subject, since.replace(day=1), new, industry, amount


def _tallies(placed: Iterable[Placed]) -> Iterator[Tally]:
    """One row a firm, measure and month: in the month of a move under the region of the later facts."""
    sums: dict[Key, int] = defaultdict(int)
    where: dict[Key, tuple[str, str]] = {}
    for measure, subject, month, region, industry, amount in placed:
        sums[measure, subject, month] += amount
        where[measure, subject, month] = (region, industry)
    for (measure, subject, month), amount in sums.items():
        if amount:
            region, industry = where[measure, subject, month]
            yield Tally(
                subject_kind=KIND, subject_id=subject, measure=measure, month=month, region_code=region,
                industry=industry, amount=amount,
            )  # fmt: skip


def _rollups(placed: Iterable[Placed]) -> Iterator[Rollup]:
    sums: dict[tuple[str, str, date, str], int] = defaultdict(int)
    for measure, _subject, month, region, industry, amount in placed:
        for code in ancestors(region):
            for part in industries(industry):
                sums[code, measure, month, part] += amount
    for (code, measure, month, part), amount in sums.items():
        if amount:
            yield Rollup(region_code=code, measure=measure, month=month, industry=part, amount=amount)


def words(found: dict[tuple[str, int], tuple[int, int]]) -> Iterable[str]:
    """Return a line per difference, for the log and the command."""
    for (measure, firm), (counted, folded) in sorted(found.items()):
        yield f"{measure} of enterprise {firm}: counted {counted}, folded {folded}"
