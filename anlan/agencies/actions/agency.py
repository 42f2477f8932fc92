"""What an agency says of itself: profile, service points, engineers; and the county's verification of engineers."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.actions import grant_post
from anlan.accounts.models import Post, User
from anlan.agencies.actions.common import change, county_of, heads, name_differs, need_words, no_power, not_found, stamp
from anlan.agencies.models import Agency, Engineer, Service, ServicePoint
from anlan.audit.actions import record
from anlan.files.models import Blob
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify

State = Engineer.State
PROFILE = ("intro", "qualifications", "registration_number", "kinds", "phone")


def _own(agency: Agency, by: User) -> None:
    if not agency.can_edit(by):
        raise no_power()


@transaction.atomic
def edit_agency(agency: Agency, *, by: User, **profile: Any) -> None:
    """Change the profile (keys of `PROFILE`). Raises `Refused` (403) to others than its administrators."""
    _own(agency, by)
    changed = [name for name in PROFILE if name in profile and getattr(agency, name) != profile[name]]
    for name in changed:
        setattr(agency, name, profile[name])
    if changed:
        agency.save(update_fields=changed)
        record("edit_agency", agency, by=by, region_code=agency.organisation.region_code, changed=changed)


@transaction.atomic
def add_point(agency: Agency, *, by: User, **values: Any) -> ServicePoint:
    """Add a place of service: name, address, latitude, longitude, phone, region_code. At most 50."""
    _own(agency, by)
    if agency.points.count() >= 50:
        raise Refused(_("服务点最多 50 个。请先删去不用的。"), code="too_many_points")
    point = ServicePoint.objects.create(agency=agency, **values)
    record("add_point", agency, by=by, region_code=point.region_code, what=point.name)
    return point


@transaction.atomic
def remove_point(point: ServicePoint, *, by: User) -> None:
    """Remove a place of service."""
    _own(point.agency, by)
    record("remove_point", point.agency, by=by, region_code=point.region_code, what=point.name)
    point.delete()


@transaction.atomic
def submit_engineer(
    agency: Agency,
    *,
    by: User,
    name: str,
    phone: str,
    number: str,
    category: str,
    valid_until: date,
    certificate: Blob | None,
) -> Engineer:
    """Present an engineer for verification; nobody gets an account before the county has verified.

    Raises `Refused`: not its administrator (403), ended registration (422), name differs (422), registered elsewhere (409).
    """
    _own(agency, by)
    if valid_until < timezone.localdate():
        raise Refused(_("注册证已经到期，续期后再提交。"), code="engineer_expired", status=422, field="valid_until")
    if name_differs(User.objects.by_phone(phone), name):
        raise Refused(
            _("这个手机号登记的是另一个姓名，请核对号码和姓名。"), code="name_differs", status=422, field="name"
        )
    try:
        with transaction.atomic():
            engineer = Engineer.objects.create(
                agency=agency, name=name, phone=phone, number=number, category=category, valid_until=valid_until,
                certificate=certificate,
            )  # fmt: skip
    except IntegrityError:
        raise Refused(
            _("这个注册号已经登记在一家机构名下。一个人只能注册在一家机构，请先由原机构停用。"),
            code="registered_elsewhere", field="number",
        ) from None  # fmt: skip
    region = agency.organisation.region_code
    record("submit_engineer", engineer, by=by, region_code=region, scope=str(agency))
    notify(
        county_of(region), "agency", _("%(agency)s提交了注册安全工程师%(name)s，请核验") % {"agency": agency, "name": name},
        key=f"engineer-submitted:{engineer.pk}", url=reverse("agencies:account", args=[agency.pk]),
    )  # fmt: skip
    return engineer


def _charge(engineer: Engineer, by: User) -> None:
    if not engineer.agency.can_manage(by):
        raise not_found()


def _told(engineer: Engineer, verb: str, title: str, *, by: User, because: str = "") -> None:
    region = engineer.agency.organisation.region_code
    record(verb, engineer, by=by, region_code=region, scope=str(engineer.agency), reason=because)
    notify(
        heads(engineer.agency_id),
        "agency",
        title,
        key=f"{verb}:{engineer.pk}:{stamp()}",
        text=because,
        url=reverse("agencies:mine"),
    )


@transaction.atomic
def verify_engineer(engineer: Engineer, *, by: User) -> None:
    """Confirm number, picture and validity: the engineer gets the post of a safety engineer in the agency.

    Raises `Refused`: 404, no picture (422), ended registration (409), agency not active, decided already (409).
    """
    _charge(engineer, by)
    if engineer.certificate_id is None:
        raise Refused(_("还没有注册证照片，请机构先上传。"), code="no_certificate", status=422)
    if engineer.expired:
        raise Refused(_("注册证已经到期，不能核验通过。"), code="engineer_expired")
    if not engineer.agency.is_active:
        raise Refused(_("机构账户现在不能办理业务。"), code="agency_not_active")
    change(
        engineer,
        [State.SUBMITTED, State.SUSPENDED],
        state=State.VERIFIED,
        verified_by=by,
        verified_at=timezone.now(),
        because="",
    )
    user = User.objects.by_phone(engineer.phone)
    held = (
        Post.objects.open().filter(organisation_id=engineer.agency_id, role_id="safety_engineer", user=user).first()
        if user
        else None
    )
    post = held or grant_post(
        "safety_engineer", phone=engineer.phone, name=engineer.name, by=by, organisation=engineer.agency.organisation,
        title=_("注册安全工程师"),
    )  # fmt: skip
    Engineer.objects.filter(pk=engineer.pk).update(user=post.user_id)
    engineer.refresh_from_db()
    _told(engineer, "verify_engineer", _("%(name)s的注册已核验，可以派去服务") % {"name": engineer}, by=by)


@transaction.atomic
def refuse_engineer(engineer: Engineer, *, by: User, because: str) -> None:
    """Say why a registration does not hold. Raises `Refused`: 404, no reason (422), decided already (409)."""
    _charge(engineer, by)
    words = need_words(because, field="because")
    change(
        engineer,
        [State.SUBMITTED],
        state=State.REFUSED,
        because=words[:300],
        verified_by=by,
        verified_at=timezone.now(),
    )
    _told(engineer, "refuse_engineer", _("%(name)s的注册没有核验通过") % {"name": engineer}, by=by, because=words)


@transaction.atomic
def suspend_engineer(engineer: Engineer, *, by: User, because: str) -> None:
    """Stop one engineer: the post ends, services go back to be assigned again."""
    _charge(engineer, by)
    words = need_words(because, field="because")
    change(engineer, [State.VERIFIED], state=State.SUSPENDED, because=words[:300])
    _end_work(engineer, by=by, because=words)
    _told(engineer, "suspend_engineer", _("%(name)s被暂停服务") % {"name": engineer}, by=by, because=words)


@transaction.atomic
def close_engineer(engineer: Engineer, *, by: User) -> None:
    """The agency says that an engineer has left. Raises `Refused`: not its administrator (403), closed already (409)."""
    _own(engineer.agency, by)
    change(engineer, [State.SUBMITTED, State.VERIFIED, State.REFUSED, State.SUSPENDED], state=State.CLOSED, because="")
    _end_work(engineer, by=by, because=_("已离开机构"))
    record(
        "close_engineer",
        engineer,
        by=by,
        region_code=engineer.agency.organisation.region_code,
        scope=str(engineer.agency),
    )


def _end_work(engineer: Engineer, *, by: User, because: str) -> None:
    Service.objects.open().filter(engineer=engineer).update(engineer=None)
    if engineer.user_id is None:
        return
    posts = Post.objects.open().filter(
        organisation_id=engineer.agency_id, role_id="safety_engineer", user_id=engineer.user_id
    )
    for post in posts.select_related("user", "role", "organisation"):
        Post.objects.filter(pk=post.pk).update(until=timezone.localdate())
        record(
            "withdraw_post", post.user, by=by, region_code=engineer.agency.organisation.region_code, role=post.role.name,
            scope=post.scope_name, post=post.pk, reason=because,
        )  # fmt: skip
