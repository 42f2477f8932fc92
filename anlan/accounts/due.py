"""What a second person must decide (P-06)."""

from django.urls import reverse
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.actions.approvals import label_of
from anlan.accounts.models import Approval, User
from anlan.lib.due import Due

SHOWN = 3


def due_for(user: User) -> list[Due]:
    """The sensitive changes that wait for this person, the oldest first. One query, none without the power."""
    if user.post is None or not user.may(powers.APPROVE):
        return []
    waiting = Approval.objects.visible_to(user).open().exclude(asked_by=user).select_related("asked_by").order_by("pk")
    return [
        Due(
            title=_("等您审批：%(what)s，%(name)s") % {"what": label_of(approval.kind), "name": approval.subject_name},
            reason=_("%(who)s提出：%(why)s") % {"who": approval.asked_by.name, "why": approval.because},
            action=_("去审批"),
            url=reverse("accounts:approval", args=[approval.pk]),
            icon="checks",
        )
        for approval in waiting[:SHOWN]
    ]
