"""Home pages and the pages that say what this is."""

import re
from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from anlan.accounts import powers
from anlan.accounts.views.who import signed_in
from anlan.lib.asked import way_back
from anlan.portal import front
from anlan.portal.due import due_for
from anlan.portal.finding import find_everything
from anlan.portal.hours_table import hours_table
from anlan.portal.workbench import cards_for, links_for
from anlan.training.learner import learning_card, my_classes, year_hours
from anlan.ui.caching import open_form, public_page

NUMBER = re.compile(r"AL\d[0-9A-Z]{8,}")


@login_not_required
@require_GET
@public_page(front.stamp)
def index(request: HttpRequest) -> HttpResponse:
    """The public portal: search, the ways in, new law, what saves lives, news, a case, courses, the hours the law asks for."""
    rules = hours_table(timezone.localdate())
    case, violated = front.case()
    context = {
        "doors": front.doors(), "fresh": front.fresh_law()[:5], "news": front.news(5), "urgent": front.urgent(),
        "case": case, "violated": violated, "course_case": None if case else front.course_case(),
        "courses": front.courses(), "rules": rules, "words": front.POPULAR, "law_url": _address("law:statutes"),
        "sources": {(rule.source, rule.article): rule for row in rules for rule in row.deciding}.values(),
    }  # fmt: skip
    return render(request, "portal/index.html", context)


def _address(name: str) -> str:
    """The address of a page that this house may not have yet."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@login_not_required
@require_GET
def go(request: HttpRequest) -> HttpResponse:
    """The portal's search box: a certificate number goes to verification, everything else to the search of the site."""
    words = request.GET.get("q", "").strip()[:400]
    number = words.replace(" ", "").replace("-", "").upper()
    if NUMBER.fullmatch(number):
        return redirect("certificates:verify_number", number)
    where = _address("search:results") or reverse("training:catalogue")
    return redirect(f"{where}?{urlencode({'q': words})}")


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The workbench of the present post: what is due first, then how things stand."""
    user = signed_in(request)
    classes, year = my_classes(user), year_hours(user) if user.may(powers.LEARN) else None
    dues = due_for(user, classes, year)
    now = timezone.now()
    left, right = cards_for(user)
    context = {
        "dues": dues,
        "late": sum(1 for due in dues if due.at is not None and due.at < now),
        "today": sum(1 for due in dues if due.at is not None and now <= due.at < now + timedelta(days=1)),
        "learning": learning_card(classes, year) if year and not user.may(powers.MANAGE_ENTERPRISE) else None,
        "links": links_for(user),
        "left": left,
        "right": right,
    }
    return render(request, "portal/home.html", context)


@require_GET
def menu(request: HttpRequest) -> HttpResponse:
    """Every page that the present post opens: the side bar, for a phone."""
    return render(request, "portal/menu.html")


@require_GET
def find(request: HttpRequest) -> HttpResponse:
    """Search of the signed-in pages, inside the territory: people, firms, courses, classes, certificates."""
    words = request.GET.get("q", "").strip()[:60]
    groups = find_everything(signed_in(request), words) if words else []
    return render(request, "portal/find.html", {"words": words, "groups": groups})


@login_not_required
@open_form
@require_POST
def elder(request: HttpRequest) -> HttpResponse:
    """Switch the large-type mode, kept in a cookie and, when signed in, with the person."""
    on = request.COOKIES.get("elder") != "on"
    response = redirect(way_back(request, request.POST.get("next"), "/"))
    response.set_cookie("elder", "on" if on else "off", max_age=365 * 24 * 3600, samesite="Lax", httponly=True)
    return response


@login_not_required
@require_GET
def accessibility(request: HttpRequest) -> HttpResponse:
    """How the site can be used by everyone."""
    return render(request, "portal/accessibility.html")


@login_not_required
@require_GET
def privacy(request: HttpRequest) -> HttpResponse:
    """What is held about people and why."""
    return render(request, "portal/privacy.html")
