"""Names for django-axes: it must count failures per number without ever storing the number."""

from typing import Any

from django.http import HttpRequest

from anlan.accounts.models import User
from anlan.accounts.models.users import phone_index


def who(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """Return the blind index of the phone that was tried; the same for numbers with and without an account."""
    given = credentials or {}
    if phone := given.get("phone"):
        return phone_index(str(phone))
    if uid := given.get("username"):
        return User.objects.filter(uid=uid).values_list("phone_index", flat=True).first() or ""
    return ""
