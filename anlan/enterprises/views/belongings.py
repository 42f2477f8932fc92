"""Chemicals, equipment, photographs and labels of a firm."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.enterprises.actions import add_belonging, add_photo, add_tag, remove_belonging, remove_tag
from anlan.enterprises.forms import ChemicalForm, EquipmentForm, PhotoForm, Plain
from anlan.enterprises.models import Chemical, Enterprise, Equipment, FirmPhoto, FirmTag
from anlan.enterprises.views.files import firm_of, home_of
from anlan.files.actions import serve
from anlan.lib.asked import way_back

KINDS: dict[str, tuple[type[Chemical | Equipment], type[Plain]]] = {
    "chemicals": (Chemical, ChemicalForm),
    "equipment": (Equipment, EquipmentForm),
}


def belongings(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """The list of chemicals or equipment, and the form that adds one."""
    user: Any = request.user
    firm = firm_of(request, pk)
    model, form_class = KINDS[kind]
    form = form_class(request.POST or None)
    if request.method == "POST" and form.is_valid():
        add_belonging(firm, model, form.cleaned_data, by=user)
        messages.success(request, _("已写入档案。"))
        return redirect(f"enterprises:{kind}", firm.pk)
    rows = model._default_manager.filter(enterprise=firm).select_related("said_by").order_by("pk")[:200]
    context = {
        "firm": firm, "kind": kind, "rows": rows, "form": form, "can_edit": firm.can_edit(user), "home": home_of(firm, user),
        "today": timezone.localdate(),
    }  # fmt: skip
    return render(request, "enterprises/belongings.html", context, status=422 if form.is_bound else 200)


@require_POST
def belonging_remove(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Take one out of the file."""
    user: Any = request.user
    model = KINDS[kind][0]
    firms = Enterprise.objects.with_file_for(user)
    one: Any = get_object_or_404(
        model._default_manager.filter(enterprise__in=firms).select_related("enterprise__organisation"), pk=pk
    )
    remove_belonging(one, by=user)
    messages.success(request, _("已从档案里去掉。"))
    return redirect(f"enterprises:{kind}", one.enterprise_id)


def photos(request: HttpRequest, pk: int) -> HttpResponse:
    """Photographs of the firm, and the form that adds one."""
    user: Any = request.user
    firm = firm_of(request, pk)
    form = PhotoForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        photo = form.cleaned_data["photo"]
        add_photo(firm, photo, photo.name, form.cleaned_data["caption"], by=user)
        messages.success(request, _("照片已写入档案。"))
        return redirect("enterprises:photos", firm.pk)
    rows = firm.photos.select_related("taken_by").order_by("-pk")
    context = {"firm": firm, "rows": rows, "form": form, "can_edit": firm.can_edit(user), "home": home_of(firm, user)}
    return render(request, "enterprises/photos.html", context, status=422 if form.is_bound else 200)


def _photo(request: HttpRequest, pk: int) -> FirmPhoto:
    user: Any = request.user
    found = FirmPhoto.objects.visible_to(user).select_related("enterprise__organisation", "blob", "original")
    photo = get_object_or_404(found, pk=pk)
    assert isinstance(photo, FirmPhoto)  # noqa: S101
    return photo


def photo_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A photograph; `?original` the file as it came from the camera."""
    photo = _photo(request, pk)
    if "original" in request.GET and photo.original is not None:
        return serve(request, photo.original, download=True)
    return serve(request, photo.blob)


@require_POST
def photo_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a photograph out of the file."""
    photo = _photo(request, pk)
    remove_belonging(photo, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("照片已从档案里去掉。"))
    return redirect("enterprises:photos", photo.enterprise_id)


@require_POST
def tag(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a label by its name, or take one off by its id."""
    user: Any = request.user
    firm = firm_of(request, pk)
    if "remove" in request.POST:
        remove_tag(
            firm, get_object_or_404(FirmTag.objects.filter(enterprises=firm), name=request.POST["remove"]), by=user
        )
    else:
        add_tag(firm, request.POST.get("name", ""), by=user)
    return redirect(way_back(request, request.POST.get("next"), home_of(firm, user)))
