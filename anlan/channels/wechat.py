"""Messages of a WeChat official account (模板消息). ANLAN_WECHAT_URL: `wechat://APPID:SECRET@?notice=TEMPLATE_ID`; every query
parameter but `endpoint` names a template of ours and the id the account gave it. Empty: nothing goes out, and it says so.

Protocol: stable access token (`/cgi-bin/stable_token`) and template messages (`/cgi-bin/message/template/send`) as
https://developers.weixin.qq.com/doc/offiaccount/ describes them.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _

from anlan.lib.errors import Refused

logger = logging.getLogger(__name__)
ENDPOINT: Final = "https://api.weixin.qq.com"
TIMEOUT: Final = (3.05, 8)
"""Seconds to connect and to read."""
STALE: Final = frozenset({40001, 40014, 42001})
"""The token is no longer good: fetch another and try once more."""
EARLY: Final = 300
"""Seconds before its end from which a token is no longer used."""


@dataclass(frozen=True, slots=True)
class Account:
    """An official account and its templates."""

    app: str
    secret: str
    templates: dict[str, str]
    endpoint: str = ENDPOINT

    @classmethod
    def parse(cls, url: str) -> Account:
        """From the setting. Raises `ValueError` that names the fault and shows no secret."""
        parts = urlsplit(url)
        app, _colon, secret = parts.netloc.rpartition("@")[0].partition(":")
        options = dict(parse_qsl(parts.query))
        endpoint = options.pop("endpoint", ENDPOINT).rstrip("/")
        if parts.scheme != "wechat" or not (app and secret and options):
            raise ValueError("ANLAN_WECHAT_URL is written wechat://APPID:SECRET@?notice=TEMPLATE_ID")
        return cls(unquote(app), unquote(secret), options, endpoint)

    def token(self, *, fresh: bool = False) -> str:
        """The access token, shared by all processes through the cache until shortly before it ends."""
        key = "wechat-token:" + hashlib.sha256(f"{self.endpoint}{self.app}".encode()).hexdigest()[:24]
        kept = None if fresh else cache.get(key)
        if kept:
            return str(kept)
        asked = {"grant_type": "client_credential", "appid": self.app, "secret": self.secret, "force_refresh": fresh}
        body = self._post("/cgi-bin/stable_token", asked)
        if not body.get("access_token"):
            raise _refused(body)
        cache.set(key, body["access_token"], max(1, int(body.get("expires_in", 0)) - EARLY))
        return str(body["access_token"])

    def send(self, openid: str, template: str, values: dict[str, str], url: str) -> str:
        """Send one message and return its id; with a new token once, when the old one turns out to be stale."""
        letter = {
            "touser": openid, "template_id": template, "url": url,
            "data": {name: {"value": value} for name, value in values.items()},
        }  # fmt: skip
        for fresh in (False, True):
            body = self._post(f"/cgi-bin/message/template/send?access_token={self.token(fresh=fresh)}", letter)
            if body.get("errcode", 0) not in STALE:
                break
        if body.get("errcode", 0):
            raise _refused(body)
        return str(body.get("msgid", ""))

    def _post(self, path: str, data: dict[str, Any]) -> dict[str, Any]:
        for attempt in (1, 2):
            try:
                answer = requests.post(f"{self.endpoint}{path}", json=data, timeout=TIMEOUT)
                if answer.status_code < 500:
                    body = answer.json()
                    return body if isinstance(body, dict) else {}
                logger.warning("wechat answered %d, attempt %d", answer.status_code, attempt)
            except (requests.RequestException, ValueError) as error:
                # The address holds the token: only the kind of the error may be logged.
                logger.warning("wechat unreachable, attempt %d: %s", attempt, type(error).__name__)
        raise Refused(_("微信暂时连不上，过一会儿会再试。"), code="wechat_unreachable", status=503)


def _refused(body: dict[str, Any]) -> Refused:
    code = int(body.get("errcode") or 0)
    logger.error("wechat refused: %d", code)
    if code in (40003, 43004, 43019):
        return Refused(_("这个微信号没有关注公众号，消息没有发。"), code="wechat_not_following", status=422)
    if code == 45009:
        return Refused(_("公众号今天的消息已经发满，明天再发。"), code="wechat_limited", status=429)
    return Refused(
        _("微信没有接受这条消息（代码 %(code)d）。请联系平台运维。") % {"code": code}, code="wechat_refused", status=502
    )


def is_ready() -> bool:
    """Whether messages can go out."""
    return bool(settings.ANLAN_WECHAT_URL)


def send_wechat(openid: str, template: str, values: dict[str, str], *, url: str = "") -> str:
    """Send a message by our template name to a follower; return WeChat's id of it.

    Raises `Refused`: not configured or no such template (503), unreachable (503), not a follower (422), limit of the day
    (429), refused (502).
    """
    if not is_ready():
        raise Refused(
            _("微信公众号还没有配置，这条消息没有发。请联系平台运维。"), code="wechat_unconfigured", status=503
        )
    account = Account.parse(settings.ANLAN_WECHAT_URL)
    if template not in account.templates:
        raise Refused(
            _("微信模板“%(name)s”还没有配置，这条消息没有发。") % {"name": template},
            code="wechat_no_template",
            status=503,
        )
    return account.send(openid, account.templates[template], values, url)
