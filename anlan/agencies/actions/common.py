"""What all actions here need: whom to tell, how a state is changed once, who has an interest on both sides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import Post, User
from anlan.accounts.powers import MANAGE_ENTERPRISE
from anlan.agencies.models import Agency, Engineer
from anlan.enterprises.models import Enterprise, Worker
from anlan.lib.errors import Refused

FIRM_ROLES = ("enterprise_admin", "enterprise_manager", "safety_manager")
AGENCY_ROLES = ("agency_admin", "safety_engineer", "agency_staff")


def deciders(enterprise_id: int) -> list[int]:
    """Return the ids of who decides for a firm."""
    return _holders(enterprise_id, FIRM_ROLES)


def decides(user: User, enterprise: Enterprise) -> bool:
    """Whether the user decides for the firm: its own managers, not the officers who may correct its file."""
    return user.post is not None and user.post.organisation_id == enterprise.pk and user.may(MANAGE_ENTERPRISE)


def heads(organisation_id: int, role: str = "agency_admin") -> list[int]:
    """Return the ids of who signs for an agency (or holds another role in an organisation)."""
    return _holders(organisation_id, (role,))


def _holders(organisation_id: int, roles: Iterable[str]) -> list[int]:
    posts = Post.objects.open().filter(organisation_id=organisation_id, role_id__in=roles)
    return list(posts.values_list("user_id", flat=True).distinct())


def county_of(region_code: str) -> list[int]:
    """Return the ids of the county administrators in whose charge this place lies."""
    posts = Post.objects.open().filter(role_id="county_admin", region_code=region_code[:6])
    return list(posts.values_list("user_id", flat=True).distinct())


def stamp() -> str:
    """Return the moment as a part of a notice's key, for reasons that may come again."""
    return str(int(timezone.now().timestamp() * 1000))


def not_found() -> Refused:
    """Return the answer to whoever has no business here."""
    return Refused(_("没有找到这一项。"), code="not_found", status=404)


def no_power() -> Refused:
    """Return the answer to whoever sees a thing but may not change it."""
    return Refused(_("您现在的身份不能办这件事。"), code="no_power", status=403)


def change(obj: models.Model, states: Iterable[str], **values: Any) -> None:
    """Write `values` where the row still is in one of `states`, then refresh the object.

    Raises `Refused` (409) when somebody was faster: nothing is written.
    """
    rows = type(obj)._default_manager.filter(pk=obj.pk, state__in=list(states))
    if not rows.update(**values):
        raise Refused(_("刚刚有人改过这一项，没有再改动。请看最新的情况。"), code="changed_meanwhile")
    obj.refresh_from_db()


def need_words(words: str, *, field: str = "words") -> str:
    """Return the words without space around them. Raises `Refused` (422) where there are none."""
    if not words.strip():
        raise Refused(_("请写明原因，对方要看。"), code="no_words", status=422, field=field)
    return words.strip()


def need_active(agency: Agency) -> None:
    """Raise `Refused` (409) unless the agency may work today."""
    if not Agency.objects.active().filter(pk=agency.pk).exists():
        raise Refused(
            _("%(name)s的账户现在不能办理业务（%(state)s）。") % {"name": agency, "state": agency.get_state_display()},
            code="agency_not_active",
        )


def conflict_of_raters(enterprise: Enterprise, agency: Agency) -> None:
    """Raise `Refused` (403) where somebody who decides for the firm holds a post in the agency."""
    firm = Post.objects.open().filter(organisation_id=enterprise.pk, role_id__in=FIRM_ROLES)
    both = (
        Post.objects.open()
        .filter(organisation_id=agency.pk, user__in=firm.values("user_id"))
        .select_related("user")
        .first()
    )
    if both is not None:
        raise Refused(
            _("%(who)s同时在%(agency)s任职，企业不能评价有利益关系的机构。") % {"who": both.user.name, "agency": agency},
            code="conflict_of_interest", status=403,
        )  # fmt: skip


def conflict_of_engineer(engineer: Engineer, enterprise: Enterprise) -> None:
    """Raise `Refused` (409) where the engineer works for the firm or holds a post in it."""
    if engineer.user_id is None:
        return
    works = Worker.objects.working().filter(enterprise=enterprise, user_id=engineer.user_id).exists()
    if works or Post.objects.open().filter(organisation_id=enterprise.pk, user_id=engineer.user_id).exists():
        raise Refused(
            _("%(who)s是%(firm)s的在职人员，不能为这家企业服务。请另派工程师。") % {"who": engineer, "firm": enterprise},
            code="conflict_of_interest", field="engineer",
        )  # fmt: skip


def present_engineer(engineer: Engineer) -> None:
    """Raise `Refused` (409) unless the engineer is verified and the registration is valid today."""
    if engineer.state != Engineer.State.VERIFIED:
        raise Refused(
            _("%(who)s的注册还没有核验，不能派。") % {"who": engineer}, code="engineer_not_verified", field="engineer"
        )
    if engineer.valid_until < timezone.localdate():
        raise Refused(
            _("%(who)s的注册证已于 %(day)s 到期，续期核验后才能派。") % {"who": engineer, "day": engineer.valid_until},
            code="engineer_expired", field="engineer",
        )  # fmt: skip


def name_differs(user: User | None, name: str) -> bool:
    """Whether a phone is registered under another name."""
    return user is not None and user.name != name
