"""The editors' queue of collected texts, and the sources."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.content.collecting import queue
from anlan.content.forms_readers import SourceForm
from anlan.content.models import Collected, Source
from anlan.content.people import holders
from anlan.content.views.desk import Request, own_pages
from anlan.lib.asked import number, way_back
from anlan.lib.errors import Refused

PAGE: Final = 20


def items(request: Request) -> Any:
    """What was collected, for editors; 404 for everybody else."""
    own_pages(request)
    return Collected.objects.visible_to(request.user)


@require_GET
def collected(request: Request) -> HttpResponse:
    """What waits to be read, by state, source and person."""
    rows = items(request)
    counts = dict(rows.order_by().values_list("state").annotate(n=Count("pk")))
    state = request.GET.get("state", "new")
    state = state if state in Collected.State.values else "new"
    rows = rows.filter(state=state)
    source, who = number(request.GET.get("source")), request.GET.get("who", "")
    if source is not None:
        rows = rows.filter(source_id=source)
    if who == "me":
        rows = rows.filter(assigned_to=request.user)
    if word := request.GET.get("q", "").strip()[:40]:
        rows = rows.filter(title__icontains=word)
    page = Paginator(rows.select_related("assigned_to", "twin").defer("text").order_by("-pk"), PAGE).get_page(
        request.GET.get("page")
    )
    return render(request, "content/collected/list.html", {
        "page": page, "state": state, "views": [(key, label, counts.get(key, 0)) for key, label in Collected.State.choices],
        "sources": Source.objects.visible_to(request.user).order_by("name"), "source": source, "who": who, "q": word,
        "editors": _editors(), "broken": Source.objects.broken().count(), "on": Source.objects.filter(active=True).count(),
    })  # fmt: skip


def _editors() -> list[User]:
    return list(holders(powers.EDIT_CONTENT).order_by("name")[:100])


@require_GET
def item(request: Request, pk: int) -> HttpResponse:
    """One collected text as it was read, and what to do with it."""
    found = get_object_or_404(items(request).select_related("source", "assigned_to", "twin", "page"), pk=pk)
    return render(request, "content/collected/item.html", {
        "item": found, "editors": _editors(), "open": found.state in ("new", "duplicate"),
        "paragraphs": [line for line in found.text.splitlines() if line.strip()],
    })  # fmt: skip


@require_POST
def take(request: Request, pk: int) -> HttpResponse:
    """Make a draft of it."""
    page = queue.take_collected(get_object_or_404(items(request), pk=pk), by=request.user)
    if page is None:
        messages.success(request, _("已记为法规，请在法规库里导入正式文本。"))
        return redirect(way_back(request, "/editing/collected/", "content:collected"))
    messages.success(request, _("已转为稿件，改好再送审。"))
    return redirect("content:draft", page.pk)


@require_POST
def restore(request: Request, pk: int) -> HttpResponse:
    """Put it back into the queue."""
    queue.restore_collected(get_object_or_404(items(request), pk=pk), by=request.user)
    messages.success(request, _("已放回待处理。"))
    return redirect("content:collected-item", pk)


@require_POST
def bulk(request: Request) -> HttpResponse:
    """Drop or assign the chosen ones (one or many)."""
    pks = [pk for text in request.POST.getlist("pick")[:200] if (pk := number(text)) is not None]
    rows = list(items(request).filter(pk__in=pks).defer("text"))
    if not rows:
        raise Refused(_("还没有选中要处理的。请先在左边打勾。"), code="nothing", status=422)
    if request.POST.get("do") == "assign":
        to = get_object_or_404(holders(powers.EDIT_CONTENT), pk=number(request.POST.get("to")) or 0)
        n = queue.assign_collected(rows, by=request.user, to=to)
        messages.success(
            request, ngettext("%(n)d 篇交给了%(name)s", "%(n)d 篇交给了%(name)s", n) % {"n": n, "name": to.name}
        )
    else:
        n = queue.drop_collected(rows, by=request.user, reason=request.POST.get("reason", ""))
        messages.success(request, ngettext("%(n)d 篇不用，原因已记下", "%(n)d 篇不用，原因已记下", n) % {"n": n})
    return redirect(way_back(request, request.POST.get("next"), "content:collected"))


@require_GET
def sources(request: Request) -> HttpResponse:
    """Where texts come from, the broken ones first."""
    own_pages(request)
    rows = sorted(Source.objects.visible_to(request.user), key=lambda row: (not row.active, -row.failures, row.name))
    return render(request, "content/collected/sources.html", {
        "rows": rows, "broken": sum(row.state == "broken" for row in rows), "on": sum(row.active for row in rows),
    })  # fmt: skip


@require_http_methods(["GET", "POST"])
def source(request: Request, pk: int | None = None) -> HttpResponse:
    """Add a source, or change one."""
    own_pages(request)
    found = get_object_or_404(Source.objects.visible_to(request.user), pk=pk) if pk else None
    form = SourceForm(request.POST or None, source=found)
    if request.method == "POST" and form.is_valid():
        made = queue.save_source(found, form.cleaned_data, by=request.user)
        messages.success(request, _("来源“%(name)s”已保存。") % {"name": made.name})
        return redirect("content:sources")
    return render(
        request, "content/collected/source.html", {"form": form, "source": found}, status=422 if form.errors else 200
    )


@require_POST
def source_do(request: Request, pk: int) -> HttpResponse:
    """Switch a source on or off, or let it be read now."""
    own_pages(request)
    found = get_object_or_404(Source.objects.visible_to(request.user), pk=pk)
    do = request.POST.get("do")
    if do == "run":
        queue.run_now(found, by=request.user)
        messages.success(request, _("“%(name)s”排在下一次采集的最前面，十分钟内开始。") % {"name": found.name})
    elif do in ("on", "off"):
        queue.switch_source(found, by=request.user, on=do == "on")
        words = _("“%(name)s”已启用，十分钟内第一次采集。") if do == "on" else _("“%(name)s”已停用，采来的都留着。")
        messages.success(request, words % {"name": found.name})
    else:
        raise Http404
    return redirect("content:sources")
