"""Short messages. The operator chooses a gateway by ANLAN_SMS_URL:

`aliyun://KEY:SECRET@SIGN_NAME?login=SMS_1&notice=SMS_2` sends through Alibaba Cloud (SendSms, version 2017-05-25, signed
by ACS3-HMAC-SHA256 as https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature describes); every
query parameter but `endpoint` names a template of ours and the code the gateway gave it. `demo:` keeps messages in memory
and the pages show them, in demo mode only. Empty: nothing goes out, and it says so.
"""

import hashlib
import hmac
import json
import logging
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import requests
from django.conf import settings
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.channels.models import Quota
from anlan.lib.codes import is_demo
from anlan.lib.crypto import blind_index
from anlan.lib.errors import Refused

logger = logging.getLogger(__name__)
DAILY: Final = 20
"""Messages to one number on one day."""
TIMEOUT: Final = (3.05, 8)
"""Seconds to connect and to read."""
ENDPOINT: Final = "https://dysmsapi.aliyuncs.com"

DEMO_TEXTS: Final = {
    "login": "验证码 {code}，10 分钟内有效。",
    "unknown": "这个手机号还没有账号，可以先注册。",
    "exists": "这个手机号已经有账号，直接登录就可以。",
}
"""What a phone would show, for the templates of sign-in; others are shown as their parameters."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the demo outbox."""

    phone: str
    template: str
    params: dict[str, str]

    @property
    def text(self) -> str:
        """What the phone would show."""
        known = DEMO_TEXTS.get(self.template)
        return known.format_map(self.params) if known else "，".join(self.params.values())


outbox: list[Message] = []
"""The last messages of this process in demo mode, newest last."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """An Alibaba Cloud account with a signature and its templates."""

    key: str
    secret: str
    sign_name: str
    templates: dict[str, str]
    endpoint: str = ENDPOINT

    @classmethod
    def parse(cls, url: str) -> "Gateway":
        """From the setting. Raises `ValueError` that names the fault and shows no secret."""
        parts = urlsplit(url)
        credentials, _at, sign_name = parts.netloc.rpartition("@")
        key, _colon, secret = credentials.partition(":")
        options = dict(parse_qsl(parts.query))
        endpoint = options.pop("endpoint", ENDPOINT).rstrip("/")
        if parts.scheme != "aliyun" or not (key and secret and sign_name and options):
            raise ValueError("ANLAN_SMS_URL is written aliyun://KEY:SECRET@SIGN_NAME?login=SMS_1")
        return cls(unquote(key), unquote(secret), unquote(sign_name), options, endpoint)

    def send(self, phone: str, template: str, params: dict[str, str]) -> str:
        """Send and return the gateway's id of the message; once more after a broken connection or a 5xx."""
        query = {
            "PhoneNumbers": phone,
            "SignName": self.sign_name,
            "TemplateCode": template,
            "TemplateParam": json.dumps(params, ensure_ascii=False),
        }
        for attempt in (1, 2):
            try:
                answer = requests.post(
                    f"{self.endpoint}/?{canonical_query(query)}", headers=self.headers(query), timeout=TIMEOUT
                )
            except requests.RequestException as error:
                logger.warning("sms gateway unreachable, attempt %d: %s", attempt, type(error).__name__)
                continue
            if answer.status_code < 500:
                return _read(answer)
            logger.warning("sms gateway answered %d, attempt %d", answer.status_code, attempt)
        raise Refused(_("短信没有发出去，短信服务暂时连不上。请过一会儿再试。"), code="sms_unreachable", status=503)

    def headers(self, query: dict[str, str], *, at: datetime | None = None, nonce: str = "") -> dict[str, str]:
        """The signed headers of one request."""
        signed = {
            "host": urlsplit(self.endpoint).netloc,
            "x-acs-action": "SendSms",
            "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
            "x-acs-date": f"{(at or datetime.now(UTC)):%Y-%m-%dT%H:%M:%SZ}",
            "x-acs-signature-nonce": nonce or uuid.uuid4().hex,
            "x-acs-version": "2017-05-25",
        }
        names = ";".join(sorted(signed))
        canonical = "\n".join(
            (
                "POST",
                "/",
                canonical_query(query),
                "".join(f"{name}:{signed[name].strip()}\n" for name in sorted(signed)),
                names,
                signed["x-acs-content-sha256"],
            )
        )
        to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.new(self.secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
        authorization = f"ACS3-HMAC-SHA256 Credential={self.key},SignedHeaders={names},Signature={signature}"
        return {**signed, "Authorization": authorization}


def canonical_query(query: dict[str, str]) -> str:
    """Sorted parameters with RFC 3986 escapes: what is sent is what is signed."""
    return "&".join(f"{quote(key, safe='~')}={quote(query[key], safe='~')}" for key in sorted(query))


def _read(answer: requests.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        body = {}
    code = str(body.get("Code", answer.status_code))
    if code == "OK":
        return str(body.get("BizId") or body.get("RequestId") or "")
    logger.error("sms gateway refused: %s %s", code, body.get("Message", ""))
    if code in ("isv.BUSINESS_LIMIT_CONTROL", "isv.DAY_LIMIT_CONTROL", "isv.OUT_OF_SERVICE"):
        raise Refused(
            _("这个手机号收到的短信太多了，短信服务暂时不再发送。请过一小时再试。"), code="sms_limited", status=429
        )
    if code in ("isv.MOBILE_NUMBER_ILLEGAL", "isv.MOBILE_COUNT_OVER_LIMIT"):
        raise Refused(_("短信服务认不出这个手机号，请核对。"), code="sms_bad_number", status=422, field="phone")
    raise Refused(
        _("短信没有发出去，短信服务拒绝了请求。请联系平台运维（代码 %(code)s）。") % {"code": code},
        code="sms_refused",
        status=502,
    )


def is_demo_outbox() -> bool:
    """Whether messages stay in the demo outbox: only ever in demo mode."""
    return bool(settings.ANLAN_DEMO) and str(settings.ANLAN_SMS_URL).startswith("demo:")


def ensure_ready() -> None:
    """Refuse in plain words when no message can go out at all."""
    if not is_demo_outbox() and not str(settings.ANLAN_SMS_URL).startswith("aliyun:"):
        raise Refused(
            _("短信还没有配置，现在发不出验证码。请用密码或通行密钥登录，或联系平台运维。"),
            code="sms_unconfigured",
            status=503,
        )


def count_message(phone: str) -> None:
    """Count one message to this number today; refuse beyond the daily quota. Counted before sending, so that failures
    and unknown numbers cost the same as delivered ones."""
    index, today = blind_index("sms.phone", phone), timezone.localdate()
    Quota.objects.bulk_create([Quota(phone_index=index, day=today)], ignore_conflicts=True)
    free = Quota.objects.filter(phone_index=index, day=today, count__lt=DAILY)
    if not free.update(count=F("count") + 1):
        raise Refused(
            _("这个手机号今天的短信已经发满 %(n)d 条，明天再试，或者用密码登录。") % {"n": DAILY},
            code="sms_quota",
            status=429,
        )


def send_sms(phone: str, template: str, params: dict[str, str]) -> str:
    """Send a message by our template name ("login", "notice", …) to a normalised number; return the gateway's id.

    Raises `Refused`: not configured (503), quota of the day (429), unreachable (503), refused by the gateway (4xx/502).
    """
    ensure_ready()
    count_message(phone)
    if is_demo_outbox():
        outbox.append(Message(phone, template, dict(params)))
        del outbox[:-50]
        return "demo"
    gateway = Gateway.parse(settings.ANLAN_SMS_URL)
    if template not in gateway.templates:
        raise Refused(
            _("短信模板“%(name)s”还没有配置，这条短信没有发。请联系平台运维。") % {"name": template},
            code="sms_no_template",
            status=503,
        )
    if is_demo(phone):
        raise Refused(_("演示用的手机号收不到短信。"), code="sms_demo_number", status=422, field="phone")
    return gateway.send(phone, gateway.templates[template], params)


def has_template(template: str) -> bool:
    """Whether this template can be sent."""
    if is_demo_outbox():
        return True
    return (
        str(settings.ANLAN_SMS_URL).startswith("aliyun:")
        and template in Gateway.parse(settings.ANLAN_SMS_URL).templates
    )
