"""Messages on their way, for the operator: states and reasons, no names and no numbers."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from anlan.accounts import powers
from anlan.accounts.views.who import signed_in
from anlan.channels import mail, sms
from anlan.lib.errors import Refused
from anlan.notifications.actions import resend_delivery
from anlan.notifications.models import Delivery

PAGE = 50


@require_GET
def deliveries(request: HttpRequest) -> HttpResponse:
    """The queue by state and channel: `?state=failed&channel=sms`."""
    if not signed_in(request).may(powers.OPERATE):
        raise Refused(_("没有找到这一页"), code="not_found", status=404)
    rows = Delivery.objects.select_related("notice").order_by("-pk")
    state, channel = request.GET.get("state", ""), request.GET.get("channel", "")
    if state in Delivery.State.values:
        rows = rows.filter(state=state)
    if channel in Delivery.Channel.values:
        rows = rows.filter(channel=channel)
    counts = dict(Delivery.objects.values_list("state").annotate(n=Count("pk")).order_by())
    context = {
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")), "state": state, "channel": channel,
        "states": [(key, label, counts.get(key, 0)) for key, label in Delivery.State.choices],
        "channels": Delivery.Channel.choices, "total": sum(counts.values()), "failed": counts.get("failed", 0),
        "sms_ready": sms.has_template("notice"), "mail_ready": mail.is_ready(), "mail_folder": mail.is_folder(),
    }  # fmt: skip
    return render(request, "notifications/deliveries.html", context)


@require_POST
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Queue what failed once more."""
    if not signed_in(request).may(powers.OPERATE):
        raise Refused(_("没有找到这一页"), code="not_found", status=404)
    resend_delivery(get_object_or_404(Delivery, pk=pk), by=signed_in(request))
    messages.success(request, _("重新排队了，几秒钟后再看。"))
    return redirect("notifications:deliveries")
