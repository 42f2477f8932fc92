"""Work that repeats: closing overdue sittings, preparing exams that open soon, counting how questions did."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any

from django.utils import timezone

from anlan.exams.actions.exams import prepare_sittings
from anlan.exams.actions.sittings import close_overdue
from anlan.exams.models import Blueprint, Exam, ItemStat, Question, Sitting

LATEST = 5000
"""How many of the newest sittings of a blueprint the statistics look at."""


def sweep() -> int:
    """Close and score every sitting whose time and grace are over; return how many. Every 15 seconds."""
    total = 0
    while closed := close_overdue():
        total += closed
    return total


def prepare() -> int:
    """Make the sittings of exams that open within half an hour or are open; return how many. Every minute."""
    now = timezone.now()
    soon = Exam.objects.filter(
        opens_at__lt=now + timedelta(minutes=30),
        closes_at__gt=now,
        cancelled_at__isnull=True,
        training_class__isnull=False,
    )
    return sum(prepare_sittings(exam) for exam in soon)


def count_items() -> int:
    """Count anew how often each question was drawn, answered right, and how well it tells good from weak; hourly."""
    tables: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for blueprint in Blueprint.objects.values_list("pk", flat=True):
        scored = Sitting.objects.filter(exam__blueprint_id=blueprint, state=Sitting.State.SCORED).order_by("-id")
        for result in scored.values_list("result", flat=True)[:LATEST].iterator(chunk_size=500):
            _add(tables, result)
    alive = set(Question.objects.filter(pk__in=list(tables)).values_list("pk", flat=True))
    ItemStat.objects.bulk_create(
        [
            ItemStat(question_id=pk, drawn=len(rows), right=sum(right for _share, right in rows), discrimination=discrimination(rows))
            for pk, rows in tables.items()
            if pk in alive
        ],
        update_conflicts=True, unique_fields=["question"], update_fields=["drawn", "right", "discrimination", "updated_at"], batch_size=500,
    )  # fmt: skip
    return len(alive)


def _add(tables: dict[int, list[tuple[float, bool]]], result: dict[str, Any]) -> None:
    share = result["got"] / result["full"] if result.get("full") else 0.0
    for question in result.get("questions", []):
        tables[question["id"]].append((share, question["error"] == ""))


def discrimination(rows: list[tuple[float, bool]]) -> float | None:
    """Right rate of the best 27 % of sittings less that of the last 27 % (Kelley, 1939); None below 10 sittings."""
    if len(rows) < 10:
        return None
    ordered = sorted(rows, key=lambda row: row[0])
    group = max(1, round(len(ordered) * 0.27))
    low, high = ordered[:group], ordered[-group:]
    return round(sum(right for _s, right in high) / group - sum(right for _s, right in low) / group, 2)
