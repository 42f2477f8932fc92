"""Safety reports: the firm writes, the officer reviews, one by one or many by the keyboard; rates per territory."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from anlan.accounts import powers
from anlan.accounts.models import Region
from anlan.audit.actions import record
from anlan.hazards.actions.reports import answer_report, mark, review_many, review_report, submit_report
from anlan.hazards.models import Finding, Hazard, SafetyReport
from anlan.hazards.visits import Asked, periods_of, report_progress
from anlan.lib.asked import number
from anlan.lib.errors import Refused
from anlan.lib.xlsx import write_rows

PER_PAGE = 20
MOST_BULK = 200
MOST_EXPORT = 20_000
State = SafetyReport.State
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _scope(request: HttpRequest) -> str:
    """The territory of whoever reviews. 404 for whoever has no reports to see."""
    user: Any = request.user
    if user.post is None or not (
        user.may(powers.MANAGE_ENTERPRISE) or (user.may(powers.SUPERVISE) and user.post.is_territorial)
    ):
        raise Refused(_("安全报审是给企业和监管人员的。换一个身份再来。"), code="no_scope", status=404)
    return str(user.post.region_code)


def _rows(request: HttpRequest, asked: Asked) -> Any:
    """The reports that the conditions leave."""
    user: Any = request.user
    rows = asked.narrow(SafetyReport.objects.visible_to(user))
    if asked.kind in SafetyReport.Kind.values:
        rows = rows.filter(kind=asked.kind)
    if (period := _day(asked.period)) is not None:
        rows = rows.filter(period=period)
    if asked.view == "late":
        return rows.filter(first_submitted_at__isnull=True, due_on__lt=timezone.localdate())
    return rows.filter(state=asked.view) if asked.view in State.values else rows


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def report_list(request: HttpRequest) -> HttpResponse:
    """The firm's own reports, newest first; for officers those of the territory, what waits for them first."""
    user: Any = request.user
    scope = _scope(request)
    firm = user.may(powers.MANAGE_ENTERPRISE)
    asked = Asked.read(request.GET, scope)
    if not firm and "view" not in request.GET:
        asked.view = State.SUBMITTED
    rows = _rows(request, asked).select_related("enterprise__organisation", "submitted_by")
    order = ("submitted_at", "pk") if asked.view == State.SUBMITTED else ("-period", "-pk")
    page = Paginator(rows.order_by(*order), PER_PAGE).get_page(request.GET.get("page"))
    for row in page:
        row.fails = sum(answer["result"] == "fail" for answer in row.answers.values())
    mine = SafetyReport.objects.visible_to(user)
    context = {
        "page": page, "asked": asked, "firm": firm, "scope": scope, "kinds": SafetyReport.Kind.choices,
        "tabs": _tabs(mine, asked), "may_review": user.may(powers.INSPECT) and not firm and asked.view == State.SUBMITTED,
        "periods": periods_of(mine, asked.kind or SafetyReport.Kind.MONTHLY),
        "region": Region.objects.filter(pk=asked.region).first() if asked.region else None,
    }  # fmt: skip
    return render(request, "hazards/reports.html", context)


def _tabs(rows: Any, asked: Asked) -> list[tuple[str, str, int | None, bool]]:
    waiting = rows.filter(state=State.SUBMITTED).count()
    late = rows.filter(first_submitted_at__isnull=True, due_on__lt=timezone.localdate()).count()
    found = [
        (State.SUBMITTED, _("待审核"), waiting), ("late", _("逾期未交"), late), (State.RETURNED, _("退回重报"), None),
        (State.PASSED, _("已通过"), None), ("all", _("全部"), None),
    ]  # fmt: skip
    return [(key, label, n, asked.view == key) for key, label, n in found]


def _seen(request: HttpRequest, pk: int) -> SafetyReport:
    user: Any = request.user
    rows = SafetyReport.objects.visible_to(user).select_related(
        "enterprise__organisation", "checklist__checklist", "submitted_by"
    )
    return get_object_or_404(rows, pk=pk)


def report_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One report: to fill for the firm, to read and answer for the officer; every round beside the one before it."""
    user: Any = request.user
    report = _seen(request, pk)
    rounds = list(report.history.select_related("submitted_by", "reviewed_by").order_by("number"))
    writes = report.can_write(user) and report.is_writable
    before = rounds[-1].answers if report.is_writable and rounds else rounds[-2].answers if len(rounds) > 1 else {}
    context = {
        "report": report, "rows": _items(report, before), "writes": writes, "rounds": rounds[::-1],
        "answered": len(report.answers), "total": len(report.checklist.items), "returned": _returned(report, rounds),
        "reviews": report.can_review(user) and report.state == State.SUBMITTED and report.submitted_by_id != user.pk,
        "hazards": Hazard.objects.visible_to(user).filter(enterprise_id=report.enterprise_id, state__in=Hazard.OPEN).count(),
        "of_firm": report.can_write(user),
    }  # fmt: skip
    return render(request, "hazards/report.html", context)


def _returned(report: SafetyReport, rounds: list[Any]) -> Any:
    return rounds[-1] if rounds and report.state == State.RETURNED else None


def _items(report: SafetyReport, before: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Items by group with the present answer and, where it differs, the one of the round before."""
    found, n = [], 0
    for group, items in report.checklist.groups:
        rows = []
        for item in items:
            n += 1
            rows.append(_row(report, item, n, before))
        found.append((group, rows))
    return found


def _row(report: SafetyReport, item: dict[str, Any], n: int, before: dict[str, Any]) -> dict[str, Any]:
    answer, old = report.answers.get(item["key"]), before.get(item["key"])
    changed = bool(old) and (answer or {}).get("result") != (old or {}).get("result")
    noted = bool(old) and (answer or {}).get("note", "") != (old or {}).get("note", "")
    return {
        "item": item, "n": n, "answer": answer, "old": old if changed or noted else None, "changed": changed or noted,
        "seen": mark(answer), "old_says": RESULTS.get((old or {}).get("result", ""), ""),
    }  # fmt: skip


RESULTS = dict(Finding.Result.choices)


@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep one answer; htmx gets the item and the progress back."""
    user: Any = request.user
    report, given, problem = _seen(request, pk), request.POST, ""
    item = given.get("item", "")
    htmx = bool(request.headers.get("HX-Request"))
    try:
        report = answer_report(
            report,
            item,
            result=given.get("result", ""),
            note=given.get("note", ""),
            by=user,
            seen=given.get("seen", ""),
        )
    except Refused as refused:
        if not htmx or refused.status in (403, 404):
            raise
        problem = str(refused.message)
    if not htmx:
        return redirect(f"{reverse('hazards:report', args=[pk])}#i-{item}")
    keys = [one["key"] for one in report.checklist.items]
    found = report.checklist.item(item)
    if found is None:
        raise Refused(_("检查表里没有这一项，没有保存。请刷新页面。"), code="no_item", status=422)
    last = report.history.order_by("-number").first()
    row = _row(report, found, keys.index(item) + 1, last.answers if last else {})
    context = {
        "report": report, "row": row, "writes": True, "problem": problem, "swapped": True, "answered": len(report.answers),
        "total": len(keys),
    }  # fmt: skip
    return render(request, "hazards/_report_item.html", context)


@require_POST
def submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand the report in; what is missing is named and everything stays."""
    user: Any = request.user
    report = _seen(request, pk)
    try:
        submit_report(report, by=user)
    except Refused as refused:
        if refused.status != 422:
            raise
        messages.error(request, str(refused.message))
        return redirect(f"{reverse('hazards:report', args=[pk])}#i-{refused.field}")
    messages.success(request, _("已提交%(title)s，网格员审核后会通知您。") % {"title": report.title})
    return redirect("hazards:report", pk)


@require_POST
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Pass or return one report; the next one that waits comes up."""
    user: Any = request.user
    report, passed = _seen(request, pk), request.POST.get("passed") == "1"
    review_report(
        report, by=user, passed=passed, words=request.POST.get("words", ""), number=number(request.POST.get("round"))
    )
    messages.success(request, _("已通过并锁定。") if passed else _("已退回，企业会收到原因。"))
    rows = SafetyReport.objects.visible_to(user).filter(state=State.SUBMITTED).order_by("submitted_at", "pk")
    following = rows.values_list("pk", flat=True).first()
    return redirect("hazards:report", following) if following else redirect("hazards:reports")


@require_POST
def review_bulk(request: HttpRequest) -> HttpResponse:
    """Pass or return the chosen reports."""
    user: Any = request.user
    if not user.may(powers.INSPECT) or user.post is None or not user.post.is_territorial:
        raise Refused(_("审核报告要用网格、镇街或县区的身份。"), code="no_scope", status=404)
    keys = [key for text in request.POST.getlist("reports")[:MOST_BULK] if (key := number(text))]
    passed, words = request.POST.get("passed") == "1", request.POST.get("words", "")
    if not keys:
        messages.error(request, _("还没有选报告。先勾选，再通过或退回。"))
        return redirect("hazards:reports")
    if not passed and not words.strip():
        messages.error(request, _("退回要写原因，企业照着改。报告都没有动。"))
        return redirect("hazards:reports")
    rows = SafetyReport.objects.visible_to(user).filter(pk__in=keys).select_related("enterprise__organisation")
    done, problems = review_many(rows, by=user, passed=passed, words=words)
    said = _("通过了 %(n)d 份报告。") if passed else _("退回了 %(n)d 份报告，企业会收到原因。")
    messages.success(request, said % {"n": done})
    for report, why in problems[:5]:
        messages.error(request, f"{report.enterprise}：{why}")
    return redirect("hazards:reports")


@require_GET
def rates(request: HttpRequest) -> HttpResponse:
    """How many handed in, on time, passed, territory by territory."""
    user: Any = request.user
    own = _scope(request)
    if not own:
        raise Refused(_("按时率是给监管人员的。换一个身份再来。"), code="no_scope", status=404)
    asked = Asked.read(request.GET, own)
    kind = asked.kind if asked.kind in SafetyReport.Kind.values else SafetyReport.Kind.MONTHLY
    periods = periods_of(SafetyReport.objects.visible_to(user), kind)
    period = _day(asked.period) or (periods[0] if periods else timezone.localdate().replace(day=1))
    parts, whole = report_progress(asked.region or own, kind, period)
    context = {
        "parts": parts, "whole": whole, "kind": kind, "kinds": SafetyReport.Kind.choices, "period": period,
        "periods": [(one, SafetyReport(kind=kind, period=one).title) for one in periods], "scope": asked.region or own,
        "region": Region.objects.filter(pk=asked.region or own).first(), "top": not asked.region or asked.region == own,
    }  # fmt: skip
    return render(request, "hazards/report_rates.html", context)


@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """The reports that match, as xlsx; the taking away is recorded."""
    user: Any = request.user
    asked = Asked.read(request.GET, _scope(request))
    rows = (
        _rows(request, asked)
        .select_related("enterprise__organisation", "reviewed_by")
        .order_by("region_code", "-period", "pk")
    )
    head = [
        _("企业"),
        _("所在网格"),
        _("报告"),
        _("截止"),
        _("状态"),
        _("首次提交"),
        _("是否按时"),
        _("提交次数"),
        _("审核人"),
        _("审核时间"),
    ]
    found = list(rows[: MOST_EXPORT + 1])
    if len(found) > MOST_EXPORT:
        raise Refused(
            _("超过 %(n)d 份，请先按区域或月份筛选再导出。") % {"n": MOST_EXPORT}, code="too_many", status=422
        )
    regions = dict(Region.objects.filter(code__in={row.region_code for row in found}).values_list("code", "full_name"))
    lines = (
        [
            str(row.enterprise), regions.get(row.region_code, row.region_code), row.title, row.due_on, row.get_state_display(),
            row.first_submitted_at, (_("逾期") if row.was_late or row.days_over else _("按时") if row.first_submitted_at else ""),
            row.rounds, row.reviewed_by.name if row.reviewed_by else "", row.reviewed_at,
        ]
        for row in found
    )  # fmt: skip
    book = BytesIO()
    write_rows(book, {_("安全报审"): [head, *lines]})
    record(
        "export_reports",
        ("hazards.safetyreport", "", str(_("安全报审"))),
        by=user,
        region_code=asked.region,
        rows=len(found),
    )
    response = HttpResponse(book.getvalue(), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="reports-{timezone.localdate()}.xlsx"'
    return response
