"""The signed-in person of a request, typed."""

from django.http import Http404, HttpRequest

from anlan.accounts.models import User


def signed_in(request: HttpRequest) -> User:
    """Return who is signed in; 404 where nobody is (never reached behind LoginRequiredMiddleware)."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user
