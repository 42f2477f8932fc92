"""The shelf of ledgers and the list of one ledger: of one's own firm, and read-only of a firm one may see."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from anlan.accounts import powers
from anlan.enterprises.models import Enterprise
from anlan.ledgers.actions.entries import may_enter, own_firm
from anlan.ledgers.models import Entry, Template
from anlan.ledgers.queries import Conditions, shelves, to_sign
from anlan.ledgers.show import columns_of
from anlan.ledgers.values import shown_text
from anlan.ledgers.views import Request


@require_GET
def index(request: Request) -> HttpResponse:
    """The firm's ledgers: what is due, what waits for a signature, and every ledger with its last entry."""
    firm = own_firm(request.user)
    rows = shelves(firm, request.user)
    context = {
        "firm": firm, "due": [row for row in rows if row.due], "rest": [row for row in rows if not row.due],
        "signing": list(to_sign(request.user)[:20]), "manages": request.user.may(powers.MANAGE_ENTERPRISE),
        "over": Entry.objects.visible_to(request.user).filter(enterprise=firm).overdue().select_related("template")[:20],
        "drafts": Entry.objects.visible_to(request.user).filter(enterprise=firm, created_by=request.user, state="draft", revision__gt=0).select_related("template").order_by("-updated_at")[:5],
        "returned": Entry.objects.filter(enterprise=firm, created_by=request.user, state="returned").select_related("template"),
    }  # fmt: skip
    return render(request, "ledgers/list.html", context)


@require_GET
def of(request: Request, firm: int) -> HttpResponse:
    """The ledgers of a firm as a regulator or its agency sees them."""
    one = get_object_or_404(readable(request), pk=firm)
    rows = shelves(one, request.user)
    return render(
        request,
        "ledgers/of.html",
        {
            "firm": one,
            "rows": [row for row in rows if row.count or row.due],
            "empty": sum(1 for row in rows if not row.count),
        },
    )


def readable(request: Request) -> Any:
    """The firms whose ledgers one may read: not for workers, nor for associations."""
    user = request.user
    allowed = user.may(powers.SUPERVISE) or user.may(powers.SERVE) or user.may(powers.MANAGE_ENTERPRISE)
    firms = Enterprise.objects.visible_to(user) if allowed else Enterprise.objects.none()
    return firms.select_related("organisation")


@require_GET
def entries(request: Request, pk: int) -> HttpResponse:
    """One ledger of one's own firm."""
    return _entries(request, own_firm(request.user), pk)


@require_GET
def entries_of(request: Request, firm: int, pk: int) -> HttpResponse:
    """One ledger of a firm that one may see, read-only."""
    return _entries(request, get_object_or_404(readable(request), pk=firm), pk, reading=True)


def _entries(request: Request, firm: Enterprise, pk: int, *, reading: bool = False) -> HttpResponse:
    template, found, asked = chosen(request, firm, pk)
    page = Paginator(found.select_related("version", "created_by"), 30).get_page(request.GET.get("page"))
    columns = columns_of(template)
    rows = [(entry, [_cell(entry, one) for one in columns]) for entry in page]
    live = Template.objects.for_firm(firm).filter(pk=template.pk).exists()
    context = {
        "firm": firm, "template": template, "page": page, "rows": rows, "columns": columns, "asked": asked, "reading": reading,
        "states": [*Entry.State.choices], "may_enter": live and not reading and may_enter(template, request.user),
        "manages": request.user.may(powers.MANAGE_ENTERPRISE) and not reading, "permit": bool(template.current and template.current.steps),
    }  # fmt: skip
    return render(request, "ledgers/entries.html", context)


def chosen(request: Request, firm: Enterprise, pk: int) -> tuple[Template, Any, Conditions]:
    """The template, and the entries of this firm in it that the user may see and the address asks for."""
    visible = Entry.objects.visible_to(request.user).filter(enterprise=firm)
    known = Template.objects.visible_to(request.user) | Template.objects.filter(pk__in=visible.values("template_id"))
    template = get_object_or_404(known.distinct().select_related("current"), pk=pk)
    asked = Conditions.read(request.GET)
    return template, asked.apply(visible.filter(template=template)), asked


def _cell(entry: Entry, one: dict[str, Any]) -> str:
    own = entry.version.by_key(one["key"])
    return shown_text(own, entry.values.get(one["key"])) if own else ""
