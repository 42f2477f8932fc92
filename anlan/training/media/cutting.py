"""Where a long recording is cut into micro-lessons. Pure: milliseconds in, milliseconds out.

The order of preference is the chapters of the file, then its longest silences near the ideal place, then equal parts.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from django.utils.translation import gettext as _

MAX_MS: Final = 15 * 60 * 1000
"""A micro-lesson is at most this long (T-03)."""
MIN_MS: Final = 60 * 1000
"""We never propose a shorter piece, unless the whole recording is shorter."""
IDEAL_MS: Final = 12 * 60 * 1000
LEAST_MS: Final = 10 * 1000
"""A person may cut shorter than we propose, but not so short that nothing is left."""

Cut = tuple[int, str]  # (start, title)
Span = tuple[int, int]


class BadCuts(ValueError):
    """Cut points that cannot be used; `reason` says in words which piece and why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def propose(duration_ms: int, chapters: Sequence[Cut] = (), silences: Sequence[Span] = ()) -> list[Cut]:
    """Return [(start_ms, title), …], first at 0: every piece ≤ 15 min, none < 60 s unless the whole is.

    `chapters` are (start, title), `silences` (start, end); what lies outside the recording is ignored.
    """
    starts, titles = _chapter_starts(duration_ms, chapters)
    cuts: list[Cut] = []
    for number, (start, end) in enumerate(pairwise([*starts, duration_ms]), 1):
        title = titles.get(start) or _("第 %(n)d 节") % {"n": number}
        points = _split(start, end, silences)
        if len(starts) == 1 and not titles:
            cuts += [(point, _("第 %(n)d 节") % {"n": n}) for n, point in enumerate(points, 1)]
        elif len(points) == 1:
            cuts.append((start, title))
        else:
            cuts += [
                (point, _("%(title)s（%(n)d）") % {"title": title[:100], "n": n}) for n, point in enumerate(points, 1)
            ]
    return cuts


def _chapter_starts(duration_ms: int, chapters: Iterable[Cut]) -> tuple[list[int], dict[int, str]]:
    """Chapter boundaries with those removed that would leave a piece shorter than MIN_MS; and their titles."""
    titles = {start: title.strip() for start, title in sorted(chapters) if 0 <= start < duration_ms and title.strip()}
    starts = [0]
    for start in sorted({start for start, _title in chapters if 0 < start < duration_ms}):
        if start - starts[-1] >= MIN_MS:
            starts.append(start)
    if len(starts) > 1 and duration_ms - starts[-1] < MIN_MS:
        starts.pop()
    # The very first chapter often starts a moment after 0: its title belongs to the first piece.
    if 0 not in titles and titles and min(titles) < (starts[1] if len(starts) > 1 else duration_ms):
        titles[0] = titles[min(titles)]
    return starts, titles


def _split(start: int, end: int, silences: Sequence[Span]) -> list[int]:
    """Starts of the pieces of [start, end): one when it is short enough, else cut at silences or equal parts."""
    points = [start]
    while end - points[-1] > MAX_MS:
        here = points[-1]
        parts = -(-(end - here) // IDEAL_MS)
        ideal = (end - here) // parts
        # A quarter to each side: 1.25 × 12 min is 15 min, and what is left is never shorter than 5 min.
        low, high = here + ideal * 3 // 4, here + ideal * 5 // 4
        near = [(a, b) for a, b in silences if low <= (a + b) // 2 <= high]
        # Prefer long silences; among equals the one nearest to the ideal place.
        best = max(
            near, key=lambda s: min(s[1] - s[0], 5000) - abs((s[0] + s[1]) // 2 - here - ideal) // 100, default=None
        )
        points.append((best[0] + best[1]) // 2 if best else here + ideal)
    return points


def pieces(cuts: Sequence[Cut], duration_ms: int) -> list[tuple[int, int, str]]:
    """(start, end, title) of every piece."""
    starts = [start for start, _title in cuts]
    return [(a, b, title) for (a, b), (_start, title) in zip(pairwise([*starts, duration_ms]), cuts, strict=True)]


def check(cuts: Sequence[Cut], duration_ms: int) -> list[Cut]:
    """Return what a person chose, sorted and trimmed. Raises `BadCuts` naming the first piece that will not do."""
    ordered = sorted((int(start), str(title).strip()[:120]) for start, title in cuts)
    if not ordered or ordered[0][0] != 0:
        raise BadCuts(_("第一节要从 0:00 开始。"))
    if len({start for start, _title in ordered}) != len(ordered):
        raise BadCuts(_("有两个切分点在同一时刻，请删掉一个。"))
    for number, (start, end, title) in enumerate(pieces(ordered, duration_ms), 1):
        if not title:
            raise BadCuts(_("第 %(n)d 节还没有标题。") % {"n": number})
        if start >= duration_ms:
            raise BadCuts(_("第 %(n)d 节的起点超出了录像的长度。") % {"n": number})
        if end - start > MAX_MS:
            over = -(-(end - start - MAX_MS) // 1000)
            raise BadCuts(
                _("第 %(n)d 节长 %(m)d 分 %(s)02d 秒，超出 15 分钟 %(over)d 秒。请在中间再加一个切分点。")
                % {"n": number, "m": (end - start) // 60000, "s": (end - start) // 1000 % 60, "over": over}
            )
        if end - start < min(LEAST_MS, duration_ms):
            raise BadCuts(_("第 %(n)d 节不到 10 秒，请删掉这个切分点或移开一些。") % {"n": number})
    return ordered
