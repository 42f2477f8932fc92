"""Offline work that needs a person: entries in doubt, answers that differ, and the log as evidence."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.accounts import powers
from anlan.accounts.models import Post, Region, User
from anlan.accounts.models.regions import inside
from anlan.files.actions import serve
from anlan.files.models import Blob
from anlan.hazards.models import Conflict, Device, Inspection, Operation, PhotoUpload
from anlan.hazards.sync.deciding import accept_doubts, can_decide_doubts, decide_conflict, discard_doubts, revoke_device
from anlan.hazards.sync.showing import conflict_in_words, in_words, verified
from anlan.lib.asked import number
from anlan.lib.errors import Refused

PER_PAGE = 20


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 — the middleware lets nobody else in
    return request.user


@require_GET
def quarantine(request: HttpRequest) -> HttpResponse:
    """Visits with entries in doubt: one's own, and for the town those of its territory; and the phones in use."""
    user = _user(request)
    if not user.may(powers.INSPECT) and not can_decide_doubts(user):
        raise Refused(_("这一页由检查人员和镇街使用。"), code="forbidden", status=403)
    rows = Operation.objects.visible_to(user).in_doubt().order_by("device_id", "task", "sequence")
    visits: list[dict[str, Any]] = [
        {"first": entries[0], "n": len(entries), "device": entries[0].device}
        for _key, group in groupby(
            rows.select_related("device__user", "device__post__role", "inspection__enterprise__organisation")[:2000],
            key=lambda one: (one.device_id, one.task),
        )
        if (entries := list(group))
    ]
    devices = Device.objects.filter(revoked_at__isnull=True).select_related("user", "post__role", "post__organisation")
    mine = Q(user=user)
    if can_decide_doubts(user) and user.post is not None:
        mine |= inside(user.post.region_code, "post__region_code")
    conflicts = Conflict.objects.visible_to(user).open().select_related("inspection__enterprise__organisation")
    phones = list(devices.filter(mine).order_by("-seen_at", "-pk")[:50])
    _name_territories([one.post for one in (*phones, *(visit["device"] for visit in visits))])
    page = Paginator(visits, PER_PAGE).get_page(number(request.GET.get("page")) or 1)
    return render(
        request, "hazards/patrol/quarantine.html",
        {
            "page": page, "decides": can_decide_doubts(user), "devices": phones,
            "conflicts": _by_inspection(conflicts.order_by("inspection_id", "pk")[:200]),
        },
    )  # fmt: skip


def _name_territories(posts: Iterable[Post]) -> None:
    """Give posts the names of their territories: one query for all."""
    found = list(posts)
    names = dict(Region.objects.filter(pk__in={post.region_code for post in found}).values_list("pk", "name"))
    for post in found:
        post._region_name = names.get(post.region_code, post.region_code)  # kept by `region_name`


def _by_inspection(rows: Any) -> list[tuple[Inspection, int]]:
    return [
        (found[0].inspection, len(found))
        for _pk, group in groupby(rows, key=lambda one: one.inspection_id)
        if (found := list(group))
    ]


@require_http_methods(["GET", "POST"])
def doubt(request: HttpRequest, pk: int, task: uuid.UUID) -> HttpResponse:
    """One visit in doubt: what it says, entry by entry; accept it or say why not."""
    user = _user(request)
    device = get_object_or_404(Device.objects.select_related("user", "post__role", "post__organisation"), pk=pk)
    rows = Operation.objects.visible_to(user).filter(device=device, task=task)
    if request.method == "POST":
        words = request.POST.get("words", "")
        if request.POST.get("do") == "accept":
            done = accept_doubts(device, task, by=user, words=words)
            if done.left:
                messages.warning(
                    request,
                    _("%(n)d 条已生效，%(m)d 条仍不能生效：%(why)s")
                    % {"n": done.applied, "m": done.left, "why": done.because},
                )
            else:
                messages.success(
                    request, ngettext("%(n)d 条记录已生效", "%(n)d 条记录已生效", done.applied) % {"n": done.applied}
                )
        else:
            n = discard_doubts(device, task, by=user, words=words)
            messages.success(request, _("%(n)d 条记录不采用，内容和原因都留着") % {"n": n})
        return redirect("hazards:quarantine")
    entries = list(
        rows.select_related("inspection__enterprise__organisation", "device__user").order_by("sequence", "pk")[:500]
    )
    if not entries:
        raise Http404
    inspection = entries[0].inspection
    lists = list(inspection.checklists.all()) if inspection else []
    open_ = [one for one in entries if one.outcome == Operation.Outcome.QUARANTINED and not one.decision]
    uploads = PhotoUpload.objects.filter(operation__in=[one.pk for one in entries], done_at__isnull=False).order_by(
        "pk"
    )
    return render(
        request, "hazards/patrol/doubt.html",
        {
            "device": device, "task": task, "entries": [(one, in_words(one, lists)) for one in entries], "open": len(open_),
            "why": open_[0].because if open_ else "", "inspection": inspection, "photos": uploads,
            "decides": can_decide_doubts(user) and device.user_id != user.pk and open_,
        },
    )  # fmt: skip


@require_GET
def doubt_photo(request: HttpRequest, client_id: uuid.UUID) -> HttpResponseBase:
    """A photo that came with entries in doubt, for whoever sees those."""
    visible = Operation.objects.visible_to(_user(request))
    upload = get_object_or_404(PhotoUpload.objects.select_related("blob"), client_id=client_id, operation__in=visible)
    blob = Blob.objects.filter(pk=upload.about.get("shown", 0)).first() or upload.blob
    if blob is None:
        raise Http404
    return serve(request, blob)


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Turn a lost phone off."""
    revoke_device(get_object_or_404(Device, pk=pk), by=_user(request))
    if not request.session.exists(request.session.session_key or ""):
        logout(request)  # it was the phone in one's own hand
    messages.success(request, _("这台手机已停用，里面的内容打不开了"))
    return redirect("hazards:quarantine")


@require_GET
def conflicts(request: HttpRequest, pk: int) -> HttpResponse:
    """Where two people of one inspection differ: both values side by side, who and when, and the choice."""
    user = _user(request)
    inspection = get_object_or_404(
        Inspection.objects.visible_to(user).select_related("enterprise__organisation"), pk=pk
    )
    rows = list(inspection.conflicts.select_related("operation__device__user", "decided_by").order_by("chosen", "pk"))
    shown = [one for one in rows if not one.chosen], [one for one in rows if one.chosen]
    lists = list(inspection.checklists.select_related("checklist"))
    return render(
        request, "hazards/patrol/conflicts.html",
        {
            "inspection": inspection, "open": [conflict_in_words(one, lists) for one in shown[0]],
            "decided": [conflict_in_words(one, lists) for one in shown[1]],
            "may": any(one.can_decide(user) for one in shown[0][:1]),
        },
    )  # fmt: skip


@require_POST
def decide(request: HttpRequest, pk: int, conflict: int) -> HttpResponse:
    """Choose one of two answers."""
    user = _user(request)
    row = get_object_or_404(Conflict.objects.visible_to(user), pk=conflict, inspection_id=pk)
    decide_conflict(row, chosen=request.POST.get("chosen", ""), by=user)
    messages.success(request, _("已选定，另一个也留在记录里"))
    return redirect("hazards:conflicts", pk)


@require_GET
def log(request: HttpRequest, pk: int) -> HttpResponse:
    """The log of the devices at one inspection: what was done when by which clock, and whether the chain still holds."""
    inspection = get_object_or_404(
        Inspection.objects.visible_to(_user(request)).select_related("enterprise__organisation"), pk=pk
    )
    lists = list(inspection.checklists.all())
    rows = list(inspection.operations.select_related("device__user").order_by("device_id", "sequence", "pk")[:1000])
    return render(
        request, "hazards/patrol/log.html",
        {"inspection": inspection, "entries": [(one, in_words(one, lists), verified(one)) for one in rows]},
    )  # fmt: skip
