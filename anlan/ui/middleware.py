"""The one place where a refusal becomes an answer: page, fragment or JSON."""

from collections.abc import Callable

from allauth.core.exceptions import RateLimited
from django.db import DataError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from anlan.lib.errors import Refused


class RefusedMiddleware:
    """Render `Refused` with its words and status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a refusal; leave every other error to Django.

        A number that no column can hold names nothing (SQLite refuses to look for it), so it is not found. PostgreSQL
        takes no NUL in a text, and no form of ours writes one. Codes sent too often are refused by allauth's own exception.
        """
        if isinstance(exception, OverflowError) and "SQLite INTEGER" in str(exception):
            exception = Refused(_("没有找到这一页"), code="not_found", status=404)
        elif isinstance(exception, (DataError, ValueError)) and "NUL" in str(exception):
            exception = Refused(_("填写的内容里有不能保存的字符，没有保存。请删去后再提交。"), code="nul", status=422)
        elif isinstance(exception, RateLimited):
            exception = Refused(_("太频繁了，请过一会儿再试。"), code="rate_limited", status=429)
        if not isinstance(exception, Refused):
            return None
        if "application/json" in request.headers.get("Accept", ""):
            return JsonResponse({"code": exception.code, "message": str(exception.message)}, status=exception.status)
        name = "ui/refused_fragment.html" if getattr(request, "htmx", False) else "ui/refused.html"
        response = render(request, name, {"refused": exception}, status=exception.status)
        if getattr(request, "htmx", False):
            response["HX-Retarget"] = "#messages"
            response["HX-Reswap"] = "innerHTML"
        return response
