"""Every version of a page: the list, two of them compared, one put back."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from wagtail.models import Revision

from anlan.content.actions import roll_back
from anlan.content.comparing import compare as compare_texts
from anlan.content.forms import words_of
from anlan.content.models import Entry, ReviewRound
from anlan.content.people import revisions_of
from anlan.content.views.desk import Request, own_page
from anlan.lib.asked import number

MOST = 100


def _marked(page: Entry) -> list[Revision]:
    """The versions, newest first, each with its number and what it was: live, released once, in review."""
    rows = list(revisions_of(page).select_related("user")[:MOST])
    total = revisions_of(page).count()
    rounds = {current.revision_id: current for current in page.rounds.order_by("number")}
    for place, row in enumerate(rows):
        row.place = total - place
        current = rounds.get(row.pk)
        row.round_words = current.get_state_display() if current else ""
        row.released = current is not None and current.state == ReviewRound.State.RELEASED
        row.is_live = page.is_public and row.pk == page.live_revision_id
    return rows


@require_GET
def versions(request: Request, pk: int) -> HttpResponse:
    """All versions; two can be chosen and compared, an older one put back."""
    page = own_page(request, pk)
    return render(request, "content/versions.html", {"page": page, "rows": _marked(page)})


@require_GET
def compare(request: Request, pk: int) -> HttpResponse:
    """Two versions side by side, or in one text (`view=inline`); by default the public one and the newest."""
    page = own_page(request, pk)
    rows = _marked(page)
    by_pk = {row.pk: row for row in rows}
    new = by_pk.get(number(request.GET.get("b")) or 0) or (rows[0] if rows else None)
    if new is None:
        raise Http404
    older = rows[rows.index(new) + 1 :]
    base = next((row for row in older if row.pk == page.live_revision_id), older[0] if older else new)
    old = by_pk.get(number(request.GET.get("a")) or 0) or base
    before, after = old.as_object(), new.as_object()
    return render(request, "content/compare.html", {
        "page": page, "old": old, "new": new, "rows": rows, "inline": request.GET.get("view") == "inline",
        "changes": [(words_of(change.field), change.rows) for change in compare_texts(before.texts, after.texts)],
    })  # fmt: skip


@require_POST
def restore(request: Request, pk: int, revision: int) -> HttpResponse:
    """Make an older version the newest draft; it goes through review like any other."""
    page = own_page(request, pk)
    old = get_object_or_404(revisions_of(page), pk=revision)
    if roll_back(page, old, by=request.user):
        messages.success(request, _("已退回到这一版，作为新稿保存。送审通过后才会公开。"))
    else:
        messages.success(request, _("这一版和现在的稿一样，没有改动。"))
    return redirect("content:draft", pk)
