"""Permits of a firm, and the pictures that are read into them and into the file."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.enterprises.actions import (
    add_permit,
    confirm_licence,
    drop_reading,
    edit_permit,
    start_reading,
    withdraw_permit,
)
from anlan.enterprises.actions.permits import mismatches
from anlan.enterprises.file_fields import LABELS, as_text, value_of
from anlan.enterprises.forms import LicenceForm, PermitForm, ReadingForm
from anlan.enterprises.licences import same_text
from anlan.enterprises.models import Enterprise, Permit, Reading
from anlan.enterprises.tasks import work_on_reading
from anlan.enterprises.views.files import firm_of, home_of, moment
from anlan.files.actions import serve
from anlan.lib.errors import Refused

PERMIT_FIELDS = ("name", "number", "issued_by", "valid_from", "until")


def _held(firm: Enterprise) -> list[Permit]:
    return list(
        Permit.objects.held().filter(enterprise=firm).select_related("said_by", "verified_by").order_by("until", "pk")
    )


def permit_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The firm's permits, those put away, and pictures that wait for a person."""
    user: Any = request.user
    firm = firm_of(request, pk)
    gone = Permit.objects.filter(enterprise=firm, withdrawn_on__isnull=False).order_by("-withdrawn_on")[:20]
    open_states = (Reading.State.RUNNING, Reading.State.READ, Reading.State.UNREAD)
    readings = (
        Reading.objects.filter(enterprise=firm, state__in=open_states).select_related("created_by").order_by("-pk")[:10]
    )
    context = {
        "firm": firm, "permits": _held(firm), "gone": gone, "readings": readings, "home": home_of(firm, user),
        "can_edit": firm.can_edit(user), "form": ReadingForm(), "today": timezone.localdate(),
    }  # fmt: skip
    return render(request, "enterprises/permits.html", context)


def permit_new(request: HttpRequest, pk: int) -> HttpResponse:
    """A permit typed without a picture."""
    firm = _editable(request, pk)
    return _permit_page(request, firm, PermitForm(request.POST or None, held=_held(firm)))


def _editable(request: HttpRequest, pk: int) -> Enterprise:
    firm = firm_of(request, pk)
    if not firm.can_edit(request.user):  # type: ignore[arg-type]  # signed in: the gate is before every view
        raise Refused(_("没有找到这一页，或者您现在的身份不能改这份档案。"), code="not_manager", status=404)
    return firm


def _permit_page(
    request: HttpRequest,
    firm: Enterprise,
    form: PermitForm,
    *,
    permit: Permit | None = None,
    reading: Reading | None = None,
) -> HttpResponse:
    user: Any = request.user
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data[name] for name in PERMIT_FIELDS}
        if permit is not None:
            edit_permit(permit, values, by=user)
        else:
            add_permit(firm, values, by=user, replaces=form.replaced, reading=reading)
        messages.success(request, _("证照已写入档案。"))
        return redirect("enterprises:permits", firm.pk)
    context: dict[str, Any] = {"firm": firm, "form": form, "permit": permit, "reading": reading}
    if reading is not None:
        context["mismatches"] = [
            (LABELS[name], said, as_text(name, there)) for name, said, there in mismatches(firm, reading.fields)
        ]
    return render(request, "enterprises/permit.html", context, status=422 if form.is_bound else 200)


def _permit(request: HttpRequest, pk: int) -> Permit:
    user: Any = request.user
    permits = Permit.objects.visible_to(user).select_related("enterprise__organisation", "photo", "original")
    return get_object_or_404(permits, pk=pk)


def permit_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """One permit: its picture and, for whoever may, its form."""
    user: Any = request.user
    permit = _permit(request, pk)
    if not permit.enterprise.can_edit(user) or permit.withdrawn_on:
        return render(request, "enterprises/permit.html", {"firm": permit.enterprise, "permit": permit, "form": None})
    initial = {name: getattr(permit, name) for name in PERMIT_FIELDS}
    return _permit_page(request, permit.enterprise, PermitForm(request.POST or None, initial=initial), permit=permit)


@require_POST
def permit_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a permit away."""
    permit = _permit(request, pk)
    withdraw_permit(permit, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("证照已收起，仍可在下面查到。"))
    return redirect("enterprises:permits", permit.enterprise_id)


def permit_picture(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The picture of a permit; `?original` the file as it came from the camera."""
    permit = _permit(request, pk)
    blob = permit.original if "original" in request.GET else permit.photo
    if blob is None:
        raise Refused(_("这张证照没有照片。"), code="no_picture", status=404)
    return serve(request, blob, download="original" in request.GET)


@require_POST
def reading_new(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Take a photograph in and hand it to the reader."""
    firm = _editable(request, pk)
    form = ReadingForm(request.POST, request.FILES)
    if kind not in Reading.Kind.values or not form.is_valid():
        words = next(iter(form.errors.values()), [_("没有这种证照。")])
        raise Refused(str(words[0]), code="no_picture", status=422)
    photo = form.cleaned_data["photo"]
    reading = start_reading(firm, kind, photo, photo.name, by=request.user)  # type: ignore[arg-type]
    if reading.state == Reading.State.RUNNING:
        work_on_reading.enqueue(reading.pk)
    return redirect("enterprises:reading", reading.pk)


def _reading(request: HttpRequest, pk: int) -> Reading:
    user: Any = request.user
    readings = Reading.objects.visible_to(user).select_related("enterprise__organisation", "shown", "permit")
    found = get_object_or_404(readings, pk=pk)
    assert isinstance(found, Reading)  # noqa: S101
    if not found.enterprise.can_edit(user):
        raise Refused(_("没有找到这张照片。"), code="not_manager", status=404)
    return found


def reading_page(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the reading is; then the fields beside the picture, to be confirmed or corrected."""
    reading = _reading(request, pk)
    firm = reading.enterprise
    if reading.state == Reading.State.RUNNING:
        if request.htmx:  # type: ignore[attr-defined]
            return render(request, "enterprises/_reading.html", {"reading": reading})
        return render(request, "enterprises/reading.html", {"reading": reading, "firm": firm})
    if request.htmx:  # type: ignore[attr-defined]  # read meanwhile: the whole page has something to show
        answer = HttpResponse()
        answer["HX-Refresh"] = "true"
        return answer
    if reading.state in (Reading.State.USED, Reading.State.DROPPED):
        return redirect("enterprises:permits", firm.pk)
    if reading.kind == Reading.Kind.LICENCE:
        return _licence_page(request, reading)
    held = _held(firm)
    form = PermitForm(request.POST or None, held=held, initial=_proposed(reading, held))
    return _permit_page(request, firm, form, reading=reading)


def _proposed(reading: Reading, held: list[Permit]) -> dict[str, Any]:
    read = reading.fields
    name = read.get("title", "")
    old = next((one for one in held if name and same_text(one.name, name)), None)
    return {
        "name": name, "number": read.get("number", ""), "issued_by": read.get("issued_by", ""),
        "valid_from": _day(read.get("valid_from", "") or read.get("founded", "")), "until": _day(read.get("until", "")),
        "replaces": str(old.pk) if old else "",
    }  # fmt: skip


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _licence_page(request: HttpRequest, reading: Reading) -> HttpResponse:
    user: Any = request.user
    firm = reading.enterprise
    names = list(LicenceForm.base_fields)
    initial = {name: reading.fields.get(name) or value_of(firm, name) for name in names}
    form = LicenceForm(request.POST or None, initial=initial)
    seen, status, stale = firm.updated_at.isoformat(), 200, ""
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                changed = confirm_licence(
                    reading, form.cleaned_data, by=user, seen=moment(request.POST.get("seen", ""))
                )
            except Refused as refused:
                if refused.field:
                    form.add_error(refused.field, str(refused.message))
                elif refused.code == "stale":
                    status, stale = 409, str(refused.message)
                else:
                    raise
            else:
                words = (
                    _("营业执照的 %(n)d 项已写入档案。") % {"n": len(changed)}
                    if changed
                    else _("和档案里一致，没有改动。")
                )
                messages.success(request, words)
                return redirect(home_of(firm, user))
    rows = [(form[name], as_text(name, value_of(firm, name)), _differs(reading, firm, name)) for name in names]
    context = {"reading": reading, "firm": firm, "form": form, "rows": rows, "seen": seen, "stale": stale}
    return render(request, "enterprises/licence.html", context, status=status)


def _differs(reading: Reading, firm: Enterprise, name: str) -> str:
    """How the picture's word stands to the file's: unread, differs, or "" where there is nothing to say."""
    read, there = reading.fields.get(name, ""), value_of(firm, name) or ""
    if not read:
        return "unread" if there else ""
    return "differs" if there and not same_text(read, str(there)) else ""


def reading_picture(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The picture that is being read."""
    return serve(request, _reading(request, pk).shown)


@require_POST
def reading_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the picture up."""
    reading = _reading(request, pk)
    drop_reading(reading, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("照片没有使用，档案没有改动。"))
    return redirect("enterprises:permits", reading.enterprise_id)
