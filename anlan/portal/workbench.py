"""The cards of a workbench: what each power wants to see beside what is due. Composition only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import Region, User
from anlan.audit.models import Record
from anlan.enterprises.models import Enterprise, Worker
from anlan.lib.errors import Text
from anlan.portal.frame import Item
from anlan.supervision import indicators
from anlan.tallies.models import Delta, Tally
from anlan.training.models import Course, Enrolment, LessonQuestion, Recording, TrainingClass


@dataclass(slots=True)
class Card:
    """A panel of the workbench: its template and what that shows."""

    template: str
    data: dict[str, Any] = field(default_factory=dict)


LINKS: tuple[tuple[str, Text, str, str], ...] = (
    (powers.MANAGE_ENTERPRISE, _("导入花名册"), "table-import", "enterprises:rosters"),
    (powers.ASSIGN_TRAINING, _("开培训班"), "school", "training:class-new"),
    (powers.SUPERVISE, _("区域总览"), "map-2", "supervision:overview"),
    (powers.TEACH, _("教学台"), "chalkboard", "training:desk"),
    (powers.READ_AUDIT, _("操作记录"), "history", "audit:list"),
    (powers.OPERATE, _("平台运行"), "activity", "operations:status"),
)


def links_for(user: User) -> list[Item]:
    """Return at most two short cuts at the head of the page."""
    return [Item(label, icon, reverse(name)) for power, label, icon, name in LINKS if user.may(power)][:2]


def cards_for(user: User) -> tuple[list[Card], list[Card]]:
    """Return the cards of the left and the right column for the present post."""
    left: list[Card] = []
    right: list[Card] = []
    if user.post is None:
        return left, right
    if user.may(powers.MANAGE_ENTERPRISE) and user.post.organisation_id:
        left.append(classes_card(user))
        right.append(firm_card(user))
    if user.may(powers.SUPERVISE) and user.post.region_code:
        left.append(territory_card(user))
        right.append(figures_card(user))
    if user.may(powers.TEACH):
        left.append(desk_card(user))
    if user.may(powers.READ_AUDIT):
        right.append(audit_card())
    if user.may(powers.OPERATE):
        right.append(machine_card())
    return left, right


def classes_card(user: User) -> Card:
    """Classes under way in one's firm, the nearest deadline first."""
    classes = (
        TrainingClass.objects.visible_to(user)
        .filter(state=TrainingClass.State.OPEN)
        .annotate(
            people=Count("enrolments", filter=~Q(enrolments__state=Enrolment.State.WITHDRAWN)),
            done=Count("enrolments", filter=Q(enrolments__state__in=[Enrolment.State.LEARNT, Enrolment.State.PASSED])),
        )
        .order_by("deadline")[:5]
    )
    return Card("portal/cards/classes.html", {"classes": classes})


def firm_card(user: User) -> Card:
    """Risk grade of one's firm and how much of this year's assigned training is done."""
    firm = Enterprise.objects.visible_to(user).select_related("organisation").first()
    sums = dict(_sums_of_firm(firm.pk)) if firm else {}
    enrolled, learnt = sums.get("enrolled", 0), sums.get("learnt", 0)
    return Card(
        "portal/cards/firm.html",
        {
            "firm": firm, "enrolled": enrolled, "learnt": learnt, "rate": indicators.percent(learnt, enrolled),
            "workers": Worker.objects.visible_to(user).working().count(),
        },
    )  # fmt: skip


def _sums_of_firm(pk: int) -> list[tuple[str, int]]:
    year = timezone.localdate().year
    sums: dict[str, int] = {}
    rows = Tally.objects.filter(
        subject_kind="enterprise", subject_id=pk, month__gte=date(year, 1, 1), measure__in=("enrolled", "learnt")
    )
    for measure, amount in rows.values_list("measure", "amount"):
        sums[measure] = sums.get(measure, 0) + amount
    return list(sums.items())


def _year() -> tuple[date, date]:
    today = timezone.localdate()
    return date(today.year, 1, 1), today.replace(day=1)


def territory_card(user: User) -> Card:
    """The parts of the territory that are furthest behind."""
    assert user.post is not None  # noqa: S101 — cards_for() asked
    since, until = _year()
    rows = indicators.of_regions(Region.objects.children_of(user.post.region_code), since=since, until=until)
    behind = sorted((row for row in rows if row.completion is not None), key=lambda row: row.completion or 0)
    return Card("portal/cards/territory.html", {"rows": behind[:6], "parts": len(rows)})


def figures_card(user: User) -> Card:
    """The figures of the whole territory this year."""
    assert user.post is not None  # noqa: S101 — cards_for() asked
    since, until = _year()
    whole = indicators.of_regions(Region.objects.filter(pk=user.post.region_code), since=since, until=until)
    return Card("portal/cards/figures.html", {"whole": whole[0] if whole else None, "year": until.year})


def desk_card(user: User) -> Card:
    """A teacher's courses, open questions and recordings being made."""
    own = Course.objects.visible_to(user).filter(owner_id=user.post.organisation_id if user.post else None)
    return Card(
        "portal/cards/desk.html",
        {
            "courses": own.order_by("-created_at")[:6],
            "questions": LessonQuestion.objects.visible_to(user).filter(answered_at__isnull=True).count(),
            "recordings": Recording.objects.visible_to(user).exclude(state=Recording.State.READY).order_by("-pk")[:4],
        },
    )


def audit_card() -> Card:
    """The last things recorded, and how many rows are not sealed yet."""
    return Card(
        "portal/cards/audit.html",
        {
            "records": Record.objects.order_by("-id")[:6],
            "unsealed": Record.objects.filter(position__isnull=True).count(),
        },
    )


def machine_card() -> Card:
    """Queues of the machine."""
    return Card(
        "portal/cards/machine.html",
        {
            "deltas": Delta.objects.count(),
            "failed": Recording.objects.filter(state=Recording.State.FAILED).count(),
            "encoding": Recording.objects.filter(state__in=("queued", "encoding")).count(),
        },
    )
