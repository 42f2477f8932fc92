"""Subscribing with an account and without, leaving, feeds, and what a reader may want to read next."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anlan.accounts.views.who import signed_in
from anlan.channels import mail, sms, wechat
from anlan.content import recommend
from anlan.content.forms_readers import SubscriptionForm
from anlan.content.models import Entry, Subscription
from anlan.content.subscriptions.conditions import KINDS, estimate
from anlan.content.subscriptions.saving import ask_visitor, confirm_visitor, drop_subscription, leave, save_subscription
from anlan.content.subscriptions.sending import latest_for
from anlan.content.views.limits import spend
from anlan.content.views.site import frame
from anlan.content.views.subscription_words import words_of
from anlan.lib.asked import number, way_back
from anlan.lib.errors import Refused
from anlan.notifications.models import Preference
from anlan.ui.caching import open_form

FEED_TAGS: Final = 12


@never_cache
@login_not_required
@require_safe
def subscriptions(request: HttpRequest) -> HttpResponse:
    """One's own subscriptions and what they brought; for visitors the ways to subscribe."""
    rows: list[Any] = []
    latest: list[Any] = []
    if request.user.is_authenticated:
        rows = list(Subscription.objects.visible_to(request.user).prefetch_related("terms").order_by("-pk"))
        words = words_of(rows)
        for row in rows:
            row.words = words[row.pk]
            row.ways = [str(Subscription.CHANNELS[name]) for name in row.channels if name in Subscription.CHANNELS]
        latest = latest_for(signed_in(request))
    context = {**frame(request), "rows": rows, "latest": latest, "kinds": KINDS.items(), "mail_ready": mail.is_ready()}
    return render(request, "content/subscriptions/list.html", context)


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def subscribe(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Choose what to hear of, how soon and where; with an account or with an e-mail address. `预估` says how much it is."""
    user = signed_in(request) if request.user.is_authenticated else None
    if pk is not None and user is None:
        raise Http404
    found = get_object_or_404(Subscription.objects.visible_to(user), pk=pk) if pk is not None else None
    form = SubscriptionForm(request.POST or None, subscription=found, visitor=user is None, asked=request.GET)
    volume: int | None = None
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and "estimate" in request.POST:
            volume, status = estimate(form.terms()), 200
        elif form.is_valid():
            try:
                return _subscribed(request, form, found)
            except Refused as refused:
                form.add_error(refused.field or None, str(refused.message))
                status = refused.status
    elif found is not None:
        volume = estimate([(term.facet, term.value) for term in found.terms.all()])
    template = (
        "content/subscriptions/_volume.html" if request.headers.get("HX-Request") else "content/subscriptions/form.html"
    )
    return render(request, template, {
        **frame(request), "form": form, "subscription": found, "volume": volume, "mail_ready": mail.is_ready(),
        "hints": _hints(request),
    }, status=status if "HX-Request" not in request.headers else 200)  # fmt: skip


def _subscribed(request: HttpRequest, form: SubscriptionForm, found: Subscription | None) -> HttpResponse:
    if request.user.is_authenticated:
        data = form.cleaned_data
        save_subscription(
            signed_in(request), form.terms(), rhythm=data["rhythm"], channels=data["channels"], subscription=found
        )
        messages.success(request, _("订阅已保存。"))
        return redirect("content:subscriptions")
    spend("subscribe")
    if not form.is_trap:
        ask_visitor(form.cleaned_data["email"], form.terms(), rhythm=form.cleaned_data["rhythm"])
    return redirect("content:subscription-sent")


def _hints(request: HttpRequest) -> list[str]:
    """What a channel still needs, for whoever is signed in."""
    if not request.user.is_authenticated:
        return []
    user, hints = signed_in(request), []
    preference = Preference.objects.filter(user=user).first()
    if not mail.is_ready():
        hints.append(_("电子邮件还没有配置，选了以后等配置好才发。"))
    elif preference is None or not preference.mails:
        hints.append(_("您还没有确认过邮箱，先在“通知方式”里填。"))
    if not sms.has_template("notice"):
        hints.append(_("短信还没有配置。"))
    if not wechat.is_ready():
        hints.append(_("微信公众号还没有配置。"))
    else:
        hints.append(_("微信要先绑定：在“我的”里用微信登录一次，并关注公众号。"))
    return hints


@never_cache
@login_not_required
@require_safe
def subscription_sent(request: HttpRequest) -> HttpResponse:
    """A letter is on its way: the same words whoever asked."""
    return render(request, "content/subscriptions/sent.html", frame(request))


@require_POST
def subscription_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """End one's own subscription."""
    user = signed_in(request)
    drop_subscription(get_object_or_404(Subscription.objects.visible_to(user), pk=pk), by=user)
    messages.success(request, _("已取消订阅。"))
    return redirect("content:subscriptions")


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def subscription_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the letter: a page with one button, since mail programs open links by themselves."""
    if request.method == "POST":
        confirm_visitor(token)
    return render(request, "content/subscriptions/link.html", {"done": request.method == "POST", "what": "confirm"})


@csrf_exempt  # the one click of RFC 8058 comes from a mail program; the signed token is the proof
@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Stop the e-mail of a subscription, without signing in."""
    if request.method == "POST":
        leave(token)
    return render(request, "content/subscriptions/link.html", {"done": request.method == "POST", "what": "leave"})


@never_cache
@login_not_required
@require_safe
def recommended(request: HttpRequest) -> HttpResponse:
    """为您推荐, why each is shown, and the switch. As a fragment: the block for the foot of a page."""
    if request.headers.get("HX-Request"):
        rows = recommend.for_reader(request, without=number(request.GET.get("page")))
        return render(request, "content/subscriptions/_recommended.html", {"rows": rows})
    tags = recommend.tags_of(request)
    return render(request, "content/subscriptions/recommended.html", {
        **frame(request), "rows": recommend.for_reader(request, n=12), "on": recommend.consent_of(request),
        "tags": sorted(tags.items(), key=lambda row: -row[1]),
    })  # fmt: skip


@open_form
@login_not_required
@require_POST
def reading_choose(request: HttpRequest) -> HttpResponse:
    """Let reading be remembered, stop it (all is deleted), or forget what was read."""
    do = request.POST.get("do")
    if do not in ("on", "off", "clear"):
        raise Http404
    response = redirect(way_back(request, request.POST.get("next"), "content:recommended"))
    if request.user.is_authenticated:
        user = signed_in(request)
        if do == "clear":
            recommend.clear_reading(user)
        else:
            recommend.choose_reading(user, on=do == "on")
    else:
        kept = recommend.tags_of(request) if do == "on" else {}
        on = do == "on" or (do == "clear" and bool(recommend.consent_of(request)))
        _set(response, on, kept)
    return response


@open_form
@login_not_required
@require_POST
def reading_note(request: HttpRequest, pk: int) -> HttpResponse:
    """Count the tags of a public page that is being read: only with consent; of visitors, in their own browser only."""
    page = get_object_or_404(Entry.objects.public(), pk=pk)
    if request.user.is_authenticated:
        return JsonResponse({"noted": recommend.note_reading(signed_in(request), page)})
    noted = bool(recommend.consent_of(request))
    response = JsonResponse({"noted": noted})
    if noted:
        _set(response, True, recommend.counted(recommend.tags_of(request), list(page.tags)))
    return response


def _set(response: HttpResponse, on: bool, tags: dict[str, int]) -> None:
    response.set_cookie(
        recommend.COOKIE, recommend.cookie_of(on, tags), max_age=recommend.YEAR, httponly=True, samesite="Lax"
    )
