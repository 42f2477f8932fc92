"""Links that lead out: the page between, the dead ones, the list of hosts."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from anlan.content.collecting.addresses import host_of
from anlan.content.links.allowing import allow_host, disallow_host, is_allowed, read_outward
from anlan.content.links.checking import last_check
from anlan.content.models import AllowedHost, Link
from anlan.content.views.desk import Request, own_pages
from anlan.content.views.site import frame
from anlan.lib.errors import Refused

PAGE: Final = 30


@never_cache
@login_not_required
@require_safe
def leave(request: HttpRequest) -> HttpResponse:
    """Where a link of ours leads, before the reader goes there. Only for links that we signed."""
    url = read_outward(request.GET.get("to", ""))
    response = render(request, "content/links/leave.html", {
        **frame(request), "url": url, "host": host_of(url), "allowed": is_allowed(url), "plain": url.startswith("http://"),
    })  # fmt: skip
    response["X-Robots-Tag"] = "noindex"
    return response


@require_GET
def links(request: Request) -> HttpResponse:
    """Links of the public pages: the dead ones and where they stand, all, and the list of hosts."""
    return _links(request)


def _links(request: Request, refused: Refused | None = None) -> HttpResponse:
    own_pages(request)
    rows = Link.objects.visible_to(request.user).filter(uses__isnull=False).distinct()
    counts = dict(rows.order_by().values_list("state").annotate(n=Count("pk", distinct=True)))
    hosts = AllowedHost.objects.all()
    state = "hosts" if refused else request.GET.get("state", "broken")
    shown = rows.filter(state=state) if state in Link.State.values else rows
    page = Paginator(shown.prefetch_related("uses__page").order_by("-broken_at", "host", "pk"), PAGE).get_page(
        request.GET.get("page")
    )
    for row in page:
        row.allowed = is_allowed(row.url)  # type: ignore[attr-defined]
    return render(request, "content/links/list.html", {
        "page": page if state != "hosts" else None, "state": state, "hosts": hosts, "last": last_check(), "refused": refused,
        "typed": request.POST if refused else {}, "total": sum(counts.values()), "broken": counts.get("broken", 0),
        "shaky": counts.get("shaky", 0),
    }, status=refused.status if refused else 200)  # fmt: skip


@require_POST
def host_add(request: Request) -> HttpResponse:
    """Put a host on the list."""
    own_pages(request)
    sent = request.POST
    try:
        row = allow_host(
            sent.get("host", ""), subdomains="subdomains" in sent, reason=sent.get("reason", ""), by=request.user
        )
    except Refused as refused:
        return _links(request, refused)
    messages.success(request, _("以后可以直接链接到 %(host)s。") % {"host": row.host})
    return redirect("/editing/links/?state=hosts")


@require_POST
def host_remove(request: Request, pk: int) -> HttpResponse:
    """Take a host off the list."""
    own_pages(request)
    row = get_object_or_404(AllowedHost, pk=pk)
    disallow_host(row, by=request.user)
    messages.success(request, _("%(host)s 已移出名单，指向它的链接会先显示提示页。") % {"host": row.host})
    return redirect("/editing/links/?state=hosts")


@require_POST
def link_again(request: Request, pk: int) -> HttpResponse:
    """Let the next run look at a link again."""
    own_pages(request)
    row = get_object_or_404(Link.objects.visible_to(request.user), pk=pk)
    Link.objects.visible_to(request.user).filter(pk=row.pk).update(next_at=timezone.now())
    messages.success(request, _("十分钟内再查一次。"))
    return redirect("content:links")
