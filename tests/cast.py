"""Fixtures that every test may use: the cast, and a browser-less client signed in as one of them."""

from collections.abc import Callable, Iterator

import pytest
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest
from django.test import Client
from django.utils import translation

from anlan.accounts.models import User
from anlan.operations.demo.cast import Cast, lay_cast


@pytest.fixture
def cast(db: None) -> Cast:
    """The named people and firms, in a fresh database."""
    return lay_cast()


@pytest.fixture
def sign_in() -> Callable[[User], Client]:
    """A client signed in as this person, with the second factor passed."""

    def _sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        session = client.session
        if not user.is_demo:  # people of the demo are let in anyway
            request = HttpRequest()
            request.session = session
            record_authentication(
                request, user, "mfa", id=Authenticator.objects.get_or_create(user=user, type="totp")[0].pk
            )
        session.save()
        return client

    return _sign_in


@pytest.fixture(autouse=True)
def _clear_caches() -> Iterator[None]:
    """Nothing cached leaks from one test into the next, nor the language of the last page."""
    from django.core.cache import cache

    cache.clear()
    translation.activate(settings.LANGUAGE_CODE)
    yield
