"""What the views of this app share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from anlan.accounts.models import Region, User
from anlan.accounts.models.regions import inside
from anlan.enterprises.models import Enterprise
from anlan.lib.errors import Refused

PER_PAGE = 20


def person(request: HttpRequest) -> User:
    """The signed-in person (the gate stands before every view)."""
    user: Any = request.user
    assert isinstance(user, User)  # noqa: S101 (for the type)
    return user


def need(user: User, *powers: str) -> None:
    """Raise `Refused` (403) unless the present post carries one of the powers."""
    if not any(user.may(power) for power in powers):
        raise Refused(_("您现在的身份不能看这一页。"), code="no_power", status=403)


def own_firm(user: User) -> Enterprise:
    """The firm that the user manages. Raises `Refused` (403) where there is none."""
    firm = None
    if user.may("manage_enterprise") and user.post is not None:
        firm = (
            Enterprise.objects.visible_to(user)
            .filter(pk=user.post.organisation_id)
            .select_related("organisation")
            .first()
        )
    if firm is None:
        raise Refused(_("这一页给企业的管理人员用。"), code="no_power", status=403)
    return firm


def done(request: HttpRequest, form: forms.Form, act: Callable[[dict[str, Any]], object], said: str) -> bool:
    """Run `act` with what a valid form holds, and say so; put a refusal that concerns the form into the form."""
    if request.method != "POST" or not form.is_valid():
        return False
    try:
        act(form.cleaned_data)
    except Refused as refused:
        if refused.status not in (409, 422):
            raise
        form.add_error(refused.field if refused.field in form.fields else None, str(refused.message))
        return False
    messages.success(request, said)
    return True


def status_of(form: forms.Form) -> int:
    """422 for a form that came back with errors, else 200."""
    return 422 if form.is_bound else 200


def counties(code: str) -> list[tuple[str, str]]:
    """The counties inside a territory, as choices."""
    rows = Region.objects.open().filter(inside(code, "code"), level=Region.Level.COUNTY).order_by("code")
    return [(row.code, row.full_name) for row in rows]
