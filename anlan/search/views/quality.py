"""How well search answers: what people ask most, what found nothing, what nobody opened; by day."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any, Final

from django.db.models import F, FloatField, Max, QuerySet, Sum
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from anlan.lib.asked import number
from anlan.lib.xlsx import write_rows
from anlan.search.actions.tracing import flush
from anlan.search.models import Trace
from anlan.search.views.terms import editor

DAYS: Final = (7, 30, 90)
VIEWS: Final = (
    ("most", gettext_lazy("问得最多")),
    ("none", gettext_lazy("什么都没找到")),
    ("low", gettext_lazy("很少有人点开")),
)
EACH: Final = 100
ENOUGH: Final = 3
"""Asked fewer times a low share of clicks means nothing."""


def _rows(view: str, days: int) -> QuerySet[Trace, dict[str, Any]]:
    since = timezone.localdate() - timedelta(days=days - 1)
    rows: QuerySet[Any, Any] = (
        Trace.objects.filter(day__gte=since)
        .values("words")
        .annotate(n=Sum("count"), best=Max("found"), opened=Sum("clicks"), ranks=Sum("rank_sum"), last=Max("day"))
    )
    if view == "none":
        rows = rows.filter(best=0)
    elif view == "low":
        share = Cast(F("opened"), FloatField()) / Cast(F("n"), FloatField())
        rows = rows.filter(best__gt=0, n__gte=ENOUGH).annotate(share=share).filter(share__lt=0.2)
    return rows.order_by("-n", "words")


def _asked(request: HttpRequest) -> tuple[str, int]:
    view = request.GET.get("view", "")
    days = number(request.GET.get("days")) or 30
    return view if view in dict(VIEWS) else "most", days if days in DAYS else 30


@require_GET
def report(request: HttpRequest) -> HttpResponse:
    """The report; every row offers to add an entry to the thesaurus."""
    editor(request)
    flush()
    view, days = _asked(request)
    since = timezone.localdate() - timedelta(days=days - 1)
    by_day: dict[date, Any] = {
        row["day"]: row
        for row in Trace.objects.filter(day__gte=since).values("day").annotate(n=Sum("count"), opened=Sum("clicks"))
    }
    every = [since + timedelta(days=at) for at in range(days)]
    total = {
        "asked": sum(row["n"] for row in by_day.values()),
        "opened": sum(row["opened"] for row in by_day.values()),
        "none": Trace.objects.filter(day__gte=since, found=0).aggregate(n=Sum("count"))["n"] or 0,
    }
    context = {
        "rows": _rows(view, days)[:EACH], "view": view, "views": VIEWS, "days": days, "choices": DAYS, "total": total,
        "by_day": [_line(day, by_day.get(day)) for day in reversed(every)],
        "most": max((row["n"] for row in by_day.values()), default=1),
    }  # fmt: skip
    return render(request, "search/quality.html", context)


def _line(day: date, row: dict[str, Any] | None) -> dict[str, Any]:
    return {"day": day, "n": row["n"] if row else 0, "opened": row["opened"] if row else 0}


@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """The same rows as a table to keep."""
    editor(request)
    flush()
    view, days = _asked(request)
    head = [_("问法"), _("次数"), _("最近一次找到"), _("点开次数"), _("点开的平均位置"), _("最近一天")]
    rows = [
        [
            row["words"], row["n"], row["best"], row["opened"],
            round(row["ranks"] / row["opened"], 1) if row["opened"] else None, row["last"],
        ]
        for row in _rows(view, days)[:5000]
    ]  # fmt: skip
    response = HttpResponse(content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response["Content-Disposition"] = f'attachment; filename="search-{view}-{days}.xlsx"'
    buffer = io.BytesIO()
    write_rows(buffer, {str(dict(VIEWS)[view]): [head, *rows]})
    response.write(buffer.getvalue())
    return response
