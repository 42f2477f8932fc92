"""A new person by phone: a visitor who may learn and nothing more."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from anlan.accounts.actions import forget_unproved
from anlan.accounts.models import Post, User
from anlan.accounts.powers import LEARN
from anlan.accounts.tests.helpers import person, sent_code
from anlan.channels import sms

pytestmark = pytest.mark.django_db
SIGNUP, VERIFY, PHONE = "/accounts/signup/", "/accounts/phone/verify/", "10000006543"


def test_a_new_person_becomes_a_visitor_once_the_phone_is_proved() -> None:
    client = Client()
    assert client.post(SIGNUP, {"name": " 王  芳 ", "phone": PHONE})["Location"] == VERIFY
    user = User.objects.get(phone_verified=False)
    assert not Post.objects.filter(user=user).exists()
    assert PHONE not in client.get(VERIFY).content.decode()
    assert client.post(VERIFY, {"code": sent_code()}).status_code == 302
    user = User.objects.get(pk=user.pk)
    assert (user.name, user.phone, user.phone_verified, user.has_usable_password()) == ("王 芳", PHONE, True, False)
    assert user.post is not None and user.post.role_id == "visitor"
    assert user.may(LEARN) and len(user.post.role.powers) == 1
    assert client.get("/me/").status_code == 200


def test_a_wrong_code_signs_nobody_in() -> None:
    client = Client()
    client.post(SIGNUP, {"name": "王芳", "phone": PHONE})
    right = sent_code()
    client.post(VERIFY, {"code": "000000" if right != "000000" else "111111"})
    assert "_auth_user_id" not in client.session
    assert not User.objects.get().phone_verified


def test_a_number_with_an_account_gets_the_same_answer() -> None:
    user, client = person(1), Client()
    answer = client.post(SIGNUP, {"name": "别人", "phone": user.phone})
    assert answer["Location"] == VERIFY
    assert client.get(VERIFY).status_code == 200
    assert sms.outbox[-1].template == "exists"
    assert User.objects.count() == 1


def test_whoever_left_before_proving_signs_up_anew_and_what_was_left_is_forgotten() -> None:
    Client().post(SIGNUP, {"name": "王方", "phone": PHONE})
    client = Client()
    client.post("/accounts/login/code/", {"phone": PHONE})
    assert sms.outbox[-1].template == "unknown"
    cache.clear()  # half a minute later
    client.post(SIGNUP, {"name": "王芳", "phone": PHONE})
    client.post(VERIFY, {"code": sent_code()})
    user = User.objects.get(phone_verified=True)
    assert user.name == "王芳" and user.post is not None
    assert forget_unproved() == 0
    User.objects.filter(phone_verified=False).update(created_at=timezone.now() - timedelta(days=2))
    assert forget_unproved() == 1
    assert User.objects.get() == user


def test_name_and_phone_are_checked() -> None:
    page = Client().post(SIGNUP, {"name": "", "phone": "12345"}).content.decode()
    assert page.count("is-invalid") == 2
    assert User.objects.count() == 0


def test_without_a_gateway_no_half_account_is_made(settings: LazySettings) -> None:
    settings.ANLAN_SMS_URL = ""
    page = Client().post(SIGNUP, {"name": "王芳", "phone": PHONE}).content.decode()
    assert "短信还没有配置" in page
    assert User.objects.count() == 0


def test_demo_numbers_are_refused_outside_demo_mode(settings: LazySettings) -> None:
    settings.ANLAN_DEMO = False
    page = Client().post(SIGNUP, {"name": "王芳", "phone": PHONE}).content.decode()
    assert "这是演示用的手机号" in page
