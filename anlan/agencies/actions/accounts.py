"""The account of an agency: applied for or opened, suspended and resumed, closed by two persons (P-05, P-06)."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.accounts.actions import ask_approval, effect, grant_post
from anlan.accounts.models import Approval, Invitation, Organisation, Post, User
from anlan.agencies.actions.common import change, county_of, heads, need_words, no_power, not_found, stamp
from anlan.agencies.actions.mandates import close_mandates, open_mandate
from anlan.agencies.models import Agency, Contract, Engineer, Service
from anlan.audit.actions import record
from anlan.enterprises.models import Mandate
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify

State = Agency.State
CLOSE = "close_agency"


def _organisation(name: str, credit_code: str, region_code: str, *, by: User) -> Organisation:
    """Create the organisation, or take the one that a refused application of the same code left behind, whoever's it was:
    to apply under somebody else's code must not keep the owner out."""
    found = Organisation.objects.filter(credit_code=credit_code).first()
    if found is not None:
        agency = Agency.objects.filter(pk=found.pk, state=State.REFUSED).first()
        if agency is None:
            raise Refused(_("这个统一社会信用代码已经登记过了，没有重复登记。"), code="code_taken", field="credit_code")
        Organisation.objects.filter(pk=found.pk).update(name=name, region_code=region_code)
        found.refresh_from_db()
        return found
    try:
        with transaction.atomic():
            return Organisation.objects.create(
                kind=Organisation.Kind.AGENCY, name=name, credit_code=credit_code, region_code=region_code, is_demo=by.is_demo
            )  # fmt: skip
    except IntegrityError:
        raise Refused(
            _("这个统一社会信用代码刚刚有人登记了，没有重复登记。"), code="code_taken", field="credit_code"
        ) from None


@transaction.atomic
def apply_agency(*, name: str, credit_code: str, region_code: str, by: User, **profile: Any) -> Agency:
    """A person asks the county to open an account for their agency. One open application per person.

    `profile`: intro, qualifications, registration_number, kinds, phone. Raises `Refused`: applied already (409), code taken (409).
    """
    if Agency.objects.filter(applicant=by, state=State.APPLIED).exists():
        raise Refused(_("您已经有一份申请在等审核，没有重复提交。"), code="applied_already")
    organisation = _organisation(name, credit_code, region_code, by=by)
    values = {
        **profile,
        "applicant": by,
        "state": State.APPLIED,
        "state_at": timezone.now(),
        "state_by": by,
        "state_because": "",
    }
    agency, _created = Agency.objects.update_or_create(organisation=organisation, defaults=values)
    record("apply_agency", agency, by=by, region_code=region_code)
    notify(
        county_of(region_code), "agency", _("%(name)s申请开通服务机构账户") % {"name": agency},
        key=f"agency-applied:{agency.pk}:{stamp()}", url=reverse("agencies:account", args=[agency.pk]),
    )  # fmt: skip
    return agency


@transaction.atomic
def open_agency(
    *, name: str, credit_code: str, region_code: str, admin_name: str, admin_phone: str, by: User, **profile: Any
) -> Agency:
    """The county opens an account at once and names its administrator, who signs in by a code to this phone.

    Raises `Refused`: no power (403), code taken (409), or what `grant_post` refuses.
    """
    if not by.may("manage_agencies") or by.post is None or not region_code.startswith(by.post.region_code):
        raise no_power()
    organisation = _organisation(name, credit_code, region_code, by=by)
    values = {**profile, "state": State.ACTIVE, "state_at": timezone.now(), "state_by": by, "state_because": ""}
    agency, _created = Agency.objects.update_or_create(organisation=organisation, defaults=values)
    post = grant_post("agency_admin", phone=admin_phone, name=admin_name, by=by, organisation=organisation)
    record("open_agency", agency, by=by, region_code=region_code, person=admin_name)
    notify(
        [post.user_id], "agency", _("%(name)s的账户已经开通") % {"name": agency}, key=f"agency-open:{agency.pk}:{post.pk}",
        text=_("请先补全服务点和注册安全工程师，企业才能找到您。"), url=reverse("agencies:mine"),
    )  # fmt: skip
    return agency


def _managed(agency: Agency, by: User) -> None:
    if not agency.can_manage(by):
        raise not_found()


def _note(agency: Agency, verb: str, *, by: User, title: str, because: str = "", to: list[int] | None = None) -> None:
    record(verb, agency, by=by, region_code=agency.organisation.region_code, reason=because)
    people = heads(agency.pk) if to is None else to
    notify(people, "agency", title, key=f"{verb}:{agency.pk}:{stamp()}", text=because, url=reverse("agencies:mine"))


@transaction.atomic
def approve_agency(agency: Agency, *, by: User) -> None:
    """Accept an application: the applicant becomes the agency's administrator. Raises `Refused`: 404, decided already (409),
    or the applicant has no phone."""
    _managed(agency, by)
    applicant = agency.applicant
    if applicant is None or not applicant.phone:
        raise Refused(_("申请人没有登记手机号，请改为直接开通并填写管理员。"), code="no_phone")
    change(agency, [State.APPLIED], state=State.ACTIVE, state_by=by, state_at=timezone.now(), state_because="")
    grant_post("agency_admin", phone=applicant.phone, name=applicant.name, by=by, organisation=agency.organisation)
    _note(agency, "approve_agency", by=by, title=_("%(name)s的账户已经开通") % {"name": agency})


@transaction.atomic
def refuse_agency(agency: Agency, *, by: User, because: str) -> None:
    """Turn an application down with a reason; the applicant may apply again."""
    _managed(agency, by)
    words = need_words(because, field="because")
    change(
        agency, [State.APPLIED], state=State.REFUSED, state_by=by, state_at=timezone.now(), state_because=words[:500]
    )
    to = [agency.applicant_id] if agency.applicant_id else []
    _note(agency, "refuse_agency", by=by, title=_("机构账户申请没有通过"), because=words, to=to)


def _end_posts(agency: Agency, *, by: User, because: str) -> list[int]:
    """End every post in the agency and withdraw open invitations; return the ids of the posts."""
    posts = list(Post.objects.open().filter(organisation_id=agency.pk).select_related("user", "role", "organisation"))
    Post.objects.filter(pk__in=[post.pk for post in posts]).update(until=timezone.localdate())
    for post in posts:
        record(
            "withdraw_post", post.user, by=by, region_code=agency.organisation.region_code, role=post.role.name,
            scope=post.scope_name, post=post.pk, reason=because,
        )  # fmt: skip
    Invitation.objects.filter(organisation_id=agency.pk, taken_at=None, withdrawn_at=None).update(
        withdrawn_at=timezone.now()
    )
    return [post.pk for post in posts]


@transaction.atomic
def suspend_agency(agency: Agency, *, by: User, because: str) -> None:
    """Stop an agency at once: its people's posts end, it sees no firm any more, its contracts rest.

    What was delivered stays with the firms. Raises `Refused`: 404, no reason (422), not active (409).
    """
    _managed(agency, by)
    words = need_words(because, field="because")
    people = list(Post.objects.open().filter(organisation_id=agency.pk).values_list("user_id", flat=True).distinct())
    change(
        agency, [State.ACTIVE], state=State.SUSPENDED, state_by=by, state_at=timezone.now(), state_because=words[:500]
    )
    Agency.objects.filter(pk=agency.pk).update(suspended_posts=_end_posts(agency, by=by, because=words))
    close_mandates(organisation_id=agency.pk, prefix="agencies.contract:")
    _note(agency, "suspend_agency", by=by, title=_("%(name)s的账户被暂停") % {"name": agency}, because=words, to=people)
    _tell_firms(agency, "suspend_agency", _("%(name)s已被暂停服务，合同暂停履行") % {"name": agency})


@transaction.atomic
def resume_agency(agency: Agency, *, by: User) -> None:
    """Lift a suspension: the same people get their posts again, running contracts open the firms again."""
    _managed(agency, by)
    before = list(
        Post.objects.filter(pk__in=agency.suspended_posts).values_list("user_id", "role_id", "title").distinct()
    )
    change(
        agency, [State.SUSPENDED], state=State.ACTIVE, state_by=by, state_at=timezone.now(), state_because="", suspended_posts=[]
    )  # fmt: skip
    verified = set(
        Engineer.objects.filter(agency=agency, state=Engineer.State.VERIFIED).values_list("user_id", flat=True)
    )
    for user_id, role_id, title in before:
        if role_id == "safety_engineer" and user_id not in verified:
            continue
        post, created = Post.objects.get_or_create(
            user_id=user_id, role_id=role_id, organisation_id=agency.pk, until=None, defaults={"title": title}
        )
        if created:
            record(
                "grant_post", post.user, by=by, region_code=agency.organisation.region_code, role=post.role.name,
                scope=post.scope_name, post=post.pk,
            )  # fmt: skip
    for contract in Contract.objects.filter(
        agency=agency, state=Contract.State.ACCEPTED, until__gte=timezone.localdate()
    ):
        open_mandate(
            contract.enterprise, agency.pk, Mandate.Kind.CONTRACT, contract.reason, since=contract.since, until=contract.until
        )  # fmt: skip
    _note(agency, "resume_agency", by=by, title=_("%(name)s恢复服务") % {"name": agency})
    _tell_firms(agency, "resume_agency", _("%(name)s恢复服务，合同继续履行") % {"name": agency})


def _tell_firms(agency: Agency, why: str, title: str) -> None:
    firms = Contract.objects.filter(agency=agency, state=Contract.State.ACCEPTED).values("enterprise_id")
    roles = ("enterprise_admin", "enterprise_manager", "safety_manager")
    people = Post.objects.open().filter(organisation_id__in=firms, role_id__in=roles).values_list("user_id", flat=True)
    notify(
        list(people.distinct()), "agency", title, key=f"{why}:{agency.pk}:{stamp()}", url=reverse("agencies:contracts")
    )


@transaction.atomic
def ask_close_agency(agency: Agency, *, by: User, because: str) -> Approval:
    """Ask a second person to close the account for good. Raises `Refused`: 404, closed (409), or what `ask_approval` refuses."""
    _managed(agency, by)
    if agency.state not in (State.ACTIVE, State.SUSPENDED):
        raise Refused(_("这个账户现在不能关闭。"), code="not_closable")
    return ask_approval(CLOSE, agency, by=by, region_code=agency.organisation.region_code, because=because)


@effect(CLOSE, gettext_lazy("关闭服务机构账户"))
def close_agency(approval: Approval, by: User) -> None:
    """Close it: contracts end, open services are cancelled, engineers and posts too. Runs inside the decision."""
    agency = Agency.objects.select_related("organisation").get(pk=int(approval.subject_id))
    now, words = timezone.now(), approval.because
    people = list(Post.objects.open().filter(organisation_id=agency.pk).values_list("user_id", flat=True).distinct())
    change(agency, [State.ACTIVE, State.SUSPENDED], state=State.CLOSED, state_by=by, state_at=now, state_because=words)
    _tell_firms(agency, "close_agency", _("%(name)s的账户已关闭，合同终止") % {"name": agency})
    because = _("机构账户已关闭")
    Contract.objects.filter(agency=agency, state=Contract.State.ACCEPTED).update(
        state=Contract.State.TERMINATED, ended_at=now, because=because
    )
    Contract.objects.filter(agency=agency, state=Contract.State.OFFERED).update(
        state=Contract.State.WITHDRAWN, decided_at=now, because=because
    )
    Service.objects.open().filter(agency=agency).update(state=Service.State.DROPPED)
    agency.engineers.exclude(state=Engineer.State.CLOSED).update(state=Engineer.State.CLOSED, because=because)
    close_mandates(organisation_id=agency.pk, prefix="agencies.contract:")
    _end_posts(agency, by=by, because=words)
    _note(agency, "close_agency", by=by, title=_("%(name)s的账户已关闭") % {"name": agency}, because=words, to=people)
