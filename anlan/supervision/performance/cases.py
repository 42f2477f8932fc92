"""The records behind every indicator: one query each for a whole county and month, and whose each record is.

A figure and the list that one reads behind it come from the same rows, so they cannot drift apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple

from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import TruncDate
from django.utils import timezone

from anlan.accounts.models import Post
from anlan.accounts.models.regions import inside
from anlan.agencies.models import Engineer, Rating, Service
from anlan.enterprises.models import Enterprise
from anlan.hazards import workdays
from anlan.hazards.models import Hazard, HazardStep, Holiday, Inspection, ReportRound
from anlan.supervision.models import TOWN_DIGITS, Kind
from anlan.supervision.performance.indicators import (
    INDICATORS,
    JOINT_DAYS,
    RATING_MONTHS,
    REVIEW_DAYS,
    VERIFY_DAYS,
    of_kind,
)
from anlan.supervision.performance.ranking import Case

LONGEST_REST: Final = 20
"""Days that the longest chain of holidays and weekends may put between a submission and its last working day."""
OFFICES: Final = ("town_admin", "department_staff", "county_admin")
"""Roles whose step answers an escalation."""


class Row(NamedTuple):
    """A record, what it says, and everything that decides whose it is."""

    pk: int
    value: float
    place: str = ""
    day: date | None = None
    by: int | None = None
    agencies: tuple[int, ...] = ()
    engineers: tuple[int, ...] = ()


def next_month(month: date) -> date:
    """The first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def months_back(month: date, n: int) -> date:
    """The first day of the month `n` months before."""
    count = month.year * 12 + month.month - 1 - n
    return date(count // 12, count % 12 + 1, 1)


def start_of(day: date) -> datetime:
    """Its first moment."""
    return timezone.make_aware(datetime.combine(day, time()))


@dataclass(slots=True)
class Period:
    """A month of a county. `judged` is the last day whose deadlines have passed: nothing is a failure before its time."""

    region: str
    month: date
    today: date
    holidays: Mapping[date, bool] = field(default_factory=dict)

    @property
    def last(self) -> date:
        """The last day of the month."""
        return next_month(self.month) - timedelta(days=1)

    @property
    def judged(self) -> date:
        """The last day of the month, or yesterday while it runs."""
        return min(self.last, self.today - timedelta(days=1))

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """Its first moment, and the first after it."""
        return start_of(self.month), start_of(next_month(self.month))

    def holds(self, limit: date | None, done: bool) -> bool:
        """Whether a record with this limit belongs here: in the month, and past or done."""
        return limit is not None and self.month <= limit <= self.last and (done or limit <= self.judged)


def _local(moment: datetime | None) -> date:
    """The day of a moment that is there; the far future where it never came."""
    return timezone.localdate(moment) if moment is not None else date.max


def _patrols(p: Period) -> Iterator[tuple[Row, bool]]:
    rows = Inspection.objects.filter(
        inside(p.region), kind=Inspection.Kind.PATROL, due_on__range=(p.month, p.last)
    ).exclude(period="")
    for pk, by, place, due, state, done in rows.exclude(state=Inspection.State.CANCELLED).values_list(
        "pk", "inspector_id", "region_code", "due_on", "state", "done_at"
    ):
        made = state == Inspection.State.DONE and done is not None and done < p.moments[1]
        if p.holds(due, made):
            yield Row(pk, float(made), place, due, by), made and _local(done) <= (due or date.min)


def patrol(p: Period) -> Iterator[Row]:
    """Patrols due in the month; 1 where made in it."""
    return (row for row, _on_time in _patrols(p))


def on_time(p: Period) -> Iterator[Row]:
    """Patrols due and made; 1 where made on their last day or before."""
    return (row._replace(value=float(punctual)) for row, punctual in _patrols(p) if row.value)


def review(p: Period) -> Iterator[Row]:
    """Submissions whose last working day for the review lies in the month; 1 where reviewed by then."""
    first = start_of(p.month - timedelta(days=LONGEST_REST))
    limits: dict[date, date] = {}
    for pk, place, sent, reviewed, by in ReportRound.objects.filter(
        inside(p.region, "report__region_code"), submitted_at__gte=first, submitted_at__lt=p.moments[1]
    ).values_list("pk", "report__region_code", "submitted_at", "reviewed_at", "reviewed_by_id"):
        day = _local(sent)
        limit = limits.setdefault(day, limits.get(day) or workdays.add(day, REVIEW_DAYS, p.holidays))
        done = reviewed is not None and _local(reviewed) <= p.last
        if p.holds(limit, done):
            yield Row(pk, float(done and _local(reviewed) <= limit), place, limit, by if done else None)


def verify(p: Period) -> Iterator[Row]:
    """Reported cures whose last day for the re-inspection lies in the month; 1 where passed or failed by then."""
    after = HazardStep.objects.filter(
        hazard=OuterRef("hazard"), pk__gt=OuterRef("pk"), verb__in=("pass", "fail", "self_close", "void")
    ).order_by("pk")
    wait = timedelta(days=VERIFY_DAYS)
    rows = HazardStep.objects.filter(
        inside(p.region, "hazard__region_code"), verb="cure", at__gte=p.moments[0] - wait, at__lt=p.moments[1] - wait
    ).annotate(
        verdict=Subquery(after.values("verb")[:1]),
        seen=Subquery(after.values("at")[:1]),
        who=Subquery(after.values("by")[:1]),
    )
    for pk, place, at, verdict, seen, by in rows.values_list(
        "pk", "hazard__region_code", "at", "verdict", "seen", "who"
    ):
        if verdict in ("self_close", "void"):
            continue
        limit = _local(at) + wait
        done = seen is not None and _local(seen) <= p.last
        if p.holds(limit, done):
            yield Row(pk, float(done and _local(seen) <= limit), place, limit, by if done else None)


def _verified(p: Period) -> Q:
    return Q(state=Hazard.State.CLOSED, verified_by__isnull=False, closed_at__lt=p.moments[1])


def cure(p: Period) -> Iterator[Row]:
    """Hazards with a deadline by the end of the month, open when it began; 1 where verified and closed by its end."""
    begin, _end = p.moments
    rows = Hazard.objects.filter(inside(p.region), deadline__lte=p.last).exclude(state=Hazard.State.VOID)
    rows = rows.filter(Q(closed_at__isnull=True) | Q(closed_at__gte=begin)).filter(found_at__lt=p.moments[1])
    done = _verified(p)
    for pk, place, deadline, ok in rows.annotate(ok=Exists(Hazard.objects.filter(done, pk=OuterRef("pk")))).values_list(
        "pk", "region_code", "deadline", "ok"
    ):
        day = max(deadline or p.month, p.month)
        if p.holds(day, ok):
            yield Row(pk, float(ok), place, day)


def days(p: Period) -> Iterator[Row]:
    """Hazards verified and closed in the month, with the days since they were found."""
    rows = Hazard.objects.filter(_verified(p), inside(p.region), closed_at__gte=p.moments[0])
    for pk, place, begun, end in rows.annotate(a=TruncDate("found_at"), b=TruncDate("closed_at")).values_list(
        "pk", "region_code", "a", "b"
    ):
        yield Row(pk, float((end - begun).days), place, end)


def file(p: Period) -> Iterator[Row]:
    """Firms in business; 1 where the verification of the file still holds on the last day judged."""
    rows = Enterprise.objects.active().filter(inside(p.region, "organisation__region_code"))
    for pk, place, until in rows.values_list("pk", "organisation__region_code", "verify_by"):
        yield Row(pk, float(until is not None and until >= p.judged), place, p.judged)


def joint(p: Period) -> Iterator[Row]:
    """Hazards that escalated to the town; 1 where somebody of the town or county did something within the working days."""
    first = start_of(p.month - timedelta(days=LONGEST_REST))
    office = Exists(Post.objects.filter(user=OuterRef("by"), role__in=OFFICES, organisation=None))
    answer = HazardStep.objects.filter(
        office, hazard=OuterRef("hazard"), pk__gt=OuterRef("pk"), by__isnull=False
    ).order_by("pk")
    rows = HazardStep.objects.filter(
        inside(p.region, "hazard__region_code"),
        verb="escalate",
        level=Hazard.Level.TOWN,
        at__gte=first,
        at__lt=p.moments[1],
    ).annotate(answered=Subquery(answer.values("at")[:1]))
    for pk, place, at, answered in rows.values_list("pk", "hazard__region_code", "at", "answered"):
        limit = workdays.add(_local(at), JOINT_DAYS, p.holidays)
        done = answered is not None and _local(answered) <= p.last
        if p.holds(limit, done):
            yield Row(pk, float(done and _local(answered) <= limit), place, limit)


def service(p: Period) -> Iterator[Row]:
    """Services planned in the month at firms of the county; 1 where delivered by the planned day and not disputed."""
    rows = Service.objects.filter(
        inside(p.region, "enterprise__organisation__region_code"), planned_on__range=(p.month, p.last)
    )
    for pk, agency, engineer, planned, state, delivered in rows.exclude(state=Service.State.DROPPED).values_list(
        "pk", "agency_id", "engineer_id", "planned_on", "state", "delivered_at"
    ):
        done = delivered is not None and state in (Service.State.DELIVERED, Service.State.ACCEPTED)
        if p.holds(planned, done):
            ok = float(done and _local(delivered) <= planned)
            yield Row(pk, ok, agencies=(agency,), engineers=(engineer,) if engineer else ())


def rating(p: Period) -> Iterator[Row]:
    """Ratings of a year, each the mean of its aspects, by firms of the county."""
    first = start_of(months_back(p.month, RATING_MONTHS - 1))
    rows = Rating.objects.filter(
        inside(p.region, "service__enterprise__organisation__region_code"), at__gte=first, at__lt=p.moments[1]
    )
    fields = ("pk", "skill", "timeliness", "effect", "service__agency_id", "service__engineer_id")
    for pk, skill, timeliness, effect, agency, engineer in rows.values_list(*fields):
        mean = (skill + timeliness + effect) / 3
        yield Row(pk, mean, agencies=(agency,), engineers=(engineer,) if engineer else ())


def recheck(p: Period) -> Iterator[Row]:
    """Re-inspections in the month, by others, of what an agency found or helped to cure; 1 where it held."""
    begin, end = p.moments
    theirs = (OuterRef("hazard__found_for"), OuterRef("hazard__helper"))
    own = Post.objects.filter(Q(organisation=theirs[0]) | Q(organisation=theirs[1]), user=OuterRef("by"))
    rows = HazardStep.objects.filter(
        Q(hazard__found_for__isnull=False) | Q(hazard__helper__isnull=False), ~Exists(own), inside(p.region, "hazard__region_code"),
        verb__in=("pass", "fail"), at__gte=begin, at__lt=end,
    )  # fmt: skip
    found = list(
        rows.values_list(
            "pk", "verb", "hazard__found_for_id", "hazard__helper_id", "hazard__found_by_id", "hazard__cured_by_id"
        )
    )
    people = {pk for row in found for pk in row[4:] if pk}
    engineers: dict[tuple[int | None, int], int] = {
        (agency, user): pk
        for pk, agency, user in Engineer.objects.filter(user__in=people)
        .order_by("pk")
        .values_list("pk", "agency_id", "user_id")
    }
    for pk, verb, finder, helper, finds, cures in found:
        hands = [engineers.get((finder, finds)), engineers.get((helper, cures))]
        yield Row(
            pk,
            float(verb == "pass"),
            agencies=tuple({one for one in (finder, helper) if one}),
            engineers=tuple({one for one in hands if one}),
        )


SOURCES: Final[dict[str, Callable[[Period], Iterator[Row]]]] = {
    "patrol": patrol, "on_time": on_time, "review": review, "verify": verify, "cure": cure, "days": days, "file": file, "joint": joint,
    "service": service, "rating": rating, "recheck": recheck,
}  # fmt: skip


class Tenures:
    """Who held which grid on which day. One query."""

    def __init__(self, p: Period) -> None:
        posts = Post.objects.filter(inside(p.region), role="grid_officer", organisation=None, since__lte=p.last)
        self.held: dict[str, list[tuple[date, date | None, int]]] = defaultdict(list)
        self.people: dict[int, str] = {}
        for code, since, until, user in (
            posts.filter(Q(until__isnull=True) | Q(until__gte=p.month))
            .order_by("since", "pk")
            .values_list("region_code", "since", "until", "user_id")
        ):
            self.held[code].append((since, until, user))
            self.people[user] = code

    def holder(self, place: str, day: date | None) -> int | None:
        """Return who held the grid (or the larger grid around it) that day, the longest in office first."""
        for length in range(len(place), TOWN_DIGITS, -1):
            for since, until, user in self.held.get(place[:length], ()):
                if day is not None and since <= day and (until is None or day <= until):
                    return user
        return None


Found = dict[str, dict[str, list[Case]]]
"""{subject: {indicator: records}}."""


def gather(kind: str, p: Period, tenures: Tenures, seen: dict[str, list[Row]] | None = None) -> Found:
    """Return the records of every subject of a kind in a month; one query an indicator.

    `seen` keeps rows between kinds that share an indicator.
    """
    found: Found = defaultdict(lambda: defaultdict(list))
    seen = {} if seen is None else seen
    if not p.holidays:
        p.holidays = Holiday.objects.overrides()
    for indicator in of_kind(kind):
        if indicator.code not in seen:
            seen[indicator.code] = list(SOURCES[indicator.code](p))
        for row in seen[indicator.code]:
            for subject in _subjects(kind, indicator.code, row, tenures):
                found[subject][indicator.code].append((row.pk, row.value))
    return found


def _subjects(kind: str, code: str, row: Row, tenures: Tenures) -> list[Any]:
    if kind == Kind.AGENCY:
        return [str(pk) for pk in row.agencies]
    if kind == Kind.ENGINEER:
        return [str(pk) for pk in row.engineers]
    if kind == Kind.TOWN:
        return [row.place[:TOWN_DIGITS]] if len(row.place) >= TOWN_DIGITS else []
    by = row.by if INDICATORS[code].by_act and row.by is not None else tenures.holder(row.place, row.day)
    return [str(by)] if by in tenures.people else []
