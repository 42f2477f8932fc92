"""The one place where a refusal becomes an answer: page, fragment or JSON."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from anlan.lib.errors import Refused


class RefusedMiddleware:
    """Render `Refused` with its words and status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a refusal; leave every other error to Django."""
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
