"""Which firm a line of an extract is, what it changes, and writing that: the rules of the import from the registration.

Rules. A firm is found by its credit code. Without one, or where the house knows the name without a code, it is never
merged silently: a person says whether it is the same. A blank cell never erases a value. A firm in another town moves
only when the person ticked that; a firm called deregistered is closed only when the person ticked that, and is never
made anew. Every value that changes is noted with its source (`FileValue`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import Organisation, Region
from anlan.accounts.models.regions import inside
from anlan.enterprises.actions.moving import relocate
from anlan.enterprises.bulk import insert_many, update_many
from anlan.enterprises.extract_reading import FirmLine, Places, plain_name
from anlan.enterprises.models import Enterprise, Extract, FileValue
from anlan.enterprises.sizes import size_of
from anlan.lib import crypto
from anlan.lib.codes import Malformed, is_demo, mask_phone

VALUES: Final = (
    "legal_person", "registered_address", "address", "industry", "headcount", "contact_phone", "founded_on", "registered_by",
    "licence_number",
)  # fmt: skip
BEFORE: Final = "enterprises.ExtractChange.before"
"""What sealed phone numbers inside `ExtractChange.before` are bound to."""


@dataclass(slots=True)
class Plan:
    """What one line will do. `reason` refuses it; `notes` are said although it is taken."""

    line: FirmLine
    firm: Enterprise | None = None
    candidate: int | None = None
    region: str = ""
    reason: str = ""
    notes: list[str] = field(default_factory=list)
    changes: dict[str, list[Any]] = field(default_factory=dict)
    moves: bool = False
    closes: bool = False

    @property
    def kind(self) -> str:
        """The counter that the line belongs to: refused, created, updated or unchanged."""
        if self.reason:
            return "refused"
        return "created" if self.firm is None else "updated" if self.changes else "unchanged"


@dataclass(slots=True)
class Known:
    """What is looked up once for a whole file: places of the territory, and firms by their plain names."""

    places: Places
    names: dict[str, list[tuple[int, str | None]]]
    answers: dict[str, list[Any]]
    moves: bool
    closes: bool


def look_up(extract: Extract) -> Known:
    """Read what planning needs. Three queries; about 30 MB for 100,000 firms."""
    scope = extract.region_code
    regions = Region.objects.filter(inside(scope, "code"), level__gte=Region.Level.TOWN)
    rows = [
        (code, name, full, closed is None)
        for code, name, full, closed in regions.values_list("code", "name", "full_name", "closed_on")
    ]
    names: dict[str, list[tuple[int, str | None]]] = defaultdict(list)
    firms = Enterprise.objects.filter(inside(scope, "organisation__region_code")).exclude(
        status=Enterprise.Status.MERGED
    )
    for pk, name, code in firms.values_list("pk", "organisation__name", "organisation__credit_code").iterator():
        names[plain_name(name)].append((pk, code))
    return Known(Places(rows, scope), names, extract.preview.get("answers", {}), extract.moves, extract.closes)  # fmt: skip


def plan_lines(extract: Extract, lines: Sequence[FirmLine], known: Known) -> list[Plan]:
    """Compare lines with the database; reads only, in three queries for any number of lines (≤ 5,000)."""
    plans = [Plan(line) for line in lines]
    codes = [line.credit_code for line in lines if line.credit_code]
    owners = {row.credit_code: row for row in Organisation.objects.filter(credit_code__in=codes)}
    for plan in plans:
        _recognise(plan, owners, known)
    keys = [owner.pk for owner in owners.values()] + [
        plan.candidate for plan in plans if plan.candidate and not plan.reason
    ]
    firms = {firm.pk: firm for firm in Enterprise.objects.filter(pk__in=keys).select_related("organisation")}
    taken: dict[int, int] = {}
    for plan in plans:
        if plan.reason:
            continue
        owner = owners.get(plan.line.credit_code)
        pk = owner.pk if owner is not None else plan.candidate
        plan.firm = firms.get(pk) if pk is not None else None
        _place(plan, extract, known)
        if plan.firm is not None and not plan.reason:
            first = taken.setdefault(plan.firm.pk, plan.line.row)
            if first != plan.line.row:
                plan.reason = _("与第 %(row)d 行是同一家企业，只导入了第 %(row)d 行") % {"row": first}
            else:
                _compare(plan, known)
    return plans


def _recognise(plan: Plan, owners: dict[str | None, Organisation], known: Known) -> None:
    """By credit code; else by what a person answered about a firm of the same name; else the question is put."""
    line = plan.line
    owner = owners.get(line.credit_code) if line.credit_code else None
    if owner is not None:
        if owner.kind != Organisation.Kind.ENTERPRISE:
            plan.reason = _("这个信用代码登记的不是生产经营企业，而是“%(kind)s”") % {"kind": owner.get_kind_display()}
        return
    # With a code of its own a line can only be a firm whose code nobody has said yet.
    same = [pk for pk, code in known.names.get(line.key, ()) if not (line.credit_code and code)]
    if not same:
        return
    answer, candidate = known.answers.get(str(line.row), ["", None])
    plan.candidate = same[0]
    if answer == "same" and candidate in same:
        plan.candidate = candidate
    elif answer == "new":
        plan.candidate = None
    else:
        plan.reason = (
            _("辖区里已有同名企业，没有信用代码可对。请先答是不是同一家")
            if not line.credit_code
            else _("辖区里已有同名企业，但档案里没有信用代码。请先答是不是同一家")
        )


def _place(plan: Plan, extract: Extract, known: Known) -> None:
    line, firm = plan.line, plan.firm
    here = firm.organisation.region_code if firm is not None else ""
    if firm is not None and not here.startswith(extract.region_code):
        plan.reason = _("这个信用代码已经登记在别的地区，要由那里移交")
        return
    if firm is not None and firm.status == Enterprise.Status.MERGED:
        plan.reason = _("这家企业已经并入别的企业")
        return
    if line.region:
        try:
            plan.region = known.places.find(line.region)
        except Malformed as error:
            plan.reason = str(error)
            return
    elif firm is None:
        plan.region = known.places.in_address(line.address or line.registered_address)
        if not plan.region and extract.region_code in known.places.open:
            plan.region = extract.region_code  # a town brought it: that is where it lies
        if not plan.region:
            plan.reason = _("没有写镇街，住所里也认不出，不知道归哪里管")
            return
    if firm is None and line.closed:
        plan.reason = _("登记状态是注销或吊销，没有新建")
    # A town named for a firm in one of its grids is no move.
    if firm is not None and plan.region and not here.startswith(plan.region):
        plan.moves = True
        if known.moves:
            plan.changes["region"] = [here, plan.region]
        else:
            plan.notes.append(
                _("表里在%(there)s，与现在的网格不同，没有移动") % {"there": known.places.open[plan.region]}
            )


def _compare(plan: Plan, known: Known) -> None:
    line, firm = plan.line, plan.firm
    assert firm is not None  # noqa: S101 (the caller asks)
    organisation = firm.organisation
    if line.name != organisation.name:
        plan.changes["name"] = [organisation.name, line.name]
    if line.credit_code and not organisation.credit_code:
        plan.changes["credit_code"] = [None, line.credit_code]
    for name in VALUES:
        new, old = getattr(line, name), getattr(firm, name)
        if new and new != old:
            plan.changes[name] = [old, new]
    if "industry" in plan.changes and str(firm.industry).startswith(line.industry):
        del plan.changes["industry"]  # the file knows it finer
    if line.closed and firm.status == Enterprise.Status.ACTIVE:
        plan.closes = True
        if known.closes:
            plan.changes["status"] = [firm.status, Enterprise.Status.CLOSED.value]
        else:
            plan.notes.append(_("登记状态是注销或吊销，没有改动；可以在企业的“变更”里登记注销"))


# --- writing --------------------------------------------------------------------------------------


@dataclass(slots=True)
class Done:
    """What one plan did; `before` as in `ExtractChange`."""

    firm_id: int
    before: dict[str, list[Any]] | None


@transaction.atomic
def carry_out(extract: Extract, plans: Iterable[Plan]) -> list[Done]:
    """Carry out the plans that are not refused: firms, values with their source, moves. Set-based, no object for each."""
    plans = [plan for plan in plans if plan.kind in ("created", "updated")]
    new = [plan for plan in plans if plan.firm is None]
    changed = [plan for plan in plans if plan.firm is not None]
    said_at = extract.started_at or extract.created_at
    keys = _insert(new, extract)
    said: list[tuple[int, str, Any]] = []
    for pk, plan in zip(keys, new, strict=True):
        line = plan.line
        said += [(pk, "name", line.name)] + ([(pk, "credit_code", line.credit_code)] if line.credit_code else [])
        said += [(pk, name, value) for name in VALUES if (value := getattr(line, name))]
    for plan in changed:
        assert plan.firm is not None  # noqa: S101 (chosen above)
        values = [(name, pair[1]) for name, pair in plan.changes.items() if name not in ("region", "status")]
        said += [(plan.firm.pk, name, value) for name, value in values]
    _change(changed, extract)
    _say(said, extract, said_at)
    done = [Done(pk, None) for pk in keys]
    done += [Done(plan.firm.pk, {name: _sealed(name, pair) for name, pair in plan.changes.items()}) for plan in changed]  # type: ignore[union-attr]
    return done


def _insert(plans: list[Plan], extract: Extract) -> list[int]:
    lines = [plan.line for plan in plans]
    keys = insert_many(
        Organisation, len(plans), kind=Organisation.Kind.ENTERPRISE.value, name=[line.name for line in lines],
        credit_code=[line.credit_code or None for line in lines], region_code=[plan.region for plan in plans],
        is_demo=[bool(line.credit_code) and is_demo(line.credit_code) for line in lines],
    )  # fmt: skip
    insert_many(
        Enterprise, len(plans), organisation_id=keys, updated_by_id=extract.created_by_id,
        region_code=[plan.region for plan in plans],
        size=[_size(line.industry, line.headcount) for line in lines],
        **{name: [getattr(line, name) for line in lines] for name in VALUES},
    )  # fmt: skip
    return keys


@lru_cache(maxsize=8192)
def _size(industry: str, headcount: int) -> str:
    return size_of(industry, headcount, None).key


def _change(plans: list[Plan], extract: Extract) -> None:
    if not plans:
        return
    by_field: dict[str, list[tuple[Any, int]]] = defaultdict(list)
    moved: dict[str, list[Any]] = defaultdict(list)
    today = timezone.localdate()
    for plan in plans:
        firm = plan.firm
        assert firm is not None  # noqa: S101 (only plans with a firm come here)
        for name, (old, new) in plan.changes.items():
            if name == "region":
                moved[new].append((firm.pk, old, firm.industry, firm.organisation.created_at))
            else:
                by_field[name].append((new, firm.pk))
        if "status" in plan.changes:
            by_field["status_on"].append((today, firm.pk))
        if {"headcount", "industry"} & plan.changes.keys():
            size = size_of(plan.line.industry or firm.industry, plan.line.headcount or firm.headcount, firm.revenue).key
            if size != firm.size:
                plan.changes["size"] = [firm.size, size]
                by_field["size"].append((size, firm.pk))
    for name, values in by_field.items():
        update_many(Organisation if name in ("name", "credit_code") else Enterprise, name, values)
    now = timezone.now()
    keys = [plan.firm.pk for plan in plans]  # type: ignore[union-attr]
    Enterprise.objects.filter(pk__in=keys).update(updated_by=extract.created_by_id, updated_at=now)
    for to, rows in moved.items():
        relocate(rows, to, by=extract.created_by, because=_("按工商登记名录移动"))


def _say(said: list[tuple[int, str, Any]], extract: Extract, at: datetime) -> None:
    insert_many(
        FileValue, len(said), enterprise_id=[row[0] for row in said], field=[row[1] for row in said],
        value=[_plain(name, value) for _pk, name, value in said], source=FileValue.Source.EXTRACT.value,
        said_by_id=extract.created_by_id, said_as=extract.preview.get("said_as", ""), said_at=at,
    )  # fmt: skip


def _plain(name: str, value: Any) -> Any:
    """As a `FileValue` keeps it: dates as text, phones masked."""
    if name == "contact_phone":
        return mask_phone(value)
    return value.isoformat() if isinstance(value, date) else value


def _sealed(name: str, pair: list[Any]) -> list[Any]:
    """As `ExtractChange.before` keeps it: dates as text, phones encrypted."""
    if name == "contact_phone":
        return [crypto.encrypt(value, BEFORE) if value else "" for value in pair]
    return [value.isoformat() if isinstance(value, date) else value for value in pair]
