"""The firm's own risk points, the four-colour map, and the cards to print."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from anlan.enterprises.actions.risk_points import (
    add_plan,
    add_risk_point,
    edit_risk_point,
    place_risk_point,
    remove_plan,
    retire_risk_point,
)
from anlan.enterprises.forms.policy import PlanForm, RiskPointForm
from anlan.enterprises.grading import RISKS
from anlan.enterprises.lec import thresholds
from anlan.enterprises.models import Enterprise, FloorPlan, RiskPoint
from anlan.enterprises.pdf.risks import cards_pdf, map_pdf
from anlan.enterprises.policy_page import current
from anlan.enterprises.views.files import firm_of
from anlan.enterprises.views.policy import policy_home
from anlan.files.actions import serve
from anlan.lib.asked import number
from anlan.lib.errors import Refused


def _frame(request: HttpRequest, firm: Enterprise) -> dict[str, Any]:
    user: Any = request.user
    mine = policy_home(firm, user) == "enterprises:policy"
    return {"firm": firm, "mine": mine, "can_edit": firm.can_edit(user)}


def _point(request: HttpRequest, pk: int) -> RiskPoint:
    user: Any = request.user
    found = get_object_or_404(
        RiskPoint.objects.visible_to(user).select_related("enterprise__organisation", "plan"), pk=pk
    )
    assert isinstance(found, RiskPoint)  # noqa: S101
    return found


def _plan(request: HttpRequest, pk: int) -> FloorPlan:
    user: Any = request.user
    found = get_object_or_404(
        FloorPlan.objects.visible_to(user).select_related("enterprise__organisation", "blob"), pk=pk
    )
    assert isinstance(found, FloorPlan)  # noqa: S101
    return found


def risk_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Every risk point, the plans, and the form that adds a plan."""
    user: Any = request.user
    firm = firm_of(request, pk)
    form = PlanForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            plan = add_plan(firm, file, form.cleaned_data["name"], by=user, file=file.name)
        except Refused as refused:
            if refused.status != 422:
                raise
            form.add_error("file", str(refused.message))
        else:
            messages.success(request, _("平面图已保存。点图上的位置，把风险点放上去。"))
            return redirect("enterprises:plan", plan.pk)
    points = list(enumerate(current(firm), 1))
    counts = [(risk, sum(point.risk == risk for _n, point in points)) for risk in RISKS]
    plans = firm.plans.order_by("pk")
    context = {"points": points, "counts": counts, "plans": plans, "form": form}
    return render(
        request, "enterprises/risks.html", _frame(request, firm) | context, status=422 if form.errors else 200
    )


def risk_new(request: HttpRequest, pk: int) -> HttpResponse:
    """A new risk point."""
    firm = firm_of(request, pk)
    return _edit(request, firm, None)


def risk_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """A risk point that is there: to change, or to read for whoever may not."""
    point = _point(request, pk)
    return _edit(request, point.enterprise, point)


def _edit(request: HttpRequest, firm: Enterprise, point: RiskPoint | None) -> HttpResponse:
    user: Any = request.user
    frame = _frame(request, firm) | {"point": point, "limits": thresholds()}
    if not frame["can_edit"]:
        if point is None or request.method == "POST":
            raise Refused(
                _("风险点由企业自己、所在地的网格员和受托的服务机构填写。"),
                code="not_editor",
                status=403 if point else 404,
            )
        return render(request, "enterprises/risk.html", frame)
    form = RiskPointForm(request.POST or None, initial=RiskPointForm.initial_of(point) if point else None)
    if request.method == "POST" and form.is_valid():
        try:
            if point is None:
                kept = add_risk_point(firm, form.values(), by=user)
            else:
                edit_risk_point(point, form.values(), by=user)
                kept = point
        except Refused as refused:
            form.add_error("l_lec" if refused.field == "likelihood" else None, str(refused.message))
        else:
            words = {
                "name": kept.name,
                "risk": kept.get_risk_display(),
                "score": f"{kept.score:f}".rstrip("0").rstrip("."),
            }
            messages.success(request, _("%(name)s：%(risk)s，%(score)s 分。") % words)
            return redirect("enterprises:risks", firm.pk)
    return render(request, "enterprises/risk.html", frame | {"form": form}, status=422 if form.is_bound else 200)


@require_POST
def risk_retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it off list, map and cards."""
    user: Any = request.user
    point = _point(request, pk)
    retire_risk_point(point, by=user)
    messages.success(request, _("“%(name)s”已停用。") % {"name": point.name})
    return redirect("enterprises:risks", point.enterprise_id)


def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """The four-colour map: a press on the drawing, or two figures, puts a point there; an empty place takes it off."""
    user: Any = request.user
    drawing = _plan(request, pk)
    firm = drawing.enterprise
    if request.method == "POST":
        asked = number(request.POST.get("point"))
        point = get_object_or_404(RiskPoint, pk=asked or 0, enterprise=firm, retired_on__isnull=True)
        if "off" in request.POST:
            place_risk_point(point, None, 0, 0, by=user)
        else:
            place_risk_point(point, drawing, _share(request, "x"), _share(request, "y"), by=user)
        return redirect("enterprises:plan", drawing.pk)
    points = list(enumerate(current(firm), 1))
    placed = [(n, point) for n, point in points if point.plan_id == drawing.pk]
    marks = [_mark(n, point, drawing) for n, point in placed]
    chosen = number(request.GET.get("point")) or next((point.pk for _n, point in points if point.plan_id is None), 0)
    context = {"drawing": drawing, "points": points, "placed": placed, "marks": marks, "chosen": chosen}
    return render(request, "enterprises/plan.html", _frame(request, firm) | context)


def _share(request: HttpRequest, name: str) -> float:
    """A percentage of the form as a share; what is none lies outside every plan."""
    try:
        return float(request.POST.get(name, "")[:12]) / 100
    except ValueError:
        return -1


def _mark(n: int, point: RiskPoint, drawing: FloorPlan) -> dict[str, Any]:
    """Where and how a mark stands in the coordinates of the drawing: a twentieth of the shorter side across."""
    size = max(drawing.width, drawing.height) / 26
    x, y = (point.x or 0) * drawing.width, (point.y or 0) * drawing.height
    return {"n": n, "point": point, "x": round(x, 1), "y": round(y, 1), "size": round(size / 24, 3)}


@require_GET
def plan_picture(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The drawing itself."""
    return serve(request, _plan(request, pk).blob)


@require_POST
def plan_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a drawing; its points stay."""
    user: Any = request.user
    drawing = _plan(request, pk)
    remove_plan(drawing, by=user)
    messages.success(request, _("平面图已删除，风险点都在。"))
    return redirect("enterprises:risks", drawing.enterprise_id)


@require_GET
def plan_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The map on A3, to hang up."""
    drawing = _plan(request, pk)
    points = [(n, point) for n, point in enumerate(current(drawing.enterprise), 1) if point.plan_id == drawing.pk]
    return _pdf(map_pdf(drawing, points), f"risk-map-{drawing.pk}.pdf")


@require_GET
def risk_cards(request: HttpRequest, pk: int) -> HttpResponse:
    """Notice cards: all, or `?only=` one; A4, or A5 with `?size=a5`."""
    firm = firm_of(request, pk)
    only, points = number(request.GET.get("only")), current(firm)
    chosen = [point for point in points if only in (None, point.pk)]
    if not chosen:
        raise Refused(_("还没有风险点，印不出告知卡。先加一个风险点。"), code="no_points", status=404)
    size = "a5" if request.GET.get("size") == "a5" else "a4"
    return _pdf(cards_pdf(firm, chosen, size), f"risk-cards-{firm.pk}-{size}.pdf")


def _pdf(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{name}"'
    return answer
