"""Binding people to a firm (P-05): the code an officer shows, the number set in advance, the door that is walked through."""

import uuid

import segno
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.accounts.actions import set_invitation, show_invitation, take_invitation, withdraw_invitation
from anlan.accounts.actions.invitations import SET_IN_ADVANCE, SHOWN, roles_to_invite
from anlan.accounts.forms import InviteForm
from anlan.accounts.models import Invitation, Organisation, Post, Role
from anlan.accounts.views.who import signed_in
from anlan.lib.errors import Refused

LIMIT = 30


@never_cache
@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Whom to let into this organisation: show a code, or set a number in advance; what is open, what was used."""
    user = signed_in(request)
    organisation = get_object_or_404(Organisation.objects.visible_to(user), pk=pk)
    codes = roles_to_invite(organisation, user)
    if not codes:
        raise Refused(_("您现在的身份不能邀请这个单位的人。"), code="no_power", status=403)
    known = Role.objects.in_bulk(codes)
    roles = [known[code] for code in codes]
    form = InviteForm(request.POST if request.POST.get("way") == "phone" else None, roles=roles)
    if request.method == "POST" and request.POST.get("way") == "qr":
        shown = show_invitation(organisation, request.POST.get("role", ""), by=user)
        return redirect("accounts:invitation", shown.pk)
    if request.method == "POST" and form.is_valid():
        try:
            set_invitation(organisation, form.cleaned_data["role"], form.cleaned_data["phone"], by=user)
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused.message))
        else:
            messages.success(request, _("号码已预设。对方用这个手机号登录，就会自动绑定。"))
            return redirect("accounts:invite", pk)
    invitations = Invitation.objects.visible_to(user).filter(organisation=organisation)
    context = {
        "organisation": organisation, "roles": roles, "form": form, "days": SET_IN_ADVANCE.days, "minutes": SHOWN.seconds // 60,
        "waiting": invitations.open().select_related("role", "invited_by").order_by("-pk")[:LIMIT],
        "used": invitations.filter(taken_at__isnull=False).select_related("role", "taken_by").order_by("-taken_at")[:5],
        "held": Post.objects.open().filter(organisation=organisation, role__in=codes).select_related("user", "role").order_by("pk")[:LIMIT],
    }  # fmt: skip
    return render(request, "accounts/invite.html", context, status=422 if form.errors else 200)


@never_cache
@require_GET
def invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """The code, as large as the screen; asked again every few seconds whether somebody has come in."""
    user = signed_in(request)
    found = get_object_or_404(
        Invitation.objects.visible_to(user).filter(phone_index="").select_related("organisation", "role", "taken_by"),
        pk=pk,
    )
    context: dict[str, object] = {"invitation": found, "minutes": SHOWN.seconds // 60}
    fragment = getattr(request, "htmx", False)
    if fragment and found.is_open:
        return HttpResponse(status=204)
    if found.is_open:
        url = request.build_absolute_uri(reverse("accounts:join", args=[found.token]))
        context |= {"code": drawn(url), "url": url if settings.DEBUG else ""}
    return render(request, "accounts/_invitation.html" if fragment else "accounts/invitation.html", context)


def drawn(url: str) -> SafeString:
    """A QR code as SVG without size, so that the style sheet gives it one."""
    code = segno.make(url, error="m", micro=False)
    return SafeString(
        code.svg_inline(border=4, omitsize=True, svgclass="own-qr", lineclass=None, title=_("绑定用的二维码"))
    )


@require_POST
def invitation_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Shut a door."""
    user = signed_in(request)
    found = get_object_or_404(Invitation.objects.visible_to(user).select_related("organisation", "role"), pk=pk)
    withdraw_invitation(found, by=user)
    messages.success(request, _("邀请已收回，不能再用。"))
    return redirect("accounts:invite", found.organisation_id)


@never_cache
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """The door: what one becomes, where and by whom; then come in. Whoever holds the token may look, nobody else."""
    user = signed_in(request)
    found = _by_token(token)
    mine = found is not None and (not found.phone_index or found.phone_index == user.phone_index)
    if found is None or not mine:
        return render(request, "accounts/join.html", {"state": "unknown"}, status=404)
    held = Post.objects.open().filter(user=user, organisation=found.organisation, role=found.role).first()
    if request.method == "POST" and found.is_open and held is None:
        post = take_invitation(found, by=user)
        messages.success(request, _("您已成为%(firm)s的%(role)s。") % {"firm": post.scope_name, "role": post.role.name})
        return redirect(settings.LOGIN_REDIRECT_URL)
    state = (
        "held"
        if held
        else "open"
        if found.is_open
        else "taken"
        if found.taken_at
        else "withdrawn"
        if found.withdrawn_at
        else "late"
    )
    status = 200 if state in ("open", "held") else 410
    context = {"invitation": found, "state": state, "post": held, "own": found.invited_by_id == user.pk}
    return render(request, "accounts/join.html", context, status=status)


def _by_token(token: str) -> Invitation | None:
    try:
        known = uuid.UUID(token)
    except ValueError:
        return None
    return Invitation.objects.filter(token=known).select_related("organisation", "role", "invited_by").first()
