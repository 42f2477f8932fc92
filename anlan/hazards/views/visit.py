"""One inspection: before it, while it is made, its record. Every step works as a page and as a fragment."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from io import BytesIO
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from anlan.accounts.models import Region
from anlan.files.actions import serve
from anlan.hazards import deadlines
from anlan.hazards.actions.evidence import add_photo
from anlan.hazards.actions.hazards import fail_hazard, pass_hazard, register_hazard
from anlan.hazards.actions.inspections import (
    answer_item,
    assign_inspection,
    cancel_inspection,
    finish_inspection,
    note_inspection,
    sign_inspection,
    start_inspection,
)
from anlan.hazards.actions.planning import choose_checklists, follow_up
from anlan.hazards.forms.hazards import RegisterForm
from anlan.hazards.forms.inspections import Lists
from anlan.hazards.models import Checklist, ChecklistVersion, Finding, Hazard, Holiday, Inspection, Photo
from anlan.hazards.pdf.records import record_pdf
from anlan.hazards.planning import says
from anlan.hazards.views.inspections import colleagues
from anlan.hazards.views.uploads import fen_of, keep_photos
from anlan.hazards.visits import lists_for, rows_in, sheet
from anlan.lib.asked import number
from anlan.lib.errors import Refused

SIGNATURE_CHARS = 1_400_000
"""Base64 of one megabyte."""


def seen(request: HttpRequest, pk: int) -> Inspection:
    """The inspection, if this person may see it; else 404."""
    user: Any = request.user
    rows = Inspection.objects.visible_to(user).select_related("enterprise__organisation", "inspector", "organisation")
    return get_object_or_404(rows, pk=pk)


def inspection_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The door before it begins, the items while it is made, the record afterwards."""
    user: Any = request.user
    inspection = seen(request, pk)
    lists = sheet(inspection)
    rows = rows_in(lists)
    may = inspection.can_inspect(user) and inspection.is_open
    differ = inspection.conflicts.aggregate(open=Count("pk", Q(chosen="")), all=Count("pk"))
    hazards = inspection.hazards.exclude(state=Hazard.State.VOID).order_by("pk")
    context = {
        "inspection": inspection, "lists": lists, "rows": rows, "may": may, "may_direct": may and inspection.can_direct(user),
        "answered": sum(row.finding is not None for row in rows), "failed": [r for r in rows if r.finding and r.finding.result == "fail"],
        "period_says": says(inspection.period) if inspection.period else "", "hazards": hazards,
        "region": Region.objects.filter(pk=inspection.region_code).first(), "conflicts": differ["open"],
        "settled": differ["all"] - differ["open"], "offline": inspection.operations.exists(),
        "scene": inspection.photos.filter(item="").order_by("pk"),
    }  # fmt: skip
    if may:
        waiting = Hazard.objects.visible_to(user).filter(
            enterprise_id=inspection.enterprise_id, state=Hazard.State.CURED
        )
        context["recheck"] = [(hazard, hazard.can("pass", user)) for hazard in waiting.order_by("deadline", "pk")]
    if may and inspection.state == Inspection.State.PLANNED:
        mine, proposed = lists_for(inspection.enterprise, user)
        context |= {
            "choices": mine,
            "chosen": {version.checklist_id for version, _groups in lists},
            "proposed": proposed,
        }
        context["colleagues"] = colleagues(user) if inspection.can_direct(user) else []
        return render(request, "hazards/inspection_door.html", context)
    if may:
        return render(request, "hazards/inspection_doing.html", context)
    return render(request, "hazards/inspection_record.html", context)


@require_POST
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin, with the position if the device knows it."""
    user: Any = request.user
    inspection, given = seen(request, pk), request.POST
    latitude, longitude = _degrees(given.get("latitude"), 90), _degrees(given.get("longitude"), 180)
    if "lists" in given and inspection.state == Inspection.State.PLANNED:
        chosen = Lists(Checklist.objects.in_use()).clean(given.getlist("lists")) if given.getlist("lists") else []
        choose_checklists(inspection, [one.current for one in chosen], by=user)
    start_inspection(
        inspection, by=user, latitude=latitude, longitude=longitude if latitude is not None else None,
        accuracy=_degrees(given.get("accuracy"), 1e6), no_position="" if latitude is not None else given.get("no_position", ""),
    )  # fmt: skip
    return redirect("hazards:inspection", pk)


def _degrees(text: str | None, most: float) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if abs(value) <= most else None


@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the answer to one item; htmx gets the item and the progress back, a plain form the page at that item."""
    user: Any = request.user
    inspection, given, problem = seen(request, pk), request.POST, ""
    version = get_object_or_404(ChecklistVersion, pk=number(given.get("list")) or 0)
    item = given.get("item", "")
    try:
        answer_item(
            inspection,
            version,
            item,
            result=given.get("result", ""),
            note=given.get("note", ""),
            by=user,
            seen=given.get("seen", ""),
        )
    except Refused as refused:
        if refused.status in (403, 404) or not request.headers.get("HX-Request"):
            raise
        problem = str(refused.message)
    if not request.headers.get("HX-Request"):
        return redirect(f"{reverse('hazards:inspection', args=[pk])}#i-{version.pk}-{item}")
    rows = rows_in(sheet(inspection))
    row = next((row for row in rows if row.version.pk == version.pk and row.item["key"] == item), None)
    context = {
        "inspection": inspection, "row": row, "rows": rows, "may": True, "problem": problem, "swapped": True,
        "answered": sum(one.finding is not None for one in rows),
    }  # fmt: skip
    return render(request, "hazards/_item.html", context)


@require_POST
def photo_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep photos of an item or of the scene."""
    user: Any = request.user
    inspection, given, problems = seen(request, pk), request.POST, []
    item = given.get("item", "")[:40]
    place: dict[str, Any] = {
        "latitude": _degrees(given.get("latitude"), 90),
        "longitude": _degrees(given.get("longitude"), 180),
    }
    for upload in request.FILES.getlist("photos"):
        try:
            add_photo(
                inspection,
                by=user,
                content=upload,
                name=upload.name or "photo",
                item=item,
                sent_at=_moment(given.get("sent_at")),
                **place,
            )
        except Refused as refused:
            if refused.status in (403, 409):
                raise
            problems.append(str(refused.message))
    version = number(given.get("list"))
    if request.headers.get("HX-Request") and version:
        rows = rows_in(sheet(inspection))
        row = next((row for row in rows if row.version.pk == version and row.item["key"] == item), None)
        context = {"inspection": inspection, "row": row, "may": True, "problem": " ".join(problems)}
        return render(request, "hazards/_item.html", context)
    for problem in problems:
        messages.error(request, problem)
    return redirect(f"{reverse('hazards:inspection', args=[pk])}#{f'i-{version}-{item}' if version else 'scene'}")


def _moment(text: str | None) -> datetime | None:
    try:
        found = parse_datetime(text or "")
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


@require_GET
def photo(request: HttpRequest, pk: int, photo_id: int) -> HttpResponseBase:
    """A photograph of an inspection that one may see; `?original=1` downloads it as it was taken."""
    found = get_object_or_404(
        Photo.objects.select_related("shown", "original"), pk=photo_id, inspection=seen(request, pk)
    )
    return serve(request, found.original, download=True) if request.GET.get("original") else serve(request, found.shown)


@require_GET
def signature(request: HttpRequest, pk: int, side: str) -> HttpResponseBase:
    """The drawn signature of one side."""
    inspection = seen(request, pk)
    blob = inspection.signature if side == "officer" else inspection.firm_signature
    if blob is None:
        raise Refused(_("没有手写签字。"), code="not_found", status=404)
    return serve(request, blob)


def item_hazard(request: HttpRequest, pk: int, version_id: int, item: str) -> HttpResponse:
    """Register the hazard that a failed item proposes: its title, article, criterion and photos are there already."""
    user: Any = request.user
    inspection = seen(request, pk)
    version = get_object_or_404(inspection.checklists.select_related("checklist"), pk=version_id)
    about = version.item(item)
    if about is None or not inspection.can_inspect(user) or not inspection.is_open:
        raise Refused(_("这次检查里没有这一项，或者已经结束。"), code="not_found", status=404)
    kept = list(inspection.photos.filter(item=item, hazard__isnull=True).order_by("pk"))
    finding = inspection.findings.filter(checklist=version, item=item).first()
    hazard, today = about["hazard"], timezone.localdate()
    overrides = Holiday.objects.overrides()
    initial = {
        "title": hazard["title"], "kind": hazard["kind"], "grade": hazard["grade"], "measure": hazard["measure"],
        "criterion": about["major"], "cite": about["cite"], "place": version.checklist.place,
        "detail": finding.note if finding else "", "deadline": deadlines.propose(hazard["grade"], today, overrides),
        "responsible": inspection.enterprise.legal_person,
    }  # fmt: skip
    form = RegisterForm(request.POST or None, request.FILES or None, proposed=initial["deadline"], initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            _register(request, inspection, version, item, form.cleaned_data, kept)
        except Refused as refused:
            if refused.status in (403, 404):
                raise
            form.add_error({"fen": "yuan"}.get(refused.field, refused.field) or None, str(refused.message))
        else:
            return redirect(f"{reverse('hazards:inspection', args=[pk])}#i-{version.pk}-{item}")
    context = {"form": form, "inspection": inspection, "item": about, "kept": kept, "version": version}
    return render(request, "hazards/inspection_hazard.html", context, status=422 if form.is_bound else 200)


def _register(
    request: HttpRequest,
    inspection: Inspection,
    version: ChecklistVersion,
    item: str,
    given: dict[str, Any],
    kept: list[Photo],
) -> None:
    user: Any = request.user
    names = (
        "title",
        "place",
        "detail",
        "kind",
        "grade",
        "criterion",
        "cite",
        "measure",
        "responsible",
        "deadline",
        "contingency",
    )
    if not inspection.findings.filter(checklist=version, item=item, result=Finding.Result.FAIL).exists():
        answer_item(inspection, version, item, result=Finding.Result.FAIL, note=given["title"], by=user)
    hazard = register_hazard(
        inspection.enterprise, by=user, source=inspection.kind, fen=fen_of(given["yuan"]), inspection=inspection, checklist=version,
        item=item, latitude=given["latitude"], longitude=given["longitude"], client_id=given["client_id"], photos=kept,
        **{name: given[name] for name in names},
    )  # fmt: skip
    _n, problems = keep_photos(hazard, user, given, role=Photo.Role.BEFORE)
    messages.success(request, _("已登记隐患，编号 %(number)s。") % {"number": hazard.number})
    for problem in problems:
        messages.error(request, problem)


@require_POST
def recheck(request: HttpRequest, pk: int, hazard_id: int) -> HttpResponse:
    """Pass or fail the cure of a hazard of this firm during the visit."""
    user: Any = request.user
    inspection = seen(request, pk)
    if not inspection.can_inspect(user) or not inspection.is_open:
        raise Refused(_("这次检查不归您做，或者已经结束。"), code="not_found", status=404)
    hazards = Hazard.objects.visible_to(user).filter(enterprise_id=inspection.enterprise_id)
    hazard, words = get_object_or_404(hazards, pk=hazard_id), request.POST.get("words", "")
    version = number(request.POST.get("version"))
    if request.POST.get("passed") == "1":
        pass_hazard(hazard, by=user, words=words, inspection=inspection, version=version)
        messages.success(request, _("复查合格，已记下。"))
    else:
        fail_hazard(hazard, by=user, words=words, inspection=inspection, version=version)
        messages.success(request, _("复查不合格，已退回重改。"))
    return redirect(f"{reverse('hazards:inspection', args=[pk])}#recheck")


@require_POST
def finish(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign and finish. What was signed and written stays when something is still missing."""
    user: Any = request.user
    inspection, given = seen(request, pk), request.POST
    if inspection.state == Inspection.State.DONE and inspection.can_inspect(user):
        return redirect("hazards:inspection", pk)
    note_inspection(
        inspection, by=user, words=given.get("words", ""), accompanied_by=given.get("accompanied_by", ""),
        unsigned_because=given.get("unsigned_because", ""),
    )  # fmt: skip
    for who in ("officer", "firm"):
        name, drawn = given.get(f"{who}_name", "").strip(), _drawn(given.get(f"{who}_drawn", ""))
        if name or drawn:
            sign_inspection(inspection, who=who, name=name, content=BytesIO(drawn) if drawn else None, by=user)
    try:
        finish_inspection(inspection, by=user)
    except Refused as refused:
        if refused.status != 422:
            raise
        messages.error(request, str(refused.message))
        return redirect(f"{reverse('hazards:inspection', args=[pk])}#finish")
    messages.success(request, _("检查完成，记录已经存档，企业已收到消息。"))
    return redirect("hazards:inspection", pk)


def _drawn(text: str) -> bytes:
    """The PNG of a signature pad; empty when nothing was drawn. Raises `Refused` for anything else."""
    head = "data:image/png;base64,"
    if not text:
        return b""
    try:
        if not text.startswith(head) or len(text) > SIGNATURE_CHARS:
            raise ValueError
        return base64.b64decode(text.removeprefix(head), validate=True)
    except (ValueError, binascii.Error):
        raise Refused(_("签字没有传完整，请重新签。"), code="signature", status=422) from None


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel with a reason."""
    user: Any = request.user
    cancel_inspection(seen(request, pk), by=user, because=request.POST.get("because", ""))
    messages.success(request, _("检查已取消，原因写进了记录。"))
    return redirect("hazards:inspection", pk)


@require_POST
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Name who goes, or give it back to the grid."""
    user: Any = request.user
    key = number(request.POST.get("inspector"))
    person = get_object_or_404(colleagues(user), pk=key) if key else None
    assign_inspection(seen(request, pk), by=user, inspector=person)
    messages.success(request, _("已指派%(name)s。") % {"name": person.name} if person else _("已交回网格。"))
    return redirect("hazards:inspection", pk)


@require_GET
def record_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The record as a PDF 电子台账."""
    inspection = seen(request, pk)
    response = HttpResponse(
        record_pdf(inspection, request.build_absolute_uri(reverse("hazards:inspection", args=[pk])))
    )
    response["Content-Type"] = "application/pdf"
    response["Content-Disposition"] = f'inline; filename="inspection-{inspection.pk}.pdf"'
    return response


def help_on(request: HttpRequest, pk: int) -> HttpResponse:
    """The follow-up plan of an agency or association for a hazard that the firm cannot cure by itself (H-06)."""
    user: Any = request.user
    hazard = get_object_or_404(Hazard.objects.visible_to(user).select_related("enterprise__organisation"), pk=pk)
    post = user.post
    if post is None or post.organisation_id is None or hazard.found_for_id != post.organisation_id:
        raise Refused(_("没有找到这条隐患。"), code="not_found", status=404)
    problem = ""
    if request.method == "POST":
        try:
            follow_up(hazard, by=user, words=request.POST.get("words", ""))
        except Refused as refused:
            if refused.status != 422:
                raise
            problem = str(refused.message)
        else:
            messages.success(request, _("后续计划已写进隐患，企业和网格员都看得到。"))
            return redirect("hazards:detail", pk)
    context = {"hazard": hazard, "problem": problem, "is_agency": post.organisation.kind == "agency"}
    return render(request, "hazards/follow_up.html", context, status=422 if problem else 200)
