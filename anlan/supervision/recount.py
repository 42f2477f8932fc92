"""Counting again from the facts: what the folded tallies must equal, firm by firm, month by month, measure by measure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, Sum
from django.db.models.functions import TruncMonth

from anlan.certificates.models import Certificate
from anlan.enterprises.models import Enterprise, Worker
from anlan.exams.models import Exam, Sitting
from anlan.tallies.models import Delta, Rollup, Tally
from anlan.tallies.tasks import ancestors, industries
from anlan.training.models import Enrolment, HourEntry, TrainingClass

Key = tuple[str, int, date]
"""Measure, enterprise, first day of the month."""
KIND = "enterprise"


def facts() -> dict[Key, int]:
    """Count every measure from the rows themselves. One query a measure."""
    live = Enrolment.objects.exclude(state=Enrolment.State.WITHDRAWN).exclude(
        training_class__state=TrainingClass.State.CANCELLED
    )
    finals = Sitting.objects.filter(exam__kind=Exam.Kind.FINAL, state=Sitting.State.SCORED, enterprise_id__isnull=False)
    found: dict[Key, int] = {}
    for measure, rows, firm, moment, column in (
        ("workers", Worker.objects.working(), "enterprise_id", "created_at", ""),
        ("enrolled", live.filter(enterprise_id__isnull=False), "enterprise_id", "created_at", ""),
        ("learnt", live.filter(enterprise_id__isnull=False, learnt_at__isnull=False), "enterprise_id", "learnt_at", ""),
        ("hours_ms", HourEntry.objects.filter(enterprise_id__isnull=False), "enterprise_id", "day", "credited_ms"),
        ("classes", TrainingClass.objects.exclude(state="cancelled").filter(organisation__kind=KIND), "organisation_id", "created_at", ""),
        ("sittings", finals, "enterprise_id", "submitted_at", ""),
        ("passed", finals.filter(passed=True), "enterprise_id", "submitted_at", ""),
        ("failed", finals.filter(passed=False), "enterprise_id", "submitted_at", ""),
        ("certificates", Certificate.objects.filter(enterprise_id__isnull=False), "enterprise_id", "issued_at", ""),
        ("revoked", Certificate.objects.filter(enterprise_id__isnull=False, revoked_at__isnull=False), "enterprise_id", "revoked_at", ""),
    ):  # fmt: skip
        counted: Any = rows.order_by().annotate(firm=F(firm), month=TruncMonth(moment)).values_list("firm", "month")
        for subject, month, amount in counted.annotate(n=Sum(column) if column else Count("pk")):
            found[measure, subject, month.date() if isinstance(month, datetime) else month] = amount
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
        places = _places()
        Delta.objects.filter(pk__in=[row[0] for row in pending]).delete()
        Tally.objects.filter(subject_kind=KIND).delete()
        Rollup.objects.all().delete()
        Tally.objects.bulk_create(_tallies(counted, places), batch_size=2000)
        Rollup.objects.bulk_create(_rollups(counted, places), batch_size=2000)
    return found


def _places() -> dict[int, tuple[str, str]]:
    rows = Enterprise.objects.values_list("pk", "organisation__region_code", "industry")
    return {pk: (region, industry[:3]) for pk, region, industry in rows}


def _tallies(counted: dict[Key, int], places: dict[int, tuple[str, str]]) -> Iterator[Tally]:
    for (measure, subject, month), amount in counted.items():
        if subject in places:
            region, industry = places[subject]
            yield Tally(
                subject_kind=KIND,
                subject_id=subject,
                measure=measure,
                month=month,
                region_code=region,
                industry=industry,
                amount=amount,
            )


def _rollups(counted: dict[Key, int], places: dict[int, tuple[str, str]]) -> Iterator[Rollup]:
    sums: dict[tuple[str, str, date, str], int] = defaultdict(int)
    for (measure, subject, month), amount in counted.items():
        if subject in places:
            region, industry = places[subject]
            for code in ancestors(region):
                for part in industries(industry):
                    sums[code, measure, month, part] += amount
    for (code, measure, month, part), amount in sums.items():
        yield Rollup(region_code=code, measure=measure, month=month, industry=part, amount=amount)


def words(found: dict[tuple[str, int], tuple[int, int]]) -> Iterable[str]:
    """Return a line per difference, for the log and the command."""
    for (measure, firm), (counted, folded) in sorted(found.items()):
        yield f"{measure} of enterprise {firm}: counted {counted}, folded {folded}"
