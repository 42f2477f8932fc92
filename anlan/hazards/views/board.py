"""The wall of overdue hazards, statistics, notices to firms, penalties, the calendar."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.accounts import powers
from anlan.accounts.models import Region
from anlan.enterprises.models import Enterprise
from anlan.files.actions import serve
from anlan.hazards import statistics as figures
from anlan.hazards import workdays
from anlan.hazards.actions.holidays import drop_holiday, set_holiday
from anlan.hazards.actions.orders import MOST, issue_order
from anlan.hazards.actions.penalties import IN_HALF_YEAR, IN_YEAR, article_113, can_penalise, enter_penalty
from anlan.hazards.forms.hazards import HolidayForm, PenaltyForm
from anlan.hazards.models import Hazard, Holiday, Order, Penalty
from anlan.hazards.views.uploads import fen_of
from anlan.lib.asked import number
from anlan.lib.errors import Refused

TALL = 118
"""Height of the highest bar; its figure stands above it."""


def _region(request: HttpRequest) -> Region | None:
    user: Any = request.user
    if user.post is None or not user.may(powers.SUPERVISE):
        raise Refused(_("这一页是给监管人员的。换一个身份再来。"), code="not_regulator", status=404)
    code = request.GET.get("region") or user.post.region_code
    return get_object_or_404(Region.objects.visible_to(user).select_related("parent"), pk=code) if code else None


def board(request: HttpRequest) -> HttpResponse:
    """Overdue hazards of each division by level, with the way down, and those that have waited longest."""
    user: Any = request.user
    region = _region(request)
    code = region.pk if region else ""
    rows = figures.overdue(user, code)
    totals = {level: sum(row.levels.get(level, 0) for row in rows) for level in Hazard.Level.values}
    upper = region.parent if region and region.parent_id and region.pk != user.post.region_code else None
    context = {
        "region": region, "upper": upper, "rows": rows, "total": sum(row.total for row in rows), "longest": figures.longest_late(user, code),
        "levels": [(level, label, totals[level]) for level, label in Hazard.Level.choices], "now": timezone.now(),
        "widest": max((row.total for row in rows), default=0), "days": max((row.days for row in rows), default=0),
    }  # fmt: skip
    return render(request, "hazards/board.html", context)


def statistics(request: HttpRequest) -> HttpResponse:
    """Found, closed, cure rate and time of a year: by month, region, industry and kind."""
    user: Any = request.user
    region = _region(request)
    if region is None:
        raise Refused(_("这一页是给监管人员的。换一个身份再来。"), code="not_regulator", status=404)
    today = timezone.localdate()
    asked = number(request.GET.get("year"))
    year = asked if asked and 2000 <= asked <= today.year else today.year
    since, until = date(year, 1, 1), min(date(year, 12, 31), today)
    regions = figures.by_region(region.pk, since=since, until=until)
    months = figures.by_month(region.pk, since=since, until=until)
    highest = max((max(row.found, row.closed) for row in months), default=0) or 1
    context = {
        "region": region, "upper": region.parent if region.parent_id and region.pk != user.post.region_code else None, "year": year,
        "years": range(today.year, today.year - 5, -1), "whole": regions[0] if regions else None, "regions": regions[1:],
        "industries": figures.by_industry(region.pk, since=since, until=until), "months": months,
        "bars": [_bar(n, row, highest) for n, row in enumerate(months)], "kinds": figures.by_kind(user, region.pk, since=since, until=until),
        "sample": figures.SAMPLE,
    }  # fmt: skip
    return render(request, "hazards/statistics.html", context)


def _bar(n: int, row: figures.Figures, highest: int) -> dict[str, Any]:
    """Geometry of one month in a chart of 960 by 160."""
    found, closed = round(TALL * row.found / highest), round(TALL * row.closed / highest)
    return {
        "row": row,
        "x": 80 * n + 14,
        "x2": 80 * n + 42,
        "found": found,
        "closed": closed,
        "y": 140 - found,
        "y2": 140 - closed,
        "middle": 80 * n + 40,
    }


def orders(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the open hazards of a firm for one notice, and issue it."""
    user: Any = request.user
    firm = get_object_or_404(Enterprise.objects.visible_to(user).select_related("organisation"), pk=pk)
    if not user.may(powers.INSPECT) or not user.post or not user.post.is_territorial:
        raise Refused(_("下达整改通知书不在您现在这个身份的职责里。"), code="not_yours", status=403)
    open_ones = (
        Hazard.objects.visible_to(user)
        .open()
        .filter(enterprise=firm)
        .select_related("enterprise__organisation")
        .order_by("deadline", "pk")
    )
    if request.method == "POST":
        keys = [key for key in map(number, request.POST.getlist("hazards")) if key]
        order = issue_order(list(open_ones.filter(pk__in=keys)), by=user)
        messages.success(request, _("通知书 %(number)s 已下达，企业已收到消息。") % {"number": order.number})
        return redirect("hazards:orders", firm.pk)
    picked = number(request.GET.get("hazard"))
    issued = (
        Order.objects.visible_to(user)
        .filter(enterprise=firm)
        .prefetch_related("hazards")
        .select_related("by")
        .order_by("-pk")
    )
    context = {"firm": firm, "rows": open_ones[:MOST], "picked": picked, "issued": issued[:20], "most": MOST}
    return render(request, "hazards/orders.html", context)


def order_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The notice as it was printed."""
    user: Any = request.user
    return serve(request, get_object_or_404(Order.objects.visible_to(user).select_related("file"), pk=pk).file)


def penalties(request: HttpRequest, pk: int) -> HttpResponse:
    """Penalties of a firm and the counters of article 113; the county and the town enter them."""
    user: Any = request.user
    firm = get_object_or_404(Enterprise.objects.visible_to(user).select_related("organisation"), pk=pk)
    if not (user.may(powers.SUPERVISE) or firm.is_managed_by(user)):
        raise Refused(_("没有找到这一页"), code="not_found", status=404)
    may = can_penalise(firm, user)
    form = PenaltyForm(request.POST or None, request.FILES or None) if may else None
    if request.method == "POST":
        if form is None:
            raise Refused(_("登记处罚不在您现在这个身份的职责里。"), code="not_yours", status=403)
        if form.is_valid():
            given = form.cleaned_data
            try:
                enter_penalty(
                    firm, by=user, decided_on=given["decided_on"], document=given["document"], article=given["article"],
                    fen=fen_of(given["yuan"]) or 0, stopped=given["stopped"], paper=given["paper"],
                )  # fmt: skip
            except Refused as refused:
                form.add_error(refused.field or None, str(refused.message))
            else:
                messages.success(request, _("处罚已登记，企业已收到消息。"))
                return redirect("hazards:penalties", firm.pk)
    rows = (
        Penalty.objects.visible_to(user)
        .filter(enterprise=firm)
        .select_related("by", "file", "hazard")
        .order_by("-decided_on", "-pk")
    )
    context = {
        "firm": firm, "form": form, "rows": rows[:100], "count": article_113(firm.pk), "half": IN_HALF_YEAR, "whole": IN_YEAR,
        "mine": firm.can_edit(user),
    }  # fmt: skip
    return render(request, "hazards/penalties.html", context, status=422 if form is not None and form.is_bound else 200)


def penalty_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The decision as it was uploaded."""
    user: Any = request.user
    penalty = get_object_or_404(Penalty.objects.visible_to(user).exclude(file=None).select_related("file"), pk=pk)
    assert penalty.file is not None  # noqa: S101 (excluded above)
    return serve(request, penalty.file)


def holidays(request: HttpRequest) -> HttpResponse:
    """Working days: which years are official, corrections, adding one."""
    user: Any = request.user
    if not user.may(powers.SET_RULES):
        raise Refused(_("维护工作日历不在您现在这个身份的职责里。"), code="not_yours", status=404)
    form = HolidayForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            holiday = set_holiday(
                given["day"], works=given["works"], name=given["name"], source=given["source"], by=user
            )
        except Refused as refused:
            form.add_error(refused.field or None, str(refused.message))
        else:
            messages.success(request, _("已记下 %(day)s。以后设的期限按它顺延。") % {"day": holiday.day.isoformat()})
            return redirect("hazards:holidays")
    today = timezone.localdate()
    rows = Holiday.objects.visible_to(user).filter(day__year__gte=today.year - 1).order_by("-day")
    years = range(today.year, today.year + 3)
    lacking = workdays.lacking(years, Holiday.objects.overrides())
    context = {
        "form": form,
        "rows": rows,
        "lacking": lacking,
        "first": workdays.KNOWN.start,
        "last": workdays.KNOWN.stop - 1,
    }
    return render(request, "hazards/holidays.html", context, status=422 if form.is_bound else 200)


@require_POST
def holiday_drop(request: HttpRequest, day: str) -> HttpResponse:
    """Take an entered day back."""
    user: Any = request.user
    try:
        asked = date.fromisoformat(day)
    except ValueError:
        raise Refused(_("没有找到这一天。"), code="not_found", status=404) from None
    drop_holiday(get_object_or_404(Holiday.objects.visible_to(user), pk=asked), by=user)
    messages.success(request, _("已删除，这一天按原来的安排算。"))
    return redirect("hazards:holidays")
