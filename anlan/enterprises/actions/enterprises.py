"""Writes on the enterprise's file."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.accounts import powers
from anlan.accounts.models import Organisation, Region, User
from anlan.audit.actions import record
from anlan.enterprises.actions.saying import say
from anlan.enterprises.file_fields import CUSTOM, ON_ORGANISATION, as_text, is_said, value_of
from anlan.enterprises.models import Enterprise, FileValue, Placement
from anlan.enterprises.people import managers_of
from anlan.enterprises.sizes import size_of
from anlan.lib.errors import Refused, Text
from anlan.notifications.actions import notify

SIZE_FACTS = frozenset({"industry", "headcount", "revenue"})


def refuse_unless_editor(firm: Enterprise, by: User) -> None:
    """Raise `Refused` (403) unless the user may write into this file."""
    if not firm.can_edit(by):
        raise Refused(
            gettext_lazy("这份档案由本企业、所在地的网格员和受托的服务机构填写。您现在的身份只能看。"),
            code="not_manager",
            status=403,
        )


def lock(firm: Enterprise) -> Enterprise:
    """The firm as it is now, held until the end of the transaction: writers of one file stand in line."""
    return Enterprise.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=firm.pk)


def _differ(one: Any, other: Any) -> bool:
    return one != other and (is_said(one) or is_said(other) or isinstance(one, int) or isinstance(other, int))


@transaction.atomic
def edit_enterprise(
    enterprise: Enterprise, values: dict[str, Any], *, by: User, seen: datetime, source: str = ""
) -> list[str]:
    """Write those of `values` (field → value, custom fields as custom.CODE) that differ; return their names.

    `seen` is the file's `updated_at` when the form was filled: when somebody has said one of these fields since, nothing
    is written. Each changed value is kept with who said it. Raises `Refused`: 403 to outsiders, 409 `stale`, 422 when
    another firm has the credit code.
    """
    refuse_unless_editor(enterprise, by)
    firm = lock(enterprise)
    changed = {name: value for name, value in values.items() if _differ(value, value_of(firm, name))}
    if firm.updated_at != seen:
        _refuse_stale(firm, values, changed, seen)
    if not changed:
        return []
    now = timezone.now()
    for name, value in changed.items():
        if name.startswith(CUSTOM):
            firm.custom = {**firm.custom, name.removeprefix(CUSTOM): value}
        elif name not in ON_ORGANISATION:
            setattr(firm, name, value)
    if SIZE_FACTS & changed.keys():
        firm.size = size_of(firm.industry, firm.headcount, firm.revenue).key
    firm.updated_by = by
    firm.save()
    shared: dict[str, Any] = {name: changed[name] for name in ON_ORGANISATION if name in changed}
    if shared:
        _write_organisation(firm, shared)
    say(firm, changed, by=by, source=source, at=now)
    entry = record("edit_enterprise", firm, by=by, region_code=firm.organisation.region_code, fields=sorted(changed))
    if not firm.is_managed_by(by):
        notify(
            managers_of(firm.pk), "file", _("%(name)s更新了企业档案") % {"name": by.name}, key=f"file-edit:{entry.pk}",
            text=_("改了 %(n)d 项。有不对的，您可以直接改。") % {"n": len(changed)}, url=reverse("enterprises:mine"),
        )  # fmt: skip
    enterprise.refresh_from_db()
    return sorted(changed)


def _refuse_stale(firm: Enterprise, values: dict[str, Any], changed: dict[str, Any], seen: datetime) -> None:
    later = FileValue.objects.filter(enterprise=firm, field__in=list(values), said_at__gt=seen).order_by("-pk")
    other = later.select_related("said_by").first()
    # Somebody who saved another group of the same file is no obstacle; nor is one's own second tap.
    if changed and (other is not None or seen.year < 2000):
        who = other.said_by.name if other and other.said_by else _("有人")
        raise Refused(_("%(name)s刚刚改过这份档案。您写的还在下面，没有保存。") % {"name": who}, code="stale")


def _write_organisation(firm: Enterprise, shared: dict[str, Any]) -> None:
    try:
        with transaction.atomic():
            Organisation.objects.filter(pk=firm.pk).update(**shared)
    except IntegrityError:
        raise _code_taken() from None


def _code_taken() -> Refused:
    return Refused(
        gettext_lazy("已经有另一家企业用这个统一社会信用代码，请核对。"),
        code="credit_code_taken",
        status=422,
        field="credit_code",
    )


@transaction.atomic
def stand_by(said: FileValue, *, by: User) -> FileValue:
    """Say a doubted value once more, having checked it: it waits for the officer again. Raises `Refused` (403, 409)."""
    firm = said.enterprise
    refuse_unless_editor(firm, by)
    newest = FileValue.objects.filter(enterprise=firm, field=said.field).order_by("-pk").first()
    if newest != said or not said.doubt:
        raise Refused(gettext_lazy("这一项已经有了新的说法，请刷新后再看。"), code="stale")
    again = FileValue.objects.create(
        enterprise=firm, field=said.field, value=said.value, source=said.source, said_by=by,
        said_as=str(by.post or "")[:120], said_at=timezone.now(),
    )  # fmt: skip
    record("stand_by_value", firm, by=by, region_code=firm.organisation.region_code, field=said.field)
    return again


def alike(name: str, address: str, region_code: str) -> list[Enterprise]:
    """Firms of the same county that may be the same: one's name holds the other's core, or they share the address."""
    core = name.strip()
    for tail in ("（演示）", "有限责任公司", "股份有限公司", "有限公司", "个体工商户", "厂", "店"):
        core = core.removesuffix(tail)
    found = Q(address=address.strip())
    if len(core) >= 2:
        found |= Q(organisation__name__contains=core)
    place = Q(organisation__region_code__startswith=region_code[:6])
    return list(Enterprise.objects.filter(place & found).select_related("organisation").order_by("pk")[:5])


@transaction.atomic
def create_enterprise(values: dict[str, Any], *, by: User) -> Enterprise:
    """Open the file of a firm that had none: `values` as `NewFirmForm` has them, `region_code` inside the territory.

    A second tap gets the same firm. Raises `Refused`: 403 without the power or outside the territory, 422 when the
    credit code is taken.
    """
    code = values["region_code"]
    post = by.post
    inside = post is not None and post.is_territorial and code.startswith(post.region_code)
    region = Region.objects.open().filter(pk=code, level__gte=Region.Level.TOWN).first()
    if not by.may(powers.INSPECT) or not inside or region is None:
        raise Refused(
            gettext_lazy("只能在自己的网格或乡镇里新建企业。"), code="not_here", status=403, field="region_code"
        )
    twin = Enterprise.objects.filter(
        organisation__name=values["name"], organisation__region_code=code, address=values["address"], updated_by=by,
        organisation__created_at__gt=timezone.now() - timedelta(minutes=2),
    )  # fmt: skip
    made = twin.first()
    if made is not None:
        return made
    try:
        with transaction.atomic():
            organisation = Organisation.objects.create(
                kind=Organisation.Kind.ENTERPRISE,
                name=values["name"],
                credit_code=values["credit_code"],
                region_code=code,
            )
    except IntegrityError:
        raise _code_taken() from None
    own = {name: value for name, value in values.items() if name not in (*ON_ORGANISATION, "region_code")}
    size = size_of(values["industry"], values["headcount"], None).key
    firm = Enterprise.objects.create(organisation=organisation, size=size, updated_by=by, **own)
    Placement.objects.create(
        enterprise=firm, region_code=code, since=timezone.localdate(), because=_("新建档案"), by=by
    )
    say(firm, {name: value for name, value in values.items() if name != "region_code" and is_said(value)}, by=by)
    record("create_enterprise", firm, by=by, region_code=code)
    return firm


@transaction.atomic
def reveal_contact(enterprise: Enterprise, *, by: User) -> str:
    """Return the firm's contact phone in full; the look is recorded. Raises `Refused` (403) without the power for it."""
    if not by.may(powers.SEE_SENSITIVE) or not Enterprise.objects.visible_to(by).filter(pk=enterprise.pk).exists():
        raise Refused(gettext_lazy("您现在的身份不能看完整号码。"), code="not_sensitive", status=403)
    record("reveal_contact", enterprise, by=by, region_code=enterprise.organisation.region_code)
    return str(enterprise.contact_phone)


def differences(firm: Enterprise, values: dict[str, Any], labels: Mapping[str, Text]) -> list[tuple[Text, str, str]]:
    """Label, what the file has, what was typed: for those of `values` that differ."""
    return [
        (labels.get(name, name), as_text(name, value_of(firm, name)), as_text(name, value))
        for name, value in values.items()
        if _differ(value, value_of(firm, name))
    ]
