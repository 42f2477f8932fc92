"""The list of inspections, the plan of a territory, opening one beside the plan."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import Post, Region, User
from anlan.enterprises.models import Enterprise
from anlan.hazards import people
from anlan.hazards.actions.hazards import can_register
from anlan.hazards.actions.inspections import open_inspection
from anlan.hazards.forms.inspections import OpenForm
from anlan.hazards.models import Inspection
from anlan.hazards.planning import period_of, says
from anlan.hazards.sync.deciding import can_decide_doubts
from anlan.hazards.visits import VIEWS, Asked, by_distance, inspection_counts, inspections_of, own_work, patrol_progress
from anlan.lib.asked import number
from anlan.lib.errors import Refused

PER_PAGE = 20
FIRMS = 20


def inspection_list(request: HttpRequest) -> HttpResponse:
    """Inspections of one's grid, territory, agency or firm: what is to be done first."""
    user: Any = request.user
    if not (user.may(powers.INSPECT) or user.may(powers.SUPERVISE) or user.may(powers.MANAGE_ENTERPRISE)):
        raise Refused(_("检查任务是给网格员、监管人员、机构和企业的。换一个身份再来。"), code="no_scope", status=404)
    scope = user.post.region_code if user.post else ""
    asked = Asked.read(request.GET, scope)
    mine = Inspection.objects.visible_to(user)
    work = own_work(mine, user)
    rows = inspections_of(mine if asked.kind or asked.view in ("done", "all") else work, asked).select_related(
        "enterprise__organisation", "inspector", "organisation"
    )
    near = asked.here is not None and asked.view not in ("done", "all")
    page = Paginator(by_distance(rows, asked.here) if near and asked.here else rows, PER_PAGE).get_page(
        request.GET.get("page")
    )
    regions = dict(Region.objects.filter(code__in={row.region_code for row in page}).values_list("code", "name"))
    shown_rows: Any = page
    for row in shown_rows:
        row.region = regions.get(row.region_code, "")
        row.period_says = says(row.period) if row.period else ""
    counts = inspection_counts(work)
    shown = {"": counts["open"], "late": counts["late"], "week": counts["week"], "doing": counts["doing"]}
    context = {
        "asked": asked, "page": page, "near": near, "tabs": [(key, label, shown.get(key)) for key, label in VIEWS.items()],
        "counts": counts, "kinds": Inspection.Kind.choices, "may_open": user.may(powers.INSPECT),
        "may_doubt": user.may(powers.INSPECT) or can_decide_doubts(user),
        "may_plan": user.may(powers.SUPERVISE) and bool(scope), "scope": scope,
        "region": Region.objects.filter(pk=asked.region).first() if asked.region else None,
        "firm": Enterprise.objects.visible_to(user).filter(pk=asked.firm).select_related("organisation").first() if asked.firm else None,
    }  # fmt: skip
    return render(request, "hazards/inspections.html", context)


def inspection_plan(request: HttpRequest) -> HttpResponse:
    """How far the patrols of a quarter are, territory by territory."""
    user: Any = request.user
    if not user.may(powers.SUPERVISE) or not user.post.is_territorial:
        raise Refused(_("巡查进度是给监管人员的。换一个身份再来。"), code="no_scope", status=404)
    asked = Asked.read(request.GET, user.post.region_code)
    scope, today = asked.region or user.post.region_code, timezone.localdate()
    quarter = _quarter(asked.period) or today
    term = period_of(quarter, 90)
    parts, whole = patrol_progress(scope, quarter)
    earlier = [period_of(_back(term.first, n), 90).key for n in range(4)]
    context = {
        "parts": parts, "whole": whole, "region": get_object_or_404(Region, pk=scope), "term": says(term.key), "key": term.key,
        "quarters": [(key, says(key)) for key in dict.fromkeys([period_of(today, 90).key, *earlier])], "scope": scope,
        "top": scope == user.post.region_code,
    }  # fmt: skip
    return render(request, "hazards/inspections_plan.html", context)


def _quarter(key: str) -> date | None:
    if (
        len(key) == 6
        and key[:4].isascii()
        and key[:4].isdigit()
        and key[4] == "Q"
        and key[5] in "1234"
        and key[:4] > "1999"
    ):
        return date(int(key[:4]), 3 * int(key[5]), 1)
    return None


def _back(day: date, quarters: int) -> date:
    months = day.year * 12 + day.month - 1 - 3 * quarters
    return date(months // 12, months % 12 + 1, 1)


def inspection_new(request: HttpRequest) -> HttpResponse:
    """Open an inspection beside the plan: choose the firm, then what, why, who and by when."""
    user: Any = request.user
    if not user.may(powers.INSPECT):
        raise Refused(_("安排检查要用网格、镇街、县区、机构或协会的身份。"), code="no_scope", status=404)
    firms = Enterprise.objects.visible_to(user).active().select_related("organisation")
    key = number(request.GET.get("firm") or request.POST.get("firm"))
    if key is None:
        words = request.GET.get("q", "").strip()[:60]
        found = firms.filter(organisation__name__icontains=words) if words else firms
        choosing = {"firms": found.order_by("organisation__name")[:FIRMS], "words": words}
        return render(request, "hazards/inspection_firm.html", choosing)
    firm = get_object_or_404(firms, pk=key)
    if not can_register(firm, user):
        raise Refused(_("检查这家企业不在您现在这个身份的职责里。"), code="not_yours", status=404)
    initial = {"uid": uuid.uuid4()}
    form = OpenForm(request.POST or None, firm=firm, user=user, colleagues=colleagues(user), initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            inspection = open_inspection(
                firm, by=user, checklists=[one.current for one in given["checklists"]], plan=given["plan"],
                due_on=given["due_on"], inspector=given["inspector"], uid=given["uid"],
            )  # fmt: skip
        except Refused as refused:
            form.add_error(refused.field or None, str(refused.message))
        else:
            messages.success(request, _("已安排检查。"))
            return redirect("hazards:inspection", inspection.pk)
    context: dict[str, Any] = {"form": form, "firm": firm, "of_agency": user.post.organisation_id is not None}
    return render(request, "hazards/inspection_new.html", context, status=422 if form.is_bound else 200)


def colleagues(user: User) -> Any:
    """Others whose post lets them make the same inspections: of one's organisation, or of one's own territory."""
    post: Any = user.post
    posts = Post.objects.open().filter(role_id__in=people.holding(powers.INSPECT))
    if post.organisation_id:
        posts = posts.filter(organisation_id=post.organisation_id)
    else:
        posts = posts.filter(organisation__isnull=True, region_code__startswith=post.region_code)
    return User.objects.filter(pk__in=posts.values("user_id")).exclude(pk=user.pk).order_by("name")
