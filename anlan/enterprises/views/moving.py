"""Many firms at once: move to a grid, label. One firm: where it lay, move, merge, close, reopen, delete."""

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from anlan.accounts import powers
from anlan.accounts.models import Approval, Region
from anlan.enterprises.actions.merging import (
    ask_delete,
    ask_merge,
    close_enterprise,
    history_of,
    reopen_enterprise,
)
from anlan.enterprises.actions.moving import move_enterprises
from anlan.enterprises.actions.tagging import tag_enterprises
from anlan.enterprises.conditions import Conditions
from anlan.enterprises.forms.moving import BecauseForm, CloseForm, MoveForm, TagForm
from anlan.enterprises.models import Enterprise, FirmTag
from anlan.lib.asked import number
from anlan.lib.errors import Refused

SHOWN = 10
CANDIDATES = 20


def _chosen(request: HttpRequest) -> tuple[Conditions, Any]:
    """The firms that the address means: ticked ones, or all that meet the conditions."""
    user: Any = request.user
    scope = user.post.region_code if user.post else ""
    asked = Conditions.read(request.GET, scope)
    return asked, asked.apply(Enterprise.objects.visible_to(user))


def _need(request: HttpRequest, *needed: str) -> Any:
    user: Any = request.user
    if user.post is None or not user.post.is_territorial or not any(user.may(power) for power in needed):
        raise Refused(_("没有找到这一页。"), code="not_found", status=404)
    return user


def move(request: HttpRequest) -> HttpResponse:
    """Move the chosen firms to another town or grid."""
    user = _need(request, powers.MANAGE_GRIDS)
    asked, firms = _chosen(request)
    form = MoveForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        to = form.cleaned_data["to"]
        try:
            count = move_enterprises(firms, to, by=user, because=form.cleaned_data["because"])
        except Refused as refused:
            form.add_error(refused.field or None, str(refused.message))
        else:
            name = Region.objects.values_list("name", flat=True).get(pk=to)
            words = ngettext("%(n)d 家企业已移到%(to)s", "%(n)d 家企业已移到%(to)s", count) % {"n": count, "to": name}
            messages.success(request, words if count else _("这些企业本来就在%(to)s，没有改动") % {"to": name})
            return redirect(f"{reverse('enterprises:list')}?region={to}")
    return _many(request, "enterprises/move.html", form, asked, firms)


def tag(request: HttpRequest) -> HttpResponse:
    """Label the chosen firms, or take a label off."""
    user = _need(request, powers.INSPECT, powers.COORDINATE)
    asked, firms = _chosen(request)
    form = TagForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        remove = form.cleaned_data["remove"] == "remove"
        try:
            count = tag_enterprises(firms, form.cleaned_data["name"], remove=remove, by=user)
        except Refused as refused:
            form.add_error(refused.field or None, str(refused.message))
        else:
            words = _("%(n)d 家企业去掉了标签“%(name)s”") if remove else _("%(n)d 家企业加上了标签“%(name)s”")
            messages.success(request, words % {"n": count, "name": form.cleaned_data["name"]})
            return redirect(reverse("enterprises:list") + asked.query(ids=""))
    tags = FirmTag.objects.filter(region_code=user.post.region_code[:6]).order_by("name")[:50]
    return _many(request, "enterprises/tag.html", form, asked, firms, tags=tags)


def _many(request: HttpRequest, page: str, form: Any, asked: Conditions, firms: Any, **more: Any) -> HttpResponse:
    rows = firms.select_related("organisation").order_by("organisation__name")
    places = firms.order_by().values_list("organisation__region_code").annotate(n=Count("pk")).order_by("-n")
    counts = list(places)
    names = dict(Region.objects.filter(pk__in=[code for code, _n in counts[:SHOWN]]).values_list("code", "name"))
    context = {
        "form": form, "asked": asked, "count": sum(n for _code, n in counts), "firms": rows[:SHOWN],
        "places": [(names.get(code, code), n) for code, n in counts[:SHOWN]], "more_places": max(0, len(counts) - SHOWN),
    }  # fmt: skip
    return render(request, page, context | more, status=422 if form.is_bound else 200)


# --- one firm -------------------------------------------------------------------------------------


def _firm(request: HttpRequest, pk: int) -> Enterprise:
    user = _need(request, powers.MANAGE_GRIDS)
    firms = Enterprise.objects.visible_to(user).select_related("organisation", "merged_into__organisation")
    return get_object_or_404(firms, pk=pk)


def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Where a firm lay and lies, what waits for a second person, and what can be done: the trace of E-03."""
    firm = _firm(request, pk)
    places = list(firm.placements.select_related("by").order_by("-since", "-pk"))
    codes = {place.region_code for place in places} | {firm.organisation.region_code}
    names = dict(Region.objects.filter(pk__in=codes).values_list("code", "full_name"))
    waiting = Approval.objects.open().filter(
        subject_kind="enterprises.enterprise", subject_id=str(pk), kind__in=["merge_enterprises", "delete_enterprise"]
    )
    context = {
        "firm": firm, "places": [(place, names.get(place.region_code, place.region_code)) for place in places],
        "here": names.get(firm.organisation.region_code, firm.organisation.region_code),
        "waiting": waiting.select_related("asked_by"), "absorbed": firm.absorbed.select_related("organisation")[:20],
        "can_delete": not history_of(firm),
    }  # fmt: skip
    return render(request, "enterprises/change.html", context)


def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the firm that stays, and ask a second person."""
    firm = _firm(request, pk)
    words = request.GET.get("q", "").strip()[:60] or firm.organisation.name[:4]
    asked = Conditions(scope=request.user.post.region_code, words=words)  # type: ignore[union-attr]  # see `_need`
    mine = Enterprise.objects.visible_to(request.user).exclude(pk=firm.pk)  # type: ignore[arg-type]
    candidates = asked.apply(mine).select_related("organisation").order_by("organisation__name")[:CANDIDATES]
    form = BecauseForm(request.POST or None)
    into = number(request.POST.get("into"))
    if request.method == "POST" and form.is_valid():
        target = mine.select_related("organisation").filter(pk=into).first() if into else None
        try:
            if target is None:
                raise Refused(_("请选并入哪一家。"), code="no_target", status=422)
            ask_merge(firm, target, because=form.cleaned_data["because"], by=request.user)  # type: ignore[arg-type]
        except Refused as refused:
            form.add_error("because" if refused.field == "because" else None, str(refused.message))
        else:
            messages.success(request, _("已提请合并。由另一位有审批权的人批准后生效，在那以前什么都不变。"))
            return redirect("enterprises:change", firm.pk)
    context = {"firm": firm, "form": form, "words": words, "candidates": candidates, "into": into}
    return render(request, "enterprises/merge.html", context, status=422 if form.is_bound else 200)


def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark a firm as deregistered."""
    firm = _firm(request, pk)
    form = CloseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            user: Any = request.user
            end_jobs = given["jobs"] == "end"
            close_enterprise(firm, on=given["on"], because=given["because"], end_jobs=end_jobs, by=user)
        except Refused as refused:
            form.add_error(refused.field or None, str(refused.message))
        else:
            messages.success(request, _("%(name)s已登记注销，档案和历史都留着") % {"name": firm.organisation.name})
            return redirect("enterprises:change", firm.pk)
    context = {"firm": firm, "form": form, "workers": firm.workers.filter(left_on__isnull=True).count()}
    return render(request, "enterprises/close.html", context, status=422 if form.is_bound else 200)


def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a closing back."""
    firm = _firm(request, pk)
    form = BecauseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reopen_enterprise(firm, because=form.cleaned_data["because"], by=request.user)  # type: ignore[arg-type]
        messages.success(request, _("%(name)s恢复为在业") % {"name": firm.organisation.name})
        return redirect("enterprises:change", firm.pk)
    return render(
        request, "enterprises/reopen.html", {"firm": firm, "form": form}, status=422 if form.is_bound else 200
    )


def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a second person to delete a firm entered by mistake."""
    firm = _firm(request, pk)
    form = BecauseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        ask_delete(firm, because=form.cleaned_data["because"], by=request.user)  # type: ignore[arg-type]
        messages.success(request, _("已提请删除。由另一位有审批权的人批准后生效。"))
        return redirect("enterprises:change", firm.pk)
    return render(
        request, "enterprises/delete.html", {"firm": firm, "form": form}, status=422 if form.is_bound else 200
    )
