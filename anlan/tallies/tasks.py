"""Folding deltas into tallies and roll-ups; runs in the worker every second."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from anlan.tallies.models import Delta, Rollup, Tally

BATCH = 5000
LEVELS = (2, 4, 6, 9, 12)
ROLLED_UP = "enterprise"
"""The kind of subject whose counters a territory sums. Others (an agency's, an officer's) would be counted twice there."""


def ancestors(region_code: str) -> list[str]:
    """Return the codes of every division that contains this one, itself included: 410105018G07 → 41, 4101, …, itself."""
    codes = [region_code[:n] for n in LEVELS if len(region_code) >= n]
    return codes if region_code in codes or not region_code else [*codes, region_code]


def industries(code: str) -> list[str]:
    """Return all, section and division: C3391 → "", C, C33."""
    return ["", code[:1], code[:3]] if len(code) >= 3 else ["", code] if code else [""]


def fold() -> int:
    """Fold up to a batch of deltas, exactly once; return how many.

    Rows are taken, added and deleted in one transaction. Two workers never take the same rows: PostgreSQL skips locked
    ones, SQLite lets one writer in at a time.
    """
    with transaction.atomic():
        deltas = Delta.objects.order_by("id")
        if connection.features.has_select_for_update_skip_locked:
            deltas = deltas.select_for_update(skip_locked=True)
        rows = list(
            deltas.values_list(
                "id", "subject_kind", "subject_id", "measure", "month", "region_code", "industry", "amount"
            )[:BATCH]
        )
        if not rows:
            return 0
        per_subject: dict[tuple[object, ...], int] = defaultdict(int)
        places: dict[tuple[object, ...], tuple[str, str]] = {}
        per_region: dict[tuple[object, ...], int] = defaultdict(int)
        for _pk, kind, subject, measure, month, region, industry, amount in rows:
            per_subject[kind, subject, measure, month] += amount
            places[kind, subject, measure, month] = (region, industry)
            for code in ancestors(region) if kind == ROLLED_UP else ():
                for part in industries(industry):
                    per_region[code, measure, month, part] += amount
        _add(
            Tally._meta.db_table,
            ("subject_kind", "subject_id", "measure", "month", "region_code", "industry", "amount"),
            ("subject_kind", "subject_id", "measure", "month"),
            [(*key, *places[key], amount) for key, amount in sorted(per_subject.items(), key=str)],
        )
        _add(
            Rollup._meta.db_table,
            ("region_code", "measure", "month", "industry", "amount"),
            ("region_code", "measure", "month", "industry"),
            [(*key, amount) for key, amount in sorted(per_region.items(), key=str)],
        )
        Delta.objects.filter(pk__in=[row[0] for row in rows]).delete()
    return len(rows)


def fold_all() -> int:
    """Fold until nothing is left; for demo data and tests."""
    done = 0
    while folded := fold():
        done += folded
    return done


def _add(table: str, columns: Sequence[str], key: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    """Insert rows, adding `amount` where the key exists: the one statement the ORM cannot say (increment on conflict)."""
    quote = connection.ops.quote_name
    sql = (
        f"INSERT INTO {quote(table)} ({', '.join(map(quote, columns))}) VALUES ({', '.join(['%s'] * len(columns))})"  # noqa: S608
        f" ON CONFLICT ({', '.join(map(quote, key))}) DO UPDATE SET amount = {quote(table)}.amount + excluded.amount"
    )
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)
