"""Pages for when something went wrong."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@login_not_required
def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token is stale (signed out in another tab, cookies cleared): nothing was changed."""
    return render(request, "ui/stale.html", status=403)


@login_not_required
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 without hints: what one may not see does not exist."""
    return render(request, "ui/404.html", status=404)


@login_not_required
def broken(request: HttpRequest) -> HttpResponse:
    """500: our fault; says what is kept."""
    return render(request, "ui/500.html", status=500)
