"""Texts of ours that cite a changed article: read again and signed."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anlan.accounts import powers
from anlan.law.actions.stale import review_citation, waiting_for, with_changes
from anlan.law.models import Citation
from anlan.lib.asked import way_back
from anlan.lib.errors import Refused

PAGE: Final = 20
OPEN_TO: Final = (powers.EDIT_CONTENT, powers.TEACH, powers.SET_RULES)


@require_safe
def stale(request: HttpRequest) -> HttpResponse:
    """What waits for this person, with the article as it was read and as it reads now."""
    user: Any = request.user
    if not any(user.may(power) for power in OPEN_TO):
        raise Refused(_("没有找到这一页"), code="not_found", status=404)
    waiting = waiting_for(user)
    labels = dict(Citation.Kind.choices)
    tabs = [(kind, labels[kind], n) for kind, n in waiting.values_list("kind").annotate(n=Count("pk")).order_by("kind")]
    kind = request.GET.get("kind", "")
    rows = waiting.filter(kind=kind) if kind in labels else waiting
    rows = rows.select_related("statute").order_by("stale_since", "statute__short", "ref", "pk")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return render(request, "law/stale.html", {
        "page": page, "rows": with_changes(list(page.object_list)), "tabs": tabs, "kind": kind if kind in labels else "",
        "total": sum(n for _kind, _label, n in tabs),
    })  # fmt: skip


@require_POST
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign that one citing text was read again."""
    user: Any = request.user
    citation = get_object_or_404(waiting_for(user), pk=pk)
    review_citation(citation, by=user, seen=request.POST.get("seen", ""))
    messages.success(request, _("已记下您的复核：%(title)s") % {"title": citation.title})
    return redirect(way_back(request, request.POST.get("next"), reverse("law:stale")))
