"""A server that checks token, template and follower as WeChat's documentation says, for every test that sends there."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import LazySettings
from django.core.cache import cache


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
