"""What somebody without an account might do to those who have one, or will."""

import re

import pytest
from django.core.cache import cache
from django.test import Client

from anlan.accounts.actions import grant_post
from anlan.accounts.models import User
from anlan.lib.codes import demo_phone
from anlan.operations.demo.cast import Cast

pytestmark = pytest.mark.django_db


def sign_up(name: str, phone: str) -> Client:
    cache.clear()
    client = Client()
    assert client.post("/accounts/signup/", {"name": name, "phone": phone}).status_code == 302
    return client


def prove(client: Client) -> None:
    code = re.search(r"\d{6}", client.session["demo_sms"])
    assert code is not None
    client.post("/accounts/phone/verify/", {"code": code[0]})


def test_signing_up_with_a_number_one_cannot_prove_takes_it_from_nobody(cast: Cast) -> None:
    phone = demo_phone(901)
    sign_up("占号的人", phone)
    assert User.objects.by_phone(phone) is None
    prove(sign_up("真正机主", phone))
    owner = User.objects.by_phone(phone)
    assert owner is not None and (owner.name, owner.phone_verified) == ("真正机主", True)


def test_a_number_that_somebody_only_typed_can_be_given_a_post(cast: Cast) -> None:
    phone = demo_phone(902)
    sign_up("占号的人", phone)
    post = grant_post("enterprise_admin", phone=phone, name="新厂长", by=cast.county, organisation=cast.forge)
    assert post.user.name == "新厂长"


def test_a_number_proved_twice_belongs_to_the_first(cast: Cast) -> None:
    phone = demo_phone(903)
    one, two = sign_up("第一次", phone), sign_up("第二次", phone)
    prove(one)
    prove(two)
    owner = User.objects.by_phone(phone)
    assert owner is not None and owner.name == "第一次"
    assert User.objects.filter(phone_verified=True, name="第二次").count() == 0
    assert two.get("/home/").status_code == 302


def test_an_address_of_a_person_with_a_number_no_row_can_have_is_not_found(cast: Cast) -> None:
    assert Client().post(f"/people/{'9' * 40}/phone/").status_code in (302, 404)
