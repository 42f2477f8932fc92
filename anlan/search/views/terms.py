"""The thesaurus: how people say it, how the law says it; with a box that shows how a query is understood."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.lib.errors import Refused
from anlan.search.actions.terms import save_term, switch_term
from anlan.search.evaluating import ARTICLES
from anlan.search.forms import TermForm
from anlan.search.models import Document, Term
from anlan.search.retrieving import ranked
from anlan.search.thesaurus import current
from anlan.search.understanding import understand

EACH: Final = 50
EDIT_CONTENT: Final = "edit_content"  # accounts.powers.EDIT_CONTENT: accounts lies above this app


def editor(request: HttpRequest) -> None:
    """Refuse who may not edit content."""
    if not request.user.may(EDIT_CONTENT):  # type: ignore[union-attr]
        raise Refused(_("您现在的身份不能编辑词库。"), code="no_power", status=403)


@require_GET
def term_list(request: HttpRequest) -> HttpResponse:
    """All entries, searched and filtered, and the try-it box."""
    editor(request)
    words, kind, off = (request.GET.get(name, "").strip()[:60] for name in ("q", "kind", "off"))
    rows = Term.objects.annotate(said=Cast("lay", TextField()), written=Cast("formal", TextField()))
    if words:
        # JSON keeps Chinese as it is on PostgreSQL and escaped on SQLite.
        escaped = words.encode("unicode_escape").decode()
        rows = rows.filter(
            Q(said__contains=words)
            | Q(written__contains=words)
            | Q(said__contains=escaped)
            | Q(written__contains=escaped)
        )
    if kind in Term.Kind.values:
        rows = rows.filter(kind=kind)
    if off:
        rows = rows.filter(is_active=False)
    context = {
        "page": Paginator(rows.order_by("-updated_at", "pk"), EACH).get_page(request.GET.get("page")),
        "words": words, "kind": kind, "off": off, "kinds": [c for c in Term.Kind.choices if c[0] != Term.Kind.WORD],
        "total": Term.objects.count(), "tried": _tried(request.GET.get("try", "")[:200]),
    }  # fmt: skip
    return render(request, "search/terms.html", context)


def _tried(query: str) -> dict[str, object] | None:
    if not query.strip():
        return None
    asked = understand(query, current(at_once=True))
    best = [pk for pk, _value in ranked(asked, ARTICLES)[:5]]
    rows = Document.objects.defer("profile").in_bulk(best)
    return {"query": query, "asked": asked, "hits": [rows[pk] for pk in best if pk in rows]}


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Add an entry; a row of the quality report fills in how people say it."""
    editor(request)
    form = TermForm(request.POST or None, initial={"lay": request.GET.get("lay", "")[:120]})
    return _saved(request, form, None) or render(request, "search/term.html", {"form": form, "term": None})


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an entry."""
    editor(request)
    term = get_object_or_404(Term, pk=pk)
    initial = {"kind": term.kind, "lay": "\n".join(term.lay), "formal": "\n".join(term.formal), "note": term.note}
    form = TermForm(request.POST or None, initial=initial)
    return _saved(request, form, term) or render(request, "search/term.html", {"form": form, "term": term})


def _saved(request: HttpRequest, form: TermForm, term: Term | None) -> HttpResponse | None:
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        saved = save_term(term, by=request.user, **form.lines())
    except Refused as refused:
        form.add_error(refused.field or None, str(refused.message))
        return None
    messages.success(request, _("“%(words)s”已保存，两秒内各处生效。") % {"words": "、".join(saved.lay)[:60]})
    return redirect("search:terms")


@require_POST
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch an entry off or on."""
    editor(request)
    term = get_object_or_404(Term, pk=pk)
    on = request.POST.get("on") == "1"
    switch_term(term, on=on, by=request.user)
    messages.success(request, _("已启用这一条。") if on else _("已停用这一条，搜索不再用它。"))
    return redirect("search:terms")
