"""Checklists: browse, read, print; drafts, comparison and publishing for those who keep the rules."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from anlan.accounts import powers
from anlan.hazards.actions.checklists import (
    copy_checklist,
    draft_version,
    drop_draft,
    fingerprint,
    move_item,
    publish_version,
    remove_item,
    retire_checklist,
    write_item,
)
from anlan.hazards.forms.inspections import ItemForm
from anlan.hazards.models import Checklist, ChecklistVersion
from anlan.hazards.pdf.records import checklist_pdf
from anlan.lib.asked import number
from anlan.lib.errors import Refused


def _visible(request: HttpRequest) -> Any:
    user: Any = request.user
    if not (user.may(powers.INSPECT) or user.may(powers.SET_RULES) or user.may(powers.SUPERVISE)):
        raise Refused(_("检查表是给检查人员看的。换一个身份再来。"), code="no_scope", status=404)
    return Checklist.objects.visible_to(user)


def checklist_list(request: HttpRequest) -> HttpResponse:
    """All lists; words search names, places and items."""
    user: Any = request.user
    words, kind = request.GET.get("q", "").strip()[:40], request.GET.get("kind", "")
    rows = _visible(request).select_related("current").order_by("kind", "retired_on", "code")
    if kind:
        rows = rows.filter(kind=kind)
    found = []
    for one in rows:
        items = one.current.items if one.current else []
        hits = [
            item["text"]
            for item in items
            if words and words in f"{item['text']}{item['cite']}{item['group']}{item['major']}"
        ]
        if not words or hits or words in one.name or words in one.place:
            found.append(
                {"list": one, "n": len(items), "major": sum(bool(item["major"]) for item in items), "hits": hits[:3]}
            )
    context = {
        "rows": found, "words": words, "kind": kind, "kinds": Checklist._meta.get_field("kind").choices,
        "may_set": user.may(powers.SET_RULES),
    }  # fmt: skip
    return render(request, "hazards/checklists.html", context)


def checklist_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One list in one of its versions, the draft included for those who may edit."""
    user: Any = request.user
    one = get_object_or_404(_visible(request).select_related("current", "instead_of"), pk=pk)
    may_edit = one.can_edit(user)
    versions = [
        v for v in one.versions.select_related("published_by").order_by("-number") if v.published_at or may_edit
    ]
    wanted = number(request.GET.get("version"))
    version = (
        next((v for v in versions if v.number == wanted), None)
        if wanted
        else one.current or (versions[0] if versions else None)
    )
    if version is None:
        raise Refused(_("没有这一版。"), code="not_found", status=404)
    context = {
        "list": one, "version": version, "versions": versions, "may_edit": may_edit, "is_draft": version.published_at is None,
        "draft": next((v for v in versions if v.published_at is None), None),
        "may_copy": not one.region_code and not may_edit and user.may(powers.SET_RULES),
    }  # fmt: skip
    return render(request, "hazards/checklist.html", context)


@require_GET
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Two versions beside each other: added, taken out, changed, with both wordings."""
    user: Any = request.user
    one = get_object_or_404(_visible(request), pk=pk)
    versions = [v for v in one.versions.order_by("-number") if v.published_at or one.can_edit(user)]
    by_number = {v.number: v for v in versions}
    newer = by_number.get(number(request.GET.get("to")) or 0) or versions[0]
    older = by_number.get(number(request.GET.get("from")) or 0) or next(
        (v for v in versions if v.number < newer.number), newer
    )
    context = {"list": one, "versions": versions, "newer": newer, "older": older, "rows": differences(older, newer)}
    return render(request, "hazards/checklist_compare.html", context)


def differences(older: ChecklistVersion, newer: ChecklistVersion) -> list[dict[str, Any]]:
    """What became of every item that is not the same in both, in the order of the newer version."""
    before = {item["key"]: item for item in older.items}
    found: list[dict[str, Any]] = []
    for item in newer.items:
        old = before.pop(item["key"], None)
        if old is None:
            found.append({"what": "added", "new": item, "old": None})
        elif old != item:
            found.append({"what": "changed", "new": item, "old": old})
    return found + [{"what": "removed", "new": None, "old": item} for item in before.values()]


@require_GET
def pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The version in use (or `?version=`), to print and fill by hand."""
    one = get_object_or_404(_visible(request), pk=pk)
    versions = one.versions.filter(published_at__isnull=False)
    wanted = number(request.GET.get("version"))
    version = get_object_or_404(versions, number=wanted) if wanted else one.current
    if version is None:
        raise Refused(_("这张表还没有发布，不能打印。"), code="not_found", status=404)
    response = HttpResponse(checklist_pdf(version), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="checklist-{one.code}-{version.number}.pdf"'
    return response


def _draft_of(request: HttpRequest, pk: int) -> ChecklistVersion:
    """The draft, for those who may edit; else 404."""
    user: Any = request.user
    one: Checklist = get_object_or_404(_visible(request), pk=pk)
    if not one.can_edit(user):
        raise Refused(_("这张检查表不归您维护。"), code="not_yours", status=404)
    return get_object_or_404(one.versions.select_related("checklist"), published_at__isnull=True)


@require_POST
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin the next version."""
    user: Any = request.user
    version = draft_version(get_object_or_404(_visible(request), pk=pk), by=user)
    return redirect(f"{_address(pk)}?version={version.number}")


def _address(pk: int) -> str:
    return reverse("hazards:checklist", args=[pk])


def item(request: HttpRequest, pk: int, key: str = "") -> HttpResponse:
    """Write an item of the draft, or add one."""
    user: Any = request.user
    version = _draft_of(request, pk)
    present = version.item(key) if key else None
    if key and present is None:
        raise Refused(_("这一项已经不在草稿里。"), code="not_found", status=404)
    initial = (
        (present | present["hazard"] | {"seen": fingerprint(present)})
        if present
        else {"group": request.GET.get("group", "")}
    )
    form = ItemForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            written = write_item(version, form.values(), by=user, key=key, seen=form.cleaned_data["seen"])
        except Refused as refused:
            form.add_error(refused.field or None, str(refused.message))
        else:
            messages.success(request, _("已存进草稿。发布以后才用到检查里。"))
            return redirect(f"{_address(pk)}?version={version.number}#i-{written}")
    context = {"form": form, "list": version.checklist, "version": version, "key": key}
    return render(request, "hazards/checklist_item.html", context, status=422 if form.is_bound else 200)


@require_POST
def change(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Move or remove an item, publish or drop the draft."""
    user: Any = request.user
    version, key = _draft_of(request, pk), request.POST.get("item", "")
    back = f"{_address(pk)}?version={version.number}"
    if what in ("up", "down"):
        move_item(version, key, by=user, up=what == "up")
        return redirect(f"{back}#i-{key}")
    if what == "remove":
        remove_item(version, key, by=user)
        messages.success(request, _("已从草稿里去掉。以前的版本不变。"))
        return redirect(back)
    if what == "publish":
        publish_version(version, by=user, note=request.POST.get("note", ""))
        messages.success(request, _("第 %(n)d 版已发布，从下一次检查开始用。") % {"n": version.number})
        return redirect("hazards:checklist", pk)
    if what == "drop":
        drop_draft(version, by=user)
        messages.success(request, _("草稿已删除。"))
        return redirect("hazards:checklists")
    raise Refused(_("没有这个操作。"), code="not_found", status=404)


@require_POST
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a list out of use, or back into it."""
    user: Any = request.user
    back = request.POST.get("back") == "1"
    retire_checklist(get_object_or_404(_visible(request), pk=pk), by=user, back=back)
    messages.success(request, _("已恢复使用。") if back else _("已停用。正在进行的检查照旧用完。"))
    return redirect("hazards:checklist", pk)


@require_POST
def copy(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own list in place of the platform's."""
    user: Any = request.user
    local = copy_checklist(get_object_or_404(_visible(request), pk=pk), by=user)
    messages.success(request, _("已建好本地检查表，改完发布后在您的区域里代替原表。"))
    return redirect("hazards:checklist", local.pk)
