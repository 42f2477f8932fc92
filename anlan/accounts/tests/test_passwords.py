"""Setting, changing and forgetting a password; changing the phone; leaving other devices."""

import pytest
from django.test import Client

from anlan.accounts.models import User
from anlan.accounts.tests.helpers import CODE, CONFIRM, LOGIN, person, sent_code, sign_in_by_code
from anlan.audit.models import Record
from anlan.channels import sms

pytestmark = pytest.mark.django_db
OLD, NEW = "correct horse 27", "battery staple 31"
CHANGE = "/accounts/password/change/"


def by_password(user: User) -> Client:
    client = Client()
    assert client.post(LOGIN, {"login": user.phone, "password": OLD}).status_code == 302
    return client


def test_a_first_password_is_set() -> None:
    user = person(1)
    client = sign_in_by_code(user)
    assert client.get(CHANGE)["Location"] == "/accounts/password/set/"
    assert client.post("/accounts/password/set/", {"password1": NEW, "password2": NEW})["Location"] == "/me/"
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert Record.objects.filter(verb="change_password", actor_id=user.pk).count() == 1


def test_changing_asks_for_the_old_password() -> None:
    client = by_password(person(1, password=OLD))
    wrong = client.post(CHANGE, {"oldpassword": "nonsense 123", "password1": NEW, "password2": NEW})
    assert "现在的密码不对" in wrong.content.decode()
    assert client.post(CHANGE, {"oldpassword": OLD, "password1": NEW, "password2": NEW}).status_code == 302


def test_weak_or_different_passwords_are_refused() -> None:
    client = by_password(person(1, password=OLD))
    for first, second in (("short1", "short1"), ("1234567890123", "1234567890123"), (NEW, NEW + "x")):
        answer = client.post(CHANGE, {"oldpassword": OLD, "password1": first, "password2": second})
        assert answer.status_code == 200
        assert "invalid-feedback" in answer.content.decode()


def test_a_forgotten_password_is_replaced_after_a_code() -> None:
    user, client = person(1, password=OLD), Client()
    page = client.get("/accounts/password/reset/").content.decode()
    assert f'value="{CHANGE}"' in page
    client.post(CODE, {"phone": user.phone, "next": CHANGE})
    assert client.post(CONFIRM, {"code": sent_code(), "next": CHANGE})["Location"] == CHANGE
    assert "oldpassword" not in client.get(CHANGE).content.decode()
    assert client.post(CHANGE, {"password1": NEW, "password2": NEW}).status_code == 302
    user.refresh_from_db()
    assert user.check_password(NEW)


def test_a_password_session_cannot_skip_the_old_password() -> None:
    user = person(1, password=OLD)
    client = by_password(user)
    assert client.post(CHANGE, {"password1": NEW, "password2": NEW}).status_code == 200
    user.refresh_from_db()
    assert user.check_password(OLD)


def test_changing_the_password_ends_other_devices() -> None:
    user = person(1, password=OLD)
    here, there = by_password(user), by_password(user)
    here.post(CHANGE, {"oldpassword": OLD, "password1": NEW, "password2": NEW})
    assert here.get("/me/").status_code == 200
    assert there.get("/me/").status_code == 302


def test_other_devices_are_listed_and_left() -> None:
    user = person(1, password=OLD)
    here, there = by_password(user), by_password(user)
    assert "登录着 2 台设备" in here.get("/accounts/sessions/").content.decode()
    here.post("/accounts/sessions/")
    assert here.get("/me/").status_code == 200
    assert there.get("/me/").status_code == 302


def test_a_new_phone_takes_effect_only_when_proved() -> None:
    user = person(1)
    client = sign_in_by_code(user)
    old = user.phone
    assert client.post("/accounts/phone/change/", {"phone": "10000008888"}).status_code == 302
    user.refresh_from_db()
    assert user.phone == old
    assert sms.outbox[-1].phone == "10000008888"
    client.post("/accounts/phone/verify/", {"code": sent_code()})
    user.refresh_from_db()
    assert user.phone == "10000008888"
    assert User.objects.by_phone(old) is None
    assert Record.objects.filter(verb="change_phone").count() == 1


def test_anothers_phone_cannot_be_taken() -> None:
    user, other = person(1), person(2)
    client = sign_in_by_code(user)
    client.post("/accounts/phone/change/", {"phone": other.phone})
    client.post("/accounts/phone/verify/", {"code": sms.outbox[-1].params.get("code", "000000")})
    user.refresh_from_db()
    assert user.phone != other.phone
