"""The work under a contract: planned, assigned, delivered, accepted or disputed, rated."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.agencies.actions.common import (
    change,
    conflict_of_engineer,
    conflict_of_raters,
    deciders,
    heads,
    need_active,
    need_words,
    no_power,
    present_engineer,
    stamp,
)
from anlan.agencies.models import Contract, Engineer, Rating, Service
from anlan.agencies.scoring import rescore
from anlan.audit.actions import record
from anlan.files.models import Blob
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify

State = Service.State


def _tell(people: list[int], service: Service, title: str, *, text: str = "") -> None:
    url = reverse("agencies:service", args=[service.pk])
    notify(people, "agency", title, key=f"service:{service.pk}:{stamp()}", text=text, url=url)


def _note(verb: str, service: Service, by: User, reason: str = "") -> None:
    region = service.enterprise.organisation.region_code
    record(verb, service, by=by, region_code=region, scope=str(service.agency), reason=reason)


def _running(contract: Contract) -> None:
    need_active(contract.agency)
    if not contract.is_running:
        raise Refused(_("合同不在履行期内，不能再安排或交付服务。"), code="contract_not_running")


@transaction.atomic
def plan_service(contract: Contract, *, by: User, kind: str, planned_on: date) -> Service:
    """Add a service to a running contract. Raises `Refused`: not of the agency (403), not running, day outside (422)."""
    if not contract.is_agency(by):
        raise no_power()
    need_active(contract.agency)
    if contract.state != Contract.State.ACCEPTED:
        raise Refused(_("合同不在履行期内，不能再安排服务。"), code="contract_not_running")
    if not max(contract.since, timezone.localdate()) <= planned_on <= contract.until:
        raise Refused(_("请选今天以后、合同期内的日子。"), code="plan_dates", status=422, field="planned_on")
    service = Service.objects.create(
        contract=contract, enterprise=contract.enterprise, agency=contract.agency, kind=kind, planned_on=planned_on
    )
    _note("plan_service", service, by)
    people = deciders(contract.enterprise_id)
    words = {"agency": contract.agency, "kind": service.get_kind_display(), "day": planned_on}
    _tell(people, service, _("%(agency)s安排了%(kind)s：%(day)s") % words)
    return service


@transaction.atomic
def assign_service(service: Service, engineer: Engineer, *, by: User) -> None:
    """Send an engineer of the agency. Raises `Refused`: 403, engineer not verified, expired, or employed by the firm (409)."""
    if not service.is_agency(by):
        raise no_power()
    _running(service.contract)
    if engineer.agency_id != service.agency_id:
        raise Refused(_("没有找到这位工程师。"), code="not_found", status=404)
    present_engineer(engineer)
    conflict_of_engineer(engineer, service.enterprise)
    change(service, [State.PLANNED, State.DOING, State.DISPUTED], engineer=engineer)
    _note("assign_service", service, by, engineer.name)
    if engineer.user_id and engineer.user_id != by.pk:
        words = {"firm": service.enterprise, "kind": service.get_kind_display(), "day": service.planned_on}
        _tell([engineer.user_id], service, _("派您去%(firm)s做%(kind)s：%(day)s") % words)


@transaction.atomic
def start_service(service: Service, *, by: User) -> None:
    """The work begins. Raises `Refused`: 403, no engineer (409), not planned any more (409)."""
    if not service.is_agency(by):
        raise no_power()
    _running(service.contract)
    if service.engineer is None:
        raise Refused(_("请先派一位注册安全工程师。"), code="no_engineer")
    present_engineer(service.engineer)
    change(service, [State.PLANNED], state=State.DOING)
    _note("start_service", service, by)


@transaction.atomic
def deliver_service(
    service: Service, *, by: User, summary: str, report: Blob | None, inspection_uid: uuid.UUID | None = None
) -> None:
    """Hand over what was done, with the report. Again after an objection.

    Raises `Refused`: 403, no engineer or an expired one (409), no words (422), no report (422), not to be delivered (409).
    """
    if not service.is_agency(by):
        raise no_power()
    _running(service.contract)
    if service.engineer is None:
        raise Refused(_("请先派一位注册安全工程师。"), code="no_engineer")
    present_engineer(service.engineer)
    conflict_of_engineer(service.engineer, service.enterprise)
    if not summary.strip():
        raise Refused(_("请写明做了什么、发现了什么。"), code="no_summary", status=422, field="summary")
    if report is None and service.report_id is None:
        raise Refused(_("请上传服务报告，企业要凭它验收。"), code="no_report", status=422, field="report")
    values = {
        "state": State.DELIVERED,
        "summary": summary.strip()[:1000],
        "delivered_by": by,
        "delivered_at": timezone.now(),
    }
    if report is not None:
        values["report"] = report
    if inspection_uid is not None:
        values["inspection_uid"] = inspection_uid
    change(service, [State.PLANNED, State.DOING, State.DISPUTED], **values)
    _note("deliver_service", service, by)
    people = deciders(service.enterprise_id)
    _tell(
        people,
        service,
        _("%(agency)s交来%(kind)s的成果，等您验收") % {"agency": service.agency, "kind": service.get_kind_display()},
    )


@transaction.atomic
def accept_service(service: Service, *, by: User) -> None:
    """The firm has what it wanted. Raises `Refused`: 403, not delivered or accepted already (409)."""
    if not service.is_firm(by):
        raise no_power()
    change(service, [State.DELIVERED], state=State.ACCEPTED, accepted_by=by, accepted_at=timezone.now())
    _note("accept_service", service, by)
    people = [*heads(service.agency_id), *([service.delivered_by_id] if service.delivered_by_id else [])]
    _tell(
        people, service, _("%(firm)s验收了%(kind)s") % {"firm": service.enterprise, "kind": service.get_kind_display()}
    )


@transaction.atomic
def dispute_service(service: Service, *, by: User, because: str) -> None:
    """The firm objects and says what is missing; the agency delivers again."""
    if not service.is_firm(by):
        raise no_power()
    words = need_words(because, field="because")
    change(service, [State.DELIVERED], state=State.DISPUTED, dispute=words[:500])
    _note("dispute_service", service, by, words)
    people = [*heads(service.agency_id), *([service.delivered_by_id] if service.delivered_by_id else [])]
    _tell(people, service, _("%(firm)s对服务成果有异议") % {"firm": service.enterprise}, text=words)


@transaction.atomic
def rate_service(service: Service, *, by: User, skill: int, timeliness: int, effect: int, words: str = "") -> Rating:
    """The firm rates a delivered service once, and may change it for seven days.

    Raises `Refused`: 403, not delivered (409), conflict of interest (403), too late to change (409), not 1 to 5 (422).
    """
    if not service.is_firm(by):
        raise no_power()
    if not service.can_be_rated:
        raise Refused(_("服务交付并验收以后才能评价。"), code="not_delivered")
    conflict_of_raters(service.enterprise, service.agency)
    if not all(1 <= given <= 5 for given in (skill, timeliness, effect)):
        raise Refused(_("每一项请打 1 到 5 分。"), code="not_one_to_five", status=422, field="skill")
    given = {"skill": skill, "timeliness": timeliness, "effect": effect, "words": words.strip()[:500]}
    rating, created = Rating.objects.get_or_create(service=service, defaults={**given, "by": by})
    if not created:
        if not rating.can_change:
            raise Refused(_("评价已经超过 7 天，不能再改。"), code="rating_fixed")
        Rating.objects.filter(pk=rating.pk).update(**given, changed_at=timezone.now())
        rating.refresh_from_db()
    rescore(service.agency_id)
    _note("rate_service", service, by)
    if created:
        _tell(
            heads(service.agency_id),
            service,
            _("%(firm)s评价了您的服务") % {"firm": service.enterprise},
            text=rating.words,
        )
    return rating


@transaction.atomic
def answer_rating(rating: Rating, *, by: User, answer: str) -> None:
    """The agency answers a rating, once. Raises `Refused`: not its administrator (403), no words (422), answered (409)."""
    if not rating.service.is_head(by):
        raise no_power()
    words = need_words(answer, field="answer")
    if not Rating.objects.filter(pk=rating.pk, answer="").update(answer=words[:500], answered_at=timezone.now()):
        raise Refused(_("这条评价已经答复过了。"), code="answered_already")
    rating.refresh_from_db()
    _note("answer_rating", rating.service, by)
    _tell(
        deciders(rating.service.enterprise_id),
        rating.service,
        _("%(agency)s答复了您的评价") % {"agency": rating.service.agency},
        text=words,
    )
