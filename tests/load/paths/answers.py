"""Exam answers: one answer a request, distinct sittings, 256 connections; every acknowledged answer is in the database."""

import time
from itertools import islice

import orjson

from anlan.exams.models import Answer
from anlan.lib import crypto
from tests.load.client import drive, request
from tests.load.house import Figure, House

DATABASES = ("sqlite", "postgresql")
COUNT, WARM = 60_000, 2_000


def measure(house: House) -> Figure:
    """Send one answer of each sitting."""
    expires = time.time() + 3600
    wanted = [_answer(sitting, expires) for sitting in range(1, COUNT + WARM + 1)]
    house.start()
    sent = iter(wanted)
    drive(house.address, islice(sent, WARM), connections=256)
    run = drive(house.address, sent, connections=256, seconds=20)
    kept = Answer.objects.count() == run.statuses[200] + WARM
    Answer.objects.all().delete()
    p99 = run.percentile(99)
    ok = run.rate >= 5000 and p99 < 200 and kept and set(run.statuses) == {200}
    return Figure(run.rate, "answers/s", "≥ 5000/s, p99 < 200 ms", ok, run.percentile(50), p99, {"kept": kept})


def _answer(sitting: int, expires: float) -> bytes:
    token = crypto.sign({"s": sitting, "u": sitting, "n": 50}, purpose="answer", expires_at=expires)
    item = {"client_id": f"bench-{sitting}", "seq": 1, "number": 1 + sitting % 50, "value": [sitting % 4]}
    body = orjson.dumps({"token": token, "items": [item]})
    return request("POST", "/live/answers", body, content_type="application/json")
