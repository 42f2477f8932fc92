"""The regulators' list of enterprises, and its export."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.accounts import powers
from anlan.accounts.models import Region
from anlan.enterprises.actions import start_export
from anlan.enterprises.industries import sections
from anlan.enterprises.models import Enterprise, Export
from anlan.enterprises.queries import (
    Conditions,
    Training,
    parts_of,
    summary_of,
    trade_name,
    training_of,
    workers_of,
)
from anlan.enterprises.tasks import work_on_export
from anlan.files.actions import serve
from anlan.lib.errors import Refused

PER_PAGE = 20
TRAINING_CHOICES = (
    ("under60", "完成率低于 60%"),
    ("under80", "完成率低于 80%"),
    ("over80", "完成率 80% 以上"),
    ("none", "今年没有培训"),
)
ORDERS = (("risk", "按风险从高到低"), ("permit", "按许可到期先后"), ("size", "按人数从多到少"), ("name", "按名称"))


class Pages(Paginator):  # type: ignore[type-arg]
    """A paginator that is told the count where it is known already."""

    known: int | None = None

    @cached_property
    def count(self) -> int:
        """Rows in all pages."""
        return self.known if self.known is not None else super().count


def enterprise_list(request: HttpRequest) -> HttpResponse:
    """Firms of the territory: figures, chart with its table, conditions, rows."""
    user: Any = request.user
    if not user.may(powers.SUPERVISE) or user.post is None:
        raise Refused(_("企业名单是给监管人员的。换一个身份再来。"), code="not_regulator", status=404)
    scope = user.post.region_code
    asked = Conditions.read(request.GET, scope)
    region = Region.objects.filter(pk=asked.region).select_related("parent").first()
    summary = summary_of(user, asked.region)
    children, parts = parts_of(summary, asked.region)
    pages = Pages(
        asked.sorted(asked.apply(Enterprise.objects.visible_to(user)).select_related("organisation")), PER_PAGE
    )
    if not asked.chips and not asked.view:
        pages.known = summary.total
    page = pages.get_page(request.GET.get("page"))
    rows = list(page.object_list)
    context = {
        "asked": asked, "page": page, "rows": _rows(rows), "region": region, "scope": scope, "summary": summary, "children": children,
        "parts": parts[:8], "bars": _bars(parts[:8]), "widest": max((part.total for part in parts), default=0),
        "sections": sections(), "sizes": Enterprise.Size.choices, "risks": Enterprise.Risk.choices, "trainings": TRAINING_CHOICES,
        "orders": ORDERS, "upper": region.parent if region and region.parent_id and region.pk != scope else None,
    }  # fmt: skip
    return render(request, "enterprises/list.html", context)


def _rows(firms: list[Enterprise]) -> list[dict[str, Any]]:
    keys = [firm.pk for firm in firms]
    training, workers = training_of(keys), workers_of(keys)
    names = dict(
        Region.objects.filter(pk__in={firm.organisation.region_code for firm in firms}).values_list("code", "full_name")
    )
    return [
        {
            "firm": firm,
            "trade": trade_name(firm.industry),
            "workers": workers.get(firm.pk, 0),
            "training": training.get(firm.pk, Training()),
            "region": names.get(firm.organisation.region_code, firm.organisation.region_code),
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
                segments.append(
                    {
                        "colour": colour,
                        "n": n,
                        "x": at,
                        "width": max(2, width - 2),
                        "middle": at + width / 2,
                        "room": width > 45,
                    }
                )
            at += width
        bars.append({"part": part, "segments": segments})
    return bars


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
