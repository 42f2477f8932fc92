"""Home pages and the pages that say what this is."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST


@login_not_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The public portal."""
    return render(request, "portal/index.html")


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The workbench of the present post: what is due first."""
    return render(request, "portal/home.html")


@require_GET
def find(request: HttpRequest) -> HttpResponse:
    """Search of the signed-in pages, inside the territory."""
    return render(request, "portal/find.html")


@login_not_required
@require_POST
def elder(request: HttpRequest) -> HttpResponse:
    """Switch the large-type mode, kept in a cookie and, when signed in, with the person."""
    on = request.COOKIES.get("elder") != "on"
    back = request.POST.get("next", "/")
    response = redirect(back if url_has_allowed_host_and_scheme(back, {request.get_host()}) else "/")
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
