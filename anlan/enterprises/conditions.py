"""What the address of the list and of the map asks for, what it means, and the address again with one thing changed."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import Organisation
from anlan.accounts.models.regions import inside, is_narrow
from anlan.enterprises.industries import industries
from anlan.enterprises.models import Enterprise, FirmTag, Permit
from anlan.lib.asked import number
from anlan.lib.errors import Text
from anlan.tallies.models import Tally

COMPLETE: Final = {"under60": (0, 60), "under80": (0, 80), "over80": (80, 101), "none": None}
OLD_DAYS: Final = 365
"""A file that nobody has confirmed for a year is old (E-03)."""
MOST_IDS: Final = 500
FEW: Final = 2_000
"""Hits of a search that are passed on as keys."""
HAS: Final = {
    "chemicals": "has_chemicals", "equipment": "has_special_equipment", "operations": "has_special_operations",
    "dust": "has_dust", "space": "has_confined_space", "dormitory": "has_dormitory",
}  # fmt: skip
ORDERS: Final = ("risk", "permit", "size", "name", "verified", "newest")


def choices_of() -> dict[str, Mapping[str, Text]]:
    """What each key of the address may be, in words: the filters, their chips, and what is dropped as unknown."""
    return {
        "section": {code: entry.name for code, entry in industries().items() if len(code) in (1, 3)},
        "risk": {"high": _("重大、较大风险")} | dict(Enterprise.Risk.choices),
        "size": dict(Enterprise.Size.choices),
        "permit": {"expired": _("许可已过期"), "30": _("许可 30 天内到期"), "60": _("许可 60 天内到期"), "90": _("许可 90 天内到期")},
        "verified": {"never": _("从未核实"), "old": _("一年以上没有核实"), "fresh": _("一年内核实过")},
        "status": {"closed": _("已注销"), "merged": _("已并入"), "any": _("含注销、并入")},
        "code": {"none": _("无统一社会信用代码")},
        "place": {"none": _("没有定位")},
        "training": {"under60": _("完成率低于 60%"), "under80": _("完成率低于 80%"), "over80": _("完成率 80% 以上"), "none": _("今年没有培训")},
    }  # fmt: skip


def has_choices() -> dict[str, str]:
    """The facts that make a firm dangerous, in words."""
    return {
        "chemicals": _("有危险化学品"), "equipment": _("有特种设备"), "operations": _("有特种作业"), "dust": _("有可燃粉尘"),
        "space": _("有有限空间"), "dormitory": _("车间楼内住人"),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chip:
    """One active condition: its words, and the query string without it."""

    key: str
    label: str
    without: str


@dataclass(slots=True)
class Conditions:
    """What an address asks for; everything unknown is dropped."""

    scope: str = ""
    words: str = ""
    region: str = ""
    section: str = ""
    risk: str = ""
    size: str = ""
    permit: str = ""
    verified: str = ""
    status: str = ""
    code: str = ""
    place: str = ""
    training: str = ""
    tag: int | None = None
    has: list[str] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    view: str = ""
    order: str = "risk"

    @classmethod
    def read(cls, query: QueryDict, scope: str) -> Conditions:
        """From a query string; a region outside `scope` (the post's territory) is the scope itself."""
        region = query.get("region", "")
        found = cls(
            scope=scope,
            words=query.get("q", "").replace("\0", "").strip()[:60],
            region=region if region.startswith(scope) and region.isalnum() and region.isascii() and len(region) <= 24 else scope,
            tag=number(query.get("tag")),
            has=[key for key in HAS if key in query.getlist("has")],
            ids=list(dict.fromkeys(n for n in map(number, _ids(query)) if n is not None))[:MOST_IDS],
            view=query.get("view", "") if query.get("view") in ("watch", "permits", "idle") else "",
            order=query.get("order", "") if query.get("order") in ORDERS else "risk",
        )  # fmt: skip
        for key, choices in choices_of().items():
            if query.get(key, "") in choices:
                setattr(found, key, query[key])
        return found

    def query(self, **changes: Any) -> str:
        """The canonical query string with `changes`; an empty value drops a key. Without page, beginning with "?"."""
        values: dict[str, Any] = {"q": self.words, "region": self.region if self.region != self.scope else ""}
        values |= {key: getattr(self, key) for key in choices_of()}
        values |= {"tag": self.tag, "has": self.has, "ids": ".".join(map(str, self.ids)), "view": self.view}
        values |= {"order": self.order if self.order != "risk" else ""} | changes
        made = QueryDict(mutable=True)
        for key, value in values.items():
            for one in value if isinstance(value, list) else [value]:
                if one not in (None, ""):
                    made.appendlist(key, str(one))
        return f"?{made.urlencode()}"

    @property
    def address(self) -> str:
        """The query string as it is."""
        return self.query()

    @property
    def chips(self) -> list[Chip]:
        """The active conditions besides region, view and order."""
        found = [Chip("q", f"“{self.words}”", self.query(q=""))] if self.words else []
        for key, choices in choices_of().items():
            if value := getattr(self, key):
                found.append(Chip(key, str(choices[value]), self.query(**{key: ""})))
        for key in self.has:
            found.append(Chip("has", has_choices()[key], self.query(has=[one for one in self.has if one != key])))
        if self.tag is not None:
            name = FirmTag.objects.filter(pk=self.tag).values_list("name", flat=True).first()
            found.append(Chip("tag", name or _("标签"), self.query(tag="")))
        if self.ids:
            found.append(Chip("ids", _("选出的 %(n)d 家") % {"n": len(self.ids)}, self.query(ids="")))
        return found

    @property
    def is_plain(self) -> bool:
        """Whether nothing but the region narrows the list."""
        bare = Conditions(scope=self.scope, region=self.region, order=self.order)
        return self == bare

    @property
    def extra(self) -> bool:
        """Whether a condition behind 更多条件 is active."""
        more = (self.size, self.permit, self.verified, self.status, self.code, self.place, self.training, self.tag)
        return any(value not in ("", None) for value in more) or bool(self.has)

    def apply(self, firms: QuerySet[Enterprise]) -> QuerySet[Enterprise]:
        """The firms that meet the conditions, not yet ordered."""
        if self.status != "any":
            firms = firms.filter(status=self.status or Enterprise.Status.ACTIVE)
        if self.region:
            firms = firms.filter(inside(self.region))
        if self.words:
            firms = firms.filter(_named(self.words, self.region))
        if self.section:
            firms = firms.filter(inside(self.section, "industry"))
        if self.risk:
            firms = firms.filter(risk__in=["red", "orange"] if self.risk == "high" else [self.risk])
        if self.size:
            firms = firms.filter(size=self.size)
        if self.permit or self.view == "permits":
            firms = firms.filter(_permit_within(self.permit or "60"))
        if self.verified:
            firms = firms.filter(_verified(self.verified))
        if self.code:
            firms = firms.filter(organisation__credit_code__isnull=True)
        if self.place:
            firms = firms.filter(Q(latitude__isnull=True) | Q(longitude__isnull=True))
        if self.tag is not None:
            firms = firms.filter(Exists(FirmTag.objects.filter(pk=self.tag, enterprises=OuterRef("pk"))))
        for key in self.has:
            firms = firms.filter(**{HAS[key]: True})
        if self.ids:
            firms = firms.filter(pk__in=self.ids)
        if self.training or self.view == "idle":
            firms = _by_training(firms, self.training or "none")
        if self.view == "watch":
            firms = firms.filter(risk__in=["red", "orange"])
        return firms

    def sorted(self, firms: QuerySet[Enterprise]) -> QuerySet[Enterprise]:
        """The firms in the order asked for; the id makes pages stable."""
        nothing = 0 if is_narrow(self.region) else None  # a sum is in no index, see `is_narrow`
        if self.order == "name":
            return firms.order_by("organisation__name", "pk")
        if self.order == "size":
            return firms.order_by(_plus("headcount", nothing).desc(), "pk")
        if self.order == "permit":
            return with_permit_until(firms).order_by(F("permit_until").asc(nulls_last=True), "pk")
        if self.order == "verified":
            return firms.order_by(F("verified_at").asc(nulls_first=True), "pk")
        if self.order == "newest":
            return firms.order_by(_plus("pk", nothing).desc())
        return firms.order_by(_plus("rank", nothing).asc(), "-headcount", "pk")


def _plus(name: str, number: int | None) -> Any:
    return F(name) if number is None else F(name) + number


def _ids(query: QueryDict) -> list[str]:
    """Chosen firms: `ids=1.2.3` as links carry them, `firms=1&firms=2` as a form of tick boxes sends them."""
    return [*query.get("ids", "")[: 20 * MOST_IDS].split("."), *query.getlist("firms")[:MOST_IDS]]


def _named(words: str, region: str) -> Q:
    """Name, credit code or legal person. Chinese has no upper case: a plain LIKE spares folding 100,000 names.

    Few hits are looked up first: a database that walks the list in its order to find twenty among 100,000 takes far
    longer than two scans. With many hits the walk ends soon.
    """
    plain = unicodedata.normalize("NFKC", words)
    how = "icontains" if any(sign.isascii() and sign.isalpha() for sign in plain) else "contains"
    named, led = Q(**{f"name__{how}": plain}), Q(**{f"legal_person__{how}": plain})
    if plain.isascii():
        named |= Q(credit_code__startswith=plain.upper())
    organisations = Organisation.objects.filter(named, kind=Organisation.Kind.ENTERPRISE)
    if region:
        organisations = organisations.filter(inside(region))
    firms = Enterprise.objects.filter(led)
    hits = list(organisations.order_by().values_list("pk").union(firms.order_by().values_list("pk"))[: FEW + 1])
    if len(hits) <= FEW:
        return Q(pk__in=[pk for (pk,) in hits])
    return Q(organisation__in=organisations) | led


def _permit_within(choice: str) -> Q:
    today = timezone.localdate()
    held = Permit.objects.held().filter(enterprise=OuterRef("pk"))
    until = (
        held.filter(until__lt=today) if choice == "expired" else held.filter(until__lte=today + timedelta(int(choice)))
    )
    return Q(Exists(until))


def _verified(choice: str) -> Q:
    if choice == "never":
        return Q(verified_at__isnull=True)
    border = timezone.now() - timedelta(days=OLD_DAYS)
    old = Q(verified_at__lt=border) | Q(verify_by__lt=timezone.localdate())
    return old if choice == "old" else Q(verified_at__gte=border) & ~Q(verify_by__lt=timezone.localdate())


def permits_ending() -> Q:
    """Firms of which a permit has ended or ends within 60 days."""
    return Q(Exists(Permit.objects.ending().filter(enterprise=OuterRef("pk"))))


def with_permit_until(firms: QuerySet[Enterprise]) -> QuerySet[Enterprise]:
    """The firms with `permit_until`, the first end among the permits they hold (None: none ends)."""
    first = Permit.objects.held().filter(enterprise=OuterRef("pk"), until__isnull=False).order_by("until")
    return firms.annotate(permit_until=Subquery(first.values("until")[:1]))


def of_this_year() -> Q:
    """Counters of the months of this year."""
    today = timezone.localdate()
    return Q(month__gte=date(today.year, 1, 1), month__lte=date(today.year, 12, 31))


def _sum(measure: str) -> Any:
    rows = Tally.objects.filter(of_this_year(), subject_kind="enterprise", subject_id=OuterRef("pk"), measure=measure)
    return Coalesce(Subquery(rows.values("subject_id").annotate(n=Sum("amount")).values("n")[:1]), 0)


def _by_training(firms: QuerySet[Enterprise], choice: str) -> QuerySet[Enterprise]:
    firms = firms.annotate(n_enrolled=_sum("enrolled"), n_learnt=_sum("learnt"))
    bounds = COMPLETE[choice]
    if bounds is None:
        return firms.filter(n_enrolled__lte=0)
    low, high = bounds
    return firms.filter(
        n_enrolled__gt=0,
        n_learnt__gte=F("n_enrolled") * low / Value(100.0),
        n_learnt__lt=F("n_enrolled") * high / Value(100.0),
    )
