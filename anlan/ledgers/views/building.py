"""The builder: one page with the fields, the form of the chosen one, and a phone that shows what people will see.

Every change is a small POST of its own. With script only the middle of the page comes back; without, the page does.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.ledgers import formulas
from anlan.ledgers.actions import building as actions
from anlan.ledgers.fields import COLUMN_KINDS, FILES, KINDS, MAX_COLUMNS, OPS, SILENT, numeric_labels, problems
from anlan.ledgers.forms import KIND_CHOICES, read_chain, read_field
from anlan.ledgers.models import TemplateVersion
from anlan.ledgers.show import condition_words, lines
from anlan.ledgers.views import Request
from anlan.ledgers.views.templates import found_template
from anlan.lib.asked import number
from anlan.lib.errors import Refused


def _draft(request: Request, pk: int) -> TemplateVersion:
    return actions.open_draft(found_template(request, pk), by=request.user)


def _page(request: Request, draft: TemplateVersion, *, status: int = 200, **more: Any) -> HttpResponse:
    wrong: dict[str, list[str]] = {}
    for key, words in problems(draft.fields):
        wrong.setdefault(key, []).append(words)
    labels = {one["key"]: one["label"] for one in draft.fields}
    rows = [
        {
            "field": one,
            "kind": KINDS[one["kind"]][0],
            "icon": KINDS[one["kind"]][1],
            "wrong": wrong.get(one["key"], []),
            "condition": condition_words(one, labels),
        }
        for one in draft.fields
    ]
    context = {
        "template": draft.template, "draft": draft, "rows": rows, "kinds": KIND_CHOICES, "wrong": wrong.get("", []),
        "ready": not wrong, "lines": lines(draft.fields, {}, form=True), "chosen": "",
    }  # fmt: skip
    name = "ledgers/_builder.html" if request.htmx and not request.htmx.boosted else "ledgers/build.html"
    return render(request, name, context | more, status=status)


@require_GET
def build(request: Request, pk: int) -> HttpResponse:
    """The builder of the draft; the first visit opens one."""
    return _page(request, _draft(request, pk))


@require_POST
def change(request: Request, pk: int) -> HttpResponse:
    """Add, move, order or delete: one step, checked against the draft that was seen."""
    draft, post = _draft(request, pk), request.POST
    edits, chosen = number(post.get("edits")) or 0, ""
    if kind := post.get("add"):
        chosen = actions.add_field(draft, kind, by=request.user, edits=edits, after=post.get("after", ""))["key"]
    elif key := post.get("up") or post.get("down"):
        actions.move_field(draft, key, -1 if post.get("up") else 1, by=request.user, edits=edits)
    elif key := post.get("delete"):
        actions.delete_field(draft, key, by=request.user, edits=edits)
    elif "order" in post:
        actions.order_fields(draft, post["order"].split(","), by=request.user, edits=edits)
    if not request.htmx:
        where = reverse("ledgers:field", args=[pk, chosen]) if chosen else reverse("ledgers:build", args=[pk])
        return redirect(where)
    draft.refresh_from_db()
    return _page(request, draft, **(_field_context(draft, chosen) if chosen else {}))


def _field_context(
    draft: TemplateVersion, key: str, one: Any = None, errors: dict[str, str] | None = None
) -> dict[str, Any]:
    """What the form of one field shows."""
    one = one or draft.by_key(key)
    if one is None:
        raise Refused(_("这个字段已经被删除。"), code="field_gone", status=404)
    earlier = []
    for each in draft.fields:
        if each["key"] == key:
            break
        if each["kind"] not in SILENT | FILES | {"table", "signature"}:
            earlier.append(each)
    labels = numeric_labels(draft.fields, key)
    columns = [*one.get("columns", []), *({} for _n in range(3))][:MAX_COLUMNS] if one["kind"] == "table" else []
    return {
        "chosen": key, "one": one, "errors": errors or {}, "kind_words": KINDS[one["kind"]][0], "earlier": earlier,
        "ops": OPS.items(), "options": "\n".join(one.get("options", [])), "preset": "\n".join(one.get("preset", [])),
        "formula": formulas.with_labels(one.get("formula", ""), labels), "names": list(labels), "functions": list(formulas.FUNCTIONS),
        "columns": [(n, column, "、".join(column.get("options", []))) for n, column in enumerate(columns)],
        "column_kinds": [(kind, KINDS[kind][0]) for kind in COLUMN_KINDS], "silent": one["kind"] in SILENT,
    }  # fmt: skip


@require_http_methods(["GET", "POST"])
def field(request: Request, pk: int, key: str) -> HttpResponse:
    """The form of one field, beside the list; a page of its own address, so that it works without script."""
    draft = _draft(request, pk)
    if request.method == "GET":
        return _page(request, draft, **_field_context(draft, key))
    old = draft.by_key(key)
    if old is None:
        raise Refused(_("这个字段已经被删除，没有保存。"), code="field_gone")
    new, errors = read_field(request.POST, old, draft.fields)
    if errors:
        return _page(request, draft, status=200 if request.htmx else 422, **_field_context(draft, key, new, errors))
    actions.save_field(draft, key, new, by=request.user, edits=number(request.POST.get("edits")) or 0)
    if not request.htmx:
        messages.success(request, _("“%(label)s”已保存。") % {"label": new["label"][:30]})
        return redirect("ledgers:build", pk=pk)
    draft.refresh_from_db()
    return _page(request, draft, saved=new["label"])


@require_http_methods(["GET", "POST"])
def chain(request: Request, pk: int) -> HttpResponse:
    """Who signs, in which order, and for how many hours a permit is valid."""
    draft = _draft(request, pk)
    if request.method == "POST":
        actions.set_chain(
            draft, read_chain(request.POST), by=request.user, edits=number(request.POST.get("edits")) or 0
        )
        messages.success(request, _("审批设置已保存，发布后生效。"))
        return redirect("ledgers:build", pk=pk)
    hours = draft.permit.get("hours", {})
    steps = [*draft.steps, *({} for _n in range(5))][:5]
    context = {
        "template": draft.template, "draft": draft, "steps": list(enumerate(steps)), "hours": hours,
        "by": "\n".join(f"{option}: {n}" for option, n in hours.get("by", {}).items()),
        "singles": [one for one in draft.fields if one["kind"] == "single"], "source": draft.permit.get("source", ""),
    }  # fmt: skip
    return render(request, "ledgers/chain.html", context)


@require_POST
def publish(request: Request, pk: int) -> HttpResponse:
    """Make the draft the version in force."""
    draft = _draft(request, pk)
    try:
        actions.publish_draft(
            draft,
            by=request.user,
            edits=number(request.POST.get("edits")) or 0,
            changed=request.POST.get("changed", ""),
        )
    except Refused as refused:
        if refused.status == 403:
            raise
        messages.error(request, str(refused.message))
        return redirect("ledgers:build", pk=pk)
    messages.success(request, _("第 %(n)d 版已发布，企业从现在起用这一版。") % {"n": draft.number})
    return redirect("ledgers:template", pk=pk)


@require_POST
def discard(request: Request, pk: int) -> HttpResponse:
    """Throw the draft away."""
    one = found_template(request, pk)
    draft = one.versions.filter(published_at=None).first()
    if draft is not None:
        actions.discard_draft(draft, by=request.user)
        messages.success(request, _("草稿已丢弃。"))
    return redirect("ledgers:template", pk=pk) if one.current_id else redirect("ledgers:templates")
