"""What of a claim counts: the arithmetic between what a player says it played and what the server's clock allows.

Pure. Moments of the server and of the media are whole milliseconds. See docs/decisions/0005.

A session has an allowance that fills with the server's clock and holds at most `BANK_MS`. Accepting new media spends it:
`pace` percent of media for each millisecond, one millisecond of credit for each millisecond spent and never more credit
than media. So, whatever is claimed: credit ≤ server time since the session began, credit ≤ media newly covered, media
newly covered ≤ pace × server time; and what was covered before, or lies behind a question not yet answered, earns nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from anlan.lib.dates import SHANGHAI
from anlan.lib.intervals import Interval, Intervals, clip, minus, total, union

BANK_MS: Final = 90_000
"""How much of the server's time may wait for a late envelope. A paused player can save up no more than this."""
FASTEST: Final = 150
"""Percent of the server's clock at which media may be covered: the player offers 1.5×."""
COMPLETE_PERCENT: Final = 98
"""A lesson is complete at this share: players report the last frames differently."""
READING_PER_MINUTE: Final = 300
"""Characters a minute: the floor of a document lesson is its length at this pace, at least one minute."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one claim. `until_ms` replaces the session's; `credited_ms` ≤ `new_ms` = media newly covered."""

    covered: Intervals
    until_ms: int
    new_ms: int
    credited_ms: int
    refused_ms: int


def first(intervals: Intervals, amount: int) -> Intervals:
    """Return the earliest `amount` milliseconds of the intervals."""
    kept: list[Interval] = []
    for start, end in intervals:
        if amount <= 0:
            break
        kept.append((start, min(end, start + amount)))
        amount -= end - start
    return tuple(kept)


def settle(
    covered: Intervals, until_ms: int, received_ms: int, claimed: Intervals, *, reach_ms: int, pace: int = FASTEST
) -> Verdict:
    """Judge one claim.

    `until_ms` is the session's mark on the server's clock, `received_ms` when the claim came in; `reach_ms` ends what may
    count at all: the length of the lesson, or the first question not yet answered.
    """
    allowance = max(0, min(received_ms - until_ms, BANK_MS))
    new = minus(clip(claimed, 0, reach_ms), covered)
    taken = first(new, allowance * pace // 100)
    new_ms = total(taken)
    credited = min(new_ms, allowance)
    return Verdict(
        covered=union(covered, taken),
        until_ms=max(until_ms, received_ms - allowance + credited),
        new_ms=new_ms,
        credited_ms=credited,
        refused_ms=total(minus(claimed, covered)) - new_ms,
    )


def lesson_length(kind: str, duration_ms: int, text_length: int) -> int:
    """Return how long a lesson is: its media, or for a document the time that reading it takes at least."""
    if kind == "document" and not duration_ms:
        return max(60_000, text_length * 60_000 // READING_PER_MINUTE)
    return duration_ms


def is_covered(covered_ms: int, length_ms: int) -> bool:
    """Whether so much of a lesson is enough to complete it."""
    return length_ms > 0 and covered_ms * 100 >= length_ms * COMPLETE_PERCENT


def gaps(covered: Intervals, length_ms: int) -> Intervals:
    """Return what is still missing of a lesson."""
    return minus(((0, length_ms),), covered)


def resume_at(covered: Intervals, last_ms: int, length_ms: int) -> int:
    """Return where to go on: the last place played when that counted (give or take two seconds), else the first gap.

    0 when nothing is missing.
    """
    missing = gaps(covered, length_ms)
    if not missing:
        return 0
    counted = [min(last_ms, end) for start, end in covered if start <= last_ms <= end + 2_000]
    return missing[0][0] if not counted or counted[-1] >= length_ms else counted[-1]


def reach(length_ms: int, prompts: Iterable[tuple[int, int]], passed: Iterable[int]) -> int:
    """Return how far media counts: up to the first question `(id, at_ms)` that was not answered, else the whole length."""
    done = set(passed)
    return min([length_ms, *(at for prompt, at in prompts if prompt not in done)])


def by_day(received_at: datetime, credited_ms: int, new_ms: int) -> list[tuple[datetime, datetime, int, int]]:
    """Split a credit over the days of Asia/Shanghai: rows of (from, to, credited, media), in order.

    The credit is the stretch of the server's clock that ended when the claim came in.
    """
    begun = received_at - timedelta(milliseconds=credited_ms)
    midnight = received_at.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    if begun >= midnight or not credited_ms:
        return [(begun, received_at, credited_ms, new_ms)]
    before = (midnight - begun) // timedelta(milliseconds=1)
    media = new_ms * before // credited_ms
    rows = [(begun, midnight, before, media), (midnight, received_at, credited_ms - before, new_ms - media)]
    return [row for row in rows if row[2]]
