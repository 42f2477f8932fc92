"""What becomes of requests, contracts and memberships when their firm is merged into another or closed."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.agencies.actions.mandates import close_mandates
from anlan.agencies.models import Contract, Membership, Service, ServiceRequest, TrainingRequest
from anlan.enterprises.models import Enterprise

OPEN_MEMBERSHIP = (Membership.State.APPLIED, Membership.State.INVITED, Membership.State.ACTIVE)
OPEN_TRAINING = (TrainingRequest.State.OPEN, TrainingRequest.State.ASKED, TrainingRequest.State.AGREED)


def follow_merge(firm: Enterprise, into: Enterprise, by: User) -> None:
    """What is open goes over to the survivor, contracts with all their services; what is over stays where it happened.

    Where the survivor has the same open thing already (a request to that agency, a membership), the other one ends.
    """
    asked = ServiceRequest.objects.filter(enterprise=firm, state=ServiceRequest.State.OPEN)
    same = ServiceRequest.objects.filter(enterprise=into, state=ServiceRequest.State.OPEN)
    asked.filter(agency_id__in=list(same.values_list("agency_id", flat=True))).update(
        state=ServiceRequest.State.WITHDRAWN
    )
    contracts = Contract.objects.filter(enterprise=firm, state__in=[Contract.State.OFFERED, Contract.State.ACCEPTED])
    ids = list(contracts.values_list("pk", flat=True))
    asked.update(enterprise=into)
    ServiceRequest.objects.filter(enterprise=firm, offers__in=ids).update(enterprise=into)
    Service.objects.filter(contract__in=ids).update(enterprise=into)
    Contract.objects.filter(pk__in=ids).update(enterprise=into)
    TrainingRequest.objects.filter(enterprise=firm, state__in=OPEN_TRAINING).update(enterprise=into)
    member = Membership.objects.filter(enterprise=firm, state__in=OPEN_MEMBERSHIP)
    double = Membership.objects.filter(enterprise=into, state__in=OPEN_MEMBERSHIP).values_list(
        "association_id", flat=True
    )
    member.filter(association_id__in=list(double)).update(
        state=Membership.State.ENDED, until=timezone.localdate(), because=_("企业合并")
    )
    member.update(enterprise=into)


def follow_close(firm: Enterprise, by: User) -> None:
    """A firm that is no more signs nothing and is served no more: everything open ends, nobody sees it by a contract."""
    now, because = timezone.now(), _("企业已注销")
    ServiceRequest.objects.filter(enterprise=firm, state=ServiceRequest.State.OPEN).update(
        state=ServiceRequest.State.WITHDRAWN
    )
    Contract.objects.filter(enterprise=firm, state=Contract.State.OFFERED).update(
        state=Contract.State.DECLINED, decided_at=now, because=because
    )
    for contract in Contract.objects.filter(enterprise=firm, state=Contract.State.ACCEPTED):
        Contract.objects.filter(pk=contract.pk).update(state=Contract.State.TERMINATED, ended_at=now, because=because)
        close_mandates(organisation_id=contract.agency_id, reason=contract.reason)
    Service.objects.open().filter(enterprise=firm).update(state=Service.State.DROPPED)
    TrainingRequest.objects.filter(enterprise=firm, state__in=OPEN_TRAINING).update(
        state=TrainingRequest.State.WITHDRAWN
    )
    for membership in Membership.objects.filter(enterprise=firm, state__in=OPEN_MEMBERSHIP):
        Membership.objects.filter(pk=membership.pk).update(
            state=Membership.State.ENDED, until=timezone.localdate(), because=because
        )
        close_mandates(organisation_id=membership.association_id, reason=membership.reason)
