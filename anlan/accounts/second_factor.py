"""Whether this session has proved a second factor. Asked anew on every request: nothing is remembered that could go stale
when the post changes, an authenticator is removed or somebody else signs in on the same device."""

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest

from anlan.accounts.models import User
from anlan.accounts.powers import OVER_OTHERS
from anlan.audit.actions import record


def is_required(user: User) -> bool:
    """Whether the post acted in now has power over others. People of the demo enter by one click instead."""
    if settings.ANLAN_DEMO and user.is_demo:
        return False
    return user.post is not None and bool(OVER_OTHERS.intersection(user.post.role.powers))


def is_set_up(user: User) -> bool:
    """Whether the person has an authenticator app or a passkey."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=kinds).exists())


def is_passed(request: HttpRequest, user: User) -> bool:
    """Whether this session was proved by an authenticator that the person still has."""
    used = {item.get("id") for item in get_authentication_records(request, user) if item.get("method") == "mfa"}
    return bool(used) and bool(Authenticator.objects.filter(user_id=user.pk, pk__in=used).exists())


def note_added(sender: object, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Setting up an app or a passkey proves it for this session, and that it is the person: else the recovery codes, shown
    next, would ask for the code that was just used up. Receiver of allauth's `authenticator_added`."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        kind = str(authenticator.type)
        record_authentication(request, user, "mfa", id=authenticator.pk, type=kind, reauthenticated=True)
        record("add_second_factor", user, by=user, method=str(authenticator.type))


def note_removed(sender: object, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Record the removal. Receiver of allauth's `authenticator_removed`."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        record("remove_second_factor", user, by=user, method=str(authenticator.type))
