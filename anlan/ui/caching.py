"""Public pages that browsers and gateways may keep: always asked again, answered 304 while nothing changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib.messages import get_messages
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt, csrf_protect

View = Callable[..., HttpResponse]
Stamp = tuple[object, ...]
"""What a page is made of, as values that change when it does. A moment among them also becomes Last-Modified."""


def public_page(stamp_of: Callable[..., Stamp | None]) -> Callable[[View], View]:
    """Give a public view an ETag of what it is made of: `stamp_of(request, **arguments of the address)`, in few queries.

    For visitors without a session only: whoever is signed in, or has a message waiting, gets a page of their own that
    nobody keeps. The tag also holds the address, the language, large type, the day (dates are written without the year)
    and the version of our files. `None` from `stamp_of`: not kept this time.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in ("GET", "HEAD") or request.user.is_authenticated:
                return _own(view(request, *args, **kwargs))
            stamp = stamp_of(request, *args, **kwargs)
            if stamp is None or len(get_messages(request)):
                return _own(view(request, *args, **kwargs))
            etag, modified = _tag(request, stamp), max((v for v in stamp if isinstance(v, datetime)), default=None)
            seconds = int(modified.timestamp()) if modified else None
            response = get_conditional_response(request, etag=etag, last_modified=seconds)
            if response is None:
                response = view(request, *args, **kwargs)
                if response.status_code != 200 or response.cookies or request.META.get("CSRF_COOKIE_NEEDS_UPDATE"):
                    return _own(response)
            response["ETag"] = etag
            if seconds is not None:
                response["Last-Modified"] = http_date(seconds)
            response["Cache-Control"] = "public, no-cache"
            patch_vary_headers(response, ["Cookie", "Accept-Language", "HX-Request"])
            return response

        return inner

    return decorate


def _own(response: HttpResponse) -> HttpResponse:
    response.setdefault("Cache-Control", "private, no-cache")
    return response


def _tag(request: HttpRequest, stamp: Stamp) -> str:
    parts = (
        request.get_full_path(), get_language(), request.COOKIES.get("elder") == "on", bool(request.headers.get("HX-Request")),
        timezone.localdate(), getattr(staticfiles_storage, "manifest_hash", ""), *stamp,
    )  # fmt: skip
    return f'W/"{hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()}"'


def open_form(view: View) -> View:
    """For forms on public pages that only set a cookie of taste (language, large type): no token for visitors without a
    session, since a token would make every page a private one; whoever is signed in needs theirs as everywhere."""
    protected = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return (protected if request.user.is_authenticated else view)(request, *args, **kwargs)

    return inner
