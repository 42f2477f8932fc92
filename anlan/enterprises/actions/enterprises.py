"""Writes on the enterprise's file."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.accounts import powers
from anlan.accounts.models import Organisation, User
from anlan.audit.actions import record
from anlan.enterprises.models import Enterprise
from anlan.lib.errors import Refused

ON_ORGANISATION = ("name", "credit_code")


@transaction.atomic
def edit_enterprise(enterprise: Enterprise, values: dict[str, Any], *, by: User, seen: datetime) -> None:
    """Write the changed fields of the file, provided nobody wrote since `seen` (its `updated_at` when shown).

    Raises `Refused`: 403 to outsiders, 409 `stale` after somebody else's change, 422 when another firm has the
    credit code.
    """
    if not enterprise.can_edit(by):
        raise Refused(gettext_lazy("企业档案只能由本企业的负责人和安全管理员修改。"), code="not_manager", status=403)
    own = {name: value for name, value in values.items() if name not in ON_ORGANISATION}
    now = timezone.now()
    moved = Enterprise.objects.filter(pk=enterprise.pk, updated_at=seen).update(**own, updated_by=by, updated_at=now)
    if not moved:
        other = Enterprise.objects.select_related("updated_by").get(pk=enterprise.pk).updated_by
        raise Refused(
            _("%(name)s刚刚改过这份档案。您写的还在下面，没有保存。") % {"name": other.name if other else _("有人")},
            code="stale",
        )
    organisation = enterprise.organisation
    changed = sorted(
        name
        for name, value in values.items()
        if value != getattr(organisation if name in ON_ORGANISATION else enterprise, name)
    )
    shared = {name: values[name] for name in ON_ORGANISATION if name in changed}
    if shared:
        try:
            with transaction.atomic():
                Organisation.objects.filter(pk=organisation.pk).update(**shared)
        except IntegrityError:
            raise Refused(
                gettext_lazy("已经有另一家企业用这个统一社会信用代码，请核对。"),
                code="credit_code_taken",
                status=422,
                field="credit_code",
            ) from None
    record("edit_enterprise", enterprise, by=by, region_code=organisation.region_code, fields=changed)


@transaction.atomic
def reveal_contact(enterprise: Enterprise, *, by: User) -> str:
    """Return the firm's contact phone in full; the look is recorded. Raises `Refused` (403) without the power for it."""
    if not by.may(powers.SEE_SENSITIVE) or not Enterprise.objects.visible_to(by).filter(pk=enterprise.pk).exists():
        raise Refused(gettext_lazy("您现在的身份不能看完整号码。"), code="not_sensitive", status=403)
    record("reveal_contact", enterprise, by=by, region_code=enterprise.organisation.region_code)
    return str(enterprise.contact_phone)
