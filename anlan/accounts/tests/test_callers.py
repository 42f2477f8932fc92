from collections.abc import Callable

import pytest
from django.test import Client

from anlan.accounts.callers import is_signed_in
from anlan.accounts.models import User
from anlan.operations.demo.cast import Cast


@pytest.mark.django_db
def test_only_the_session_of_somebody_signed_in_counts(cast: Cast, sign_in: Callable[[User], Client]) -> None:
    client = sign_in(cast.worker)
    key = client.cookies["sessionid"].value
    assert is_signed_in(f"elder=on; sessionid={key}")
    for cookies in ("", "sessionid=", "sessionid=abc", f"other={key}", "sessionid", "\x00;;=", f"sessionid={key}x"):
        assert not is_signed_in(cookies), cookies
    client.post("/accounts/logout/")
    assert not is_signed_in(f"sessionid={key}")
