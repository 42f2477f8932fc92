"""The results page, suggestions while typing, and the way out to what was found."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from anlan.lib.asked import number
from anlan.lib.errors import Refused
from anlan.search.actions.tracing import trace, trace_click
from anlan.search.finding import Chosen, Results, find
from anlan.search.models import Document
from anlan.search.suggesting import popular
from anlan.search.suggesting import suggest as suggestions
from anlan.search.understanding import LONGEST_QUERY

EACH: Final = 20
LONG: Final = 4_000
"""Characters of a query that are taken in at all."""
A_MINUTE: Final = {"search": 90, "suggest": 600}
LEVELS: Final = (
    ("law", _("法律")), ("administrative", _("行政法规")), ("judicial", _("司法解释")), ("rule", _("部门规章")), ("local", _("地方性法规")),
)  # fmt: skip
STATES: Final = (
    ("force", _("现行有效")),
    ("future", _("尚未施行")),
    ("replaced", _("已被修改")),
    ("repealed", _("已废止")),
)
SINCE: Final = ((1, _("一年内施行或发布")), (3, _("三年内")), (5, _("五年内")))
WORDS: Final = (_("工伤认定"), _("有限空间"), _("动火作业"), _("拖欠工资"), _("触电"), _("安法38"))


@login_not_required
@require_GET
def results(request: HttpRequest) -> HttpResponse:
    """One box for everything public: the article named, else the best of all kinds, by kind and filter."""
    chosen = _chosen(request)
    page_number = max(1, min(number(request.GET.get("page")) or 1, 50))
    if chosen.q:
        _limit(request, "search")
    found = find(chosen, (page_number - 1) * EACH, EACH) if chosen.q else None
    if found and page_number == 1 and not chosen.kind:
        trace(chosen.q, found.total + len(found.places))
    context: dict[str, Any] = {"chosen": chosen, "found": found, "page_number": page_number, "words": _popular_words()}
    if found:
        total = found.counts[chosen.kind] if chosen.kind else found.total
        context |= {
            "tabs": _tabs(found, chosen), "total": total, "page": Paginator(range(total), EACH).get_page(page_number),
            "filters": _filters(request), "chips": _chips(request, chosen), "long": len(request.GET["q"]) > LONGEST_QUERY,
        }  # fmt: skip
    return render(
        request, "search/_results.html" if getattr(request, "htmx", False) else "search/results.html", context
    )


@login_not_required
@require_GET
def suggest(request: HttpRequest) -> HttpResponse:
    """Lines for what was typed so far."""
    _limit(request, "suggest")
    icons = {
        "article": "scale",
        "guide": "scale",
        "statute": "book-2",
        "query": "history",
        "knowledge": "first-aid-kit",
    }
    kinds = dict(Document.Kind.choices)
    lines = [
        {
            "text": line.text, "note": line.note, "url": line.url,
            "kind": str(kinds.get(line.kind, _("大家搜过"))), "icon": icons.get(line.kind, "search"),
        }
        for line in suggestions(request.GET.get("q", "")[:LONG])
    ]  # fmt: skip
    response = JsonResponse({"lines": lines})
    response["Cache-Control"] = "public, max-age=60"
    return response


@login_not_required
@require_GET
def click(request: HttpRequest) -> HttpResponse:
    """Count that a result was opened, then go there; only to addresses of this house that the index knows."""
    document = get_object_or_404(Document.objects.only("url"), pk=number(request.GET.get("d")) or 0, gone=False)
    if not document.url.startswith("/") or not url_has_allowed_host_and_scheme(document.url, None):
        raise Refused(_("这条结果的地址不在本站，没有打开。"), code="outside", status=404)
    trace_click(request.GET.get("q", "")[:LONG], number(request.GET.get("at")) or 1)
    return redirect(document.url)


def _chosen(request: HttpRequest) -> Chosen:
    asked = request.GET
    if len(asked.get("q", "")) > LONG:
        raise Refused(_("这段话太长，没有搜。请用一两句话说清楚最想问的，200 个字以内。"), code="too_long", status=413)
    years = number(asked.get("since")) or 0
    today = timezone.localdate()
    return Chosen(
        q=" ".join(asked.get("q", "").split()),
        kind=asked["kind"] if asked.get("kind") in Document.Kind.values else "",
        level=asked["level"] if asked.get("level") in dict(LEVELS) else "",
        state=asked["state"] if asked.get("state") in dict(STATES) else "",
        since=date(today.year - years, today.month, min(today.day, 28)) if years in dict(SINCE) else None,
        exact=asked.get("exact") == "1",
    )


def _tabs(found: Results, chosen: Chosen) -> list[dict[str, Any]]:
    rows = [{"kind": "", "label": _("全部"), "n": found.total, "current": not chosen.kind}]
    for kind, label in Document.Kind.choices:
        if found.counts[kind] or chosen.kind == kind:
            rows.append({"kind": kind, "label": label, "n": found.counts[kind], "current": chosen.kind == kind})
    return rows


def _filters(request: HttpRequest) -> list[dict[str, Any]]:
    return [
        {"name": name, "label": label, "values": [(str(value), words) for value, words in values], "now": request.GET.get(name, "")}
        for name, label, values in (("level", _("效力层级"), LEVELS), ("state", _("效力状态"), STATES), ("since", _("时间"), SINCE))
    ]  # fmt: skip


def _chips(request: HttpRequest, chosen: Chosen) -> list[tuple[str, Any]]:
    """The conditions in force: (name in the address, words)."""
    chips: list[tuple[str, Any]] = []
    if chosen.level:
        chips.append(("level", dict(LEVELS)[chosen.level]))
    if chosen.state:
        chips.append(("state", dict(STATES)[chosen.state]))
    if chosen.since:
        chips.append(("since", dict(SINCE)[number(request.GET.get("since")) or 0]))
    return chips


def _popular_words() -> list[Any]:
    return [words for words, _times in popular(6)] or list(WORDS)


def _limit(request: HttpRequest, what: str) -> None:
    """So many times a minute from one address; counted in memory, kept nowhere."""
    key = f"search-{what}-{request.META.get('REMOTE_ADDR', '')}-{int(timezone.now().timestamp() // 60)}"
    cache.add(key, 0, 120)
    try:
        times = cache.incr(key)
    except ValueError:
        return
    if times > A_MINUTE[what]:
        raise Refused(_("这个地址一分钟里搜了太多次，请过一分钟再搜。"), code="too_often", status=429)
