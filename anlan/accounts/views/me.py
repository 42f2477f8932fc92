"""One's own page: who I am, the posts I hold, language and size, safety."""

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from anlan.accounts import second_factor
from anlan.accounts.actions import act_in_post, keep_preferences, reveal
from anlan.accounts.actions.people import Field
from anlan.accounts.models import Post, User
from anlan.accounts.powers import OPERATE
from anlan.accounts.views.who import signed_in
from anlan.lib.asked import way_back

YEAR = 365 * 24 * 3600


@never_cache
@require_GET
def me(request: HttpRequest) -> HttpResponse:
    """Who I am and what I hold."""
    user = signed_in(request)
    kinds = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    context = {
        "posts": Post.objects.open()
        .filter(user=user)
        .select_related("role", "organisation")
        .with_region_names()
        .order_by("pk"),
        "passkeys": Authenticator.Type.WEBAUTHN in kinds,
        "totp": Authenticator.Type.TOTP in kinds,
        "due": second_factor.is_required(user) and not second_factor.is_set_up(user),
        "devices": UserSession.objects.filter(user=user).count(),
        "operates": user.may(OPERATE),
    }
    return render(request, "accounts/me.html", context)


@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch to another post of mine and start at its home."""
    user = signed_in(request)
    post = get_object_or_404(Post.objects.open().filter(user=user).select_related("role", "organisation"), pk=pk)
    act_in_post(post, by=user)
    messages.success(request, _("现在以“%(post)s”的身份工作。") % {"post": post})
    return redirect(settings.LOGIN_REDIRECT_URL)


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep language or large type, with the person and on this device."""
    user = signed_in(request)
    response = redirect(way_back(request, request.POST.get("next"), "accounts:me"))
    if (language := request.POST.get("language")) in dict(settings.LANGUAGES):
        keep_preferences(user, language=language)
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, str(language), max_age=YEAR, samesite="Lax")
    if (elder := request.POST.get("elder")) in ("on", "off"):
        keep_preferences(user, elder=elder == "on")
        response.set_cookie("elder", str(elder), max_age=YEAR, samesite="Lax", httponly=True)
    return response


@never_cache
@require_POST
def show(request: HttpRequest, pk: str, field: Field) -> HttpResponse:
    """A full number, once: a fragment in place, or a page without script. The look is recorded."""
    by = signed_in(request)
    person = get_object_or_404(User.objects.visible_to(by), pk=pk)
    number = reveal(person, field, by=by)
    context = {
        "person": person,
        "number": number,
        "field": field,
        "back": way_back(request, request.POST.get("next"), "/"),
    }
    fragment = getattr(request, "htmx", False)
    return render(request, "accounts/_number.html" if fragment else "accounts/number.html", context)
