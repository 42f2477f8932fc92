"""Agencies, contracts, services, training requests, associations."""

from __future__ import annotations

from typing import Any

from anlan.agencies.models import (
    Agency,
    Contract,
    Engineer,
    Membership,
    PackItem,
    Publication,
    Service,
    ServicePoint,
    ServiceRequest,
    TrainingRequest,
)
from anlan.operations.demo.agencies import lay_agencies
from anlan.operations.demo.cast import Cast
from tests.walk.people import (
    AGENCIES,
    AGENCY,
    ASSOCIATION,
    FIRM,
    FIRMS,
    REGULATORS,
    SIGNED_IN,
    TEACHER,
    TERRITORY,
)

HEADS = frozenset({"agency", "other_agency"})
COUNTIES = frozenset({"county", "deputy", "other_county"})
OWN_COUNTY = frozenset({"county", "deputy"})
BETWEEN = TERRITORY | FIRM | AGENCY

ALLOWED = {
    "agencies:map": ("GET", "", REGULATORS | FIRMS | ASSOCIATION),
    "agencies:detail": ("GET", "agency", REGULATORS | FIRMS | ASSOCIATION | AGENCY),
    "agencies:ask": ("GET", "agency", FIRMS),
    "agencies:request": ("GET", "service_request", TERRITORY | FIRM | {"other_agency"}),
    "agencies:request-step": ("POST", "service_request_step", FIRM),
    "agencies:offer": ("GET", "service_request", frozenset({"other_agency"})),
    "agencies:contracts": ("GET", "", REGULATORS | FIRMS | AGENCIES),
    "agencies:contract": ("GET", "contract", BETWEEN),
    "agencies:contract-file": ("GET", "contract", BETWEEN),
    "agencies:contract-step": ("POST", "contract_step", FIRM | {"agency"}),
    "agencies:service-new": ("POST", "contract", BETWEEN),
    "agencies:services": ("GET", "", AGENCIES),
    "agencies:service": ("GET", "service", BETWEEN),
    "agencies:service-report": ("GET", "service", BETWEEN),
    "agencies:service-step": ("POST", "service_step", FIRM),
    "agencies:trainings": ("GET", "", FIRMS),
    "agencies:training-new": ("GET", "", FIRMS),
    "agencies:training": ("GET", "training_request", TERRITORY | FIRM | TEACHER),
    "agencies:training-step": ("POST", "training_request_step", FIRM),
    "agencies:training-desk": ("GET", "", TEACHER),
    "agencies:provider": ("GET", "", TEACHER),
    "agencies:mine": ("GET", "", HEADS),
    "agencies:profile": ("GET", "", HEADS),
    "agencies:point-new": ("GET", "", HEADS),
    "agencies:point-remove": ("POST", "service_point", frozenset({"agency"})),
    "agencies:engineer-new": ("GET", "", HEADS),
    "agencies:engineer-close": ("POST", "agency_engineer", frozenset({"agency"})),
    "agencies:engineer-certificate": ("GET", "agency_engineer", OWN_COUNTY | {"agency"}),
    "agencies:engineer-step": ("POST", "agency_engineer_step", OWN_COUNTY),
    "agencies:accounts": ("GET", "", COUNTIES),
    "agencies:account-new": ("GET", "", COUNTIES),
    "agencies:apply": ("GET", "", SIGNED_IN),
    "agencies:account": ("GET", "agency", OWN_COUNTY),
    "agencies:account-step": ("POST", "agency_step", OWN_COUNTY),
    "agencies:association": ("GET", "", ASSOCIATION),
    "agencies:association-add": ("GET", "association_add", ASSOCIATION),
    "agencies:joined": ("GET", "", FIRMS),
    "agencies:join": ("POST", "association", FIRMS),
    "agencies:membership-step": ("POST", "membership_step", FIRM | ASSOCIATION),
    "agencies:pack-file": ("GET", "association_pack", FIRM | ASSOCIATION | {"other_boss"}),
    "agencies:pack-remove": ("POST", "association_pack", ASSOCIATION),
    "agencies:publication": ("GET", "publication", ASSOCIATION | {"agency"}),
    "agencies:publication-file": ("GET", "publication", ASSOCIATION | {"agency"}),
    "agencies:publication-step": ("POST", "publication_step", frozenset({"agency"})),
}


def arguments(cast: Cast) -> dict[str, list[Any]]:
    """Return the arguments of the addresses: what lies between the forge and 安和, an open request to 华安."""
    lay_agencies(cast)
    contract = Contract.objects.get(number="AH-2026-017")
    delivered = Service.objects.get(contract=contract, state=Service.State.DELIVERED)
    asked = ServiceRequest.objects.get(enterprise_id=cast.forge.pk, state=ServiceRequest.State.OPEN)
    training = TrainingRequest.objects.get(enterprise_id=cast.forge.pk, state=TrainingRequest.State.ASKED)
    engineer = Engineer.objects.get(number="41200300118")
    member = Membership.objects.get(enterprise_id=cast.forge.pk)
    pack = PackItem.objects.get(title="冲压车间自查要点")
    text = Publication.objects.get(association_id=cast.guild.pk)
    Publication.objects.filter(pk=text.pk).update(file=pack.file_id)
    point = ServicePoint.objects.filter(agency_id=cast.anhe.pk).first()
    assert point is not None
    assert Agency.objects.filter(pk=cast.anhe.pk).exists()
    return {
        "agency": [cast.anhe.pk], "agency_step": [cast.anhe.pk, "resume"], "service_request": [asked.pk],
        "service_request_step": [asked.pk, "withdraw"], "contract": [contract.pk], "contract_step": [contract.pk, "terminate"],
        "service": [delivered.pk], "service_step": [delivered.pk, "accept"], "training_request": [training.pk],
        "training_request_step": [training.pk, "withdraw"], "service_point": [point.pk], "agency_engineer": [engineer.pk],
        "agency_engineer_step": [engineer.pk, "verify"], "association_add": ["push"], "association": [cast.guild.pk],
        "membership_step": [member.pk, "end"], "association_pack": [pack.pk], "publication": [text.pk], "publication_step": [text.pk, "agree"],
    }  # fmt: skip
