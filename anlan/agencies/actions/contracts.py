"""Ask, offer, accept: from a firm's wish to a contract that opens the firm to the agency, and its end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import Organisation, User
from anlan.agencies.actions.common import (
    change,
    deciders,
    decides,
    heads,
    need_active,
    need_words,
    no_power,
    not_found,
    stamp,
)
from anlan.agencies.actions.mandates import close_mandates, open_mandate
from anlan.agencies.models import Agency, Contract, Service, ServiceRequest
from anlan.audit.actions import record
from anlan.enterprises.models import Enterprise, Mandate
from anlan.files.models import Blob
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify

State = Contract.State
Plan = Iterable[tuple[str, date]]


def _tell(people: list[int], what: ServiceRequest | Contract, title: str, *, text: str = "") -> None:
    name = "agencies:contract" if isinstance(what, Contract) else "agencies:request"
    key = f"{what._meta.model_name}:{what.pk}:{stamp()}"
    notify(people, "agency", title, key=key, text=text, url=reverse(name, args=[what.pk]))


def _where(obj: ServiceRequest | Contract) -> str:
    return obj.enterprise.organisation.region_code


@transaction.atomic
def ask_service(
    agency: Agency, enterprise: Enterprise, *, by: User, kinds: list[str], words: str, wanted_by: date
) -> ServiceRequest:
    """A firm asks an agency. Raises `Refused`: not its manager (403), agency not active, day past (422), asked already (409)."""
    if not decides(by, enterprise):
        raise no_power()
    need_active(agency)
    if wanted_by < timezone.localdate():
        raise Refused(_("这一天已经过去，请选今天或以后。"), code="past", status=422, field="wanted_by")
    try:
        with transaction.atomic():
            asked = ServiceRequest.objects.create(
                agency=agency, enterprise=enterprise, kinds=kinds, words=words[:500], wanted_by=wanted_by, asked_by=by
            )
    except IntegrityError:
        raise Refused(
            _("您已经向%(agency)s提过需求，正等答复，没有重复提交。") % {"agency": agency}, code="asked_already"
        ) from None
    record("ask_service", asked, by=by, region_code=_where(asked), scope=str(agency))
    _tell(heads(agency.pk), asked, _("%(firm)s请您提供服务") % {"firm": enterprise}, text=words)
    return asked


@transaction.atomic
def withdraw_request(asked: ServiceRequest, *, by: User) -> None:
    """The firm takes its request back."""
    if not asked.is_firm(by):
        raise no_power()
    change(asked, [ServiceRequest.State.OPEN], state=ServiceRequest.State.WITHDRAWN)
    record("withdraw_request", asked, by=by, region_code=_where(asked), scope=str(asked.agency))


@transaction.atomic
def decline_request(asked: ServiceRequest, *, by: User, because: str) -> None:
    """The agency does not take it, and says why."""
    if not asked.is_head(by):
        raise no_power()
    words = need_words(because, field="because")
    change(asked, [ServiceRequest.State.OPEN], state=ServiceRequest.State.DECLINED, answer=words[:300])
    record("decline_request", asked, by=by, region_code=_where(asked), reason=words)
    _tell(deciders(asked.enterprise_id), asked, _("%(agency)s没有接您的需求") % {"agency": asked.agency}, text=words)


@transaction.atomic
def offer_contract(
    asked: ServiceRequest,
    *,
    by: User,
    number: str,
    kinds: list[str],
    since: date,
    until: date,
    fee_fen: int,
    plan: Plan,
    words: str = "",
    file: Blob | None = None,
) -> Contract:
    """The agency signs a contract and puts it before the firm.

    Raises `Refused`: not the agency's administrator (403), agency not active, dates that do not fit (422), number used
    (409), answered already (409).
    """
    if not asked.is_head(by):
        raise no_power()
    need_active(asked.agency)
    if until < since or until < timezone.localdate():
        raise Refused(_("合同的最后一天要在开始之后，并且还没有过去。"), code="dates", status=422, field="until")
    rows = sorted((day, kind) for kind, day in plan)
    if any(not since <= day <= until for day, _kind in rows):
        raise Refused(_("服务计划里的日子要落在合同期内。"), code="plan_dates", status=422, field="plan")
    change(asked, [ServiceRequest.State.OPEN], state=ServiceRequest.State.OFFERED)
    try:
        with transaction.atomic():
            contract = Contract.objects.create(
                request=asked, enterprise=asked.enterprise, agency=asked.agency, number=number, kinds=kinds, since=since,
                until=until, fee_fen=fee_fen, plan=[[kind, day.isoformat()] for day, kind in rows], words=words[:500],
                file=file, offered_by=by,
            )  # fmt: skip
    except IntegrityError:
        raise Refused(_("这个合同编号已经用过了，请换一个。"), code="number_taken", field="number") from None
    record("offer_contract", contract, by=by, region_code=_where(contract))
    _tell(deciders(asked.enterprise_id), contract, _("%(agency)s报来一份服务合同，等您签") % {"agency": asked.agency})
    return contract


@transaction.atomic
def accept_contract(contract: Contract, *, by: User) -> None:
    """The firm signs: the agency may see it from now on, and the plan becomes services.

    Raises `Refused`: not its manager (403), agency not active, over already, overlapping (409), decided already (409).
    """
    if not contract.is_firm(by):
        raise no_power()
    # One signature at a time for a firm, so that two overlapping contracts cannot pass each other.
    Organisation.objects.select_for_update().get(pk=contract.enterprise_id)
    need_active(contract.agency)
    if contract.until < timezone.localdate():
        raise Refused(_("合同期已经过去，请机构重新报一份。"), code="contract_over")
    other = (
        Contract.objects.filter(
            enterprise=contract.enterprise, agency=contract.agency, state=State.ACCEPTED, since__lte=contract.until,
            until__gte=contract.since,
        ).exclude(pk=contract.pk).first()
    )  # fmt: skip
    if other is not None:
        raise Refused(
            _("和这家机构的合同 %(number)s（%(since)s 至 %(until)s）还在履行，时间重叠。请先终止它，或让机构改期。")
            % {"number": other.number, "since": other.since, "until": other.until},
            code="contracts_overlap",
        )
    change(contract, [State.OFFERED], state=State.ACCEPTED, decided_by=by, decided_at=timezone.now())
    Service.objects.bulk_create(
        Service(
            contract=contract, enterprise=contract.enterprise, agency=contract.agency, kind=kind, planned_on=date.fromisoformat(day)
        )
        for kind, day in contract.plan
    )  # fmt: skip
    open_mandate(
        contract.enterprise, contract.agency_id, Mandate.Kind.CONTRACT, contract.reason, since=contract.since, until=contract.until
    )  # fmt: skip
    record("accept_contract", contract, by=by, region_code=_where(contract))
    _tell(
        heads(contract.agency_id),
        contract,
        _("%(firm)s签了合同 %(n)s") % {"firm": contract.enterprise, "n": contract.number},
    )


@transaction.atomic
def decline_contract(contract: Contract, *, by: User, because: str) -> None:
    """The firm does not sign, and says why."""
    if not contract.is_firm(by):
        raise no_power()
    words = need_words(because, field="because")
    change(
        contract, [State.OFFERED], state=State.DECLINED, decided_by=by, decided_at=timezone.now(), because=words[:300]
    )
    record("decline_contract", contract, by=by, region_code=_where(contract), reason=words)
    title = _("%(firm)s没有签合同 %(n)s") % {"firm": contract.enterprise, "n": contract.number}
    _tell(heads(contract.agency_id), contract, title, text=words)


@transaction.atomic
def withdraw_contract(contract: Contract, *, by: User) -> None:
    """The agency takes an offer back; the firm's request is open again."""
    if not contract.is_head(by):
        raise no_power()
    change(contract, [State.OFFERED], state=State.WITHDRAWN, decided_by=by, decided_at=timezone.now())
    free = not ServiceRequest.objects.filter(
        enterprise=contract.enterprise, agency=contract.agency, state=ServiceRequest.State.OPEN
    ).exists()
    if contract.request_id and free:
        ServiceRequest.objects.filter(pk=contract.request_id).update(state=ServiceRequest.State.OPEN)
    record("withdraw_contract", contract, by=by, region_code=_where(contract))


@transaction.atomic
def terminate_contract(contract: Contract, *, by: User, because: str) -> None:
    """Either side ends it before its time, with a reason; the agency sees the firm no more, open services are cancelled."""
    firm = contract.is_firm(by)
    if not firm and not contract.is_head(by):
        raise not_found()
    words = need_words(because, field="because")
    change(contract, [State.ACCEPTED], state=State.TERMINATED, ended_at=timezone.now(), because=words[:300])
    Service.objects.open().filter(contract=contract).update(state=Service.State.DROPPED)
    close_mandates(organisation_id=contract.agency_id, reason=contract.reason)
    record("terminate_contract", contract, by=by, region_code=_where(contract), reason=words)
    people = heads(contract.agency_id) if firm else deciders(contract.enterprise_id)
    _tell(people, contract, _("合同 %(n)s 已终止") % {"n": contract.number}, text=words)


def end_contracts() -> int:
    """Close what ended yesterday or before; return how many. The mandate has ended by its own last day."""
    over = list(
        Contract.objects.filter(state=State.ACCEPTED, until__lt=timezone.localdate()).select_related(
            "enterprise__organisation", "agency__organisation"
        )[:2000]
    )
    done = 0
    for contract in over:
        with transaction.atomic():
            rows = Contract.objects.filter(pk=contract.pk, state=State.ACCEPTED)
            if not rows.update(state=State.ENDED, ended_at=timezone.now()):
                continue
            Service.objects.open().filter(contract=contract).update(state=Service.State.DROPPED)
            record("end_contract", contract, by=None, region_code=_where(contract))
            people = [*heads(contract.agency_id), *deciders(contract.enterprise_id)]
            _tell(people, contract, _("合同 %(n)s 已到期") % {"n": contract.number})
            done += 1
    return done
