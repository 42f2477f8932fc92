"""Short messages against a gateway that checks the signature as its documentation says."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone

from anlan.channels import sms
from anlan.channels.models import Quota
from anlan.channels.tasks import forget_quotas
from anlan.lib.errors import Refused

pytestmark = pytest.mark.django_db
KEY, SECRET, PHONE = "LTAI5tExample", "se/cr+et", "13800000417"


class Gateway(ThreadingHTTPServer):
    """The documented side of SendSms: recomputes the ACS3-HMAC-SHA256 signature from what arrived on the wire."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.arrived: list[dict[str, str]] = []
        self.nonces: set[str] = set()
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.faults: list[str] = []

    @property
    def url(self) -> str:
        """The setting that leads here."""
        sign = quote("安澜 平台", safe="")
        return f"aliyun://{KEY}:{quote(SECRET, safe='')}@{sign}?login=SMS_1001&endpoint=http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Gateway

    def log_message(self, *args: Any) -> None:
        """Stay quiet."""

    def do_POST(self) -> None:
        server = self.server
        path, _mark, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.check(path, query, body)
        if fault:
            server.faults.append(fault)
        server.arrived.append(dict(parse_qsl(query)))
        status, answer = (
            server.answers.pop(0) if server.answers else (200, {"Code": "OK", "Message": "OK", "BizId": "biz-1"})
        )
        if fault:
            status, answer = 403, {"Code": "SignatureDoesNotMatch", "Message": fault}
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def check(self, path: str, query: str, body: bytes) -> str:
        head = {name.lower(): value for name, value in self.headers.items()}
        scheme, _space, rest = head.get("authorization", "").partition(" ")
        parts = dict(item.split("=", 1) for item in rest.split(","))
        if scheme != "ACS3-HMAC-SHA256" or parts.get("Credential") != KEY:
            return "credential"
        names = parts["SignedHeaders"].split(";")
        required = {
            "host",
            "x-acs-action",
            "x-acs-content-sha256",
            "x-acs-date",
            "x-acs-signature-nonce",
            "x-acs-version",
        }
        if names != sorted(names) or not required <= set(names):
            return "headers"
        if (head["x-acs-action"], head["x-acs-version"]) != ("SendSms", "2017-05-25"):
            return "action"
        sent = datetime.strptime(head["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if abs(datetime.now(UTC) - sent) > timedelta(minutes=15):
            return "date"
        if head["x-acs-signature-nonce"] in self.server.nonces:
            return "nonce"
        self.server.nonces.add(head["x-acs-signature-nonce"])
        if head["x-acs-content-sha256"] != hashlib.sha256(body).hexdigest():
            return "body"
        pairs = sorted(parse_qsl(query, keep_blank_values=True))
        canonical_query = "&".join(f"{quote(key, safe='-_.~')}={quote(value, safe='-_.~')}" for key, value in pairs)
        canonical_headers = "".join(f"{name}:{head[name].strip()}\n" for name in names)
        canonical = "\n".join(
            ("POST", path, canonical_query, canonical_headers, ";".join(names), head["x-acs-content-sha256"])
        )
        to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
        expected = hmac.new(SECRET.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
        return "" if hmac.compare_digest(expected, parts["Signature"]) else "signature"


@pytest.fixture
def gateway(settings: LazySettings) -> Iterator[Gateway]:
    server = Gateway()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.ANLAN_SMS_URL, settings.ANLAN_DEMO = server.url, False
    yield server
    server.shutdown()
    server.server_close()


def test_a_message_is_signed_as_documented(gateway: Gateway) -> None:
    assert sms.send_sms(PHONE, "login", {"code": "012345"}) == "biz-1"
    assert gateway.faults == []
    sent = gateway.arrived[0]
    assert (sent["PhoneNumbers"], sent["SignName"], sent["TemplateCode"]) == (PHONE, "安澜 平台", "SMS_1001")
    assert json.loads(sent["TemplateParam"]) == {"code": "012345"}


def test_a_wrong_secret_is_refused_and_reads_so(gateway: Gateway, settings: LazySettings) -> None:
    settings.ANLAN_SMS_URL = gateway.url.replace(quote(SECRET, safe=""), "other")
    with pytest.raises(Refused) as refused:
        sms.send_sms(PHONE, "login", {"code": "012345"})
    assert refused.value.code == "sms_refused"
    assert gateway.faults == ["signature"]


def test_the_signature_of_the_documentation_example_shape() -> None:
    """Same input, same signature; another nonce, another signature."""
    one = sms.Gateway(KEY, SECRET, "安澜", {"login": "SMS_1"})
    at = datetime(2026, 11, 21, 8, tzinfo=UTC)
    query = {"PhoneNumbers": PHONE, "SignName": "安澜"}
    first, again, other = (one.headers(query, at=at, nonce=nonce)["Authorization"] for nonce in ("a", "a", "b"))
    assert first == again != other
    assert sms.canonical_query({"b": "a b*~", "a": "/+"}) == "a=%2F%2B&b=a%20b%2A~"


def test_one_server_error_is_tried_again_with_a_new_nonce(gateway: Gateway) -> None:
    gateway.answers = [(503, {})]
    assert sms.send_sms(PHONE, "login", {"code": "1"}) == "biz-1"
    assert len(gateway.arrived) == len(gateway.nonces) == 2


def test_a_second_server_error_is_said_in_words(gateway: Gateway) -> None:
    gateway.answers = [(500, {}), (502, {})]
    with pytest.raises(Refused) as refused:
        sms.send_sms(PHONE, "login", {"code": "1"})
    assert (refused.value.code, refused.value.status) == ("sms_unreachable", 503)
    assert len(gateway.arrived) == 2


def test_an_unreachable_gateway_is_said_in_words(settings: LazySettings) -> None:
    settings.ANLAN_SMS_URL, settings.ANLAN_DEMO = "aliyun://a:b@c?login=SMS_1&endpoint=http://127.0.0.1:9", False
    with pytest.raises(Refused, match="暂时连不上"):
        sms.send_sms(PHONE, "login", {"code": "1"})


@pytest.mark.parametrize(
    ("code", "status"),
    [("isv.BUSINESS_LIMIT_CONTROL", 429), ("isv.MOBILE_NUMBER_ILLEGAL", 422), ("isv.AMOUNT_NOT_ENOUGH", 502)],
)
def test_refusals_of_the_gateway_are_not_tried_again(gateway: Gateway, code: str, status: int) -> None:
    gateway.answers = [(200, {"Code": code, "Message": "x"})]
    with pytest.raises(Refused) as refused:
        sms.send_sms(PHONE, "login", {"code": "1"})
    assert refused.value.status == status
    assert len(gateway.arrived) == 1


def test_nothing_configured_is_said_in_plain_words(settings: LazySettings) -> None:
    settings.ANLAN_SMS_URL = ""
    with pytest.raises(Refused, match="短信还没有配置"):
        sms.send_sms(PHONE, "login", {"code": "1"})
    assert not Quota.objects.exists()


def test_the_demo_outbox_works_in_demo_mode_only(settings: LazySettings) -> None:
    settings.ANLAN_SMS_URL, settings.ANLAN_DEMO = "demo:", True
    sms.send_sms("10000000001", "login", {"code": "012345"})
    assert sms.outbox[-1].text == "验证码 012345，10 分钟内有效。"
    settings.ANLAN_DEMO = False
    with pytest.raises(Refused, match="短信还没有配置"):
        sms.send_sms("10000000001", "login", {"code": "012345"})


def test_a_template_without_code_and_a_demo_number_never_leave(gateway: Gateway) -> None:
    with pytest.raises(Refused, match="notice"):
        sms.send_sms(PHONE, "notice", {})
    with pytest.raises(Refused, match="演示用的手机号"):
        sms.send_sms("10000000001", "login", {"code": "1"})
    assert gateway.arrived == []


def test_a_number_gets_so_many_a_day_and_others_are_not_held(gateway: Gateway) -> None:
    for _n in range(sms.DAILY):
        sms.send_sms(PHONE, "login", {"code": "1"})
    with pytest.raises(Refused) as refused:
        sms.send_sms(PHONE, "login", {"code": "1"})
    assert refused.value.status == 429
    assert len(gateway.arrived) == sms.DAILY
    sms.send_sms("13900000417", "login", {"code": "1"})
    Quota.objects.update(day=timezone.localdate() - timedelta(days=1))
    sms.send_sms(PHONE, "login", {"code": "1"})


def test_the_count_holds_no_number_and_is_forgotten(gateway: Gateway) -> None:
    sms.send_sms(PHONE, "login", {"code": "1"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM channels_quota")
        assert PHONE not in str(cursor.fetchall())
    assert forget_quotas() == 0
    Quota.objects.update(day=timezone.localdate() - timedelta(days=2))
    assert forget_quotas() == 1


@pytest.mark.parametrize(
    "url", ["aliyun://k@s?login=1", "aliyun://k:s@?login=1", "aliyun://k:s@sign", "tencent://k:s@sign?login=1"]
)
def test_a_setting_that_cannot_work_names_the_fault_and_no_secret(url: str) -> None:
    with pytest.raises(ValueError, match="ANLAN_SMS_URL is written") as error:
        sms.Gateway.parse(url)
    assert "k:s" not in str(error.value)


def test_the_example_of_the_setting_reads() -> None:
    read = sms.Gateway.parse("aliyun://KEY:SECRET@%E5%AE%89%E6%BE%9C?login=SMS_1&notice=SMS_2")
    assert (read.key, read.sign_name, read.templates) == ("KEY", "安澜", {"login": "SMS_1", "notice": "SMS_2"})
    assert urlsplit(read.endpoint).netloc == "dysmsapi.aliyuncs.com"
