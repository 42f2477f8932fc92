"""Progress beats: distinct learners, signed tokens, 256 connections; every acknowledged beat is in the database."""

import time
from itertools import islice

import orjson

from anlan.lib import crypto
from anlan.training.models import Beat
from tests.load.client import drive, request
from tests.load.house import Figure, House

DATABASES = ("sqlite", "postgresql")
COUNT, WARM = 80_000, 2_000


def measure(house: House) -> Figure:
    """Send one beat of each session."""
    expires = time.time() + 3600
    wanted = [_beat(session, expires) for session in range(1, COUNT + WARM + 1)]
    house.start()
    sent = iter(wanted)
    drive(house.address, islice(sent, WARM), connections=256)
    run = drive(house.address, sent, connections=256, seconds=20)
    kept = Beat.objects.count() == run.statuses[200] + WARM
    Beat.objects.all().delete()
    p99 = run.percentile(99)
    ok = run.rate >= 8000 and p99 < 200 and kept and set(run.statuses) == {200}
    return Figure(run.rate, "beats/s", "≥ 8000/s, p99 < 200 ms", ok, run.percentile(50), p99, {"kept": kept})


def _beat(session: int, expires: float) -> bytes:
    token = crypto.sign({"s": session, "u": session, "d": 900_000}, purpose="beat", expires_at=expires)
    start = session % 800_000
    body = orjson.dumps({"token": token, "seq": 1, "spans": [start, start + 15_000]})
    return request("POST", "/live/beats", body, content_type="application/json")
