"""为您推荐: what a reader may want to read next, by what they read (only if they agreed to it) and by their trade.

Kept are tags with counts: in the account of whoever is signed in, else in a signed cookie of the reader's own browser.
Nothing about visitors stays on the server, and no page or time is kept of anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.core import signing
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.content.models import Entry, Reading
from anlan.content.subscriptions.conditions import industry_marks

COOKIE: Final = "anlan_reading"
YEAR: Final = 31_536_000
MOST_TAGS: Final = 24
CAP: Final = 20
"""Counts stop here, so that an old interest can be overtaken."""
POOL: Final = 120
"""Newest pages among which it is chosen."""
_SALT: Final = "content.reading"
INDUSTRY_OF: Final[list[Callable[[User], str]]] = []
"""How to learn the trade of a person's firm (GB/T 4754); filled by the app of enterprises, which stands above."""


@dataclass(frozen=True, slots=True)
class Recommended:
    """A page and why it is shown."""

    page: Entry
    why: str


def consent_of(request: HttpRequest) -> bool | None:
    """Whether the reader lets reading be remembered; None: never asked."""
    if request.user.is_authenticated:
        found = Reading.objects.filter(user_id=request.user.pk).first()
        return found.on if found else None
    kept = _cookie(request)
    return None if kept is None else bool(kept.get("on"))


def tags_of(request: HttpRequest) -> dict[str, int]:
    """{tag: times} of the reader, empty without consent."""
    if request.user.is_authenticated:
        found = Reading.objects.filter(user_id=request.user.pk, on=True).first()
        return dict(found.tags) if found else {}
    kept = _cookie(request)
    return dict(kept.get("tags", {})) if kept and kept.get("on") else {}


def _cookie(request: HttpRequest) -> dict[str, Any] | None:
    try:
        kept = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=YEAR)
    except signing.BadSignature:
        return None
    return kept if isinstance(kept, dict) else None


def cookie_of(on: bool, tags: Mapping[str, int]) -> str:
    """The signed cookie of a visitor."""
    return signing.dumps({"on": on, "tags": dict(tags)}, salt=_SALT, compress=True)


def counted(tags: Mapping[str, int], read: list[str]) -> dict[str, int]:
    """The counts after one more page with these tags: the strongest of them, none above the cap. Pure."""
    now = dict(tags)
    for tag in read[:6]:
        now[tag] = now.get(tag, 0) + 1
        if now[tag] > CAP:
            now = {name: max(1, n * 3 // 4) for name, n in now.items()}
    return dict(sorted(now.items(), key=lambda row: (-row[1], row[0] not in read))[:MOST_TAGS])


@transaction.atomic
def note_reading(user: User, page: Entry) -> bool:
    """Count the tags of a page that a person reads; False, and nothing kept, without their consent."""
    row = Reading.objects.select_for_update().filter(user=user, on=True).first()
    if row is None:
        return False
    row.tags = counted(row.tags, list(page.tags))
    row.save(update_fields=["tags"])
    return True


@transaction.atomic
def choose_reading(user: User, *, on: bool) -> None:
    """Let reading be remembered, or not: then all that was kept is deleted."""
    Reading.objects.update_or_create(user=user, defaults={"on": on} if on else {"on": False, "tags": {}})


@transaction.atomic
def clear_reading(user: User) -> None:
    """Forget what was read, and go on remembering."""
    Reading.objects.filter(user=user).update(tags={})


def recommended(
    tags: Mapping[str, int], industry: str = "", *, without: int | None = None, section: str = "", n: int = 4
) -> list[Recommended]:
    """Choose `n` public pages by tags that were read and by trade, the newer of two equal ones first; each says why.

    Shared tags weigh by how often they were read, and by how rare they are among the pages; a page of the reader's own
    trade weighs like a tag that was read three times. One query.
    """
    trades = {value for _facet, value in industry_marks(industry)} if industry else set()
    if not tags and not trades:
        return []
    wanted = Q(pk__in=())
    for tag in tags:
        wanted |= Q(facets__contains=f"|tag:{tag}|")
    for trade in trades:
        wanted |= Q(facets__contains=f"|industry:{trade}|")
    rows = Entry.objects.public().filter(wanted).exclude(section=Entry.Section.ZONE)
    if section:
        rows = rows.filter(section=section)
    pool = [page for page in rows.newest().defer("body")[:POOL] if page.pk != without]
    common = {tag: sum(tag in page.tags for page in pool) for tag in tags}
    scored = []
    for age, page in enumerate(pool):
        shared = {tag: tags[tag] / common[tag] ** 0.5 for tag in page.tags if tag in tags}
        own_trade = bool(trades & set(page.industries))
        score = sum(shared.values()) + 3 * own_trade - age / POOL
        best = max(shared, key=lambda tag: shared[tag]) if shared else ""
        scored.append((score, page, _("您常看“%(tag)s”") % {"tag": best} if best else _("与您单位的行业有关")))
    scored.sort(key=lambda row: -row[0])
    return [Recommended(page, why) for _score, page, why in scored[:n]]


def for_reader(request: HttpRequest, *, without: int | None = None, n: int = 4) -> list[Recommended]:
    """What this reader may want to read next. At most three queries."""
    industry = ""
    if request.user.is_authenticated:
        industry = next((found for ask in INDUSTRY_OF if (found := ask(request.user))), "")
    return recommended(tags_of(request), industry, without=without, n=n)
