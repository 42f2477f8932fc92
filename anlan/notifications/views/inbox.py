"""The inbox."""

from __future__ import annotations

from itertools import groupby

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from anlan.accounts.views.who import signed_in
from anlan.lib.asked import way_back
from anlan.notifications.actions import read_notices
from anlan.notifications.models import Notice

PAGE = 50


@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """The messages of a person by day, those not seen first: `?show=all` has the rest."""
    mine = Notice.objects.visible_to(signed_in(request))
    unread, total = mine.unread().count(), mine.count()
    show = request.GET.get("show", "unread" if unread else "all")
    rows = mine if show == "all" else mine.unread()
    page = Paginator(rows.order_by("-id"), PAGE).get_page(request.GET.get("page"))
    days = [(day, list(rows)) for day, rows in groupby(page, key=lambda one: timezone.localdate(one.created_at))]
    context = {
        "days": days,
        "page": page,
        "unread": unread,
        "total": total,
        "show": "all" if show == "all" else "unread",
    }
    return render(request, "notifications/inbox.html", context)


@require_POST
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark as seen and go to what it is about; addresses outside this house are not followed."""
    notice = get_object_or_404(Notice.objects.visible_to(signed_in(request)), pk=pk)
    read_notices(signed_in(request), [notice.pk])
    return redirect(way_back(request, notice.url, "notifications:inbox"))


@require_POST
def read(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark one as seen."""
    notice = get_object_or_404(Notice.objects.visible_to(signed_in(request)), pk=pk)
    read_notices(signed_in(request), [notice.pk])
    return redirect(way_back(request, request.POST.get("next"), "notifications:inbox"))


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all as seen."""
    n = read_notices(signed_in(request))
    if n:
        messages.success(request, _("%(n)d 条消息标为已看") % {"n": n})
    return redirect("notifications:inbox")
