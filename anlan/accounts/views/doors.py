"""Ways in beside allauth's own: the demo, a forgotten password, and the page of a locked number."""

from datetime import timedelta
from typing import Any

from allauth.account.forms import RequestLoginCodeForm
from allauth.usersessions.models import UserSession
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from anlan.accounts.actions import act_in_post
from anlan.accounts.lockout import who
from anlan.accounts.models import User
from anlan.accounts.templatetags.accounts import demo_cast
from anlan.audit.actions import record
from anlan.audit.models import Record

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@login_not_required
@require_POST
def enter_demo(request: HttpRequest, key: str) -> HttpResponse:
    """Enter as the demo's person with this role; exists in demo mode only."""
    if not settings.ANLAN_DEMO:
        raise Http404
    post = next((post for post in demo_cast() if post.role_id == key), None)
    user = get_object_or_404(User, pk=post.user_id if post else 0, is_demo=True, is_active=True)
    login(request, user, backend=BACKEND)
    UserSession.objects.create_from_request(request)
    if post is not None and user.post != post:
        act_in_post(post, by=user)
    record("enter_demo", user, by=user)
    return redirect(settings.LOGIN_REDIRECT_URL)


@login_not_required
@require_GET
def forgotten(request: HttpRequest) -> HttpResponse:
    """A forgotten password: sign in by code, then set a new one. Posts to allauth's own form."""
    return render(request, "account/password_reset.html", {"form": RequestLoginCodeForm()})


@login_not_required
def no_mail(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """We keep no e-mail addresses: allauth's pages about them do not exist here."""
    raise Http404


@never_cache
def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: dict[str, Any] | None = None
) -> HttpResponse:
    """Say until when password sign-in with this number is locked from here, and what still works. Called by axes."""
    index = who(request, credentials)
    attempts = AccessAttempt.objects.filter(username=index, ip_address=request.META.get("REMOTE_ADDR"))
    last = attempts.order_by("-attempt_time").values_list("attempt_time", flat=True).first() or timezone.now()
    until = last + timedelta(hours=settings.AXES_COOLOFF_TIME)
    note_lock(index, since=last)
    return render(request, "account/locked.html", {"until": until, "limit": settings.AXES_FAILURE_LIMIT}, status=429)


def note_lock(index: str, *, since: Any) -> None:
    """Record a lock once, however often somebody goes on trying."""
    user = User.objects.filter(phone_index=index).first() if index else None
    subject = ("accounts.user", str(user.pk) if user else index[:12], user.name if user else "未登记的号码")
    if not Record.objects.filter(verb="lock_out", subject_id=subject[1], at__gte=since).exists():
        record("lock_out", subject, by=None, count=settings.AXES_FAILURE_LIMIT)
