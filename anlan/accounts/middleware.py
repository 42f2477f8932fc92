"""Whoever signs in is held to a second factor where their post has power over others (P-04)."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from anlan.accounts import second_factor
from anlan.lib.context import client_address

OPEN_PREFIXES = ("account_", "mfa_", "usersessions_", "socialaccount_")
OPEN_NAMES = frozenset({"accounts:me", "accounts:act", "accounts:preferences", "set_language", "portal:elder"})
"""What a powerful post may do before the second factor: set it up, switch the post, sign out, read who it is."""


class GateMiddleware:
    """Remember the caller's address for the audit record, and stop powerful posts without a second factor."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = client_address.set(request.META.get("REMOTE_ADDR", ""))
        try:
            return self.get_response(request)
        finally:
            client_address.reset(token)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Send a powerful post to its second factor; public views and the way there stay open."""
        user, match = request.user, request.resolver_match
        if match is None or not user.is_authenticated or not getattr(view, "login_required", True):
            return None
        if match.view_name in OPEN_NAMES or match.view_name.startswith(OPEN_PREFIXES):
            return None
        if not second_factor.is_required(user) or second_factor.is_passed(request, user):
            return None
        target = reverse("mfa_index")
        if second_factor.is_set_up(user):
            back = request.get_full_path() if request.method == "GET" else reverse("portal:home")
            target = f"{reverse('mfa_reauthenticate')}?{urlencode({'next': back})}"
        if "application/json" in request.headers.get("Accept", ""):
            return JsonResponse(
                {"code": "second_factor", "message": _("请先再验证一次身份。"), "url": target}, status=403
            )
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=204, headers={"HX-Redirect": target})
        return HttpResponseRedirect(target)
