"""The regulators' list of enterprises, the views of it that a person keeps, and its export."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from anlan.accounts import powers
from anlan.accounts.models import Region, SavedView
from anlan.enterprises.actions import start_export
from anlan.enterprises.actions.tagging import save_view
from anlan.enterprises.conditions import Conditions, choices_of, has_choices, with_permit_until
from anlan.enterprises.industries import industries, sections
from anlan.enterprises.models import Enterprise, Export, FirmTag
from anlan.enterprises.queries import (
    MOST,
    Training,
    around,
    count_of,
    parts_of,
    saved_views,
    summary_of,
    trade_name,
    training_of,
    with_row,
)
from anlan.enterprises.tasks import work_on_export
from anlan.files.actions import serve
from anlan.lib.errors import Refused

PAGE = "enterprises:list"
PER_PAGE = 20
ORDERS = (
    ("risk", gettext_lazy("按风险从高到低")), ("permit", gettext_lazy("按许可到期先后")), ("verified", gettext_lazy("按核实时间从旧到新")),
    ("size", gettext_lazy("按人数从多到少")), ("name", gettext_lazy("按名称")), ("newest", gettext_lazy("按建档先后从新到旧")),
)  # fmt: skip


class Pages(Paginator):  # type: ignore[type-arg]
    """A paginator that is told the count. It ends after 10,000 rows: nobody leafs further, and skipping rows costs time."""

    known: int | None = None

    @cached_property
    def count(self) -> int:
        """Rows in all pages."""
        return min(MOST, self.known if self.known is not None else super().count)


def regulator(request: HttpRequest) -> Any:
    """The user, if they supervise a territory; else there is no such page."""
    user: Any = request.user
    if not user.may(powers.SUPERVISE) or user.post is None:
        raise Refused(_("企业名单是给监管人员的。换一个身份再来。"), code="not_regulator", status=404)
    return user


def enterprise_list(request: HttpRequest) -> HttpResponse:
    """Firms of the territory: figures, chart with its table, conditions, rows."""
    user = regulator(request)
    asked = Conditions.read(request.GET, user.post.region_code)
    region, children = around(asked.region)
    summary = summary_of(user, asked.region)
    parts = parts_of(summary, children)
    firms = asked.apply(Enterprise.objects.visible_to(user))
    count = summary.total if asked.is_plain else count_of(user, asked, firms)
    pages = Pages(asked.sorted(firms).values_list("pk", flat=True), PER_PAGE)
    pages.known = count
    page = pages.get_page(request.GET.get("page"))
    # Keys first: rows that are only skipped are neither joined nor asked for their permits.
    keys = list(page.object_list)
    shown = with_permit_until(with_row(Enterprise.objects.visible_to(user))).in_bulk(keys)
    rows = [shown[pk] for pk in keys if pk in shown]
    context = filters(user, asked, region, children) | {
        "page": page, "rows": _rows(rows, region.full_name if region else ""), "summary": summary, "count": min(count, MOST), "over": count > MOST and not asked.is_plain,
        "total": count, "most": MOST, "parts": parts[:8], "bars": _bars(parts[:8]), "orders": ORDERS,
        "views": saved_views(user, PAGE, counted=False), "conditions": asked.address, "may_move": user.may(powers.MANAGE_GRIDS),
        "may_tag": user.may(powers.INSPECT) or user.may(powers.COORDINATE),
    }  # fmt: skip
    return render(request, "enterprises/list.html", context)


def filters(user: Any, asked: Conditions, region: Region | None, children: list[Region]) -> dict[str, Any]:
    """What the filter bar of the list and of the map shows."""
    scope = user.post.region_code
    known = choices_of()
    section = asked.section[:1]
    return {
        "asked": asked, "region": region, "scope": scope, "children": children, "chips": asked.chips,
        "upper": region.parent if region and region.parent_id and region.pk != scope else None,
        "sections": sections(), "section": section, "divisions": _divisions(section), "sizes": Enterprise.Size.choices,
        "risks": Enterprise.Risk.choices, "tags": FirmTag.objects.filter(region_code=scope[:6]).order_by("name")[:50],
        "permits": known["permit"].items(), "verifieds": known["verified"].items(), "statuses": known["status"].items(),
        "trainings": known["training"].items(), "has": has_choices().items(),
    }  # fmt: skip


def _divisions(section: str) -> list[tuple[str, str]]:
    if not section:
        return []
    return [(code, entry.name) for code, entry in industries().items() if len(code) == 3 and code.startswith(section)]


def _rows(firms: list[Any], shared: str) -> list[dict[str, Any]]:
    """What a row shows; places without what all of them have in common (`shared`)."""
    training = training_of([firm.pk for firm in firms])
    return [
        {
            "firm": firm,
            "trade": trade_name(firm.industry),
            "workers": firm.n_workers,
            "training": training.get(firm.pk, Training()),
            "region": (name := firm.region_name or firm.region_code).removeprefix(shared) or name,
        }
        for firm in firms
    ]


def _bars(parts: list[Any]) -> list[dict[str, Any]]:
    """Segments of the chart in units of 1/1000 of its width."""
    widest = max((part.total for part in parts), default=0) or 1
    bars = []
    for part in parts:
        at, segments = 0, []
        for colour in ("red", "orange", "yellow", "blue"):
            n = part.counts.get(colour, 0)
            width = round(1000 * n / widest)
            if n:
                room = {"colour": colour, "n": n, "x": at, "width": max(2, width - 2), "middle": at + width / 2}
                segments.append(room | {"room": width > 45})
            at += width
        bars.append({"part": part, "segments": segments})
    return bars


# --- saved views ----------------------------------------------------------------------------------


@require_GET
def views_fragment(request: HttpRequest) -> HttpResponse:
    """The saved views with how many firms each shows now; the list fetches it after itself, so that it need not wait."""
    views = saved_views(regulator(request), PAGE, counted=True)
    context = {"views": views, "conditions": request.GET.get("now", ""), "counted": True, "most": MOST}
    return render(request, "enterprises/_views.html", context)


@require_POST
def view_save(request: HttpRequest) -> HttpResponse:
    """Keep the present conditions under a name."""
    user = regulator(request)
    asked = Conditions.read(QueryDict(request.POST.get("conditions", "").lstrip("?")), user.post.region_code)
    view = save_view(PAGE, request.POST.get("name", ""), asked.address, by=user)
    messages.success(request, _("已存为“%(name)s”") % {"name": view.name})
    return redirect(reverse(PAGE) + asked.address)


@require_POST
def view_rename(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a saved view another name."""
    user = regulator(request)
    view = get_object_or_404(SavedView.objects.visible_to(user), pk=pk, page=PAGE)
    save_view(PAGE, request.POST.get("name", ""), view.query, by=user, view=view)
    messages.success(request, _("已改名为“%(name)s”") % {"name": view.name})
    return redirect(f"{reverse(PAGE)}?{view.query}")


@require_POST
def view_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a saved view."""
    view = get_object_or_404(SavedView.objects.visible_to(regulator(request)), pk=pk, page=PAGE)
    name = view.name
    view.delete()
    messages.success(request, _("已删掉“%(name)s”这组条件") % {"name": name})
    return redirect(PAGE)


# --- export ---------------------------------------------------------------------------------------


@require_POST
def export_start(request: HttpRequest) -> HttpResponse:
    """Ask for a workbook of what the conditions match."""
    export = start_export(request.POST.get("conditions", "").lstrip("?"), by=request.user)  # type: ignore[arg-type]
    work_on_export.enqueue(export.pk)
    return redirect("enterprises:export", export.pk)


def export_page(request: HttpRequest, pk: int) -> HttpResponse:
    """How far an export is, and the way to its file; also as the fragment that renews itself."""
    export = get_object_or_404(Export.objects.visible_to(request.user).select_related("file"), pk=pk)  # type: ignore[arg-type]
    name = "enterprises/_export.html" if request.htmx else "enterprises/export.html"  # type: ignore[attr-defined]
    return render(request, name, {"export": export})


def export_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file of an export."""
    export = get_object_or_404(Export.objects.visible_to(request.user).exclude(file=None).select_related("file"), pk=pk)  # type: ignore[arg-type]
    assert export.file is not None  # noqa: S101 (excluded above)
    return serve(request, export.file, download=True)
