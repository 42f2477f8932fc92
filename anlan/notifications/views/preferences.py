"""What a person wants beside the inbox; the links in letters."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from anlan.accounts.views.who import signed_in
from anlan.channels import mail, sms
from anlan.lib.errors import Refused
from anlan.notifications import actions
from anlan.notifications.forms import EmailForm, PreferenceForm
from anlan.notifications.models import Delivery, Preference


@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """One's own channels: a table of groups, quiet hours, the address, and what was sent last."""
    user = signed_in(request)
    preference = Preference.objects.filter(user=user).first() or Preference(user=user)
    form = PreferenceForm(request.POST) if request.method == "POST" else PreferenceForm.of(preference)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        actions.save_preference(
            user, sms=data["sms"], rhythms=form.rhythms(), sms_urgent=data["sms_urgent"], wake=data["wake"],
            quiet=(data["quiet_from"], data["quiet_until"]),
        )  # fmt: skip
        messages.success(request, _("通知方式已保存。"))
        return redirect("notifications:preferences")
    context = {
        "form": form, "email_form": EmailForm(initial={"email": preference.email}), "preference": preference,
        "sms_ready": sms.has_template("notice"), "mail_ready": mail.is_ready(), "mail_folder": mail.is_folder(),
        "sent": Delivery.objects.visible_to(user).select_related("notice").order_by("-pk")[:10],
    }  # fmt: skip
    return render(request, "notifications/preferences.html", context, status=422 if form.errors else 200)


@require_POST
def email(request: HttpRequest) -> HttpResponse:
    """Note an address, or forget it; a letter asks whether it is really theirs."""
    form = EmailForm(request.POST)
    if not form.is_valid():
        raise Refused(_("这不像一个邮箱地址，请核对。原来的地址没有改。"), code="bad_email", status=422, field="email")
    address = form.cleaned_data["email"]
    actions.ask_email(signed_in(request), address)
    messages.success(
        request,
        _("确认信已经发到 %(a)s，点开里面的链接才会生效。") % {"a": address}
        if address
        else _("邮箱已经去掉，不再收邮件。"),
    )
    return redirect("notifications:preferences")


@login_not_required
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the letter: a page with one button, since mail programs open links by themselves."""
    if request.method == "POST":
        actions.confirm_email(token)
    context = {"done": request.method == "POST", "what": "confirm"}
    return render(request, "notifications/link.html", context)


@csrf_exempt  # the one click of RFC 8058 comes from a mail program; the signed token is the proof
@login_not_required
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Stop all e-mail, without signing in."""
    if request.method == "POST":
        actions.unsubscribe(token)
    return render(request, "notifications/link.html", {"done": request.method == "POST", "what": "unsubscribe"})
