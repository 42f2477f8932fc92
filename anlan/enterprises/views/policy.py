"""The grade of a firm with its reasons: one's own, or one of the territory."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from anlan.enterprises.actions.policy import grade_enterprise
from anlan.enterprises.models import Enterprise
from anlan.enterprises.policy_page import policy_page
from anlan.enterprises.views.files import firm_of, home_of, own_enterprise


def policy_home(firm: Enterprise, user: Any) -> str:
    """The name of the page of this firm's grade as this user knows it."""
    return "enterprises:policy" if firm.is_managed_by(user) else "enterprises:policy-of"


def to_policy(firm: Enterprise, user: Any) -> HttpResponse:
    """Lead to the page of the grade."""
    name = policy_home(firm, user)
    return redirect(name) if name == "enterprises:policy" else redirect(name, firm.pk)


@require_GET
def policy(request: HttpRequest) -> HttpResponse:
    """One's own firm."""
    user: Any = request.user
    return _page(request, own_enterprise(user))


@require_GET
def policy_of(request: HttpRequest, pk: int) -> HttpResponse:
    """A firm of the territory or of one's contracts; managers are sent to their own page."""
    firm = firm_of(request, pk)
    if firm.is_managed_by(request.user):  # type: ignore[arg-type]
        return redirect("enterprises:policy")
    return _page(request, firm)


def _page(request: HttpRequest, firm: Enterprise) -> HttpResponse:
    user: Any = request.user
    return render(request, "enterprises/policy.html", policy_page(firm, user) | {"home": home_of(firm, user)})


@require_POST
def policy_regrade(request: HttpRequest, pk: int) -> HttpResponse:
    """Grade the firm by what is known now."""
    user: Any = request.user
    firm = firm_of(request, pk)
    before = firm.risk
    row = grade_enterprise(firm, by=user)
    words = (
        _("已按现在的情况重算：%(risk)s，%(n)d 分。") if before != row.risk else _("重算过了，仍是%(risk)s，%(n)d 分。")
    )
    messages.success(request, words % {"risk": row.get_risk_display(), "n": row.points})
    return to_policy(firm, user)
