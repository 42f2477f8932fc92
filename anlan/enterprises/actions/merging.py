"""Merging, closing and deleting firms, each with its trace. Merging and deleting need a second person (P-06)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.accounts import powers
from anlan.accounts.actions.approvals import ask_approval, effect
from anlan.accounts.actions.invitations import shut_doors
from anlan.accounts.models import Approval, Organisation, Post, User
from anlan.audit.actions import record
from anlan.enterprises.actions.moving import STOCKS, stocks_of
from anlan.enterprises.models import (
    Chemical,
    Enterprise,
    Equipment,
    FileValue,
    FirmPhoto,
    FirmTag,
    FloorPlan,
    Mandate,
    Permit,
    RiskPoint,
    Spending,
    Worker,
)
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify
from anlan.tallies.actions import tally_many

MERGERS: Final[list[Callable[[Enterprise, Enterprise, User], None]]] = []
"""What upper apps do, in the same transaction, when a firm is merged into another: (the one that ends, the one that stays, by)."""
CLOSERS: Final[list[Callable[[Enterprise, User], None]]] = []
"""What upper apps do when a firm is closed: open tasks that have lost their object."""
MOVED_ROWS: Final[tuple[type[models.Model], ...]] = (
    Permit, Chemical, Equipment, FirmPhoto, Spending, FloorPlan, RiskPoint,
)  # fmt: skip
"""Rows of the file that simply belong to the surviving firm from now on."""
FILLED: Final = (
    "legal_person", "contact_phone", "address", "registered_address", "licence_number", "floor_area", "meter_number", "exits",
    "special_operations", "has_chemicals", "has_special_equipment", "has_special_operations", "has_dust", "has_confined_space",
    "has_dormitory", "revenue", "integrity", "standard", "latitude", "longitude", "headcount", "products", "founded_on",
    "registered_by",
)  # fmt: skip
"""Values that the surviving firm takes over where it has none itself."""


def _may_manage(firm: Enterprise, by: User) -> None:
    """The firm lies inside the territory of somebody who manages grids; else 404, without the power 403."""
    post = by.post
    if post is None or not post.is_territorial or not by.may(powers.MANAGE_GRIDS):
        raise Refused(gettext_lazy("合并、注销企业要用县区或镇街的管理身份。"), code="not_mover", status=403)
    if not firm.organisation.region_code.startswith(post.region_code):
        raise Refused(gettext_lazy("没有找到这家企业。"), code="outside", status=404)


def _reason(because: str) -> str:
    if not because.strip():
        raise Refused(gettext_lazy("请写明原因，以后查得到。"), code="no_reason", status=422, field="because")
    return because.strip()[:200]


# --- closing and reopening ------------------------------------------------------------------------


@transaction.atomic
def close_enterprise(firm: Enterprise, *, on: date, because: str, end_jobs: bool, by: User) -> None:
    """Mark a firm as deregistered from the day `on`. With `end_jobs` its people's jobs and posts end too; else they stay.

    Nothing is deleted; `reopen_enterprise` takes it back (jobs that ended stay ended). Raises `Refused`: not allowed
    (403/404), a day to come or no reason (422), not active any more (409).
    """
    _may_manage(firm, by)
    reason = _reason(because)
    if on > timezone.localdate():
        raise Refused(gettext_lazy("这一天还没有到，请选今天或以前。"), code="future", status=422, field="on")
    held = Enterprise.objects.filter(pk=firm.pk, status=Enterprise.Status.ACTIVE)
    if not held.update(status=Enterprise.Status.CLOSED, status_on=on, updated_by=by, updated_at=timezone.now()):
        raise Refused(gettext_lazy("这家企业刚刚已经注销或并入，没有再改动。"), code="stale")
    ended = _end_jobs(firm, on) if end_jobs else 0
    Mandate.objects.open().filter(enterprise=firm).update(until=timezone.localdate())
    shut_doors(firm.pk)
    for close in CLOSERS:
        close(firm, by)
    record(
        "close_enterprise", firm, by=by, region_code=firm.organisation.region_code, on=on.isoformat(), reason=reason,
        ended=ended,
    )  # fmt: skip


def _end_jobs(firm: Enterprise, on: date) -> int:
    jobs = Worker.objects.working().filter(enterprise=firm)
    ended = jobs.update(left_on=on)
    Post.objects.open().filter(organisation_id=firm.pk, role_id="worker").update(until=timezone.localdate())
    if ended:
        row = ("workers", -ended, ("enterprise", firm.pk), timezone.now(), firm.organisation.region_code, firm.trade)
        tally_many([row])
    return ended


@transaction.atomic
def reopen_enterprise(firm: Enterprise, *, because: str, by: User) -> None:
    """Take a closing back: the firm is active again. Raises `Refused`: not allowed (403/404), no reason (422), not closed (409)."""
    _may_manage(firm, by)
    reason = _reason(because)
    held = Enterprise.objects.filter(pk=firm.pk, status=Enterprise.Status.CLOSED)
    today = timezone.localdate()
    if not held.update(status=Enterprise.Status.ACTIVE, status_on=today, updated_by=by, updated_at=timezone.now()):
        raise Refused(gettext_lazy("这家企业现在不是注销状态，没有改动。"), code="stale")
    record("reopen_enterprise", firm, by=by, region_code=firm.organisation.region_code, reason=reason)


# --- merging --------------------------------------------------------------------------------------


def common_region(one: str, other: str) -> str:
    """The smallest division that holds both regions: who approves must cover it."""
    for length in (24, 12, 9, 6, 4, 2):
        if one[:length] == other[:length]:
            return one[:length]
    return ""


@transaction.atomic
def ask_merge(firm: Enterprise, into: Enterprise, *, because: str, by: User) -> Approval:
    """Put before a second person that `firm` is the same as `into` and ends in it. Raises `Refused`."""
    _may_manage(firm, by)
    _may_manage(into, by)
    _check_merge(firm, into)
    region = common_region(firm.organisation.region_code, into.organisation.region_code)
    return ask_approval(
        "merge_enterprises",
        firm,
        by=by,
        region_code=region,
        because=because,
        into=into.pk,
        into_name=into.organisation.name,
    )


def _check_merge(firm: Enterprise, into: Enterprise) -> None:
    if firm.pk == into.pk:
        raise Refused(gettext_lazy("不能并入自己，请选另一家。"), code="same_firm", status=422, field="into")
    if firm.status == Enterprise.Status.MERGED:
        raise Refused(gettext_lazy("这家企业已经并入别的企业。"), code="stale")
    if into.status != Enterprise.Status.ACTIVE:
        raise Refused(
            gettext_lazy("保留的一方必须在业，请先恢复它或换一家。"), code="not_active", status=422, field="into"
        )


@effect("merge_enterprises", gettext_lazy("合并企业"))
def merge_enterprises(approval: Approval, by: User) -> None:
    """Merge the two firms of an approval; runs in the transaction of the decision."""
    rows = Enterprise.objects.select_related("organisation").in_bulk(
        [int(approval.subject_id), approval.payload["into"]]
    )
    if len(rows) != 2:
        raise Refused(gettext_lazy("其中一家企业已经不在了，没有合并。"), code="gone")
    if not all(row.organisation.region_code.startswith(approval.region_code) for row in rows.values()):
        raise Refused(gettext_lazy("其中一家企业已经移到别的地方，没有合并。请重新提请。"), code="moved")
    merge(rows[int(approval.subject_id)], rows[approval.payload["into"]], by=by, because=approval.because)


@transaction.atomic
def merge(firm: Enterprise, into: Enterprise, *, by: User, because: str) -> None:
    """Let `firm` end in `into`: people, posts, mandates, permits and the rest of the file go over, history stays readable.

    What the survivor has said itself wins; what it lacks it takes over with who said it. Training hours, certificates
    and other past facts stay with the firm where they happened. Raises `Refused` (409, 422).
    """
    _check_merge(firm, into)
    now, today = timezone.now(), timezone.localdate()
    held = Enterprise.objects.filter(pk=firm.pk).exclude(status=Enterprise.Status.MERGED)
    if not held.update(
        status=Enterprise.Status.MERGED, status_on=today, merged_into=into, updated_by=by, updated_at=now
    ):
        raise Refused(gettext_lazy("这家企业已经并入别的企业。"), code="stale")
    Enterprise.objects.filter(merged_into=firm).update(merged_into=into)
    people = _merge_people(firm, into, today)
    for model in MOVED_ROWS:
        rows: Any = model._default_manager.filter(enterprise=firm)
        if model is Spending:  # one budget per purpose and year: the survivor's stands, the other stays in the old file
            known = Spending.objects.filter(enterprise=into).values_list("year", "kind", "purpose", "invoice_number")
            same = [row.pk for row in rows if (row.year, row.kind, row.purpose, row.invoice_number) in set(known)]
            rows = rows.exclude(pk__in=same)
        rows.update(enterprise=into)
    for tag in FirmTag.objects.filter(enterprises=firm):
        tag.enterprises.add(into)
    have = set(Mandate.objects.filter(enterprise=into).values_list("organisation_id", "kind", "reason"))
    for mandate in Mandate.objects.filter(enterprise=firm):
        if (mandate.organisation_id, mandate.kind, mandate.reason) not in have:
            Mandate.objects.filter(pk=mandate.pk).update(enterprise=into)
    shut_doors(firm.pk)
    filled = _fill_gaps(firm, into, by)
    for follow in MERGERS:
        follow(firm, into, by)
    managers = (
        Post.objects.open().filter(organisation_id=into.pk).exclude(role_id="worker").values_list("user_id", flat=True)
    )
    notify(
        managers, "merged", _("%(name)s已并入本企业") % {"name": firm.organisation.name}, key=f"merge:{firm.pk}",
        text=_("员工、证照、未闭环隐患等都转到本企业名下。"), url=reverse("enterprises:mine"),
    )  # fmt: skip
    record(
        "merge_enterprises", firm, by=by, region_code=firm.organisation.region_code, into=into.organisation.name,
        into_id=into.pk, workers=people, fields=filled, reason=because,
    )  # fmt: skip
    record("absorb_enterprise", into, by=by, region_code=into.organisation.region_code, absorbed=firm.organisation.name)


def _merge_people(firm: Enterprise, into: Enterprise, today: date) -> int:
    """Jobs and posts go over; whoever has both already keeps the survivor's and ends the other. Counters follow the jobs."""
    both = Worker.objects.working().filter(enterprise=into).values("user_id")
    double = Worker.objects.working().filter(enterprise=firm, user_id__in=both)
    ended = double.update(left_on=today)
    moved = Worker.objects.working().filter(enterprise=firm)
    count = moved.count()
    moved.update(enterprise=into)
    posts = Post.objects.open().filter(organisation_id=firm.pk)
    held = set(Post.objects.open().filter(organisation_id=into.pk).values_list("user_id", "role_id"))
    twice = [post.pk for post in posts if (post.user_id, post.role_id) in held]
    Post.objects.filter(pk__in=twice).update(until=today)
    posts.exclude(pk__in=twice).update(organisation=into.organisation)
    now = timezone.now()
    here = (("enterprise", firm.pk), now, firm.organisation.region_code, firm.trade)
    there = (("enterprise", into.pk), now, into.organisation.region_code, into.trade)
    rows = [("workers", -ended, *here), ("workers", -count, *here), ("workers", count, *there)]
    stocks = {measure: n for (_pk, measure), n in stocks_of([firm.pk]).items() if measure in STOCKS}
    for measure, n in stocks.items():
        if measure != "workers":  # open hazards go with the firm (`MERGERS`), and so do their counters
            rows += [(measure, -n, *here), (measure, n, *there)]
    tally_many(rows)
    return count


def _fill_gaps(firm: Enterprise, into: Enterprise, by: User) -> list[str]:
    """Values that the survivor lacks, with whoever said them; returns their names."""
    wanted = [
        name for name in FILLED if getattr(into, name) in (None, "", 0) and getattr(firm, name) not in (None, "", 0)
    ]
    values: dict[str, Any] = {name: getattr(firm, name) for name in wanted}
    custom = {key: value for key, value in firm.custom.items() if key not in into.custom}
    if custom:
        values["custom"] = into.custom | custom
    code = firm.organisation.credit_code
    if code and not into.organisation.credit_code:
        Organisation.objects.filter(pk=firm.pk).update(credit_code=None)
        Organisation.objects.filter(pk=into.pk).update(credit_code=code)
        wanted.append("credit_code")
    if values:
        Enterprise.objects.filter(pk=into.pk).update(**values, updated_by=by, updated_at=timezone.now())
    fields = [*wanted, *(f"custom.{key}" for key in custom)]
    FileValue.objects.filter(enterprise=firm, field__in=fields).update(enterprise=into)
    return fields


# --- deleting -------------------------------------------------------------------------------------

OWN_TRACES: Final = frozenset(
    {"said", "placements", "grades", "mandates", "permits", "chemicals", "equipment", "photos", "custom", "firmtag"}
)


def history_of(firm: Enterprise) -> list[str]:
    """Names of the tables that hold something of this firm beyond its own file: only a firm without any may vanish."""
    found = []
    for model, pk in ((Enterprise, firm.pk), (Organisation, firm.pk)):
        for relation in model._meta.related_objects:
            name = relation.get_accessor_name() or relation.field.name
            if relation.related_model is Enterprise and relation.field.name == "organisation":
                continue
            if name in OWN_TRACES or relation.related_model._meta.object_name in ("ExtractChange", "ExtractProblem"):
                continue
            if relation.related_model._base_manager.filter(**{relation.field.name: pk}).exists():
                found.append(str(relation.related_model._meta.label_lower))
    return sorted(set(found))


@transaction.atomic
def ask_delete(firm: Enterprise, *, because: str, by: User) -> Approval:
    """Put before a second person that a firm entered by mistake is deleted.

    Raises `Refused`: not allowed (403/404), it has people, hazards or any other history (409): then it can be closed.
    """
    _may_manage(firm, by)
    _check_delete(firm)
    return ask_approval("delete_enterprise", firm, by=by, region_code=firm.organisation.region_code, because=because)


def _check_delete(firm: Enterprise) -> None:
    if history_of(firm):
        raise Refused(
            gettext_lazy("这家企业已经有人员、隐患、培训或其他记录，不能删除，可以注销；记录都会留着。"),
            code="has_history",
        )


@effect("delete_enterprise", gettext_lazy("删除误建的企业"))
def delete_enterprise(approval: Approval, by: User) -> None:
    """Delete the firm of an approval, unless somebody has used it since; its trace stays in the record."""
    firm = Enterprise.objects.select_related("organisation").filter(pk=int(approval.subject_id)).first()
    if firm is None:
        raise Refused(gettext_lazy("这家企业已经不在了。"), code="gone")
    _check_delete(firm)
    organisation = firm.organisation
    record(
        "delete_enterprise", firm, by=by, region_code=organisation.region_code, reason=approval.because,
        credit_code=organisation.credit_code or "", industry=firm.industry,
    )  # fmt: skip
    firm.delete()
    organisation.delete()
