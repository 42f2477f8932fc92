"""An officer compares the file with the place."""

from collections.abc import Mapping

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.enterprises.actions.enterprises import lock
from anlan.enterprises.file_fields import newest, verify_again
from anlan.enterprises.models import Enterprise, FileValue, Permit
from anlan.enterprises.people import managers_of
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify


def waiting(firm: Enterprise) -> list[FileValue]:
    """The newest values that nobody has confirmed yet, doubted ones included."""
    return [said for said in newest([firm.pk]).get(firm.pk, {}).values() if said.verified_at is None]


@transaction.atomic
def verify_file(
    enterprise: Enterprise, values: Mapping[int, str], permits: Mapping[int, str], *, by: User
) -> tuple[int, int, bool]:
    """Confirm or doubt: {id of a `FileValue` or `Permit`: "" when it is true, else the reason of the doubt}.

    Returns how many were confirmed and doubted, and whether the whole file counts as verified: that is when nothing
    waits any more. Then `verify_by` is set. Values said anew since the page was shown are left alone. Raises `Refused`
    (403 to whoever is no officer of the place, 422 when a doubt about a permit has no reason).
    """
    if not enterprise.can_verify(by):
        raise Refused(gettext_lazy("档案由所在地的监管人员核实。"), code="not_officer", status=403)
    firm, now = lock(enterprise), timezone.now()
    held = {said.pk: said for said in waiting(firm)}
    true = [pk for pk, reason in values.items() if pk in held and not reason]
    false = {pk: reason.strip()[:200] for pk, reason in values.items() if pk in held and reason}
    FileValue.objects.filter(pk__in=true).update(verified_by=by, verified_at=now, doubt="")
    for pk, reason in false.items():
        FileValue.objects.filter(pk=pk).update(doubt=reason)
    good = [pk for pk, reason in permits.items() if not reason]
    seen = (
        Permit.objects.held()
        .filter(enterprise=firm, verified_at=None, pk__in=good)
        .update(verified_by=by, verified_at=now)
    )
    left = held.keys() - set(true) or Permit.objects.held().filter(enterprise=firm, verified_at=None).exists()
    if not left:
        day = verify_again(firm.risk)
        Enterprise.objects.filter(pk=firm.pk).update(verified_at=now, verified_by=by, verify_by=day)
    region = firm.organisation.region_code
    record(
        "verify_file", firm, by=by, region_code=region, confirmed=len(true) + seen, doubted=len(false), whole=not left
    )
    if false:
        notify(
            managers_of(firm.pk), "file", _("档案有 %(n)d 项被存疑") % {"n": len(false)},
            key=f"file-doubt:{firm.pk}:{min(false)}:{max(false)}",
            text=_("%(name)s看过现场，写了原因。请改正或说明。") % {"name": by.name},
            url=reverse("enterprises:mine") + "#doubts",
        )  # fmt: skip
    enterprise.refresh_from_db()
    return len(true) + seen, len(false), not left
