"""Money for safety and training of a firm, by year."""

import io
import uuid
from typing import Any

from django.contrib import messages
from django.db.models import Sum
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.enterprises.actions import add_spending, remove_spending
from anlan.enterprises.forms import SpendingForm
from anlan.enterprises.models import Enterprise, Spending
from anlan.enterprises.views.files import firm_of, home_of, own_enterprise
from anlan.files.actions import serve
from anlan.lib.asked import number
from anlan.lib.errors import Refused
from anlan.lib.xlsx import write_rows

FIRST_YEAR = 2000


def spending(request: HttpRequest) -> HttpResponse:
    """One's own firm: what was planned and spent, and the form that writes it down."""
    user: Any = request.user
    firm = own_enterprise(user)
    year = _year(request)
    form = SpendingForm(request.POST or None, request.FILES or None, initial={"uid": uuid.uuid4(), "on": None})
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            made = add_spending(firm, year, form.cleaned_data, by=user, content=file, name=file.name if file else "")
        except Refused as refused:
            if not refused.field:
                raise
            form.add_error(refused.field, str(refused.message))
        else:
            messages.success(request, _("已记入 %(year)d 年。") % {"year": made.year})
            return redirect(f"{reverse('enterprises:spending')}?year={made.year}")
    return _page(request, firm, year, form, status=422 if form.is_bound else 200)


def spending_of(request: HttpRequest, pk: int) -> HttpResponse:
    """Any firm that one sees: to read."""
    firm = firm_of(request, pk)
    if firm.is_managed_by(request.user):  # type: ignore[arg-type]  # signed in: the gate is before every view
        return redirect("enterprises:spending")
    return _page(request, firm, _year(request), None, status=200)


def _year(request: HttpRequest) -> int:
    this = timezone.localdate().year
    asked = number(request.GET.get("year")) or this
    return asked if FIRST_YEAR <= asked <= this + 1 else this


def _table(firm: Enterprise, year: int) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Planned and spent in fen per purpose, and the sums."""
    rows = (
        Spending.objects.filter(enterprise=firm, year=year)
        .values_list("kind", "purpose")
        .annotate(n=Sum("fen"))
        .order_by()
    )
    sums = {(kind, purpose): n for kind, purpose, n in rows}
    table = [
        {"label": label, "planned": sums.get(("budget", key), 0), "spent": sums.get(("invoice", key), 0)}
        for key, label in Spending.Purpose.choices
        if ("budget", key) in sums or ("invoice", key) in sums
    ]
    for row in table:
        row["over"] = row["spent"] > row["planned"] > 0
    return table, {name: sum(row[name] for row in table) for name in ("planned", "spent")}


def _page(request: HttpRequest, firm: Enterprise, year: int, form: SpendingForm | None, *, status: int) -> HttpResponse:
    user: Any = request.user
    table, sums = _table(firm, year)
    years = set(Spending.objects.filter(enterprise=firm).values_list("year", flat=True)) | {
        timezone.localdate().year,
        year,
    }
    entries = (
        Spending.objects.filter(enterprise=firm, year=year, kind="invoice").select_related("by").order_by("-on", "-pk")
    )
    context = {
        "firm": firm, "year": year, "years": sorted(years, reverse=True)[:8], "table": table, "sums": sums, "form": form,
        "entries": entries[:300], "mine": firm.is_managed_by(user), "home": home_of(firm, user),
        "left": sums["planned"] - sums["spent"],
    }  # fmt: skip
    return render(request, "enterprises/spending.html", context, status=status)


def spending_xlsx(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The year as a workbook: totals by purpose, and every invoice."""
    firm, year = firm_of(request, pk), _year(request)
    table, sums = _table(firm, year)
    entries = (
        Spending.objects.filter(enterprise=firm, year=year, kind="invoice").select_related("by").order_by("on", "pk")
    )
    totals: list[list[object]] = [[_("用途"), _("预算（元）"), _("支出（元）")]]
    totals += [[row["label"], row["planned"] / 100, row["spent"] / 100] for row in table]
    totals.append([_("合计"), sums["planned"] / 100, sums["spent"] / 100])
    rows: list[list[object]] = [[_("发票日期"), _("用途"), _("金额（元）"), _("发票号码"), _("说明"), _("登记人")]]
    rows += [
        [one.on, one.get_purpose_display(), one.fen / 100, one.invoice_number, one.note, one.by.name if one.by else ""]
        for one in entries
    ]
    file = io.BytesIO()
    write_rows(file, {_("按用途"): totals, _("支出明细"): rows})
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{firm.organisation.name}-{_('安全投入')}-{year}.xlsx")


def _entry(request: HttpRequest, pk: int) -> Spending:
    user: Any = request.user
    entry = get_object_or_404(
        Spending.objects.visible_to(user).select_related("enterprise__organisation", "file"), pk=pk
    )
    assert isinstance(entry, Spending)  # noqa: S101
    return entry


def spending_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The picture or PDF of an invoice."""
    entry = _entry(request, pk)
    if entry.file is None:
        raise Refused(_("这笔支出没有附文件。"), code="no_file", status=404)
    return serve(request, entry.file)


@require_POST
def spending_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an entry out."""
    entry = _entry(request, pk)
    remove_spending(entry, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("这笔记录已去掉。"))
    return redirect(f"{reverse('enterprises:spending')}?year={entry.year}")
