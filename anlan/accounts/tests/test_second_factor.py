"""No power over others without a second factor (P-04): set up, asked, asked again, never bypassed."""

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from anlan.accounts.models import Post, User
from anlan.accounts.tests.helpers import LOGIN, activate_totp, person, sign_in_by_code, totp_code
from anlan.audit.models import Record
from anlan.operations.demo.cast import Cast

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse 27"
MFA = "/accounts/2fa/"


def regulator(n: int = 1, **extra: object) -> User:
    return person(n, "county_admin", region_code="410105", **extra)  # type: ignore[arg-type]


@pytest.mark.django_db(transaction=True)  # the session is marked when the new authenticator is committed
def test_a_powerful_post_must_set_up_a_second_factor_first() -> None:
    client = sign_in_by_code(regulator())
    answer = client.get("/people/")
    assert (answer.status_code, answer["Location"]) == (302, MFA)
    assert "先开启第二重验证" in client.get(MFA).content.decode()
    activate_totp(client)
    assert client.get("/people/").status_code == 200
    assert Record.objects.get(verb="add_second_factor").detail == {"method": "totp"}


def test_before_it_only_ones_own_page_and_the_way_there_are_open() -> None:
    user = regulator()
    client = sign_in_by_code(user)
    assert client.get("/me/").status_code == 200
    assert client.post("/me/preferences/", {"elder": "on"}).status_code == 302
    for address in (f"/people/{user.pk}/phone/", "/people/grant/"):
        assert client.post(address)["Location"] == MFA
    assert client.get("/regions/")["Location"] == MFA


def test_a_worker_needs_none(cast: Cast, sign_in: Callable[[User], Client]) -> None:
    client = sign_in_by_code(person(1, "worker", organisation=cast.forge))
    assert client.get("/regions/").status_code == 200


def test_every_later_sign_in_asks_for_it() -> None:
    user = regulator()
    secret = activate_totp(sign_in_by_code(user))
    from django.core.cache import cache

    cache.clear()  # an app shows the next code after half a minute; the used one is remembered in the cache
    client = sign_in_by_code(user)
    assert "_auth_user_id" not in client.session
    assert client.get("/people/").status_code == 302
    assert client.post(MFA + "authenticate/", {"code": "000"}).status_code == 200
    client.post(MFA + "authenticate/", {"code": totp_code(secret)})
    assert client.get("/people/").status_code == 200


def test_a_recovery_code_serves_once() -> None:
    user = regulator()
    setup = sign_in_by_code(user)
    activate_totp(setup)
    code = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    first = sign_in_by_code(user)
    first.post(MFA + "authenticate/", {"code": code})
    assert first.get("/people/").status_code == 200
    second = sign_in_by_code(user)
    assert second.post(MFA + "authenticate/", {"code": code}).status_code == 200
    assert "_auth_user_id" not in second.session


def test_a_session_from_before_must_prove_it_too() -> None:
    user = regulator(password=PASSWORD)
    old = Client()
    old.post(LOGIN, {"login": user.phone, "password": PASSWORD})
    Authenticator.objects.create(user=user, type="totp", data={})
    answer = old.get("/people/")
    assert answer["Location"].startswith(MFA + "reauthenticate/?next=%2Fpeople%2F")


def test_switching_posts_does_not_go_around_it(cast: Cast) -> None:
    user = person(1, "worker", organisation=cast.forge)
    strong = Post.objects.create(user=user, role_id="county_admin", region_code="410105")
    client = sign_in_by_code(user)
    assert client.get("/regions/").status_code == 200
    assert client.post(f"/me/posts/{strong.pk}/act/").status_code == 302
    assert client.get("/people/")["Location"] == MFA
    assert client.get("/regions/")["Location"] == MFA


def test_removing_it_closes_every_session_at_once() -> None:
    user = regulator()
    here = sign_in_by_code(user)
    activate_totp(here)
    code = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    there = sign_in_by_code(user)
    there.post(MFA + "authenticate/", {"code": code})
    assert there.get("/people/").status_code == 200
    Authenticator.objects.all().delete()
    assert here.get("/people/")["Location"] == MFA
    assert there.get("/people/")["Location"] == MFA


def test_another_authenticator_does_not_inherit_the_proof() -> None:
    user = regulator()
    client = sign_in_by_code(user)
    activate_totp(client)
    Authenticator.objects.all().delete()
    Authenticator.objects.create(user=user, type="totp", data={})
    assert client.get("/people/").status_code == 302


def test_stopping_the_app_asks_to_prove_oneself_and_is_recorded() -> None:
    user = regulator()
    client = sign_in_by_code(user)
    activate_totp(client)
    answer = client.post(MFA + "totp/deactivate/")
    assert answer["Location"].startswith(MFA + "reauthenticate/")
    code = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    client.post(answer["Location"], {"code": code})
    client.post(MFA + "totp/deactivate/")
    assert not Authenticator.objects.exists()
    assert Record.objects.filter(verb="remove_second_factor").count() == 1
    assert client.get("/people/")["Location"] == MFA


def test_fragments_and_json_are_told_where_to_go() -> None:
    client = sign_in_by_code(regulator())
    assert client.get("/people/", headers={"HX-Request": "true"})["HX-Redirect"] == MFA
    answer = client.get("/people/", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor")


def test_public_pages_stay_open() -> None:
    assert sign_in_by_code(regulator()).get("/accounts/password/reset/").status_code == 200


def test_secrets_are_stored_sealed() -> None:
    client = sign_in_by_code(regulator())
    secret = activate_totp(client)
    stored = [str(one.data) for one in Authenticator.objects.all()]
    assert all(secret not in data and "v1." in data for data in stored)


def test_guessing_codes_is_stopped() -> None:
    user = regulator()
    activate_totp(sign_in_by_code(user))
    client = sign_in_by_code(user)
    pages = [client.post(MFA + "authenticate/", {"code": "000"}).content.decode() for _attempt in range(11)]
    assert "验证码不对" in pages[0]
    assert "试的次数太多" in pages[-1]
