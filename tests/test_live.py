"""The live receivers: what is acknowledged is stored, also through kill -9; what is not right is refused with a code."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from django.conf import settings
from django.db import connection, connections

from anlan.exams import live as exam_live
from anlan.exams.models import Answer
from anlan.lib import crypto
from anlan.lib.receivers import Receivers
from anlan.training import live as training_live
from anlan.training.models import Beat
from tests.load.client import drive, request

BEATS, ANSWERS = "/live/beats", "/live/answers"
pytestmark = pytest.mark.django_db
stored = pytest.mark.django_db(transaction=True)  # the flusher writes over a connection of its own


@pytest.fixture(autouse=True)
def _flushers() -> Iterator[None]:
    """Let the flushers' own connections go, or the test database cannot be dropped."""
    yield
    for flusher in (training_live.flusher, exam_live.flusher):
        flusher.thread.submit(connections.close_all).result()


def token(purpose: str = "beat", *, lasts: float = 60, **payload: int) -> str:
    claims = payload or ({"s": 5, "u": 9, "d": 60_000} if purpose == "beat" else {"s": 6, "u": 9, "n": 20})
    return crypto.sign(claims, purpose=purpose, expires_at=time.time() + lasts)


def beat(**change: Any) -> dict[str, Any]:
    return {"token": token(), "seq": 1, "spans": [0, 15_000], **change}


def answers(*items: dict[str, Any], **change: Any) -> dict[str, Any]:
    return {"token": token("answer"), "items": list(items) or [item()], **change}


def item(**change: Any) -> dict[str, Any]:
    return {"client_id": "4e1c-1", "seq": 1, "number": 3, "value": [1], **change}


def post(path: str, body: Any, *, method: str = "POST", kind: str = "application/json") -> tuple[int, dict[str, Any]]:
    """Send one request to the ASGI application itself; return status and JSON."""
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    app = Receivers({BEATS: training_live.take_beat, ANSWERS: exam_live.take_answers})
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": data}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def scene() -> None:
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(data)).encode())]
        await app({"type": "http", "path": path, "method": method, "headers": headers}, receive, send)
        while training_live.flusher.is_writing or exam_live.flusher.is_writing:
            await asyncio.sleep(0.001)

    asyncio.run(scene())
    return sent[0]["status"], orjson.loads(sent[1]["body"])


@stored
def test_an_acknowledged_beat_is_in_the_database() -> None:
    before = time.time() * 1000
    status, said = post(BEATS, beat(seq=7))
    assert (status, said["ok"], said["seq"]) == (200, True, 7)
    assert before - 1000 < said["now"] < before + 60_000
    kept = Beat.objects.get()
    assert (kept.session_id, kept.seq, kept.spans) == (5, 7, "[0,15000]")
    assert abs(kept.received_at.timestamp() * 1000 - said["now"]) < 10_000


@stored
def test_a_beat_sent_again_is_acknowledged_again_and_stored_once() -> None:
    assert post(BEATS, beat())[0] == 200
    assert post(BEATS, beat(spans=[0, 60_000]))[0] == 200
    assert Beat.objects.get().spans == "[0,15000]"


@stored
def test_acknowledged_answers_are_in_the_database_and_a_retry_counts_once() -> None:
    body = answers(item(seq=4), item(client_id="b", seq=9, number=20, value={"文": "\u0000是"}))
    for _try in range(2):
        status, said = post(ANSWERS, body)
        assert (status, said["seq"]) == (200, 9)
    kept = list(Answer.objects.order_by("seq").values_list("sitting_id", "client_id", "seq", "number", "value"))
    assert kept == [(6, "4e1c-1", 4, 3, "[1]"), (6, "b", 9, 20, '{"文":"\\u0000是"}')]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (lambda: token() + "x", "token"),
        (lambda: token().replace(".", "!", 1), "token"),
        (lambda: "", "token"),
        (lambda: "令牌", "token"),
        (lambda: token("answer"), "token"),  # a sitting's token opens no lesson
        (lambda: token(lasts=-1), "expired"),
    ],
)
def test_a_token_that_is_forged_foreign_or_expired_is_refused(bad: Any, code: str) -> None:
    assert post(BEATS, beat(token=bad())) == (401, {"ok": False, "code": code})
    assert not Beat.objects.exists()


def test_a_lesson_token_opens_no_exam() -> None:
    assert post(ANSWERS, answers(token=token()))[0] == 401
    assert post(ANSWERS, answers(token=token("answer", lasts=-1)))[1]["code"] == "expired"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"token": None}, "token"),
        ({"seq": 0}, "seq"),
        ({"seq": 2**63}, "seq"),
        ({"seq": "1"}, "seq"),
        ({"seq": True}, "seq"),
        ({"seq": 1.5}, "seq"),
        ({"spans": None}, "spans"),
        ({"spans": [0]}, "spans"),
        ({"spans": [5, 5]}, "spans"),
        ({"spans": [9, 5]}, "spans"),
        ({"spans": [-1, 5]}, "spans"),
        ({"spans": [0, 60_001]}, "spans"),
        ({"spans": [0.0, 5.0]}, "spans"),
        ({"spans": [False, True]}, "spans"),
        ({"spans": [0, 5] * 201}, "spans"),
    ],
)
def test_a_beat_that_is_not_right_is_refused(change: dict[str, Any], code: str) -> None:
    assert post(BEATS, beat(**change)) == (400, {"ok": False, "code": code})
    assert not Beat.objects.exists()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"client_id": ""}, "client_id"),
        ({"client_id": "a" * 37}, "client_id"),
        ({"client_id": "a b"}, "client_id"),
        ({"client_id": 5}, "client_id"),
        ({"seq": -1}, "seq"),
        ({"number": 0}, "number"),
        ({"number": 21}, "number"),
        ({"value": "字" * 1400}, "value"),
    ],
)
def test_one_answer_that_is_not_right_refuses_the_whole_message(change: dict[str, Any], code: str) -> None:
    assert post(ANSWERS, answers(item(client_id="good"), item(**change))) == (400, {"ok": False, "code": code})
    assert not Answer.objects.exists()


@pytest.mark.parametrize("items", [[], None, [1], [{"client_id": "a", "seq": 1, "number": 1}], [item()] * 201])
def test_items_must_be_a_list_of_answers(items: Any) -> None:
    assert post(ANSWERS, {"token": token("answer"), "items": items}) == (400, {"ok": False, "code": "items"})


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"token": "\xff"}', b'"' + b"x" * 100])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    assert post(BEATS, body) == (400, {"ok": False, "code": "json"})


@stored
def test_size_type_method_and_path_are_held_to() -> None:
    assert post(BEATS, b" " * 65_537)[0] == 413
    assert post(BEATS, beat(), kind="text/plain") == (415, {"ok": False, "code": "type"})
    assert post(BEATS, beat(), kind="application/json; charset=utf-8")[0] == 200
    assert post(BEATS, beat(), method="GET") == (405, {"ok": False, "code": "method"})
    assert post("/live/else", beat())[0] == 404


def test_nothing_that_was_sent_comes_back() -> None:
    for body in (beat(seq="geheim"), beat(token="geheim"), answers(item(client_id="geheim geheim"))):
        path = ANSWERS if "items" in body else BEATS
        assert "geheim" not in str(post(path, body))


@stored
def test_kill_9_right_after_the_acknowledgement_loses_nothing() -> None:
    """A real server on the test's database: post, kill the whole process group at once, count."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    where = connection.settings_dict
    url = (
        f"sqlite:///{where['NAME']}"
        if connection.vendor == "sqlite"
        else f"postgres://{where['USER']}:{where['PASSWORD']}@{where['HOST']}:{where['PORT']}/{where['NAME']}"
    )
    environment = {**os.environ, "ANLAN_VAR": str(settings.VAR_DIR), "ANLAN_DATABASE_URL": url, "ANLAN_WORKERS": "2"}
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(port), "--workers", "2"]
    server = subprocess.Popen(
        [*command, "--log-level", "error", "config.asgi:application"], env=environment, start_new_session=True
    )
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert server.poll() is None, "the server did not start"
                time.sleep(0.05)
        messages = [
            request("POST", BEATS, orjson.dumps(beat(token=token(s=n, u=n, d=60_000))), content_type="application/json")
            for n in range(1, 601)
        ]
        run = drive(("127.0.0.1", port), messages, connections=40, seconds=30)
        os.killpg(server.pid, signal.SIGKILL)
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    assert run.statuses == {200: 600}
    assert Beat.objects.count() == 600
