"""Doors to one post in one organisation (P-05): a code that is shown for minutes, or a phone number set in advance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.actions.posts import act_in_post, give_post
from anlan.accounts.models import Invitation, Organisation, Post, User
from anlan.accounts.models.users import phone_index
from anlan.accounts.powers import INVITES, ROLE_SCOPES
from anlan.accounts.telling import take_back, tell
from anlan.audit.actions import record
from anlan.lib.errors import Refused

SHOWN: Final = timedelta(minutes=15)
SET_IN_ADVANCE: Final = timedelta(days=90)
ENDED: Final[list[Callable[[int], bool]]] = []
"""Filled by the apps that know when an organisation has ended: nobody is invited into it any more."""


def roles_to_invite(organisation: Organisation, by: User) -> tuple[str, ...]:
    """Return the roles in this organisation that `by` may open a door to, the usual one first; none outside the scope."""
    if (
        by.post is None
        or not by.is_active
        or not Organisation.objects.visible_to(by).filter(pk=organisation.pk).exists()
        or any(has_ended(organisation.pk) for has_ended in ENDED)
    ):
        return ()
    roles = [role for role in INVITES.get(by.post.role_id, ()) if ROLE_SCOPES[role] == organisation.kind]
    return tuple(
        sorted(roles, key=lambda role: role != "enterprise_manager")
    )  # the one who works with it: least power first


def _check(organisation: Organisation, role_code: str, by: User) -> None:
    roles = roles_to_invite(organisation, by)
    if not roles:
        raise Refused(_("没有找到这个单位。"), code="not_found", status=404)
    if role_code not in roles:
        raise Refused(_("您现在的身份不能邀请这个角色。"), code="no_power", status=403, field="role")


@transaction.atomic
def show_invitation(organisation: Organisation, role_code: str, *, by: User) -> Invitation:
    """Make a code to be scanned within 15 minutes. The one that `by` showed before for the same post stops working.

    Raises `Refused`: outside the scope (404), not a role to invite to (403).
    """
    _check(organisation, role_code, by)
    now = timezone.now()
    Invitation.objects.open().filter(
        organisation=organisation, role=role_code, invited_by=by, phone_index=""
    ).update(withdrawn_at=now)  # fmt: skip
    return _open(organisation, role_code, by=by)


@transaction.atomic
def set_invitation(organisation: Organisation, role_code: str, phone: str, *, by: User) -> Invitation:
    """Let whoever proves this normalised number within 90 days become what is said, by signing in.

    Somebody who has an account already is told and may come in at once. The answer is the same for every number.
    Raises `Refused`: outside (404), not a role to invite to (403), one's own number (403), waiting already (409).
    """
    _check(organisation, role_code, by)
    if phone_index(phone) == by.phone_index:
        raise Refused(_("不能邀请自己。"), code="own_post", status=403, field="phone")
    same = Invitation.objects.filter(
        organisation=organisation, role=role_code, phone_index=phone_index(phone), taken_at=None, withdrawn_at=None
    )
    same.filter(until__lte=timezone.now()).update(withdrawn_at=timezone.now())  # what ran out makes room
    try:
        with transaction.atomic():
            invitation = _open(organisation, role_code, by=by, phone=phone)
    except IntegrityError:
        raise Refused(
            _("这个号码已经预设过，对方登录就会绑定，不用再填。"), code="invited_already", field="phone"
        ) from None
    person = User.objects.by_phone(phone)
    if person is not None and person.phone_verified:
        tell(
            [person], "invitation", _("%(who)s请您担任%(firm)s的%(role)s") % {"who": by.name, "firm": organisation.name, "role": invitation.role.name},
            key=f"invitation:{invitation.pk}", text=_("下次登录会自动绑定，也可以现在就确认。"),
            url=reverse("accounts:join", args=[invitation.token]),
        )  # fmt: skip
    return invitation


def _open(organisation: Organisation, role_code: str, *, by: User, phone: str = "") -> Invitation:
    invitation = Invitation.objects.create(
        organisation=organisation, role_id=role_code, invited_by=by, phone=phone,
        phone_index=phone_index(phone) if phone else "", until=timezone.now() + (SET_IN_ADVANCE if phone else SHOWN),
    )  # fmt: skip
    record(
        "open_invitation", organisation, by=by, region_code=organisation.region_code, role=invitation.role.name,
        method="phone" if phone else "qr",
    )  # fmt: skip
    return invitation


@transaction.atomic
def withdraw_invitation(invitation: Invitation, *, by: User) -> None:
    """Shut a door. Raises `Refused`: outside the scope (404), somebody came in or it is shut already (409)."""
    if not Invitation.objects.visible_to(by).filter(pk=invitation.pk).exists():
        raise Refused(_("没有找到这份邀请。"), code="not_found", status=404)
    mine = Invitation.objects.filter(pk=invitation.pk, taken_at=None, withdrawn_at=None)
    if not mine.update(withdrawn_at=timezone.now()):
        raise Refused(_("这份邀请已经用过或收回了，没有再改动。"), code="not_open")
    take_back([f"invitation:{invitation.pk}"])
    organisation = invitation.organisation
    record(
        "withdraw_invitation", organisation, by=by, region_code=organisation.region_code, role=invitation.role.name
    )  # fmt: skip


def shut_doors(organisation_id: int) -> int:
    """Withdraw every open invitation into an organisation that has ended, and the messages about them; return how many.

    In the caller's transaction, which records why the organisation ended.
    """
    doors = Invitation.objects.filter(organisation_id=organisation_id, taken_at=None, withdrawn_at=None)
    keys = list(doors.values_list("pk", flat=True))
    if keys:
        doors.update(withdrawn_at=timezone.now())
        take_back(f"invitation:{pk}" for pk in keys)
    return len(keys)


@transaction.atomic
def take_invitation(invitation: Invitation, *, by: User) -> Post:
    """Come in through the door and act in the new post from now on; of several people at once one wins.

    Raises `Refused`: shut, used or too late (409), meant for another number (404), one's own (403), held already (409:
    the door stays open for somebody else).
    """
    if invitation.invited_by_id == by.pk:
        raise Refused(_("这是您自己发出的邀请，要由对方来扫。"), code="own_post", status=403)
    if invitation.phone_index and (invitation.phone_index != by.phone_index or not by.phone_verified):
        raise Refused(_("没有找到这份邀请。"), code="not_found", status=404)
    post = _take(invitation, by)
    by.forget_posts()
    act_in_post(post, by=by)
    return post


@transaction.atomic
def bind_invitations(user: User) -> list[Post]:
    """Let a person in wherever their proved number was set in advance; return the new posts. One query when there is none."""
    if not user.phone_verified or not user.phone_index or not user.is_active:
        return []
    if any(post.organisation_id is None and post.role_id != "visitor" for post in user.open_posts):
        return []  # whoever supervises or runs the platform is not made somebody's employee unasked: they confirm by hand
    waiting = Invitation.objects.open().filter(phone_index=user.phone_index).exclude(invited_by=user)
    posts: list[Post] = []
    for invitation in waiting.select_related("organisation", "role", "invited_by").order_by("pk"):
        try:
            posts.append(_take(invitation, user))
        except Refused:  # holds it already, or somebody has just withdrawn it: nothing to bind
            Invitation.objects.open().filter(pk=invitation.pk).update(withdrawn_at=timezone.now())
    if posts:
        user.forget_posts()
        act_in_post(posts[-1], by=user)
    return posts


def _still_may(invitation: Invitation) -> bool:
    """Whether whoever opened the door could still open it, in any post they hold now: it does not outlive a revocation."""
    inviter = User.objects.get(pk=invitation.invited_by_id)
    for post in inviter.open_posts:
        inviter.post = post
        if invitation.role_id in roles_to_invite(invitation.organisation, inviter):
            return True
    return False


@transaction.atomic
def _take(invitation: Invitation, user: User) -> Post:
    if not _still_may(invitation):
        raise Refused(_("发出邀请的人已经不负责这个单位，邀请不能再用。请现在的负责人再出示一个。"), code="not_open")
    mine = Invitation.objects.open().filter(pk=invitation.pk)
    if not mine.update(taken_by=user, taken_at=timezone.now()):
        raise Refused(_("这份邀请已经用过、收回或过期了。请对方再出示一个。"), code="not_open")
    organisation, role = invitation.organisation, invitation.role
    post = give_post(user, role.code, by=user, organisation=organisation)
    take_back([f"invitation:{invitation.pk}"])
    record(
        "take_invitation", organisation, by=user, region_code=organisation.region_code, role=role.name,
        person=invitation.invited_by.name, method="phone" if invitation.phone_index else "qr",
    )  # fmt: skip
    tell(
        [invitation.invited_by_id], "invitation", _("%(who)s已成为%(firm)s的%(role)s") % {"who": user.name, "firm": organisation.name, "role": role.name},
        key=f"invitation-taken:{invitation.pk}", url=reverse("accounts:invite", args=[organisation.pk]),
    )  # fmt: skip
    return post
