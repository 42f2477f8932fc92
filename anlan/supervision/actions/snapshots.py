"""Computing a month: provisional while it runs, final once it is over, never twice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import Region, User
from anlan.accounts.models.regions import inside
from anlan.agencies.models import Agency, Engineer
from anlan.audit.actions import record
from anlan.hazards.models import Holiday
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify
from anlan.supervision.models import PROVISIONAL, Evidence, Kind, Scheme, Score, Snapshot
from anlan.supervision.performance.cases import Found, Period, Row, Tenures, gather
from anlan.supervision.performance.indicators import DEFAULTS
from anlan.supervision.performance.ranking import Result, judge

REST: Final = timedelta(seconds=30)
"""So long a provisional result stands before it is computed again on demand."""
EARLIEST_MONTHS: Final = 24


def compute_month(
    region_code: str, month: date, *, by: User | None = None, kinds: Iterable[str] = Kind.values, tell: bool = True
) -> list[Snapshot]:
    """Compute a county's month, each kind in its own transaction; return the snapshots made.

    A month that is over gets version 1, once: a second run changes nothing. A running month replaces its provisional
    result. A future month gives nothing.
    """
    today = timezone.localdate()
    month = month.replace(day=1)
    if month > today:
        return []
    period = Period(region_code, month, today, Holiday.objects.overrides())
    final, made = period.last < today, []
    seen: dict[str, list[Row]] = {}
    tenures = Tenures(period)
    for kind in kinds:
        if (
            final
            and Snapshot.objects.filter(
                kind=kind, region_code=region_code, month=month, version__gt=PROVISIONAL
            ).exists()
        ):
            continue
        found = gather(kind, period, tenures, seen)
        try:
            made.append(_write(kind, period, _with_idle(kind, period, tenures, found), tenures, by, final=final))
        except IntegrityError:
            continue  # another process was as far: its result is the same
        if final and tell:
            _tell(made[-1])
    return made


def refresh_month(region: Region, *, by: User) -> list[Snapshot]:
    """Compute the running month of a county now, on demand.

    Raises `Refused`: not of one's territory or without COORDINATE or SET_RULES (403), computed half a minute ago (429).
    """
    post = by.post
    held = by.may(powers.COORDINATE) or by.may(powers.SET_RULES)
    if not (held and post is not None and post.is_territorial and region.code.startswith(post.region_code)):
        raise Refused(_("重新计算由县区监管人员来做。"), code="not_yours", status=403)
    month = timezone.localdate().replace(day=1)
    fresh = Snapshot.objects.filter(region_code=region.code, month=month, made_at__gt=timezone.now() - REST)
    if fresh.exists():
        raise Refused(_("刚刚算过，半分钟后再试。现在看到的就是新结果。"), code="too_soon", status=429)
    record("compute_performance", region, by=by, region_code=region.code, month=f"{month:%Y-%m}")
    return compute_month(region.code, month, by=by)


def _with_idle(kind: str, period: Period, tenures: Tenures, found: Found) -> Found:
    """Everybody who was in office, and every town, stands in the list even without a single record."""
    if kind == Kind.OFFICER:
        for user in tenures.people:
            found[str(user)]
    if kind == Kind.TOWN:
        towns = Region.objects.open().filter(inside(period.region, "code"), level=Region.Level.TOWN)
        known = set(towns.values_list("code", flat=True))
        for code in known:
            found[code]
        for code in found.keys() - known:
            del found[code]  # records of a place that is no town of today rank nobody
    return found


@transaction.atomic
def _write(kind: str, period: Period, found: Found, tenures: Tenures, by: User | None, *, final: bool) -> Snapshot:
    scheme = Scheme.objects.in_force(kind, period.region, period.month)
    weights = scheme.weights if scheme else DEFAULTS[kind]
    results = judge(found, list(DEFAULTS[kind]), weights)
    Snapshot.objects.filter(kind=kind, region_code=period.region, month=period.month, version=PROVISIONAL).delete()
    shot = Snapshot.objects.create(
        kind=kind,
        region_code=period.region,
        month=period.month,
        version=1 if final else PROVISIONAL,
        weights=weights,
        made_by=by,
    )
    scores = _named(shot, results, tenures)
    Score.objects.bulk_create(scores, batch_size=500)
    Evidence.objects.bulk_create(
        (Evidence(score=score, cases=dict(found[score.subject_id])) for score in scores), batch_size=200
    )
    if final:
        record(
            "publish_performance",
            shot,
            by=by,
            region_code=period.region,
            month=f"{period.month:%Y-%m}",
            rows=len(scores),
        )
    return shot


def _named(shot: Snapshot, results: dict[str, Result], tenures: Tenures) -> list[Score]:
    """Give every result its name, place and owner. At most three queries."""
    kind, keys = shot.kind, list(results)
    who: dict[str, dict[str, object]] = {}
    county = Region.objects.filter(pk=shot.region_code).values_list("name", flat=True).first() or shot.region_code
    if kind == Kind.OFFICER:
        users = dict(User.objects.filter(pk__in=keys).values_list("pk", "name"))
        grids = dict(Region.objects.filter(pk__in=tenures.people.values()).values_list("code", "name"))
        for pk, code in tenures.people.items():
            who[str(pk)] = {
                "name": users.get(pk, ""),
                "place": grids.get(code, code),
                "region_code": code,
                "user_id": pk,
            }
    elif kind == Kind.TOWN:
        for code, name in Region.objects.filter(pk__in=keys).values_list("code", "name"):
            who[code] = {"name": name, "place": county, "region_code": code}
    elif kind == Kind.AGENCY:
        for pk, name in Agency.objects.filter(pk__in=[int(key) for key in keys]).values_list(
            "pk", "organisation__name"
        ):
            who[str(pk)] = {"name": name, "place": county, "region_code": shot.region_code, "organisation_id": pk}
    else:
        rows = Engineer.objects.filter(pk__in=keys).values_list(
            "pk", "name", "user_id", "agency_id", "agency__organisation__name"
        )
        for pk, name, user, agency, place in rows:
            who[str(pk)] = {
                "name": name,
                "place": place,
                "region_code": shot.region_code,
                "user_id": user,
                "organisation_id": agency,
            }
    return [
        Score(
            snapshot=shot, subject_kind=kind, subject_id=key, cells=result.plain(), total=result.total, rank=result.rank,
            sample=result.sample, **who[key],
        )
        for key, result in results.items() if key in who
    ]  # fmt: skip


def _tell(shot: Snapshot) -> None:
    """Tell everybody with a score of their own that it is there."""
    month = _("%(m)d 月") % {"m": shot.month.month}
    for pk, user, total in shot.scores.filter(user__isnull=False).values_list("pk", "user_id", "total"):
        text = _("%(n)s 分。") % {"n": total} if total is not None else _("没有够数的记录，这个月不计分。")
        notify(
            [user], "performance", _("%(month)s工作考评出来了") % {"month": month},
            text=text + _("每项依据的记录都能看，15 天内可以申诉。"),
            key=f"performance:{shot.kind}:{shot.region_code}:{shot.month:%Y%m}", url=reverse("supervision:score", args=[pk]),
        )  # fmt: skip
