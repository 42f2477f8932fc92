"""Which training institutions suit a request, and why: a pure function of what is known of both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _

from anlan.agencies.geo import distance_km

FAR_KM: Final = 60.0
"""Beyond this distance being near counts nothing."""
MOST: Final = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. `industry` is the firm's, as C3391; `at` (latitude, longitude) or None."""

    topic: str
    topic_words: str
    industry: str
    industry_words: str
    people: int
    at: tuple[float, float] | None
    on_site: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """An institution. `taught_trade` and `taught_all`: firms of that trade, and all firms, that it has taught on request."""

    id: int
    name: str
    topics: tuple[str, ...]
    industries: tuple[str, ...]
    capacity: int
    least: int
    at: tuple[float, float] | None
    on_site: bool
    taught_trade: int
    taught_all: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """A candidate with its points (0 to 100), its distance and the reasons in words."""

    id: int
    name: str
    points: int
    km: float | None
    reasons: list[str] = field(default_factory=list)
    cautions: list[str] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def propose(wanted: Wanted, candidates: Iterable[Candidate]) -> list[Proposal]:
    """Return at most `MOST` institutions that can take the request, the best first.

    Out are those that are not certified for the topic, have no room, do not open a class for so few, or do not travel
    where travel is asked. Points: 40 for being near, 30 for knowing the trade, 20 for having taught it, 10 for a room
    that fits.
    """
    found = [proposal for candidate in candidates if (proposal := _weigh(wanted, candidate)) is not None]
    return sorted(found, key=lambda one: (-one.points, one.km if one.km is not None else FAR_KM, one.name))[:MOST]


def _weigh(wanted: Wanted, one: Candidate) -> Proposal | None:
    if wanted.topic not in one.topics or wanted.people < one.least or (wanted.on_site and not one.on_site):
        return None
    groups = 1 if wanted.on_site else -(-wanted.people // one.capacity) if one.capacity else 0
    if not groups or groups > 3:  # more than three turns is another plan, not a class
        return None
    reasons, cautions, points = [], [], 0.0
    km = distance_km(wanted.at, one.at) if wanted.at and one.at else None
    if km is not None:
        points += 40 * max(0.0, 1 - km / FAR_KM)
        reasons.append(_("距离 %(km).1f 公里") % {"km": km})
    else:
        cautions.append(_("双方有一方没有填位置，算不出距离"))
    if wanted.on_site:
        points += 10
        reasons.append(_("可以上门授课"))
    elif groups == 1:
        points += 10
        reasons.append(_("有 %(n)d 人教室，%(people)d 人一次坐得下") % {"n": one.capacity, "people": wanted.people})
    else:
        cautions.append(_("最大教室 %(n)d 人，要分 %(groups)d 期") % {"n": one.capacity, "groups": groups})
    reasons.append(_("可以做“%(topic)s”") % {"topic": wanted.topic_words})
    division, section = wanted.industry[:3], wanted.industry[:1]
    if division and division in one.industries:
        points += 30
        reasons.append(_("擅长%(trade)s") % {"trade": wanted.industry_words})
    elif section and section in one.industries:
        points += 15
        reasons.append(_("熟悉同一门类的行业"))
    if one.taught_trade:
        points += min(20, 5 * one.taught_trade)
        reasons.append(_("教过 %(n)d 家%(trade)s企业") % {"n": one.taught_trade, "trade": wanted.industry_words})
    elif one.taught_all:
        points += min(10, one.taught_all)
        reasons.append(_("接过 %(n)d 家企业的培训") % {"n": one.taught_all})
    else:
        cautions.append(_("在平台上还没有教过同行业企业"))
    return Proposal(one.id, one.name, round(points), None if km is None else round(km, 1), reasons, cautions)
