"""What a person must do about certificates."""

from datetime import datetime, time, timedelta

from django.db.models import BigIntegerField, DateField
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.certificates.actions import REQUEST_DAYS
from anlan.certificates.models import EXPIRING_DAYS, Certificate, Revocation
from anlan.lib.due import Due
from anlan.lib.prepared import Prepared

_expiring: Prepared[Certificate] = Prepared(
    lambda user, today, last: (
        Certificate.objects.filter(user=user).in_force(today).filter(valid_until__lte=last).order_by("valid_until")[:5]
    ),
    user=BigIntegerField(),
    today=DateField(),
    last=DateField(),
)


def due_for(user: User) -> list[Due]:
    """Own certificates that end within 60 days, and requests to revoke that wait for this person."""
    today = timezone.localdate()
    dues = [
        Due(
            title=_("证书快到期：%(title)s") % {"title": certificate.title},
            reason=_("有效期至 %(until)s。复训合格后会发新证书。") % {"until": certificate.valid_until.isoformat()},
            action=_("看证书"),
            url=reverse("certificates:mine"),
            icon="certificate",
            at=timezone.make_aware(datetime.combine(certificate.valid_until, time(23, 59))),
        )
        for certificate in _expiring.rows(user=user.pk, today=today, last=today + timedelta(days=EXPIRING_DAYS))
    ]
    if not user.may(powers.REVOKE_CERTIFICATES):
        return dues
    waiting = (
        Revocation.objects.visible_to(user).waiting().exclude(asked_by=user).select_related("certificate", "asked_by")
    )
    dues += [
        Due(
            title=_("复核一份证书注销申请：%(title)s") % {"title": revocation.certificate.title},
            reason=_("%(who)s申请注销，原因：%(why)s") % {"who": revocation.asked_by.name, "why": revocation.because},
            action=_("复核申请"),
            url=reverse("certificates:detail", args=[revocation.certificate_id]),
            icon="certificate",
            at=revocation.asked_at + timedelta(days=REQUEST_DAYS),
        )
        for revocation in waiting.order_by("asked_at")[:5]
    ]
    return dues
