"""Fast password hashing: many of these tests sign in again and again."""

import pytest
from django.conf import LazySettings


@pytest.fixture(autouse=True)
def _fast_passwords(settings: LazySettings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
