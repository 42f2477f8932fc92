"""From the inbox to the phone and the mailbox."""

from __future__ import annotations

import re
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.core import mail as outgoing
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from anlan.accounts.models import User
from anlan.channels import sms
from anlan.lib.errors import Refused
from anlan.notifications.actions import ask_email, notify, save_preference
from anlan.notifications.actions.preferences import unsubscribe_token
from anlan.notifications.delivery import LOST, after_quiet, route, send_due, ways_for
from anlan.notifications.kinds import GROUPS
from anlan.notifications.models import Delivery, Notice, Preference
from anlan.operations.demo.cast import Cast
from anlan.portal.digests import send_digests

SignIn = Callable[[User], Client]
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
NIGHT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)  # 23:30


@pytest.fixture(autouse=True)
def _channels(settings: Any) -> Iterator[None]:
    settings.ANLAN_EMAIL_URL = "smtp://127.0.0.1"
    settings.ANLAN_DEMO, settings.ANLAN_SMS_URL = True, "demo:"
    sms.outbox.clear()
    yield
    sms.outbox.clear()


def wants(user: User, *, email: str = "", **more: Any) -> Preference:
    chosen = {"sms": [], "rhythms": {}, "sms_urgent": True, "wake": False, "quiet": (time(22), time(7))} | more
    preference = save_preference(user, **chosen)
    if email:
        preference.email, preference.email_confirmed_at = email, timezone.now()
        preference.save()
    return preference


@pytest.mark.parametrize(
    ("clock", "quiet", "expected"),
    [
        (NIGHT, (time(22), time(7)), "11-21 07:00"),
        (NOON, (time(22), time(7)), "11-20 12:00"),
        (NOON, (time(11), time(13)), "11-20 13:00"),
        (NIGHT, (time(0), time(0)), "11-20 23:30"),
        (datetime(2026, 11, 20, 22, 59, tzinfo=UTC), (time(22), time(7)), "11-21 07:00"),
        (datetime(2026, 11, 20, 23, 0, tzinfo=UTC), (time(22), time(7)), "11-21 07:00"),
    ],
)
def test_quiet_hours_may_span_midnight(clock: datetime, quiet: tuple[time, time], expected: str) -> None:
    assert f"{timezone.localtime(after_quiet(clock, quiet)):%m-%d %H:%M}" == expected


def test_by_default_only_urgent_messages_reach_a_proved_phone(cast: Cast) -> None:
    preference = Preference(user=cast.boss)
    assert ways_for("class", preference, reachable=True, now=NOON) == []
    (way,) = ways_for("hazard_overdue", preference, reachable=True, now=NIGHT)
    assert (way.channel, way.skip, timezone.localtime(way.at).hour) == ("sms", "", 7)
    assert ways_for("hazard_overdue", preference, reachable=False, now=NOON)[0].skip
    preference.wake = True
    assert ways_for("hazard_overdue", preference, reachable=True, now=NIGHT)[0].at == NIGHT


def test_a_message_goes_by_the_channels_chosen_and_once_only(cast: Cast) -> None:
    wants(
        cast.boss, email="boss@example.com", sms=["training"], rhythms={"training": "instant"}, quiet=(time(0), time(0))
    )
    notify([cast.boss, cast.worker], "class", "新的培训班", key="k1", text="三天内学完", url="/home/")
    assert route() == 2
    assert route() == 0
    assert send_due() == 2
    assert send_due() == 0
    assert [message.params for message in sms.outbox] == [{"title": "新的培训班"}]
    (letter,) = outgoing.outbox
    assert letter.to == ["boss@example.com"]
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "三天内学完" in letter.body and "/home/" in letter.body
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_what_is_not_configured_is_said_and_not_sent(cast: Cast, settings: Any) -> None:
    settings.ANLAN_SMS_URL = settings.ANLAN_EMAIL_URL = ""
    wants(cast.boss, email="boss@example.com", sms=["training"], rhythms={"training": "instant"})
    notify([cast.boss], "class", "新的培训班", key="k1")
    route()
    assert send_due(timezone.now() + timedelta(days=1)) == 0
    assert set(Delivery.objects.values_list("state", flat=True)) == {"skipped"}
    assert "短信没有配置" in Delivery.objects.get(channel="sms").because


def test_yesterdays_news_is_not_sent_when_the_worker_was_off(cast: Cast) -> None:
    notify([cast.boss], "hazard_overdue", "隐患逾期", key="k1")
    Notice.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert route() == 0
    assert not Notice.objects.filter(routed_at__isnull=True).exists()


class Postman(socketserver.StreamRequestHandler):
    """Enough of SMTP (RFC 5321) for one letter; `refuse` decides on the address."""

    def handle(self) -> None:
        say = lambda line: self.wfile.write(line.encode() + b"\r\n")  # noqa: E731
        say("220 here")
        letter: list[bytes] | None = None
        for raw in self.rfile:
            line = raw.rstrip(b"\r\n")
            if letter is not None:
                if line == b".":
                    self.server.letters.append(b"\n".join(letter))  # type: ignore[attr-defined]
                    letter = None
                    say("250 kept")
                else:
                    letter.append(line)
                continue
            verb = line[:4].upper()
            if verb == b"RCPT":
                say("550 no such person" if b"nobody@" in line else "250 ok")
            elif verb == b"DATA":
                letter = []
                say("354 go on")
            elif verb == b"QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")


@pytest.fixture
def post_office(settings: Any) -> Iterator[Any]:
    """A mail server on this machine."""
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    server: Any = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Postman)
    server.letters = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.server_address[1]
    yield server
    server.shutdown()
    server.server_close()


def test_a_letter_reaches_a_real_mail_server(cast: Cast, post_office: Any) -> None:
    wants(cast.boss, email="boss@example.com", rhythms={"training": "instant"}, quiet=(time(0), time(0)))
    notify([cast.boss], "class", "新的培训班", key="k1")
    route()
    assert send_due() == 1
    (letter,) = post_office.letters
    assert b"Message-ID: <delivery-" in letter
    assert re.search(rb"List-Unsubscribe:\s+<http", letter)


def test_an_address_that_the_server_refuses_fails_at_once(cast: Cast, post_office: Any) -> None:
    wants(cast.boss, email="nobody@example.com", rhythms={"training": "instant"}, quiet=(time(0), time(0)))
    notify([cast.boss], "class", "新的培训班", key="k1")
    route()
    assert send_due() == 0
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.tries) == ("failed", 1)
    assert "收不到信" in delivery.because


def test_a_server_that_is_down_is_tried_again_later(cast: Cast, post_office: Any, settings: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = free.getsockname()[1]
    there, settings.EMAIL_PORT = settings.EMAIL_PORT, closed
    wants(cast.boss, email="boss@example.com", rhythms={"training": "instant"}, quiet=(time(0), time(0)))
    notify([cast.boss], "class", "新的培训班", key="k1")
    route()
    assert send_due() == 0
    assert Delivery.objects.get().state == "queued"
    settings.EMAIL_PORT = there
    assert send_due() == 0, "not before the wait is over"
    assert send_due(timezone.now() + timedelta(minutes=2)) == 1
    assert len(post_office.letters) == 1


def test_a_killed_sender_repeats_a_letter_but_not_a_short_message(cast: Cast) -> None:
    wants(
        cast.boss, email="boss@example.com", sms=["training"], rhythms={"training": "instant"}, quiet=(time(0), time(0))
    )
    notify([cast.boss], "class", "新的培训班", key="k1")
    route()
    Delivery.objects.update(state="sending", next_at=timezone.now())
    assert send_due(timezone.now() + LOST) == 1
    assert Delivery.objects.get(channel="mail").state == "sent"
    assert Delivery.objects.get(channel="sms").state == "failed"
    assert sms.outbox == []


def test_an_address_counts_only_once_its_owner_says_so(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.boss)
    assert client.post(reverse("notifications:email"), {"email": "boss@example.com"}).status_code == 302
    assert not Preference.objects.get(user=cast.boss).mails
    assert send_due(timezone.now() + timedelta(seconds=1)) == 1
    found = re.search(r"/letters/confirm/\S+", outgoing.outbox[0].body)
    assert found is not None
    link = found[0]
    assert Client().get(link).status_code == 200, "mail programs open links by themselves"
    assert not Preference.objects.get(user=cast.boss).mails
    assert Client().post(link).status_code == 200
    assert Preference.objects.get(user=cast.boss).mails
    assert Client().post("/letters/confirm/forged/").status_code == 422


def test_letters_that_ask_for_confirmation_cannot_pester(cast: Cast) -> None:
    for n in range(5):
        ask_email(cast.boss, f"a{n}@example.com")
    with pytest.raises(Refused) as refused:
        ask_email(cast.boss, "a9@example.com")
    assert refused.value.code == "too_often"
    assert Preference.objects.get(user=cast.boss).email == "a4@example.com"


def test_one_click_stops_all_letters_without_signing_in(cast: Cast) -> None:
    wants(cast.boss, email="boss@example.com", rhythms=dict.fromkeys(GROUPS, "instant"))
    address = reverse("notifications:unsubscribe", args=[unsubscribe_token(cast.boss.pk)])
    strict = Client(enforce_csrf_checks=True)
    assert strict.get(address).status_code == 200
    assert Preference.objects.get(user=cast.boss).mail
    assert strict.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert Preference.objects.get(user=cast.boss).mail == {}


def test_a_digest_names_what_is_due_and_unread_once_a_day(cast: Cast) -> None:
    wants(cast.boss, email="boss@example.com", rhythms={"training": "daily"})
    notify([cast.boss], "class", "新的培训班", key="k1", url="/home/")
    notify([cast.boss], "certificate", "证书到期", key="k2")
    assert send_digests() == 1
    assert send_digests() == 0
    send_due(timezone.now() + timedelta(seconds=1))
    (letter,) = outgoing.outbox
    assert "新的培训班" in letter.body
    assert "证书到期" not in letter.body, "that group was not asked for"


def test_nobody_gets_an_empty_digest(cast: Cast) -> None:
    wants(cast.auditor, email="auditor@example.com", rhythms={"training": "daily"})
    assert send_digests() == 0


def test_the_page_keeps_what_was_chosen(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.boss)
    page = reverse("notifications:preferences")
    form = {
        "sms": ["hazards"],
        "sms_urgent": "on",
        "quiet_from": "21:30",
        "quiet_until": "06:30",
        "mail_hazards": "daily",
    }
    assert client.post(page, form).status_code == 302
    preference = Preference.objects.get(user=cast.boss)
    assert (preference.sms, preference.mail["hazards"], preference.quiet_from) == (["hazards"], "daily", time(21, 30))
    assert client.post(page, form | {"quiet_from": "25:00"}).status_code == 422
    assert "每天一封汇总" in client.get(page).content.decode()


def test_the_operator_sees_no_names_and_sends_again_what_failed(cast: Cast, sign_in: SignIn) -> None:
    notify([cast.boss], "hazard_overdue", "隐患逾期", key="k1")
    route()
    Delivery.objects.update(state="failed", because="短信服务暂时连不上")
    client = sign_in(cast.operator)
    page = client.get(reverse("notifications:deliveries")).content.decode()
    assert "短信服务暂时连不上" in page
    assert "吴建国" not in page
    pk = Delivery.objects.get().pk
    assert client.post(reverse("notifications:resend", args=[pk])).status_code == 302
    assert client.post(reverse("notifications:resend", args=[pk])).status_code == 409
    assert sign_in(cast.boss).post(reverse("notifications:resend", args=[pk])).status_code == 404


def test_an_english_reader_gets_an_english_letter(cast: Cast) -> None:
    User.objects.filter(pk=cast.boss.pk).update(language="en")
    wants(cast.boss, email="boss@example.com", rhythms={"training": "instant"}, quiet=(time(0), time(0)))
    notify([cast.boss], "class", "A class", key="k1", url="/home/")
    route()
    send_due()
    assert "不再收邮件" not in outgoing.outbox[0].alternatives[0][0]
