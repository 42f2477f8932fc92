"""Template messages against a server that checks token, template and follower as the documentation says."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import LazySettings
from django.core.cache import cache

from anlan.channels.wechat import send_wechat
from anlan.lib.errors import Refused


class WeChat(ThreadingHTTPServer):
    """The documented side: tokens that end, followers, a limit."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.given = 0
        self.valid = ""
        self.arrived: list[dict[str, Any]] = []
        self.code = 0
        self.broken = 0

    @property
    def url(self) -> str:
        """The setting that leads here."""
        return f"wechat://wx01:se%2Fcret@?notice=TM00&endpoint=http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: WeChat

    def log_message(self, *args: Any) -> None:
        """Stay quiet."""

    def do_POST(self) -> None:
        server, parts = self.server, urlsplit(self.path)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if server.broken:
            server.broken -= 1
            self.send_error(502)
            return
        if parts.path == "/cgi-bin/stable_token":
            answer = self.token(body)
        elif parse_qs(parts.query)["access_token"] != [server.valid]:
            answer = {"errcode": 42001, "errmsg": "access_token expired"}
        elif server.code:
            answer = {"errcode": server.code, "errmsg": "no"}
        else:
            server.arrived.append(body)
            answer = {"errcode": 0, "errmsg": "ok", "msgid": 200228332}
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(data)

    def token(self, body: dict[str, Any]) -> dict[str, Any]:
        server = self.server
        if (body["appid"], body["secret"], body["grant_type"]) != ("wx01", "se/cret", "client_credential"):
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        server.given += 1
        server.valid = f"token-{server.given}"
        return {"access_token": server.valid, "expires_in": 7200}


@pytest.fixture
def wechat(settings: LazySettings) -> Iterator[WeChat]:
    cache.clear()
    server = WeChat()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.ANLAN_WECHAT_URL = server.url
    yield server
    server.shutdown()
    server.server_close()


def test_a_message_arrives_and_the_token_is_asked_for_once(wechat: WeChat) -> None:
    assert send_wechat("o-1", "notice", {"thing1": "新法施行"}, url="https://x/law/") == "200228332"
    send_wechat("o-2", "notice", {"thing1": "新法施行"})
    assert wechat.given == 1
    assert wechat.arrived[0] == {
        "touser": "o-1", "template_id": "TM00", "url": "https://x/law/", "data": {"thing1": {"value": "新法施行"}},
    }  # fmt: skip


def test_a_token_that_ended_early_is_replaced(wechat: WeChat) -> None:
    send_wechat("o-1", "notice", {})
    wechat.valid = "another"
    send_wechat("o-1", "notice", {})
    assert wechat.given == 2 and len(wechat.arrived) == 2


@pytest.mark.parametrize(
    ("number", "code"), [(43004, "wechat_not_following"), (45009, "wechat_limited"), (47003, "wechat_refused")]
)
def test_what_wechat_refuses_is_said_plainly(wechat: WeChat, number: int, code: str) -> None:
    wechat.code = number
    with pytest.raises(Refused) as refused:
        send_wechat("o-1", "notice", {})
    assert refused.value.code == code


def test_a_broken_answer_is_tried_once_more(wechat: WeChat) -> None:
    send_wechat("o-1", "notice", {})
    wechat.broken = 1
    assert send_wechat("o-1", "notice", {})
    wechat.broken = 2
    with pytest.raises(Refused, match="微信暂时连不上"):
        send_wechat("o-1", "notice", {})


def test_a_wrong_secret_shows_no_secret(
    wechat: WeChat, settings: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ANLAN_WECHAT_URL = wechat.url.replace("se%2Fcret", "wr0ng")
    with pytest.raises(Refused) as refused:
        send_wechat("o-1", "notice", {})
    assert refused.value.code == "wechat_refused" and "wr0ng" not in caplog.text


def test_without_configuration_it_says_so(settings: LazySettings) -> None:
    settings.ANLAN_WECHAT_URL = ""
    with pytest.raises(Refused, match="还没有配置"):
        send_wechat("o-1", "notice", {})
    settings.ANLAN_WECHAT_URL = "wechat://a:b@?other=T"
    with pytest.raises(Refused, match="微信模板"):
        send_wechat("o-1", "notice", {})
