"""Performance: the ranking of a month, one score with everything that made it, the records behind a figure."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from anlan.accounts import powers
from anlan.accounts.models import Region, User
from anlan.accounts.views.who import signed_in
from anlan.audit.actions import record
from anlan.lib.asked import number
from anlan.lib.errors import Refused
from anlan.lib.xlsx import write_rows
from anlan.supervision.actions import make_appeal, refresh_month
from anlan.supervision.models import Appeal, Kind, Score, Snapshot, sets_rules
from anlan.supervision.performance import reading
from anlan.supervision.performance.indicators import INDICATORS, of_kind

PER_PAGE = 50
RECORDS = 20
COUNTY_DIGITS = 6


def person(request: HttpRequest) -> User:
    """Return who is signed in, if performance concerns the post at all: regulators and agencies; 404 for everyone else."""
    user = signed_in(request)
    territorial = user.post is not None and user.post.is_territorial and user.may(powers.SUPERVISE)
    if not territorial and not user.may(powers.SERVE):
        raise Refused(_("工作考评是给监管人员和服务机构的。换一个身份再来。"), code="no_scope", status=404)
    return user


def chosen(request: HttpRequest, user: User) -> dict[str, Any]:
    """Return what the address asks for, as far as it exists: kind, county, month, snapshot. At most four queries."""
    kinds = reading.kinds_for(user)
    kind = request.GET.get("kind", "")
    kind = kind if kind in dict(kinds) else kinds[0][0]
    scope = user.post.region_code[:COUNTY_DIGITS] if user.post and user.post.is_territorial else ""
    codes = reading.counties_of(user, kind)
    own = scope if len(scope) == COUNTY_DIGITS else ""
    if own and own not in codes:
        codes = [own, *codes]
    asked = request.GET.get("region", "")
    county = asked if asked in codes else (codes[0] if codes else own)
    months = reading.months_of(user, kind, county) if county else []
    month = next((one for one in months if f"{one:%Y-%m}" == request.GET.get("month")), months[0] if months else None)
    shot = Snapshot.objects.visible_to(user).newest(kind, county, month) if month else None
    names = dict(Region.objects.filter(pk__in=codes).values_list("code", "name"))
    return {
        "kinds": kinds, "kind": kind, "kind_name": dict(kinds)[kind], "counties": [(code, names.get(code, code)) for code in codes],
        "county": county, "county_name": names.get(county, county), "months": months, "month": month, "shot": shot,
    }  # fmt: skip


@require_GET
def performance(request: HttpRequest) -> HttpResponse:
    """The ranking: kinds as tabs, month and county as filters; who has too few records stands apart, without a rank."""
    user = person(request)
    context = chosen(request, user)
    shot, words = context["shot"], request.GET.get("q", "").strip()[:40]
    if shot is not None:
        rows = reading.seen_of(user, shot)
        if words:
            rows = rows.filter(name__icontains=words) | rows.filter(place__icontains=words)
        page = Paginator(rows.filter(rank__isnull=False), PER_PAGE).get_page(request.GET.get("page"))
        context |= {
            "page": page,
            "unranked": list(rows.filter(rank__isnull=True)[:200]),
            "whole": reading.whole_of(shot),
        }
        context["best"] = [row for row in page if row.is_own(user)][:1]
    context |= {
        "words": words, "indicators": of_kind(context["kind"]), "open_appeals": Appeal.objects.visible_to(user).open().count(),
        "rules": bool(context["county"]) and sets_rules(user, context["county"]),
        "computes": len(context["county"]) == COUNTY_DIGITS and _computes(user, context["county"]), "now": timezone.localdate(),
    }  # fmt: skip
    return render(request, "supervision/performance.html", context)


def _computes(user: User, county: str) -> bool:
    held = user.may(powers.COORDINATE) or user.may(powers.SET_RULES)
    return held and user.post is not None and user.post.is_territorial and county.startswith(user.post.region_code)


@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """The same ranking as xlsx, with numerator and denominator of every figure; recorded."""
    user = person(request)
    context = chosen(request, user)
    shot = context["shot"]
    if shot is None:
        raise Refused(_("这个月还没有考评结果，没有可以导出的。"), code="nothing", status=404)
    indicators = of_kind(context["kind"])
    head: list[object] = [_("名次"), context["kind_name"], _("所在"), _("总分"), _("记录数")]
    for one in indicators:
        head += [one.name, _("%(name)s·数量") % {"name": one.name}, _("%(name)s·得分") % {"name": one.name}]
    body = []
    for row in reading.seen_of(user, shot).select_related("snapshot"):
        cells: list[object] = [row.rank or _("样本不足"), row.name, row.place, row.total, row.sample]
        for figure in reading.figures_of(row):
            cells += [figure.value, figure.counted if figure.whole else "", figure.points]
        body.append(cells)
    record("export_performance", shot, by=user, region_code=shot.region_code, rows=len(body), version=shot.version)
    buffer = io.BytesIO()
    write_rows(buffer, {f"{context['county_name']} {shot.month:%Y-%m}": [head, *body]})
    buffer.seek(0)
    name = "-".join(
        [
            context["county_name"],
            str(context["kind_name"]),
            f"{shot.month:%Y-%m}",
            *([_("暂估")] if shot.is_provisional else []),
        ]
    )
    response = FileResponse(buffer, as_attachment=True, filename=f"{name}.xlsx")
    response["Content-Type"] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return response


@require_POST
def compute(request: HttpRequest) -> HttpResponse:
    """Compute the running month of a county again."""
    user = person(request)
    region = get_object_or_404(
        Region.objects.visible_to(user), pk=request.POST.get("region", ""), level=Region.Level.COUNTY
    )
    made = refresh_month(region, by=user)
    messages.success(request, _("%(name)s本月的暂估算好了，一共 %(n)d 类。") % {"name": region.name, "n": len(made)})
    return redirect(f"{reverse('supervision:performance')}?region={region.pk}&month={timezone.localdate():%Y-%m}")


@require_GET
def score(request: HttpRequest, pk: int) -> HttpResponse:
    """One score: figures with their definitions, trend of six months, versions, appeals."""
    user = person(request)
    found = get_object_or_404(Score.objects.visible_to(user).select_related("snapshot", "user"), pk=pk)
    shot = found.snapshot
    versions = Snapshot.objects.filter(
        kind=shot.kind, region_code=shot.region_code, month=shot.month, version__lte=shot.version
    )
    context = {
        "score": found, "shot": shot, "figures": reading.figures_of(found), "whole": reading.whole_of(shot),
        "trend": reading.trend(found, user), "newest": reading.newest_of(found, user), "own": found.is_own(user),
        "can_appeal": found.can_appeal(user), "versions": versions.select_related("made_by").order_by("-version"),
        "appeals": Appeal.objects.visible_to(user).filter(
            score__subject_kind=found.subject_kind, score__subject_id=found.subject_id, score__snapshot__month=shot.month,
            score__snapshot__region_code=shot.region_code,
        ).order_by("-pk"),
    }  # fmt: skip
    return render(request, "supervision/score.html", context)


def records(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """The very records behind one figure; whoever is concerned ticks those that should not count and says why."""
    user = person(request)
    found = get_object_or_404(Score.objects.visible_to(user).select_related("snapshot", "evidence"), pk=pk)
    if code not in found.snapshot.weights:
        raise Refused(_("没有这项指标。"), code="not_found", status=404)
    if request.method == "POST":
        ids = [key for key in map(number, request.POST.getlist("cases")) if key is not None]
        try:
            appeal = make_appeal(found, by=user, indicator=code, cases=ids, words=request.POST.get("words", ""))
        except Refused as refused:
            if refused.status != 422:
                raise
            return _records_page(request, user, found, code, refused=refused, ticked=ids)
        messages.success(request, _("申诉已经送到县区。答复会进您的消息。"))
        return redirect("supervision:appeal", pk=appeal.pk)
    return _records_page(request, user, found, code)


def _records_page(
    request: HttpRequest,
    user: User,
    found: Score,
    code: str,
    *,
    refused: Refused | None = None,
    ticked: list[int] | None = None,
) -> HttpResponse:
    cases = [(pk, value) for pk, value in found.evidence.cases.get(code, [])]
    unit, show = INDICATORS[code].unit, request.GET.get("show", "")
    if unit == "rate":
        counts = {"missed": sum(1 for case in cases if not case[1]), "done": sum(1 for case in cases if case[1])}
        cases = [case for case in cases if show not in counts or bool(case[1]) == (show == "done")]
    else:
        counts, show = {}, ""
    cases.sort(key=lambda case: (case[1], -case[0]) if unit != "days" else (-case[1], -case[0]))
    page = Paginator(cases, RECORDS).get_page(request.GET.get("page"))
    figure = next(one for one in reading.figures_of(found) if one.indicator.code == code)
    context = {
        "score": found, "shot": found.snapshot, "figure": figure, "indicator": figure.indicator, "page": page, "show": show,
        "lines": reading.lines_of(code, list(page.object_list), user), "counts": counts, "ticked": ticked or [], "refused": refused,
        "all": len(found.evidence.cases.get(code, [])),
        "appeals": found.can_appeal(user) and not Appeal.objects.open().filter(score=found, indicator=code).exists()
        and reading.newest_of(found, user) is None,
    }  # fmt: skip
    return render(request, "supervision/records.html", context, status=refused.status if refused else 200)


def month_of(text: str) -> date | None:
    """The first day of the month that "2026-12" names; None for everything else."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return None


def kind_of(text: str) -> str:
    """A kind by its code; the first where there is none of that name."""
    return text if text in Kind.values else Kind.OFFICER.value
