"""The regulator's overview: one territory, its parts, and the way down to the firm."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from anlan.accounts import powers
from anlan.accounts.models import Region, User
from anlan.accounts.models.regions import inside
from anlan.accounts.views.who import signed_in
from anlan.audit.actions import record
from anlan.enterprises.industries import sections
from anlan.enterprises.models import Enterprise
from anlan.lib.asked import number
from anlan.lib.errors import Refused
from anlan.lib.xlsx import write_rows
from anlan.supervision import indicators
from anlan.tallies.models import Delta, Tally

RISKS = ("red", "orange", "yellow", "blue")


@require_GET
def overview(request: HttpRequest, code: str = "") -> HttpResponseBase:
    """Figures, parts and trend of a region inside the territory; `?year=&industry=`, `?format=xlsx` exports."""
    user = signed_in(request)
    region = region_or_404(user, code)
    year, since, until = period(request.GET.get("year", ""))
    chosen = request.GET.get("industry", "")
    industry = chosen if chosen in dict(sections()) else ""
    parts = list(Region.objects.children_of(region.code))
    whole, *rows = indicators.of_regions([region, *parts], since=since, until=until, industry=industry)
    if request.GET.get("format") == "xlsx":
        return export(user, region, year, industry, [whole, *rows])
    firms = Enterprise.objects.visible_to(user).filter(inside(region.code, "organisation__region_code"))
    if industry:
        firms = firms.filter(industry__startswith=industry)
    context = {
        "region": region,
        "crumbs": trail(region, user),
        "whole": whole,
        "rows": rows,
        "risks": risk_counts(firms, parts),
        "firm_count": firms.count(),
        "firms_training": firms_training(firms, since, until),
        "months": indicators.trend(region.code, since=since, until=until, industry=industry),
        "firms": firms.select_related("organisation").order_by("organisation__name")[:20] if not parts else None,
        "years": range(timezone.localdate().year, timezone.localdate().year - 3, -1),
        "year": year,
        "sections": sections(),
        "industry": industry,
        "as_of": timezone.now(),
        "behind": Delta.objects.exists(),
        "draw_map": region.code == "41",
    }
    return render(request, "supervision/overview.html", context)


def region_or_404(user: User, code: str) -> Region:
    """Return the region if it lies inside the territory of a supervising post; 404 for everyone else."""
    if user.post is None or not user.post.is_territorial or not user.may(powers.SUPERVISE):
        raise Refused(_("没有找到这一页"), code="not_found", status=404)
    return get_object_or_404(Region.objects.visible_to(user), pk=code or user.post.region_code)


def period(text: str) -> tuple[int, date, date]:
    """Return the year asked for (this one unless it is a past one) with its first and last month."""
    today = timezone.localdate()
    asked = number(text)
    year = asked if asked is not None and today.year - 10 <= asked <= today.year else today.year
    return year, date(year, 1, 1), min(date(year, 12, 1), today.replace(day=1))


def trail(region: Region, user: User) -> list[Region]:
    """Return the regions above, down from the user's own territory."""
    top, above, here = (user.post.region_code if user.post else ""), [], region.parent
    while here is not None and here.code.startswith(top):
        above.append(here)
        here = here.parent
    return above[::-1]


def risk_counts(firms: QuerySet[Enterprise], parts: list[Region]) -> dict[str, Any]:
    """Return how many firms wear each colour, and per part of the territory; one query, counted in SQL."""
    counts = {risk: Count("pk", filter=Q(risk=risk)) for risk in RISKS}
    for n, part in enumerate(parts):
        for risk in RISKS[:2]:
            counts[f"p{n}_{risk}"] = Count("pk", filter=Q(risk=risk) & inside(part.code, "organisation__region_code"))
    found = firms.aggregate(**counts)
    return {
        "all": [(risk, found[risk]) for risk in RISKS],
        "parts": {part.code: [found[f"p{n}_{risk}"] for risk in RISKS[:2]] for n, part in enumerate(parts)},
    }


def firms_training(firms: QuerySet[Enterprise], since: date, until: date) -> int:
    """Return how many firms assigned training in the period."""
    trained = Tally.objects.filter(
        subject_kind="enterprise", measure="enrolled", month__gte=since, month__lte=until, amount__gt=0
    )
    return firms.filter(pk__in=trained.values("subject_id")).count()


def export(user: User, region: Region, year: int, industry: str, rows: list[indicators.Indicators]) -> HttpResponse:
    """Return the table as xlsx; the export is recorded."""
    head = [
        _("区域"),
        _("在册员工"),
        _("培训班"),
        _("应学人次"),
        _("学完人次"),
        _("完成率 %"),
        _("考试人次"),
        _("合格人次"),
        _("合格率 %"),
        _("人均学时"),
        _("证书"),
    ]
    body = [
        [
            r.name,
            r.workers,
            r.classes,
            r.enrolled,
            r.learnt,
            r.completion,
            r.sittings,
            r.passed,
            r.pass_rate,
            r.hours_each,
            r.certificates,
        ]
        for r in rows
    ]
    record("export_overview", region, by=user, region_code=region.code, year=year, industry=industry, rows=len(body))
    buffer = io.BytesIO()
    write_rows(buffer, {f"{region.name} {year}": [head, *body]})
    buffer.seek(0)
    response = FileResponse(buffer, as_attachment=True, filename=f"{region.name}-{year}.xlsx")
    response["Content-Type"] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return response  # type: ignore[return-value]
