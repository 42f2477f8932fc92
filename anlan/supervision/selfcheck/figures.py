"""What a territory lacks most, without saying who: counts over at least five firms."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.accounts.models.regions import inside
from anlan.supervision.models import SelfCheck
from anlan.supervision.selfcheck.questionnaires import questions_of, shipped

LEAST: Final = 5
"""Below so many firms a count would say who it is."""
MOST: Final = 5_000


@dataclass(frozen=True, slots=True)
class Lacks:
    """How many firms checked themselves within a year, and how many of them have which gap: (words, firms)."""

    firms: int
    top: list[tuple[str, int]]
    enough: bool


def territory(user: User | AnonymousUser) -> Lacks | None:
    """The commonest gaps of the last check of each firm in the user's territory; None for whoever supervises none."""
    if not isinstance(user, User) or user.post is None or not user.post.is_territorial:
        return None
    if not user.may(powers.SUPERVISE):
        return None
    since = timezone.now() - timedelta(days=365)
    rows = SelfCheck.objects.filter(inside(user.post.region_code), enterprise__isnull=False, done_at__gte=since)
    last: dict[int, list[str]] = {}
    for firm, gaps in rows.order_by("-done_at").values_list("enterprise_id", "gaps")[:MOST]:
        last.setdefault(firm or 0, gaps)
    words = {q["key"]: q["gap"] for one in shipped().values() for q in questions_of(one.body)}
    counts = Counter(gap for gaps in last.values() for gap in set(gaps) if gap in words)
    top = [(words[key], count) for key, count in counts.most_common(5) if count >= LEAST]
    return Lacks(len(last), top, len(last) >= LEAST)
