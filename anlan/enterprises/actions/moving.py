"""Moving firms to another grid or town: set-based, so that a whole county's firms move in seconds.

What follows a firm and what does not. Past figures keep their old grid: hours learnt, hazards found and every other
flow stay where they happened. What exists now (`STOCKS`: people employed, open hazards) goes with the firm, as minus
in the old grid and plus in the new. `Placement` says where a firm lay on which day, so that a recount arrives at the
same. Upper apps add to `FOLLOWERS` what else must follow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.accounts import powers
from anlan.accounts.models import Organisation, Post, Region, User
from anlan.audit.actions import record
from anlan.enterprises.bulk import insert_many
from anlan.enterprises.models import Enterprise, Placement
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify
from anlan.tallies.actions import month_of
from anlan.tallies.models import Delta, Tally

STOCKS: Final = ("workers", "hazards_open", "hazards_open_major")
"""Measures that count what exists now; all others are flows and stay where they happened."""
FOLLOWERS: Final[list[Callable[[QuerySet[Enterprise], str], None]]] = []
"""What upper apps do, in the same transaction, when firms have moved: (the firms, at most BATCH of them; their new region)."""
BATCH: Final = 5_000
"""Keys in one statement: SQLite takes 250,000 parameters, PostgreSQL 65,535."""
MOST: Final = 50_000
Place = tuple[int, str, str, datetime]
"""A firm, where it lies, its industry, and when it came into the house."""
LEVELS: Final = (Region.Level.TOWN, Region.Level.VILLAGE, Region.Level.GRID)


def target_for(to: str, by: User) -> Region:
    """Return the region `to` if `by` may put firms there.

    Raises `Refused`: without the power (403), unknown or outside the territory (404), closed or too wide (422).
    """
    post = by.post
    if post is None or not post.is_territorial or not by.may(powers.MANAGE_GRIDS):
        raise Refused(gettext_lazy("移动企业要用县区或镇街的管理身份。"), code="not_mover", status=403)
    region = Region.objects.visible_to(by).filter(pk=to).first() if to else None
    if region is None:
        raise Refused(
            gettext_lazy("没有找到要移入的镇街或网格，请重新选择。"), code="no_region", status=404, field="to"
        )
    if region.closed_on is not None:
        raise Refused(
            _("%(name)s已经撤销，企业没有移动。请选现在的镇街或网格。") % {"name": region.name},
            code="closed_region", status=422, field="to",
        )  # fmt: skip
    if region.level not in LEVELS:
        raise Refused(
            _("企业要落到镇街或网格，%(name)s的范围太大。") % {"name": region.name},
            code="too_wide",
            status=422,
            field="to",
        )
    return region


@transaction.atomic
def move_enterprises(firms: QuerySet[Enterprise], to: str, *, by: User, because: str) -> int:
    """Move all of `firms` to the region `to`; return how many moved. Those already there are left alone.

    One transaction: region, history of places, counters of what exists now, the upper apps' followers, one record, and
    one message with the total for each grid officer concerned. Set-based: 10,000 firms in seconds.

    Raises `Refused`: not allowed or no such region (see `target_for`), a firm outside the territory (404), no reason
    given or more than 50,000 firms (422), somebody else moved one of them meanwhile (409).
    """
    region = target_for(to, by)
    reason = because.strip()[:200]
    if not reason:
        raise Refused(gettext_lazy("请写明为什么移动，以后查得到。"), code="no_reason", status=422, field="because")
    asked = firms.order_by().exclude(organisation__region_code=to)
    rows = list(
        asked.values_list("pk", "organisation__region_code", "industry", "organisation__created_at")[: MOST + 1]
    )
    if len(rows) > MOST:
        raise Refused(_("一次最多移动 %(n)s 家，请分几次移动。") % {"n": f"{MOST:,}"}, code="too_many", status=422)
    mine = by.post.region_code if by.post else ""
    if any(not code.startswith(mine) for _pk, code, _industry, _at in rows):
        raise Refused(gettext_lazy("有企业不在您的辖区，没有移动。"), code="outside", status=404)
    if not rows:
        return 0
    left = relocate(rows, to, by=by, because=reason)
    _tell(region, left, by=by)
    subject: Enterprise | Region = region
    if len(rows) == 1:
        subject = Enterprise.objects.select_related("organisation").get(pk=rows[0][0])
    record(
        "move_enterprises", subject, by=by, region_code=to, count=len(rows), reason=reason, to=region.full_name,
        came_from={code: len(keys) for code, keys in sorted(left.items())},
    )  # fmt: skip
    return len(rows)


@transaction.atomic
def relocate(rows: Sequence[Place], to: str, *, by: User, because: str) -> dict[str, list[int]]:
    """Move firms that lie elsewhere to `to`, without asking who may, telling anybody or recording: for callers that do.

    Returns {old region: firms}. Raises `Refused` (409) when one of them is not where `rows` says any more.
    """
    today = timezone.localdate()
    left: dict[str, list[int]] = defaultdict(list)
    for pk, code, _industry, _at in rows:
        left[code].append(pk)
    for code, keys in left.items():
        for part in _parts(keys):
            held = Organisation.objects.filter(pk__in=part, region_code=code)
            if held.update(region_code=to) != len(part):
                raise Refused(gettext_lazy("刚刚有人移动过其中的企业，这次没有移动。请重新选择。"), code="stale")
            Enterprise.objects.filter(pk__in=part).update(region_code=to)
    _move_stocks({pk: (code, industry[:3]) for pk, code, industry, _at in rows}, to)
    since = {pk: timezone.localtime(at).date() for pk, _code, _industry, at in rows}
    for part in _parts(list(since)):
        known = set(Placement.objects.filter(enterprise__in=part).values_list("enterprise_id", flat=True))
        Placement.objects.filter(enterprise__in=part, until__isnull=True).update(until=today)
        first = [pk for pk in part if pk not in known]
        came_from = {pk: code for code, keys in left.items() for pk in keys} if first else {}
        insert_many(
            Placement, len(first), enterprise_id=first, region_code=[came_from[pk] for pk in first],
            since=[min(since[pk], today) for pk in first], until=today,
        )  # fmt: skip
        insert_many(Placement, len(part), enterprise_id=part, region_code=to, since=today, because=because, by_id=by.pk)
        for follow in FOLLOWERS:
            follow(Enterprise.objects.filter(pk__in=part), to)
    return left


def _parts(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(keys), BATCH):
        yield keys[start : start + BATCH]


def stocks_of(keys: Sequence[int]) -> dict[tuple[int, str], int]:
    """Return {(firm, measure): how much it holds now}, folded and not yet folded, where that is not nothing.

    One statement for each 5,000 firms: a folder at work between two would make a stock appear twice, or never.
    """
    held: dict[tuple[int, str], int] = defaultdict(int)
    for part in _parts(keys):
        one, other = (
            model.objects.filter(subject_kind="enterprise", subject_id__in=part, measure__in=STOCKS)
            .order_by()
            .values_list("subject_id", "measure")
            .annotate(n=Sum("amount"))
            for model in (Tally, Delta)
        )
        for pk, measure, amount in one.union(other, all=True):
            held[pk, measure] += amount
    return {key: amount for key, amount in held.items() if amount}


def _move_stocks(places: dict[int, tuple[str, str]], to: str) -> None:
    """Take what the firms hold out of their old regions, by {firm: (region, trade)}, and put it into `to`."""
    rows = [
        (pk, measure, sign * amount, to if sign > 0 else places[pk][0], places[pk][1])
        for (pk, measure), amount in stocks_of(list(places)).items()
        for sign in (-1, 1)
    ]
    insert_many(
        Delta, len(rows), subject_kind="enterprise", month=month_of(timezone.now()),
        subject_id=[row[0] for row in rows], measure=[row[1] for row in rows], amount=[row[2] for row in rows],
        region_code=[row[3] for row in rows], industry=[row[4] for row in rows],
    )  # fmt: skip


def _tell(region: Region, left: dict[str, list[int]], *, by: User) -> None:
    """One message with the total for each officer of a grid that firms left or came to; not to whoever moved them."""
    key = f"move:{timezone.now():%Y%m%d%H%M%S%f}:{by.pk}"
    officers: dict[str, list[int]] = defaultdict(list)
    posts = Post.objects.open().filter(role="grid_officer", region_code__in=[region.code, *left]).exclude(user=by)
    for code, user in posts.values_list("region_code", "user_id"):
        officers[code].append(user)
    count = sum(map(len, left.values()))
    if region.code in officers:
        notify(
            officers[region.code], "moved", _("%(n)d 家企业划入%(name)s") % {"n": count, "name": region.name},
            key=f"{key}:in", text=_("由%(who)s移入。这些企业的待办巡查和未闭环隐患一并转来。") % {"who": by.name},
            url=f"{reverse('enterprises:list')}?region={region.code}",
        )  # fmt: skip
    names = dict(
        Region.objects.filter(code__in=[code for code in officers if code in left]).values_list("code", "name")
    )
    for code, keys in left.items():
        if code in officers:
            notify(
                officers[code], "moved", _("%(n)d 家企业划出%(name)s") % {"n": len(keys), "name": names.get(code, code)},
                key=f"{key}:{code}", text=_("由%(who)s移到%(to)s。") % {"who": by.name, "to": region.full_name},
            )  # fmt: skip
