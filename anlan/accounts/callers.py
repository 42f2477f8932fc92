"""Who sends a request, before there is one: asked by the bridge, which knows no Django."""

from http.cookies import CookieError, SimpleCookie
from importlib import import_module

from django.conf import settings
from django.contrib.auth import SESSION_KEY


def is_signed_in(cookies: str) -> bool:
    """Whether the Cookie header names a session of somebody who is signed in."""
    try:
        found = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return False
    if found is None:
        return False
    session = import_module(settings.SESSION_ENGINE).SessionStore(found.value)
    return session.get(SESSION_KEY) is not None
