"""Counting what people ask, without people: no name, no address, no session; numbers of IDs and phones are cut out.

A count is worth less than a quick answer: counts gather in the process and are written together every few seconds. A
process that dies takes a few seconds of counts with it.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from anlan.search.models import Trace
from anlan.search.understanding import clean
from anlan.search.words import normalise

SECONDS: Final = 10
MANY: Final = 200


@dataclass(slots=True)
class _Waiting:
    asked: Counter[tuple[date, str]] = field(default_factory=Counter)
    found: dict[tuple[date, str], int] = field(default_factory=dict)
    clicks: Counter[tuple[date, str]] = field(default_factory=Counter)
    ranks: Counter[tuple[date, str]] = field(default_factory=Counter)
    since: float = field(default_factory=time.monotonic)
    lock: Lock = field(default_factory=Lock)


_waiting = _Waiting()


def trace(words: str, found: int) -> None:
    """Count a query and how much it found."""
    if key := _key(words):
        with _waiting.lock:
            _waiting.asked[key] += 1
            _waiting.found[key] = found
        _flush_when_due()


def trace_click(words: str, place: int) -> None:
    """Count that a result was opened, and at which place it stood, from 1."""
    if key := _key(words):
        with _waiting.lock:
            _waiting.clicks[key] += 1
            _waiting.ranks[key] += max(1, min(place, 1000))
        _flush_when_due()


def flush() -> int:
    """Write what waits; return the number of different queries."""
    with _waiting.lock:
        asked, found, clicks, ranks = _waiting.asked, _waiting.found, _waiting.clicks, _waiting.ranks
        _waiting.asked, _waiting.found, _waiting.clicks, _waiting.ranks = Counter(), {}, Counter(), Counter()
        _waiting.since = time.monotonic()
    keys = sorted({*asked, *clicks})
    with transaction.atomic():
        Trace.objects.bulk_create(
            [Trace(day=day, words=words, count=0) for day, words in keys], ignore_conflicts=True, batch_size=500
        )
        for day, words in keys:
            key = (day, words)
            Trace.objects.filter(day=day, words=words).update(
                count=F("count") + asked[key],
                clicks=F("clicks") + clicks[key],
                rank_sum=F("rank_sum") + ranks[key],
                **({"found": found[key]} if key in found else {}),
            )
    return len(keys)


def _flush_when_due() -> None:
    if time.monotonic() - _waiting.since > SECONDS or len(_waiting.asked) > MANY:
        flush()


def _key(words: str) -> tuple[date, str] | None:
    kept = normalise(clean(words))[:120].strip()
    return (timezone.localdate(), kept) if kept else None
