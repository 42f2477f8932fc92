"""Pages of ledgers."""

from typing import Any

from django.http import HttpRequest

from anlan.accounts.models import User


class Request(HttpRequest):
    """A request behind LoginRequiredMiddleware and HtmxMiddleware: somebody is signed in."""

    user: User
    htmx: Any
