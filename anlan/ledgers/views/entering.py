"""One entry: begin, fill in, look at, change, its files."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.files.actions import serve
from anlan.ledgers.actions import entries as actions
from anlan.ledgers.actions.entries import Invalid, Stale
from anlan.ledgers.actions.permits import candidates, hours_of, steps_for, waiting_step
from anlan.ledgers.models import Entry, EntryFile, Step, Template
from anlan.ledgers.show import errors_of, lines
from anlan.ledgers.values import Read
from anlan.ledgers.views import Request
from anlan.lib.asked import number
from anlan.lib.errors import Refused


def visible(request: Request, pk: int) -> Entry:
    """The entry, or 404."""
    rows = Entry.objects.visible_to(request.user).select_related(
        "version", "template", "enterprise__organisation", "created_by", "updated_by", "ended_by"
    )
    return get_object_or_404(rows, pk=pk)


@require_POST
def start(request: Request, pk: int) -> HttpResponse:
    """Begin an entry of this ledger, or take up the untouched one."""
    template = get_object_or_404(Template.objects.visible_to(request.user).select_related("current"), pk=pk)
    return redirect("ledgers:edit", pk=actions.start_entry(template, by=request.user).pk)


@require_POST
def copy(request: Request, pk: int) -> HttpResponse:
    """Begin an entry with what this one says."""
    old = visible(request, pk)
    entry = actions.start_entry(old.template, by=request.user, copy_of=old)
    messages.success(request, _("照上一条填好了，日期、照片和签名请重新填。"))
    return redirect("ledgers:edit", pk=entry.pk)


@require_GET
def entry(request: Request, pk: int) -> HttpResponse:
    """One entry: what it says, its signatures, what may be done now, what changed."""
    one = visible(request, pk)
    turn = waiting_step(one)
    steps = list(one.steps.filter(round=one.round).select_related("person", "signature__original")) if one.round else []
    chain = steps_for(one) if one.state in Entry.OPEN and one.version.steps else []
    mine = one.created_by_id == request.user.pk
    context = {
        "entry": one, "template": one.template, "lines": lines(one.version.fields, one.values, entry=one), "steps": steps, "turn": turn,
        "may_sign": turn is not None and turn.can_sign(request.user), "own": mine and turn is not None,
        "may_edit": one.can_edit(request.user), "may_close": one.can_close(request.user),
        "ask": [(n, step, candidates(one, step["who"])) for n, step in enumerate(chain, 1)] if chain and mine else [],
        "hours": hours_of(one) if one.version.steps else 0,
        "returned": one.steps.filter(round=one.round, state=Step.State.RETURNED).select_related("person").first() if one.state == "returned" else None,
        "broken": [step for step in steps if step.seal and step.seal != one.seal()],
        "changes": one.changes.select_related("by").order_by("-pk")[:50], "first_rounds": one.steps.filter(round__lt=one.round).count(),
        "own_firm": request.user.post is not None and request.user.post.organisation_id == one.enterprise_id,
        "manages": request.user.may("manage_enterprise"), "ends_soon": _ends_soon(one),
        "newest": one.template.current_id == one.version_id,
    }  # fmt: skip
    return render(request, "ledgers/entry.html", context)


def _ends_soon(one: Entry) -> bool:
    return (
        one.state == Entry.State.VALID
        and one.valid_until is not None
        and one.valid_until < timezone.now() + timedelta(hours=1)
    )


@require_http_methods(["GET", "POST"])
def edit(request: Request, pk: int) -> HttpResponse:
    """The form. Without script every button is a submit: add a row, add a photo, keep the draft, enter."""
    one = visible(request, pk)
    if not one.can_edit(request.user):
        if request.method == "GET":
            return redirect("ledgers:entry", pk=pk)
        raise Refused(_("已经送审或签过字的内容不能再改。要改请先退回。"), code="sealed")
    if request.method == "GET":
        return _form(request, one)
    seen = number(request.POST.get("revision")) or 0
    try:
        for key in request.FILES:
            for upload in request.FILES.getlist(key):
                if upload.size:
                    actions.attach_file(one, key.removeprefix("v."), upload, upload.name or "", by=request.user)
        if row := request.POST.get("add_row"):
            return _form(request, one, read=_kept(request, one, seen), extra={row: 2})
        if "keep" in request.POST or "upload" in request.POST:
            found = _kept(request, one, seen)
            if "upload" in request.POST:
                return _form(request, one, read=found)
            messages.success(request, _("草稿存好了，随时可以接着填。"))
            return redirect("ledgers:entries", pk=one.template_id)
        actions.enter(one, request.POST, by=request.user, seen=seen)
    except Invalid as wrong:
        if one.state in Entry.OPEN:
            actions.save_draft(one, request.POST, by=request.user, seen=seen)
        else:
            one.values = wrong.read.values
        return _form(request, one, read=wrong.read, status=422)
    except Stale as stale:
        found = actions.interpret(one, request.POST)
        one.values, one.revision = found.values, stale.entry.revision
        return _form(request, one, read=found, stale=stale, status=409)
    except Refused as refused:
        if refused.status != 422:
            raise
        found = actions.interpret(one, request.POST)
        one.values = found.values
        return _form(request, one, read=found, refused=refused, status=422)
    if one.version.steps:
        messages.success(request, _("填好了，下一步选审批人并签名。"))
    else:
        messages.success(request, _("%(number)s 已登记。") % {"number": one.number})
    return redirect("ledgers:entry", pk=one.pk)


def _kept(request: Request, one: Entry, seen: int) -> Read:
    """Keep the draft; a form of an entry already entered is only read."""
    if one.state in Entry.OPEN:
        found = actions.save_draft(one, request.POST, by=request.user, seen=seen)
    else:
        found = actions.interpret(one, request.POST)
        one.values = found.values
    return Read(found.values, {}, found.hidden)


def _form(
    request: Request,
    one: Entry,
    *,
    read: Read | None = None,
    extra: dict[str, int] | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    shown = lines(one.version.fields, one.values, entry=one, read=read, extra_rows=extra, form=True)
    context = {
        "entry": one, "template": one.template, "lines": shown, "errors": errors_of(shown), "draft": one.state in Entry.OPEN,
        "permit": bool(one.version.steps), "newest": one.template.current_id == one.version_id,
        "last": Entry.objects.visible_to(request.user).kept().filter(template=one.template, enterprise=one.enterprise_id).exclude(pk=one.pk).order_by("-entered_at").first()
        if one.revision == 0 else None,
        "row_added": next(iter(extra), "") if extra else "",
    }  # fmt: skip
    return render(request, "ledgers/form.html", context | more, status=status)


@require_POST
def autosave(request: Request, pk: int) -> JsonResponse:
    """Keep the draft while somebody types; answers with what the server calculated, and when it was kept."""
    one = visible(request, pk)
    seen = number(request.POST.get("revision")) or 0
    try:
        found = actions.save_draft(one, request.POST, by=request.user, seen=seen)
    except Refused as refused:
        return JsonResponse({"code": refused.code, "message": str(refused.message)}, status=refused.status)
    calculated = {
        each["key"]: found.values.get(each["key"], "") for each in one.version.fields if each["kind"] == "calc"
    }
    at = timezone.localtime(one.updated_at)
    return JsonResponse({"revision": one.revision, "at": f"{at:%H:%M:%S}", "calculated": calculated})


@require_POST
def drop(request: Request, pk: int) -> HttpResponse:
    """Delete a draft."""
    one = visible(request, pk)
    actions.drop_draft(one, by=request.user)
    messages.success(request, _("草稿已删除。"))
    return redirect("ledgers:entries", pk=one.template_id)


@require_POST
def void(request: Request, pk: int) -> HttpResponse:
    """Call an entry off."""
    one = visible(request, pk)
    actions.void_entry(one, request.POST.get("because", ""), by=request.user)
    messages.success(request, _("已作废，记录仍可查看。"))
    return redirect("ledgers:entry", pk=pk)


@require_POST
def attach(request: Request, pk: int) -> HttpResponse:
    """Take one photo or file as soon as it is chosen; answers with the fragment of all files of that field."""
    one, key = visible(request, pk), request.POST.get("key", "")
    upload = request.FILES.get("file")
    if upload is None:
        raise Refused(_("没有收到文件，请再选一次。"), code="no_file", status=422)
    actions.attach_file(one, key, upload, upload.name or "", by=request.user)
    return _files(request, one, key)


@require_POST
def remove(request: Request, pk: int, file: int) -> HttpResponse:
    """Take a file off."""
    one = visible(request, pk)
    found = get_object_or_404(one.files.select_related("entry", "original"), pk=file)
    key = found.key
    found.entry = one
    actions.remove_file(found, by=request.user)
    return _files(request, one, key) if request.htmx else redirect("ledgers:edit", pk=pk)


def _files(request: Request, one: Entry, key: str) -> HttpResponse:
    shown = next(line for line in lines(one.version.fields, one.values, entry=one, form=True) if line.key == key)
    return render(request, "ledgers/_files.html", {"line": shown, "entry": one})


@require_GET
def file(request: Request, pk: int, file: int) -> HttpResponseBase:
    """A photo (its light copy, or ?original=1), attachment or signature of an entry that one may see."""
    found = get_object_or_404(
        EntryFile.objects.filter(entry=visible(request, pk)).select_related("original", "shown"), pk=file
    )
    original = request.GET.get("original") == "1" or found.shown is None
    blob = found.original if original or found.shown is None else found.shown
    return serve(request, blob, download=request.GET.get("original") == "1")
