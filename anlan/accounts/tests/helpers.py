"""What the tests of sign-in share."""

import re
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client

from anlan.accounts.models import Post, User
from anlan.channels import sms
from anlan.lib.codes import demo_phone

LOGIN, CODE, CONFIRM = "/accounts/login/", "/accounts/login/code/", "/accounts/login/code/confirm/"


def person(n: int, role: str = "visitor", *, password: str | None = None, verified: bool = True, **scope: Any) -> User:
    """A person outside the demo, with one post."""
    user = User.objects.create_user(
        name=f"测试{n}", phone=demo_phone(9000 + n), password=password, phone_verified=verified
    )
    if role:
        Post.objects.create(user=user, role_id=role, **scope)
    return user


def sent_code() -> str:
    """The code of the last message."""
    return sms.outbox[-1].params["code"]


def sign_in_by_code(user: User, client: Client | None = None) -> Client:
    """Sign in the way people do: phone, code."""
    client = client or Client()
    assert client.post(CODE, {"phone": user.phone}).status_code == 302
    assert client.post(CONFIRM, {"code": sent_code()}).status_code == 302
    return client


def totp_code(secret: str) -> str:
    """What the app shows now."""
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def activate_totp(client: Client) -> str:
    """Set up an authenticator app; return its secret."""
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    secret = re.search(r'own-secret al-num">([A-Z2-7]+)<', page)
    assert secret is not None
    answer = client.post("/accounts/2fa/totp/activate/", {"code": totp_code(secret[1])})
    assert answer.status_code == 302, answer.content.decode()
    return secret[1]
