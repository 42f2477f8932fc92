"""The inspection pack of a firm: asked for, made in the background, fetched by who asked."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from anlan.enterprises.forms import Plain
from anlan.enterprises.forms.plain import day_field
from anlan.enterprises.models import Enterprise
from anlan.enterprises.views.files import home_of
from anlan.files.actions import serve
from anlan.lib.errors import Refused
from anlan.supervision.pack.contents import parts
from anlan.supervision.pack.making import start_pack
from anlan.supervision.pack.models import Pack
from anlan.supervision.tasks import work_on_pack


class PackForm(Plain):
    """Over which days."""

    since: forms.DateField = day_field(gettext_lazy("从"))
    until: forms.DateField = day_field(gettext_lazy("到"))


def pack(request: HttpRequest, pk: int) -> HttpResponse:
    """What will be inside, the period, one press."""
    user: Any = request.user
    firm = get_object_or_404(Enterprise.objects.with_file_for(user).with_page(), pk=pk)
    if not (firm.is_managed_by(user) or firm.is_in_territory_of(user)):
        raise Refused(_("没有找到这一页"), code="not_found", status=404)
    today = timezone.localdate()
    form = PackForm(request.POST or None, initial={"since": date(today.year, 1, 1), "until": today})
    if request.method == "POST" and form.is_valid():
        try:
            made = start_pack(firm, form.cleaned_data["since"], form.cleaned_data["until"], by=user)
        except Refused as refused:
            form.add_error(refused.field or None, str(refused.message))
        else:
            work_on_pack.enqueue(made.pk)
            return redirect("supervision:pack-made", made.pk)
    earlier = Pack.objects.visible_to(user).filter(enterprise=firm).select_related("file").order_by("-pk")[:5]
    context = {
        "firm": firm,
        "form": form,
        "parts": [title for title, _make in parts()],
        "earlier": earlier,
        "home": home_of(firm, user),
    }
    return render(request, "supervision/pack.html", context, status=422 if form.is_bound else 200)


def _made(request: HttpRequest, pk: int) -> Pack:
    user: Any = request.user
    return get_object_or_404(Pack.objects.visible_to(user).select_related("file", "enterprise__organisation"), pk=pk)


@require_GET
def pack_made(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is; can be left and found again."""
    name = "supervision/_pack.html" if request.htmx else "supervision/pack_made.html"  # type: ignore[attr-defined]
    return render(request, name, {"pack": _made(request, pk), "steps": len(parts())})


@require_GET
def pack_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The zip."""
    made = _made(request, pk)
    if made.file is None:
        raise Refused(_("文件还没有做好。"), code="not_ready", status=404)
    return serve(request, made.file, download=True)
