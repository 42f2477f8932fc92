"""Signing in by code and by password: what works, what is counted, what nobody learns."""

import pytest
from axes.models import AccessAttempt
from django.conf import LazySettings
from django.db import connection
from django.test import Client

from anlan.accounts.models import User
from anlan.accounts.tests.helpers import CODE, CONFIRM, LOGIN, person, sent_code, sign_in_by_code
from anlan.audit.models import Record
from anlan.channels import sms

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse 27"


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_a_code_to_the_phone_signs_in_and_is_recorded() -> None:
    user = person(1, verified=False)
    client = sign_in_by_code(user)
    assert signed_in(client)
    user.refresh_from_db()
    assert user.phone_verified
    assert Record.objects.get(verb="sign_in").detail == {"method": "code"}


def test_the_phone_may_be_written_in_many_ways() -> None:
    user = person(1)
    client = Client()
    written = f"+86 {user.phone[:3]}-{user.phone[3:7]} {user.phone[7:]}"
    assert client.post(CODE, {"phone": written}).status_code == 302
    assert sms.outbox[-1].phone == user.phone


def test_the_code_page_masks_the_phone_and_shows_the_demo_message() -> None:
    user = person(1)
    client = Client()
    client.post(CODE, {"phone": user.phone})
    page = client.get(CONFIRM).content.decode()
    assert user.phone not in page
    assert user.phone_masked in page
    assert sent_code() in page


def test_outside_demo_mode_no_code_is_ever_shown(settings: LazySettings) -> None:
    settings.ANLAN_DEMO = False
    client = Client()
    answer = client.post(CODE, {"phone": "13800000417"})
    assert answer.status_code == 503
    assert "短信还没有配置" in answer.content.decode()
    assert "demo_sms" not in client.session


def test_an_unknown_phone_gets_the_same_page_and_no_account() -> None:
    known, unknown = Client(), Client()
    user, before = person(1), User.objects.count()
    first = known.post(CODE, {"phone": user.phone})
    second = unknown.post(CODE, {"phone": "10000007777"})
    assert (first.status_code, first["Location"]) == (second.status_code, second["Location"])
    assert unknown.get(CONFIRM).status_code == 200
    assert unknown.post(CONFIRM, {"code": "000000"}).status_code == 200
    assert User.objects.count() == before


def test_three_wrong_codes_end_the_attempt() -> None:
    user, client = person(1), Client()
    client.post(CODE, {"phone": user.phone})
    right = sent_code()
    wrong = "000000" if right != "000000" else "111111"
    for _attempt in range(3):
        answer = client.post(CONFIRM, {"code": wrong})
    assert answer.status_code == 302
    assert client.post(CONFIRM, {"code": right}).status_code == 302
    assert not signed_in(client)


def test_only_the_newest_code_is_valid_after_sending_again() -> None:
    user, client = person(1), Client()
    client.post(CODE, {"phone": user.phone})
    old = sent_code()
    client.post(CONFIRM, {"action": "resend"})
    if old != sent_code():
        assert client.post(CONFIRM, {"code": old}).status_code == 200
    client.post(CONFIRM, {"code": sent_code()})
    assert signed_in(client)


def test_a_phone_cannot_be_flooded_with_codes() -> None:
    user = person(1)
    answers = [Client().post(CODE, {"phone": user.phone}) for _attempt in range(6)]
    assert [answer.status_code for answer in answers] == [302] * 4 + [200] * 2
    assert "试的次数太多" in answers[-1].content.decode()


def test_a_malformed_phone_is_told_why() -> None:
    page = Client().post(CODE, {"phone": "1380013"}).content.decode()
    assert "手机号应为 11 位数字" in page
    assert 'value="1380013"' in page


def test_the_password_signs_in() -> None:
    user, client = person(1, password=PASSWORD), Client()
    assert client.post(LOGIN, {"login": user.phone, "password": PASSWORD}).status_code == 302
    assert signed_in(client)


def test_a_wrong_password_and_an_unknown_phone_read_the_same() -> None:
    user = person(1, password=PASSWORD)
    pages = [
        Client().post(LOGIN, {"login": phone, "password": "wrong one 123"}).content.decode()
        for phone in (user.phone, "10000007777")
    ]
    assert all("手机号或密码不对" in page for page in pages)
    assert pages[0].count("al-note") == pages[1].count("al-note")


def test_eight_failures_lock_the_password_of_this_number_for_half_an_hour() -> None:
    user, other = person(1, password=PASSWORD), person(2, password=PASSWORD)
    client = Client()
    for _attempt in range(7):
        assert client.post(LOGIN, {"login": user.phone, "password": "wrong one 123"}).status_code == 200
    locked = client.post(LOGIN, {"login": user.phone, "password": "wrong one 123"})
    assert locked.status_code == 429
    assert "密码登录锁定到" in locked.content.decode()
    assert client.post(LOGIN, {"login": user.phone, "password": PASSWORD}).status_code == 429
    assert not signed_in(client)
    assert Record.objects.filter(verb="lock_out").count() == 1
    assert client.post(LOGIN, {"login": other.phone, "password": PASSWORD}).status_code == 302


def test_a_locked_number_still_signs_in_by_code() -> None:
    user, client = person(1, password=PASSWORD), Client()
    for _attempt in range(8):
        client.post(LOGIN, {"login": user.phone, "password": "wrong one 123"})
    assert signed_in(sign_in_by_code(user))


def test_locking_stores_no_phone_in_the_clear() -> None:
    user = person(1, password=PASSWORD)
    Client().post(LOGIN, {"login": user.phone, "password": "wrong one 123"})
    assert AccessAttempt.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM axes_accessattempt")
        assert user.phone not in str(cursor.fetchall())


def test_success_forgives_earlier_failures() -> None:
    user, client = person(1, password=PASSWORD), Client()
    for _attempt in range(6):
        client.post(LOGIN, {"login": user.phone, "password": "wrong one 123"})
    client.post(LOGIN, {"login": user.phone, "password": PASSWORD})
    assert AccessAttempt.objects.count() == 0


def test_one_persons_failures_do_not_slow_others() -> None:
    user = person(1, password=PASSWORD)
    for n in range(12):
        Client(REMOTE_ADDR=f"10.1.0.{n}").post(LOGIN, {"login": "10000007777", "password": "wrong one 123"})
    assert Client(REMOTE_ADDR="10.1.1.1").post(LOGIN, {"login": user.phone, "password": PASSWORD}).status_code == 302


def test_a_stopped_account_is_told_so() -> None:
    user = person(1, password=PASSWORD)
    User.objects.update(is_active=False)
    answer = Client().post(LOGIN, {"login": user.phone, "password": PASSWORD}, follow=True)
    assert "这个账号已停用" in answer.content.decode()


def test_a_new_device_takes_over_language_and_large_type() -> None:
    user = person(1)
    User.objects.update(language="en", elder=True)
    client = sign_in_by_code(user)
    assert client.cookies["django_language"].value == "en"
    assert client.cookies["elder"].value == "on"


def test_where_people_wanted_to_go_is_kept() -> None:
    user, client = person(1), Client()
    client.post(CODE, {"phone": user.phone, "next": "/me/"})
    answer = client.post(CONFIRM, {"code": sent_code(), "next": "/me/"})
    assert answer["Location"] == "/me/"


def test_nobody_is_sent_to_another_site() -> None:
    user, client = person(1), Client()
    client.post(CODE, {"phone": user.phone})
    answer = client.post(CONFIRM, {"code": sent_code(), "next": "https://example.org/"})
    assert answer["Location"].startswith("/")
    assert "example.org" not in answer["Location"]


def test_signing_out_needs_a_post() -> None:
    client = sign_in_by_code(person(1))
    assert client.get("/accounts/logout/").status_code == 200
    assert signed_in(client)
    client.post("/accounts/logout/")
    assert not signed_in(client)
