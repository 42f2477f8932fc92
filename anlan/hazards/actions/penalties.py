"""Administrative penalties, and how near a firm is to what article 113 of the Work Safety Law names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.enterprises.models import Enterprise
from anlan.files.actions import store
from anlan.hazards import people
from anlan.hazards.models import Hazard, Penalty
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify

HALF_YEAR: Final = timedelta(days=180)
IN_HALF_YEAR: Final = 3
IN_YEAR: Final = 4
"""安全生产法 113 (1): a major hazard, and three penalties within 180 days or four within a year under this law."""
PAPERS: Final = frozenset({"application/pdf", "image/"})


@dataclass(frozen=True, slots=True)
class Article113:
    """The two counters of a firm on one day, and whether it has a major hazard open."""

    in_half_year: int
    in_year: int
    major_open: bool

    @property
    def met(self) -> bool:
        """Whether the article's first case is met."""
        return self.major_open and (self.in_half_year >= IN_HALF_YEAR or self.in_year >= IN_YEAR)

    @property
    def next_meets(self) -> bool:
        """Whether one more penalty would meet it."""
        return not self.met and (self.in_half_year + 1 >= IN_HALF_YEAR or self.in_year + 1 >= IN_YEAR)


def year_before(day: date) -> date:
    """The same day of the year before; 28 February for a leap day."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def article_113(enterprise_id: int, on: date | None = None) -> Article113:
    """Count a firm's penalties of the last 180 days and of the last year, `on` (today) included. Two queries."""
    day = on or timezone.localdate()
    days = list(
        Penalty.objects.filter(
            enterprise_id=enterprise_id, decided_on__gt=year_before(day), decided_on__lte=day
        ).values_list("decided_on", flat=True)
    )
    major = Hazard.objects.open().filter(enterprise_id=enterprise_id, grade=Hazard.Grade.MAJOR).exists()
    return Article113(sum(given > day - HALF_YEAR for given in days), len(days), major)


def can_penalise(enterprise: Enterprise, user: User) -> bool:
    """Whether the user enters penalties there: COORDINATE in the territory."""
    return (
        user.may(powers.COORDINATE)
        and user.post is not None
        and user.post.is_territorial
        and enterprise.organisation.region_code.startswith(user.post.region_code)
    )


@transaction.atomic
def enter_penalty(
    enterprise: Enterprise,
    *,
    by: User,
    decided_on: date,
    document: str,
    article: str,
    fen: int = 0,
    stopped: bool = False,
    hazard: Hazard | None = None,
    paper: File[bytes] | None = None,
) -> Penalty:
    """Enter a penalty that was decided outside the platform. Raises `Refused`: not yours (403), bad input (422), known (409)."""
    if not can_penalise(enterprise, by):
        raise Refused(_("登记处罚不在您现在这个身份的职责里。"), code="not_yours", status=403)
    if decided_on > timezone.localdate():
        raise Refused(_("决定日期在将来，请核对。"), code="future", status=422, field="decided_on")
    for value, field in ((document, "document"), (article, "article")):
        if not value.strip():
            raise Refused(_("请填写文号和处罚依据。"), code="empty", status=422, field=field)
    if hazard is not None and hazard.enterprise_id != enterprise.pk:
        raise Refused(_("这条隐患不是这家企业的。"), code="other_firm", status=422, field="hazard")
    blob = (
        store(paper, name=paper.name or "penalty", owner=("penalty", str(enterprise.pk)), by_id=by.pk, kinds=PAPERS)
        if paper
        else None
    )
    try:
        with transaction.atomic():
            penalty = Penalty.objects.create(
                enterprise=enterprise, hazard=hazard, decided_on=decided_on, document=document.strip()[:80], article=article.strip()[:80],
                fen=fen, stopped=stopped, file=blob, by=by,
            )  # fmt: skip
    except IntegrityError:
        raise Refused(_("这个文号已经登记过。"), code="known", field="document") from None
    region = enterprise.organisation.region_code
    record("enter_penalty", penalty, by=by, region_code=region, firm=str(enterprise), document=penalty.document)
    now = article_113(enterprise.pk)
    told = {*people.managers_of(enterprise.pk)}
    title = _("登记了一次行政处罚：%(document)s") % {"document": penalty.document}
    url = reverse("hazards:penalties", args=[enterprise.pk])
    notify(people.but(told, by.pk), "penalty", title, key=f"penalty:{penalty.pk}", url=url)
    if now.next_meets or now.met:
        text = _("180 天内 %(a)d 次，1 年内 %(b)d 次，见安全生产法第一百一十三条。") % {
            "a": now.in_half_year,
            "b": now.in_year,
        }
        told |= {*people.officers_of(region, Hazard.Level.COUNTY)}
        notify(
            told,
            "penalty",
            _("%(firm)s 的处罚次数接近或达到法定条件") % {"firm": enterprise},
            key=f"penalty-113:{penalty.pk}",
            text=text,
            url=url,
        )
    return penalty
