"""Home pages and the pages that say what this is."""

import re
from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from anlan.accounts import powers
from anlan.accounts.views.who import signed_in
from anlan.lib.asked import way_back
from anlan.portal.due import due_for
from anlan.portal.finding import find_everything
from anlan.portal.hours_table import hours_table
from anlan.portal.workbench import cards_for, links_for
from anlan.training.learner import learning_card, my_classes, year_hours
from anlan.training.models import Course, CourseCase

POPULAR = (_("有限空间"), _("动火"), _("登高"), _("触电"), _("新员工"))
NUMBER = re.compile(r"AL\d[0-9A-Z]{8,}")


@login_not_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The public portal: search, four doors, the hours the law asks for, courses, a case, how certificates are proven."""
    courses = (
        Course.objects.visible_to(None)
        .annotate(lesson_count=Count("lessons"), minutes=Coalesce(Sum("lessons__duration_ms"), 0) / 60_000)
        .order_by("-published_at", "pk")[:4]
    )
    rules = hours_table(timezone.localdate())
    context = {
        "courses": courses,
        "rules": rules,
        "sources": {(rule.source, rule.article): rule for row in rules for rule in row.deciding}.values(),
        "case": CourseCase.objects.filter(course__in=Course.objects.visible_to(None))
        .select_related("course")
        .order_by("pk")
        .first(),
        "words": POPULAR,
    }
    return render(request, "portal/index.html", context)


@login_not_required
@require_GET
def go(request: HttpRequest) -> HttpResponse:
    """The portal's search box: a certificate number goes to verification, everything else to the catalogue."""
    words = request.GET.get("q", "").strip()[:60]
    number = words.replace(" ", "").replace("-", "").upper()
    if NUMBER.fullmatch(number):
        return redirect("certificates:verify_number", number)
    return redirect(f"{reverse('training:catalogue')}?{urlencode({'q': words})}")


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
