"""Whole sittings of 50 questions as a browser makes them: start, room, 50 saves, hand in, result; distinct people.

Before them, 1,000 candidates start at once (sittings prepared, as the schedule does): `starts_s` is how long until the last
of them has the paper on the screen.
"""

import json
import re
import select
import time
import tomllib
from collections import deque
from collections.abc import Generator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from django.utils import timezone

from anlan.accounts.models import User
from anlan.exams.actions.bank import import_questions
from anlan.exams.actions.blueprints import save_blueprint
from anlan.exams.actions.exams import prepare_sittings
from anlan.exams.models import Answer, Exam, Sitting
from anlan.exams.questions import Draft
from anlan.operations.demo.exams import COURSES, WHOLE_BANK
from anlan.training.models import Enrolment, TrainingClass
from tests.load.client import Run, _Connection, request
from tests.load.house import Figure, House

DATABASES = ("sqlite", "postgresql")
PEOPLE, WHOLE, CONNECTIONS = 1000, 600, 64
CSRF = "a" * 32

Conversation = Generator[bytes, bytes, None]


def measure(house: House) -> Figure:
    """Start a thousand, then take six hundred of them through to the result."""
    exam, cookies = _exam(house)
    house.start()
    begun: dict[int, tuple[str, str]] = {}
    starts = converse(house.address, [_start(exam, n, cookie, begun) for n, cookie in enumerate(cookies)], CONNECTIONS)
    whole = converse(house.address, [_finish(*begun[n], cookies[n]) for n in range(WHOLE)], CONNECTIONS)
    scored = Sitting.objects.filter(exam=exam, state="scored").count()
    kept = Answer.objects.count() == WHOLE * 50 and scored == WHOLE
    Answer.objects.all().delete()
    # A whole sitting begins with its start, which was measured above: its share of that time is added.
    rate = WHOLE / (whole.seconds + starts.seconds * WHOLE / PEOPLE)
    statuses = set(starts.statuses) | set(whole.statuses)
    ok = rate >= 60 and starts.seconds <= 10 and kept and statuses == {200, 302}
    return Figure(
        rate, "sittings/s", "≥ 60/s; 1,000 start within 10 s, p99 < 1 s", ok, whole.percentile(50), whole.percentile(99),
        {"starts_s": round(starts.seconds, 2), "start_p99": round(starts.percentile(99), 1), "kept": kept},
    )  # fmt: skip


def _exam(house: House) -> tuple[Exam, list[str]]:
    """A final exam of a thousand candidates, prepared, over a bank of our own questions."""
    cast, now = house.cast, timezone.now()
    if not cast.school.questions.exists():
        for path in sorted(COURSES.glob("*/questions.toml")):
            rows = tomllib.loads(path.read_text(encoding="utf-8"))["questions"]
            import_questions([Draft.from_toml(row) for row in rows], course=None, by=None, owner=cast.school)
    blueprint = save_blueprint(
        title="综合",
        rules=WHOLE_BANK,
        minutes=60,
        pass_mark=80,
        is_public=True,
        course=None,
        by=None,
        owner=cast.school,
    )
    one = TrainingClass.objects.create(
        organisation=cast.forge, region_code=cast.forge.region_code, title="千人考试", starts_on=timezone.localdate(),
        deadline=now + timedelta(days=9), created_by=cast.manager,
    )  # fmt: skip
    people = User.objects.bulk_create(User(name=f"考生{n}", password="!") for n in range(PEOPLE))
    Enrolment.objects.bulk_create(
        Enrolment(training_class=one, user=person, enterprise_id=cast.forge.pk, state="learnt") for person in people
    )
    exam = Exam.objects.create(
        organisation=cast.forge, region_code=cast.forge.region_code, blueprint=blueprint, training_class=one, title="千人考试",
        opens_at=now, closes_at=now + timedelta(days=1), minutes=60, pass_mark=80,
    )  # fmt: skip
    prepare_sittings(exam)
    return exam, [f"{house.cookie(person)}; csrftoken={CSRF}" for person in people]


def _form(path: str, body: str, cookie: str) -> bytes:
    return request(
        "POST",
        path,
        f"csrfmiddlewaretoken={CSRF}&{body}".encode(),
        cookie=cookie,
        content_type="application/x-www-form-urlencoded",
    )


def _start(exam: Exam, n: int, cookie: str, begun: dict[int, tuple[str, str]]) -> Conversation:
    answer = yield _form(f"/exams/{exam.pk}/start/", "", cookie)
    found = re.search(rb"location: (/sittings/[0-9a-f-]+/)", answer, re.IGNORECASE)
    if found is None:
        raise RuntimeError(answer[:300].decode(errors="replace"))
    room = found[1].decode()
    page = yield request("GET", room, cookie=cookie)
    boot = re.search(rb'id="boot" type="application/json">(.+?)</script>', page, re.DOTALL)
    if boot is None:
        raise RuntimeError("no paper in the room")
    begun[n] = (room, json.loads(boot[1])["token"])


def _finish(room: str, token: str, cookie: str) -> Conversation:
    for number in range(1, 51):
        item = {"client_id": f"{room[10:40]}{number}", "seq": number, "number": number, "value": [number % 4]}
        body = json.dumps({"token": token, "items": [item]}).encode()
        yield request("POST", "/live/answers", body, content_type="application/json")
    yield _form(f"{room}submit/", f"carried={quote('[]')}", cookie)
    yield request("GET", f"{room}result/", cookie=cookie)


def converse(address: tuple[str, int], talks: list[Conversation], connections: int) -> Run:
    """Lead the conversations over so many connections; each takes the next when its talk is over."""
    run, waiting, poll = Run(), deque(talks), select.epoll()
    lines: dict[int, tuple[_Connection, Conversation]] = {}
    started = time.perf_counter()
    for _ in range(min(connections, len(talks))):
        line, talk = _Connection(address), waiting.popleft()
        lines[line.socket.fileno()] = (line, talk)
        poll.register(line.socket, select.EPOLLIN)
        line.send(next(talk))
    while lines:
        for fd, _event in poll.poll(30):
            line, talk = lines[fd]
            if line.is_answered():
                _next(run, line, talk, waiting, lines, fd, poll)
    run.seconds = time.perf_counter() - started
    poll.close()
    return run


def _next(
    run: Run,
    line: _Connection,
    talk: Conversation,
    waiting: deque[Conversation],
    lines: dict[int, Any],
    fd: int,
    poll: select.epoll,
) -> None:
    run.latencies.append(time.perf_counter() - line.sent_at)
    run.statuses[int(line.received[9:12])] += 1
    try:
        line.send(talk.send(bytes(line.received)))
    except StopIteration:
        if waiting:
            fresh = waiting.popleft()
            lines[fd] = (line, fresh)
            line.send(next(fresh))
        else:
            poll.unregister(fd)
            line.socket.close()
            del lines[fd]
