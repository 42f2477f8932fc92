"""Reads that need more than one table: the shelf of ledgers of a firm, filters of a list, what is due when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.enterprises.models import Enterprise
from anlan.ledgers.models import Entry, Step, Template
from anlan.lib.codes import Malformed
from anlan.lib.dates import parse_date

STATES = (
    Entry.State.DRAFT,
    Entry.State.KEPT,
    Entry.State.PENDING,
    Entry.State.RETURNED,
    Entry.State.VALID,
    Entry.State.CLOSED,
    Entry.State.VOID,
)


def period_of(rhythm: str, day: date) -> tuple[date, date] | None:
    """First and last day of the period of this rhythm that holds `day`; None for ledgers without rhythm."""
    months = {"month": 1, "quarter": 3, "half": 6, "year": 12}.get(rhythm)
    if months is None:
        return None
    first = day.replace(month=(day.month - 1) // months * months + 1, day=1)
    after = (first + timedelta(days=31 * months)).replace(day=1)
    return first, after - timedelta(days=1)


@dataclass(slots=True)
class Shelf:
    """One ledger of a firm as its list shows it."""

    template: Template
    count: int = 0
    drafts: int = 0
    pending: int = 0
    over: int = 0
    last: datetime | None = None
    due: date | None = None
    """Last day of the present period, when nothing was entered in it yet."""

    @property
    def due_at(self) -> datetime | None:
        """The moment the period ends."""
        return timezone.make_aware(datetime.combine(self.due, time(23, 59, 59))) if self.due else None


def shelves(firm: Enterprise, user: User) -> list[Shelf]:
    """The ledgers that this firm may fill in or has filled in, those that are due first. Two queries."""
    entries, today = Entry.objects.visible_to(user).filter(enterprise=firm), timezone.localdate()
    rows = entries.order_by().values("template_id").annotate(
        n=Count("id", filter=~Q(state__in=["draft", "void"])), drafts=Count("id", filter=Q(state="draft", revision__gt=0)),
        pending=Count("id", filter=Q(state="pending")),
        over=Count("id", filter=Q(state="valid", valid_until__lt=timezone.now())),
        last=Max("entered_at", filter=~Q(state__in=["draft", "void"])),
    )  # fmt: skip
    counts = {row["template_id"]: row for row in rows}
    live = Template.objects.for_firm(firm)
    if user.post is not None and user.post.organisation_id == firm.pk and not user.may(powers.MANAGE_ENTERPRISE):
        live = live.filter(by_workers=True)
    found = []
    for template in Template.objects.filter(Q(pk__in=live.values("pk")) | Q(pk__in=list(counts))).order_by(
        "category", "pk"
    ):
        row: Any = counts.get(template.pk) or {}
        last, period = row.get("last"), period_of(template.rhythm, today)
        due = (
            period[1]
            if period and not template.retired_at and (last is None or timezone.localtime(last).date() < period[0])
            else None
        )
        found.append(
            Shelf(template, row.get("n", 0), row.get("drafts", 0), row.get("pending", 0), row.get("over", 0), last, due)
        )
    return sorted(found, key=lambda shelf: (shelf.due is None, shelf.due or today, shelf.template.pk))


def to_sign(user: User) -> QuerySet[Step]:
    """The signatures that wait for this person now."""
    post = user.post
    if post is None or not post.organisation_id:
        return Step.objects.none()
    waiting = Step.objects.filter(
        entry__enterprise_id=post.organisation_id, entry__state=Entry.State.PENDING, state=Step.State.WAITING
    ).exclude(entry__created_by=user)
    mine = Q(person_id=user.pk)
    if user.may(powers.MANAGE_ENTERPRISE):
        mine |= Q(who=Step.Who.MANAGER)
    if post.role_id == "enterprise_admin":
        mine |= Q(who=Step.Who.HEAD)
    found = waiting.filter(mine).select_related("entry__template", "entry__created_by").order_by("pk")
    earlier = Step.objects.filter(
        entry__state=Entry.State.PENDING, state=Step.State.WAITING, entry__enterprise_id=post.organisation_id
    )
    first: dict[tuple[int, int], int] = {}
    for entry_id, number, position in earlier.values_list("entry_id", "round", "position"):
        first[entry_id, number] = min(position, first.get((entry_id, number), position))
    return found.filter(pk__in=[step.pk for step in found if first.get((step.entry_id, step.round)) == step.position])


@dataclass(slots=True)
class Conditions:
    """The filters of a list of entries, as the address holds them."""

    words: str = ""
    state: str = ""
    since: date | None = None
    until: date | None = None

    @classmethod
    def read(cls, get: QueryDict | dict[str, str]) -> Conditions:
        """Read them; what is no condition is not one."""
        return cls(
            str(get.get("q", "")).strip()[:60],
            str(get.get("state", "")) if get.get("state") in {*STATES, "over"} else "",
            _day(get.get("since")),
            _day(get.get("until")),
        )

    def apply(self, entries: QuerySet[Entry]) -> QuerySet[Entry]:
        """Return the entries that meet them, newest first. Drafts that nobody touched are never listed."""
        found = entries.exclude(state=Entry.State.DRAFT, revision=0)
        if self.words:
            found = found.filter(Q(search__icontains=self.words) | Q(number__icontains=self.words))
        if self.state == "over":
            found = found.filter(state=Entry.State.VALID, valid_until__lt=timezone.now())
        elif self.state:
            found = found.filter(state=self.state)
        if self.since:
            found = found.filter(entered_at__gte=timezone.make_aware(datetime.combine(self.since, time())))
        if self.until:
            found = found.filter(
                entered_at__lt=timezone.make_aware(datetime.combine(self.until + timedelta(days=1), time()))
            )
        return (
            found.order_by(F("entered_at").desc(nulls_first=True), "-pk")
            if self.state != "draft"
            else found.order_by("-updated_at")
        )

    @property
    def chips(self) -> list[tuple[str, str]]:
        """(name of the parameter, words) of what is set."""
        states = {value: str(label) for value, label in Entry.State.choices} | {"over": _("已过期，待验收")}
        found = []
        if self.words:
            found.append(("q", f"“{self.words}”"))
        if self.state:
            found.append(("state", states[self.state]))
        if self.since:
            found.append(("since", _("%(day)s 起") % {"day": self.since.isoformat()}))
        if self.until:
            found.append(("until", _("到 %(day)s") % {"day": self.until.isoformat()}))
        return found

    def as_dict(self) -> dict[str, Any]:
        """As JSON, for a task."""
        return {
            "q": self.words, "state": self.state,
            "since": self.since.isoformat() if self.since else "", "until": self.until.isoformat() if self.until else "",
        }  # fmt: skip


def _day(text: str | None) -> date | None:
    try:
        return parse_date(text, today=timezone.localdate()) if text else None
    except Malformed:
        return None
