"""What the tests of learning share: a course, a class, and a player that talks to the real receiver under a clock of its own."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connections
from django.utils import timezone

from anlan.accounts.models import User
from anlan.lib.receivers import Receivers
from anlan.operations.demo.cast import Cast
from anlan.training import live
from anlan.training.actions.folding import fold_beats
from anlan.training.actions.learning import beat_token, start_session
from anlan.training.models import (
    Beat,
    ClassCourse,
    Course,
    Enrolment,
    HourEntry,
    LearningSession,
    Lesson,
    LessonProgress,
    LessonPrompt,
    TrainingClass,
)

MINUTE = 60_000
NOON = datetime(2026, 6, 10, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai


def lay_course(cast: Cast, slug: str = "tanks") -> Course:
    """A published course: a film of 10 minutes with a question at 8, one of 4 minutes, and a page to read."""
    course = Course.objects.create(
        owner=cast.school, slug=slug, title="罐区作业", summary="进罐之前", state="published", teacher=cast.teacher,
        objectives=["会测"], job_titles=["清罐工"], published_at=NOON,
    )  # fmt: skip
    first = Lesson.objects.create(
        course=course,
        position=1,
        title="三次检测",
        duration_ms=10 * MINUTE,
        media_dir="a1",
        subtitles=[[0, 4000, "先测氧"]],
    )
    LessonPrompt.objects.create(
        lesson=first, at_ms=8 * MINUTE, stem="先测哪个", options=["氧", "可燃气"], answer=0, why="顺序不能反。"
    )
    Lesson.objects.create(course=course, position=2, title="监护人", duration_ms=4 * MINUTE, media_dir="a2")
    Lesson.objects.create(course=course, position=3, title="应急卡", kind="document", text="# 应急卡\n\n先断电。")
    return course


def lay_class(cast: Cast, course: Course, *, user: User | None = None, hours: int = 0, year: int = 2026) -> Enrolment:
    """An open class of the forge in which `user` (the worker) is enrolled."""
    opened = TrainingClass.objects.create(
        organisation=cast.forge, region_code=cast.forge.region_code, title=f"{year} 年度再培训", hours=hours,
        starts_on=datetime(year, 6, 1, tzinfo=UTC).date(), deadline=timezone.now() + timedelta(days=9), created_by=cast.manager,
    )  # fmt: skip
    ClassCourse.objects.create(training_class=opened, course=course)
    return Enrolment.objects.create(
        training_class=opened, user=user or cast.worker, enterprise_id=cast.forge.pk, lessons_total=3
    )


class Player:
    """A page with a lesson open. Time passes only by `wait`; every envelope goes through the receiver."""

    def __init__(self, user: User, lesson: Lesson, *, enrolment: Enrolment | None = None, at: datetime = NOON) -> None:
        self.user, self.lesson, self.now = user, lesson, at
        self.session = start_session(lesson, by=user, enrolment=enrolment, now=at)
        self.token = beat_token(self.session)
        self.seq = 0

    def wait(self, seconds: float) -> Player:
        """Let the server's clock go on."""
        self.now += timedelta(seconds=seconds)
        return self

    def send(self, *spans: int, seq: int | None = None, token: str | None = None) -> int:
        """Send one envelope (media milliseconds); return the HTTP status. It is stamped with the player's clock."""
        self.seq += 1
        number = self.seq if seq is None else seq
        kept = set(Beat.objects.values_list("pk", flat=True))
        status = post({"token": self.token if token is None else token, "seq": number, "spans": list(spans)})
        Beat.objects.exclude(pk__in=kept).update(received_at=self.now)
        return status

    def play(self, start_ms: int, seconds: int, *, speed: float = 1.0, every: int = 15) -> Player:
        """Play on from `start_ms` for so many seconds, sending as the page does."""
        for passed in range(0, seconds, every):
            step = min(every, seconds - passed)
            self.wait(step)
            a = start_ms + int(passed * 1000 * speed)
            self.send(a, min(a + int(step * 1000 * speed), self.lesson.duration_ms or 10**9))
        return self

    @property
    def credited(self) -> int:
        """Milliseconds earned in this sitting, once everything is folded."""
        fold_beats()
        return LearningSession.objects.get(pk=self.session.pk).credited_ms

    @property
    def progress(self) -> LessonProgress:
        """What the server believes of the lesson."""
        fold_beats()
        return LessonProgress.objects.get(pk=self.session.progress_id)


def hours_of(user: User) -> int:
    """The sum of a person's ledger in milliseconds, once everything is folded."""
    fold_beats()
    return sum(HourEntry.objects.filter(user=user).values_list("credited_ms", flat=True))


def post(body: Any, path: str = "/live/beats") -> int:
    """Send JSON to the receivers in this process; return the status."""
    raw = json.dumps(body).encode()
    answers: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": raw, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)

    async def run() -> None:
        scope = {"type": "http", "method": "POST", "path": path, "headers": [(b"content-type", b"application/json")]}
        await Receivers({"/live/beats": live.take_beat})(scope, receive, send)  # type: ignore[arg-type]
        while live.flusher.is_writing:  # the flusher looks once more before it rests; its loop must live so long
            await asyncio.sleep(0)

    asyncio.run(run())
    live.flusher.thread.submit(connections.close_all).result()
    return int(answers[0]["status"])
