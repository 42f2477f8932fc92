"""Whoever signs in is held to a second factor where their post has power over others (P-04)."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from anlan.accounts.powers import OVER_OTHERS
from anlan.lib.context import client_address

OPEN_PREFIXES = ("/accounts/", "/static/", "/i18n/", "/me/")


class GateMiddleware:
    """Remember the caller's address for the audit record, and stop powerful posts without a second factor."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = client_address.set(request.META.get("REMOTE_ADDR", ""))
        try:
            if self.needs_second_factor(request):
                return redirect(reverse("mfa_index"))
            return self.get_response(request)
        finally:
            client_address.reset(token)

    @staticmethod
    def needs_second_factor(request: HttpRequest) -> bool:
        """Whether this person must set up TOTP or a passkey before going on. Demo people are let in by one click."""
        user = request.user
        if (
            not user.is_authenticated
            or request.path.startswith(OPEN_PREFIXES)
            or (settings.ANLAN_DEMO and user.is_demo)
        ):
            return False
        if user.post is None or not OVER_OTHERS.intersection(user.post.role.powers):
            return False
        if request.session.get("second_factor") is True:
            return False
        from allauth.mfa.utils import is_mfa_enabled

        request.session["second_factor"] = is_mfa_enabled(user)
        return not request.session["second_factor"]
