"""Enterprise sign-in against a server that speaks OpenID Connect: discovery, PKCE, RS256 tokens, keys, user info."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import LazySettings
from django.test import Client

from anlan.accounts.models import User
from anlan.accounts.tests.helpers import person, sent_code, sign_in_by_code
from anlan.audit.models import Record

pytestmark = pytest.mark.django_db
CLIENT_ID, CLIENT_SECRET = "anlan", "s3cret"
START, BACK = "/accounts/oidc/oidc/login/", "/accounts/oidc/oidc/login/callback/"


class Provider(ThreadingHTTPServer):
    """A small but faithful identity provider: it checks client, redirect, PKCE and single use of the code."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.claims: dict[str, Any] = {"sub": "u-17", "name": "韩雪"}
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: set[str] = set()
        self.refuse = False

    def authorize(self, location: str) -> dict[str, str]:
        """What happens in the browser there: the person agrees and comes back with a code."""
        asked = {key: values[0] for key, values in parse_qs(urlsplit(location).query).items()}
        assert location.startswith(f"{self.issuer}/authorize?")
        assert (asked["client_id"], asked["response_type"], asked["code_challenge_method"]) == (
            CLIENT_ID,
            "code",
            "S256",
        )
        assert "openid" in asked["scope"].split()
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}


class Handler(BaseHTTPRequestHandler):
    server: Provider

    def log_message(self, *args: Any) -> None:
        """Stay quiet."""

    def answer(self, body: dict[str, Any], status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def do_GET(self) -> None:
        idp = self.server
        if self.path == "/.well-known/openid-configuration":
            self.answer({
                "issuer": idp.issuer, "authorization_endpoint": f"{idp.issuer}/authorize", "token_endpoint": f"{idp.issuer}/token",
                "userinfo_endpoint": f"{idp.issuer}/me", "jwks_uri": f"{idp.issuer}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_basic"], "code_challenge_methods_supported": ["S256"],
            })  # fmt: skip
        elif self.path == "/keys":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(idp.key.public_key()))
            self.answer({"keys": [{**public, "kid": "1", "alg": "RS256", "use": "sig"}]})
        elif self.path == "/me" and self.headers.get("Authorization", "").removeprefix("Bearer ") in idp.tokens:
            self.answer(idp.claims)
        else:
            self.answer({"error": "invalid_token"}, 401)

    def do_POST(self) -> None:
        idp = self.server
        form = {
            key: values[0]
            for key, values in parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()).items()
        }
        basic = base64.b64decode(self.headers.get("Authorization", "Basic ").removeprefix("Basic ")).decode()
        asked = idp.codes.pop(form.get("code", ""), None)
        challenge = (
            base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
            .rstrip(b"=")
            .decode()
        )
        fine = asked is not None and basic == f"{CLIENT_ID}:{CLIENT_SECRET}" and not idp.refuse
        if (
            not fine
            or asked is None
            or challenge != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
        ):
            self.answer({"error": "invalid_grant"}, 400)
            return
        token = f"token-{time.monotonic_ns()}"
        idp.tokens.add(token)
        now = int(time.time())
        claims = {"iss": idp.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, **idp.claims}
        self.answer(
            {
                "access_token": token,
                "token_type": "Bearer",
                "id_token": jwt.encode(claims, idp.key, "RS256", {"kid": "1"}),
            }
        )


@pytest.fixture
def idp(settings: LazySettings) -> Iterator[Provider]:
    server = Provider()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [{
        "provider_id": "oidc", "name": "豫安统一身份", "client_id": CLIENT_ID, "secret": CLIENT_SECRET,
        "settings": {"server_url": server.issuer, "oauth_pkce_enabled": True},
    }]}}  # fmt: skip
    yield server
    server.shutdown()
    server.server_close()


def come_back(client: Client, idp: Provider, query: str = "") -> Any:
    start = client.post(START + query)
    assert start.status_code == 302
    return client.get(BACK, idp.authorize(start["Location"]))


def test_the_button_stands_only_where_it_is_configured(idp: Provider, settings: LazySettings) -> None:
    assert "豫安统一身份" in Client().get("/accounts/login/").content.decode()
    settings.SOCIALACCOUNT_PROVIDERS = {}
    page = Client().get("/accounts/login/").content.decode()
    assert "或者用" not in page and "微信" not in page


def test_a_number_vouched_for_finds_its_person(idp: Provider) -> None:
    user, client = person(1, verified=False), Client()
    idp.claims |= {"phone_number": f"+86{user.phone}", "phone_number_verified": True}
    assert come_back(client, idp).status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)
    assert SocialAccount.objects.get().user == user
    assert Record.objects.get(verb="sign_in").detail == {"method": "socialaccount"}


def test_a_number_not_vouched_for_finds_nobody(idp: Provider) -> None:
    user, client = person(1), Client()
    idp.claims |= {"phone_number": user.phone, "phone_number_verified": False}
    assert come_back(client, idp)["Location"] == "/accounts/3rdparty/signup/"
    assert "_auth_user_id" not in client.session


def test_a_new_person_gives_a_phone_and_becomes_a_visitor(idp: Provider) -> None:
    client = Client()
    assert come_back(client, idp)["Location"] == "/accounts/3rdparty/signup/"
    page = client.get("/accounts/3rdparty/signup/").content.decode()
    assert 'value="韩雪"' in page and "绑定手机号" in page
    client.post("/accounts/3rdparty/signup/", {"name": "韩雪", "phone": "10000004321"})
    client.post("/accounts/phone/verify/", {"code": sent_code()})
    user = User.objects.by_phone("10000004321")
    assert user is not None and user.post is not None and user.post.role_id == "visitor"
    assert client.session["_auth_user_id"] == str(user.pk)
    again = Client()
    come_back(again, idp)
    assert again.session["_auth_user_id"] == str(user.pk)


def test_a_new_person_vouched_for_is_made_at_once(idp: Provider) -> None:
    idp.claims |= {"phone_number": "10000004321", "phone_number_verified": True}
    client = Client()
    come_back(client, idp)
    user = User.objects.get()
    assert (user.name, user.phone, user.phone_verified) == ("韩雪", "10000004321", True)
    assert client.session["_auth_user_id"] == str(user.pk) and user.post is not None


def test_nothing_of_the_profile_but_the_name_is_kept(idp: Provider) -> None:
    idp.claims |= {
        "email": "han@example.org",
        "phone_number": "10000004321",
        "phone_number_verified": True,
        "address": "某路 1 号",
    }
    come_back(Client(), idp)
    kept = json.dumps(SocialAccount.objects.get().extra_data, ensure_ascii=False)
    assert "韩雪" in kept and "example.org" not in kept and "10000004321" not in kept and "某路" not in kept


def test_somebody_signed_in_binds_and_unbinds(idp: Provider) -> None:
    user = person(1)
    client = sign_in_by_code(user)
    come_back(client, idp, "?process=connect")
    account = SocialAccount.objects.get(user=user)
    assert "韩雪" in client.get("/accounts/3rdparty/").content.decode()
    client.post("/accounts/password/set/", {"password1": "correct horse 27", "password2": "correct horse 27"})
    asked = client.post("/accounts/3rdparty/", {"account": account.pk})
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    client.post(asked["Location"], {"password": "correct horse 27"})
    assert not SocialAccount.objects.exists()


def test_a_forged_state_or_a_refusal_signs_nobody_in(idp: Provider) -> None:
    client = Client()
    start = client.post(START)
    back = idp.authorize(start["Location"])
    page = client.get(BACK, {**back, "state": "forged"}).content.decode()
    assert "对方没有让您登录进来" in page
    idp.refuse = True
    page = come_back(Client(), idp).content.decode()
    assert "对方没有让您登录进来" in page
    assert not User.objects.exists()


def test_an_enterprise_account_does_not_replace_the_second_factor(idp: Provider) -> None:
    user = person(1, "county_admin", region_code="410105")
    idp.claims |= {"phone_number": user.phone, "phone_number_verified": True}
    client = Client()
    come_back(client, idp)
    assert client.get("/people/")["Location"] == "/accounts/2fa/"
