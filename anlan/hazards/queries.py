"""The list of hazards: what its conditions mean, and the figures on its tabs. Reads only."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.core.cache import cache
from django.db.models import Count, F, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.accounts.models import Organisation, Region, User
from anlan.accounts.models.regions import inside, is_narrow
from anlan.enterprises.industries import sections
from anlan.enterprises.models import Enterprise
from anlan.hazards import life
from anlan.hazards.models import Hazard
from anlan.lib.errors import Text

MOST: Final = 10_000
"""Rows that a list counts and pages through; beyond it says "more than" and asks for a condition."""
COUNTY_DIGITS: Final = 6
FRESH: Final = 30
FIRMS: Final = 200
"""Firms whose name holds the words; more names than that are no search."""
REGION_LENGTHS: Final = (2, 4, 6, 9, 12)
VIEWS: Final[Mapping[str, Text]] = {
    "": gettext_lazy("未闭环"), "late": gettext_lazy("逾期"), "week": gettext_lazy("本周到期"), "check": gettext_lazy("待复查"),
    "major": gettext_lazy("重大"), "all": gettext_lazy("全部"),
}  # fmt: skip


@dataclass(slots=True)
class Conditions:
    """What the address of the list asks for; everything unknown is dropped."""

    words: str = ""
    region: str = ""
    state: str = ""
    grade: str = ""
    kind: str = ""
    source: str = ""
    section: str = ""
    level: str = ""
    firm: str = ""
    since: str = ""
    until: str = ""
    view: str = ""
    order: str = ""
    chips: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def read(cls, query: QueryDict, user: User) -> Conditions:
        """From a query string; a region outside the post's territory is the territory itself. A firm that one does not see
        has no name here, as it has no hazards."""
        scope, region = user.post.region_code if user.post else "", query.get("region", "")
        known: dict[str, Mapping[str, Text]] = {
            "state": dict(Hazard.State.choices),
            "grade": dict(Hazard.Grade.choices),
            "kind": dict(Hazard.Kind.choices),
            "source": dict(Hazard.Source.choices),
            "section": dict(sections()),
            "level": {str(key): label for key, label in Hazard.Level.choices},
            "view": VIEWS,
            "order": {"deadline": "", "new": ""},
        }
        found = cls(
            words=query.get("q", "").strip()[:60],
            region=region if region.startswith(scope) and region.isalnum() else scope,
        )
        if found.words:
            found.chips.append(("q", f"“{found.words}”"))
        for key, choices in known.items():
            value = query.get(key, "")
            if value in choices:
                setattr(found, key, value)
                if key not in ("view", "order") and value:
                    found.chips.append((key, str(choices[value])))
        for key, label in (("since", _("%(day)s 起")), ("until", _("到 %(day)s"))):
            try:
                setattr(found, key, date.fromisoformat(query.get(key, "")).isoformat())
            except ValueError:
                continue
            found.chips.append((key, label % {"day": getattr(found, key)}))
        firm = query.get("firm", "")
        if firm.isascii() and firm.isdigit() and len(firm) < 16:
            found.firm = firm
            seen = Enterprise.objects.visible_to(user).filter(pk=int(firm))
            found.chips.append(("firm", seen.values_list("organisation__name", flat=True).first() or firm))
        return found

    @property
    def ordered(self) -> str:
        """The order in force: what is late or due soon by deadline, the rest newest first."""
        return self.order or ("deadline" if self.view in ("late", "week") else "new")

    def apply(self, hazards: QuerySet[Hazard], scope: str) -> QuerySet[Hazard]:
        """The hazards that meet the conditions, not yet ordered."""
        today = timezone.localdate()
        if self.region and self.region != scope:
            hazards = hazards.filter(inside(self.region))
        if self.view == "late":
            hazards = hazards.filter(late(today))
        elif self.view == "week":
            hazards = hazards.filter(due_this_week(today))
        elif self.view == "check":
            hazards = hazards.filter(state__in=("cured", "passed"))
        elif self.view == "major":
            hazards = hazards.filter(state__in=Hazard.OPEN, grade=Hazard.Grade.MAJOR)
        elif not self.view and not self.state:
            hazards = hazards.filter(state__in=Hazard.OPEN)
        for name in ("state", "grade", "kind", "source", "level"):
            if value := getattr(self, name):
                hazards = hazards.filter(**{name: value})
        if self.section:
            hazards = hazards.filter(industry__startswith=self.section)
        if self.firm:
            hazards = hazards.filter(enterprise_id=int(self.firm))
        if self.since:
            hazards = hazards.filter(found_at__gte=_start(date.fromisoformat(self.since)))
        if self.until:
            hazards = hazards.filter(found_at__lt=_start(date.fromisoformat(self.until) + timedelta(days=1)))
        return hazards.filter(self._means(scope)) if self.words else hazards

    @property
    def reads_titles(self) -> bool:
        """Whether words are looked for in what was seen too: from the county down, where a scan is short."""
        return len(self.region) >= COUNTY_DIGITS or not self.region

    def _means(self, scope: str) -> Q:
        plain = unicodedata.normalize("NFKC", self.words)
        # Chinese has no upper case: a plain LIKE can use the index of three signs in a row.
        how = "icontains" if any(sign.isascii() and sign.isalpha() for sign in plain) else "contains"
        firms = Organisation.objects.filter(
            inside(self.region), kind=Organisation.Kind.ENTERPRISE, **{f"name__{how}": plain}
        )
        found = Q(number__startswith=plain.upper()) | Q(
            enterprise_id__in=list(firms.order_by().values_list("pk", flat=True)[:FIRMS])
        )
        if self.reads_titles:
            found |= Q(title__icontains=plain) | Q(place__icontains=plain)
        return found

    @property
    def is_plain(self) -> bool:
        """Whether nothing but the region and the tab narrows the list: the figure on the tab is then its length."""
        return self.view != "all" and not self.chips

    def sorted(self, hazards: QuerySet[Hazard]) -> QuerySet[Hazard]:
        """In the order in force; the id makes pages stable."""
        if self.ordered == "deadline":
            return hazards.order_by("deadline", "pk")
        return hazards.order_by((F("pk") + 0).desc() if is_narrow(self.region) else "-pk")


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def late(today: date) -> Q:
    """Overdue: the deadline has passed and nobody has said that it is cured."""
    return Q(state__in=sorted(life.TICKING), deadline__lt=today)


def due_this_week(today: date) -> Q:
    """The deadline lies between today and Sunday."""
    return Q(
        state__in=sorted(life.TICKING), deadline__gte=today, deadline__lte=today + timedelta(days=6 - today.weekday())
    )


def capped(hazards: QuerySet[Hazard]) -> int:
    """How many there are, as far as MOST + 1: never a count of millions."""
    return hazards.order_by().values("pk")[: MOST + 1].count()


def tab_counts(user: User, region: str) -> dict[str, int]:
    """Open hazards under each tab, at most 30 seconds old. One query over what is open."""
    post = user.post
    key = f"hazards:tabs:{_territory(user)}:{region}"
    found: dict[str, int] | None = cache.get(key)
    if found is None:
        today = timezone.localdate()
        hazards = Hazard.objects.visible_to(user).open()
        if region and (post is None or region != post.region_code):
            hazards = hazards.filter(inside(region))
        found = hazards.aggregate(
            open=Count("pk"),
            late=Count("pk", filter=late(today)),
            week=Count("pk", filter=due_this_week(today)),
            check=Count("pk", filter=Q(state__in=("cured", "passed"))),
            major=Count("pk", filter=Q(grade="major")),
        )
        cache.set(key, found, FRESH)
    return found


def count_of(user: User, asked: Conditions, hazards: QuerySet[Hazard]) -> int:
    """Rows under these conditions, capped; remembered for 30 seconds."""
    shown = "|".join(str(getattr(asked, name)) for name in asked.__dataclass_fields__ if name not in ("chips", "order"))
    digest = hashlib.sha256(shown.encode()).hexdigest()[:24]
    key = f"hazards:count:{_territory(user)}:{digest}"
    found: int | None = cache.get(key)
    if found is None:
        found = capped(hazards)
        cache.set(key, found, FRESH)
    return found


def _territory(user: User) -> str:
    """Whose figures they are: all regulators of a territory see the same, everybody else has their own."""
    post = user.post
    if post is not None and post.is_territorial:
        return f"in-{post.region_code}"
    return f"post-{post.pk if post else 0}-of-{user.pk}"


def chosen(conditions: str, user: User) -> QuerySet[Hazard]:
    """The hazards that a query string means to this user, in its order."""
    scope = user.post.region_code if user.post else ""
    asked = Conditions.read(QueryDict(conditions), user)
    return asked.sorted(asked.apply(Hazard.objects.visible_to(user), scope))


def region_names(codes: set[str]) -> dict[str, str]:
    """Full names of regions. One query."""
    return dict(Region.objects.filter(pk__in=codes).values_list("code", "full_name"))


def deeper(region: str) -> int | None:
    """Length of the codes one level below; None at the lowest."""
    return next((n for n in REGION_LENGTHS if n > len(region)), None)


def state_tone(hazard: Hazard) -> str:
    """Tone of the state word: late, live, done or none."""
    if hazard.days_over:
        return "late"
    return {"closed": "done", "void": ""}.get(hazard.state, "live")


def rows_of(hazards: list[Hazard]) -> list[dict[str, Any]]:
    """What a row of the list shows beside the hazard itself. One query."""
    names = region_names({hazard.region_code for hazard in hazards})
    return [
        {"hazard": hazard, "region": names.get(hazard.region_code, hazard.region_code), "tone": state_tone(hazard)}
        for hazard in hazards
    ]
