"""An exam of 200 candidates whose server is killed in the middle: no acknowledged answer is missing, every score is exact."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from anlan.accounts.models import User
from anlan.exams.actions.bank import import_questions
from anlan.exams.actions.blueprints import save_blueprint
from anlan.exams.actions.sittings import answer_token, start_sitting, submit_sitting
from anlan.exams.models import Answer, Exam, Sitting
from anlan.exams.scoring import score
from anlan.exams.stock import as_written, forget, rows_of, stock_of
from anlan.exams.tasks import sweep
from anlan.exams.tests.conftest import RULES, drafts
from anlan.operations.demo.cast import Cast

CANDIDATES = 200


@dataclass
class Room:
    """The clients' side: what each sent, last value per question, and every acknowledged client id."""

    port: int
    tokens: dict[int, str]
    last: dict[int, dict[int, Any]] = field(default_factory=dict)
    acknowledged: set[tuple[int, str]] = field(default_factory=set)
    broken: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def sit(self, sitting: int) -> None:
        """Answer every question, change some answers, send each until it is acknowledged; like the page, same ids."""
        chance = random.Random(sitting)
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        for seq, number in enumerate([*range(1, 11), *chance.sample(range(1, 11), 3)], 1):
            value = [chance.randrange(4)]
            item = {"client_id": str(uuid.uuid4()), "seq": seq, "number": number, "value": value}
            self.last.setdefault(sitting, {})[number] = value
            client = self.send(client, json.dumps({"token": self.tokens[sitting], "items": [item]}))
            with self.lock:
                self.acknowledged.add((sitting, item["client_id"]))
        client.close()

    def send(self, client: http.client.HTTPConnection, body: str) -> http.client.HTTPConnection:
        """Post until the answer is 200; a broken connection is opened again."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                client.request("POST", "/live/answers", body, {"Content-Type": "application/json"})
                answer = client.getresponse()
                answer.read()
                if answer.status == 200:
                    return client
            except (OSError, http.client.HTTPException):
                with self.lock:
                    self.broken += 1
            client.close()
            threading.Event().wait(0.02)
            client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        raise TimeoutError("the server did not come back")


def serve(port: int) -> subprocess.Popen[bytes]:
    """Start the house on the test's database and wait until it listens."""
    where = connection.settings_dict
    url = (
        f"sqlite:///{where['NAME']}"
        if connection.vendor == "sqlite"
        else f"postgres://{where['USER']}:{where['PASSWORD']}@{where['HOST']}:{where['PORT']}/{where['NAME']}"
    )
    environment = {**os.environ, "ANLAN_VAR": str(settings.VAR_DIR), "ANLAN_DATABASE_URL": url}
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(port), "--workers", "2"]
    server = subprocess.Popen(
        [*command, "--log-level", "critical", "config.asgi:application"], env=environment, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return server
        except OSError:
            assert server.poll() is None, "the server did not start"
            threading.Event().wait(0.05)
    raise TimeoutError("the server did not start")


def kill(server: subprocess.Popen[bytes]) -> None:
    """End every process of the house at once, without a chance to finish anything."""
    if server.poll() is None:
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def running_sittings(cast: Cast) -> list[Sitting]:
    """Two hundred people who have just started the same mock exam."""
    forget()
    import_questions(drafts(), course=None, by=cast.teacher)
    blueprint = save_blueprint(
        title="断电演练", rules=RULES, minutes=30, pass_mark=60, is_public=True, course=None, by=cast.teacher
    )
    now = timezone.now()
    exam = Exam.objects.create(
        organisation=cast.school, region_code="410105", blueprint=blueprint, kind="mock", title="断电演练", minutes=30, pass_mark=60,
        opens_at=now, closes_at=now + timedelta(days=1),
    )  # fmt: skip
    people = User.objects.bulk_create(User(name=f"考生{n}", password="!") for n in range(CANDIDATES))
    return [start_sitting(exam, by=person) for person in people]


@pytest.mark.django_db(transaction=True)
def test_kill_9_during_an_exam_loses_no_acknowledged_answer_and_scores_exactly_what_was_answered(cast: Cast) -> None:
    sittings = running_sittings(cast)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    room = Room(port, {sitting.pk: answer_token(sitting) for sitting in sittings})
    server = serve(port)
    try:
        with ThreadPoolExecutor(24) as candidates:
            finished = [candidates.submit(room.sit, sitting.pk) for sitting in sittings]
            while len(room.acknowledged) < CANDIDATES * 5 and not all(one.done() for one in finished):
                threading.Event().wait(0.005)
            before = len(room.acknowledged)
            kill(server)
            server = serve(port)
            for one in finished:
                one.result()
    finally:
        kill(server)
    assert before < CANDIDATES * 13, "everybody had finished before the kill"
    assert room.broken > 0, "nobody met the kill"
    assert set(Answer.objects.values_list("sitting_id", "client_id")) >= room.acknowledged
    assert len(room.acknowledged) == CANDIDATES * 13
    finish_and_check(sittings, room.last)


def finish_and_check(sittings: list[Sitting], last: dict[int, dict[int, Any]]) -> None:
    """Half hand in, the others run out of time; each result is the pure score of what that candidate answered last."""
    for sitting in sittings[::2]:
        submit_sitting(sitting, by=sitting.user)
    Sitting.objects.filter(state="running").update(ends_at=timezone.now() - timedelta(hours=1))
    assert sweep() == CANDIDATES // 2
    check: Callable[[Sitting], dict[str, Any]] = expected_of(last)
    for sitting in Sitting.objects.select_related("exam__blueprint"):
        assert sitting.state == "scored"
        assert sitting.result == json.loads(json.dumps(check(sitting)))


def expected_of(last: dict[int, dict[int, Any]]) -> Callable[[Sitting], dict[str, Any]]:
    """The score of a sitting from the clients' own record."""

    def _expected(sitting: Sitting) -> dict[str, Any]:
        stock = stock_of(sitting.exam.blueprint)
        paper = stock.paper(sitting.seed)
        return score(rows_of(stock, paper), as_written(stock, paper, last[sitting.pk]))

    return _expected
