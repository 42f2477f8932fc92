"""What an address or a form asks for, read without trusting it."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def number(text: str | None) -> int | None:
    """The whole number that `text` is, in plain digits and short enough for any column; None for everything else.

    `str.isdigit()` says yes to "²", and `int()` refuses 5,000 digits: neither may break a page.
    """
    return int(text) if text and len(text) <= 18 and text.isascii() and text.isdigit() else None


def way_back(request: HttpRequest, url: str | None, other: str) -> str:
    """`url` if it is a path inside this house, else `other` (a path, or the name of an address)."""
    inside = bool(url) and url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return str(url) if inside and str(url).startswith(("/", "http://", "https://")) else other
