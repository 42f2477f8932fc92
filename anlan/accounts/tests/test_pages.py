"""Every page of signing in and of one's account is ours: Chinese, in our frame, and nothing of e-mail is left."""

import re
from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from anlan.accounts.models import User
from anlan.accounts.tests.helpers import CODE, activate_totp, person, sign_in_by_code
from anlan.operations.demo.cast import Cast

pytestmark = pytest.mark.django_db

ANONYMOUS = (
    "/accounts/login/", "/accounts/login/?way=password", "/accounts/login/?way=passkey", "/accounts/login/code/",
    "/accounts/signup/", "/accounts/password/reset/", "/accounts/inactive/", "/accounts/3rdparty/login/cancelled/",
)  # fmt: skip
SIGNED_IN = (
    "/me/", "/regions/", "/accounts/logout/", "/accounts/2fa/", "/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/", "/accounts/sessions/", "/accounts/password/set/", "/accounts/phone/change/",
    "/accounts/3rdparty/", "/accounts/3rdparty/login/error/",
)  # fmt: skip
ENGLISH = re.compile(
    r"\b(sign|password|phone|code|confirm|submit|security|account|email|recovery|please|your|the)\b", re.I
)


def words(html: str) -> str:
    """The text that people read: no tags, no scripts, but placeholders and labels."""
    html = re.sub(r"<(script|style)\b.*?</\1>", "", html, flags=re.S)
    spoken = re.findall(r'(?:placeholder|aria-label|alt|title|data-confirm)="([^"]*)"', html)
    return " ".join([re.sub(r"<[^>]+>", " ", html), *spoken]).replace("Use English", "").replace("English", "")


def assert_ours(html: str) -> None:
    assert 'class="l-page' in html or 'class="al-frame"' in html or 'class="l-plain"' in html
    assert len(re.findall(r"<h1\b", html)) == 1
    assert not ENGLISH.search(words(html)), ENGLISH.search(words(html))
    assert "style=" not in html and "<script>" not in html and "onclick" not in html
    assert html.count("btn-primary") - html.count('btn btn-primary push" value="yes"') <= 1
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids)), [name for name in ids if ids.count(name) > 1]
    assert set(re.findall(r'<label[^>]* for="([^"]+)"', html)) <= set(ids)


@pytest.mark.parametrize("address", ANONYMOUS)
def test_pages_before_signing_in(cast: Cast, address: str) -> None:
    answer = Client().get(address)
    assert answer.status_code == 200
    assert_ours(answer.content.decode())


@pytest.mark.parametrize("address", SIGNED_IN)
def test_pages_of_ones_account(address: str) -> None:
    answer = sign_in_by_code(person(1)).get(address)
    assert answer.status_code in (200, 401)
    assert_ours(answer.content.decode())


def test_pages_with_a_second_factor() -> None:
    user = person(1, password="correct horse 27")
    client = Client()
    client.post("/accounts/login/", {"login": user.phone, "password": "correct horse 27"})
    asked = client.get("/accounts/2fa/totp/activate/")
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert_ours(client.get(asked["Location"]).content.decode())
    client.post(asked["Location"], {"password": "correct horse 27"})
    activate_totp(client)
    for address in ("/accounts/2fa/", "/accounts/password/change/", "/accounts/2fa/reauthenticate/"):
        assert_ours(client.get(address).content.decode())
    key = Authenticator.objects.create(user=user, type="webauthn", data={"name": "办公电脑", "credential": {}})
    code = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    client.post("/accounts/2fa/reauthenticate/", {"code": code})
    for address in (
        "/accounts/2fa/recovery-codes/", "/accounts/2fa/recovery-codes/generate/", "/accounts/2fa/totp/deactivate/",
        f"/accounts/2fa/webauthn/keys/{key.pk}/edit/", f"/accounts/2fa/webauthn/keys/{key.pk}/remove/",
    ):  # fmt: skip
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert_ours(answer.content.decode())
    codes = client.get("/accounts/2fa/recovery-codes/download/").content.decode()
    assert "每个只能用一次" in codes and codes.count("\n") >= 9


def test_the_code_and_second_factor_steps() -> None:
    user = person(1)
    Authenticator.objects.create(user=user, type="totp", data={"secret": ""})
    client = Client()
    client.post(CODE, {"phone": user.phone})
    assert_ours(client.get("/accounts/login/code/confirm/").content.decode())
    client = sign_in_by_code(user)
    assert_ours(client.get("/accounts/2fa/authenticate/").content.decode())


def test_pages_of_people(cast: Cast, sign_in: Callable[[User], Client]) -> None:
    client = sign_in(cast.county)
    for address in ("/people/", "/people/grant/", "/people/?state=ended", "/regions/?in=410105", "/me/"):
        assert_ours(client.get(address).content.decode())


@pytest.mark.parametrize(
    "address",
    [
        "email/",
        "confirm-email/",
        "confirm-email/x/",
        "password/reset/done/",
        "password/reset/key/1-a/",
        "password/reset/key/done/",
    ],
)
def test_pages_of_email_do_not_exist(address: str) -> None:
    assert sign_in_by_code(person(1)).get(f"/accounts/{address}").status_code == 404
    assert Client().get(f"/accounts/{address}").status_code == 404


def test_too_many_tries_end_on_our_page() -> None:
    client = Client()
    for _attempt in range(31):
        answer = client.post("/accounts/login/", {"login": "", "password": ""})
    assert answer.status_code == 429
    assert_ours(answer.content.decode())


def test_no_page_of_allauth_was_forgotten() -> None:
    """An address that allauth adds in a later version must be looked at before it is served."""
    known = {
        "login", "logout", "inactive", "signup", "reauthenticate", "email", "confirm-email", "password", "phone",
        "2fa", "3rdparty", "social", "weixin", "dingtalk", "oidc", "sessions",
    }  # fmt: skip
    found = set()

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> None:
        for one in patterns:
            if isinstance(one, URLResolver):
                walk(one.url_patterns, prefix + str(one.pattern))
            elif prefix.startswith("accounts/"):
                found.add((prefix + str(one.pattern)).removeprefix("accounts/").lstrip("^").split("/")[0])

    walk(get_resolver().url_patterns, "")
    assert found <= known, found - known


def test_devices_are_named_in_words() -> None:
    client = Client(headers={"User-Agent": "Mozilla/5.0 (iPhone; CPU) MicroMessenger/8"})
    sign_in_by_code(person(1), client)
    assert UserSession.objects.count() == 1
    assert "苹果手机 · 微信" in client.get("/accounts/sessions/").content.decode()
