"""The player's page and what it asks of the server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anlan.accounts.models import User
from anlan.lib.crypto import read, sign
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.training.actions.learning import media_token
from anlan.training.models import (
    Course,
    Enrolment,
    LearningSession,
    Lease,
    Lesson,
    LessonNote,
    LessonProgress,
    LessonQuestion,
)
from anlan.training.tests.learners import lay_class, lay_course

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture
def course(cast: Cast) -> Course:
    return lay_course(cast)


@pytest.fixture
def enrolment(cast: Cast, course: Course) -> Enrolment:
    return lay_class(cast, course, year=timezone.localdate().year)


@pytest.fixture
def film(course: Course) -> Lesson:
    return course.lessons.get(position=1)


def script_data(page: str) -> dict[str, object]:
    found = re.search(r'<script id="lesson-data" type="application/json">(.*?)</script>', page, re.S)
    assert found
    return dict(json.loads(found[1]))


def test_the_page_holds_what_the_script_needs_but_no_answers(
    cast: Cast, film: Lesson, enrolment: Enrolment, sign_in: SignIn
) -> None:
    client = sign_in(cast.worker)
    page = client.get(f"/learn/{film.pk}/").content.decode()
    data = script_data(page)
    assert data["length"] == 600_000 and data["strict"] is True and data["class"] == enrolment.training_class_id
    assert data["prompts"] == [{"id": film.prompts.get().pk, "at": 480_000, "stem": "先测哪个", "options": ["氧", "可燃气"], "url": f"/learn/{film.pk}/prompts/{film.prompts.get().pk}/"}]  # fmt: skip
    assert "顺序不能反" not in page
    assert "计学时需要脚本" in page  # and without script everything below can still be read
    for words in ("先测氧", "监护人", "问老师", "首次观看不能快进"):
        assert words in page


def test_the_page_takes_at_most_15_queries(cast: Cast, film: Lesson, enrolment: Enrolment, sign_in: SignIn) -> None:
    client = sign_in(cast.worker)
    client.get(f"/learn/{film.pk}/")
    with CaptureQueriesContext(connection) as caught:
        client.get(f"/learn/{film.pk}/")
    assert len(caught) <= 15


def test_a_lesson_without_media_says_so_and_cannot_be_begun(cast: Cast, film: Lesson, sign_in: SignIn) -> None:
    Lesson.objects.update(media_dir="")
    client = sign_in(cast.worker)
    assert "这一讲还在转码" in client.get(f"/learn/{film.pk}/").content.decode()
    assert client.post(f"/learn/{film.pk}/session/").status_code == 409
    assert not LearningSession.objects.exists()


def test_a_document_is_read_on_the_page(cast: Cast, course: Course, sign_in: SignIn) -> None:
    lesson = course.lessons.get(position=3)
    client = sign_in(cast.worker)
    assert "<h1>应急卡</h1>" in client.get(f"/learn/{lesson.pk}/").content.decode()
    answer = client.post(f"/learn/{lesson.pk}/session/").json()
    assert answer["pace"] == 100
    assert read(answer["token"], purpose="beat", now=timezone.now())["d"] == 60_000


def test_opening_the_page_takes_no_lease_but_playing_does(
    cast: Cast, film: Lesson, enrolment: Enrolment, sign_in: SignIn
) -> None:
    client = sign_in(cast.worker)
    client.get(f"/learn/{film.pk}/")
    assert not Lease.objects.exists()
    answer = client.post(f"/learn/{film.pk}/session/", {"class": enrolment.training_class_id}).json()
    session = LearningSession.objects.get()
    assert Lease.objects.get().session_id == session.pk
    assert (session.enrolment_id, session.enterprise_id, session.region_code, session.industry) == (
        enrolment.pk,
        cast.forge.pk,
        "410105018G07",
        "C33",
    )
    payload = read(answer["token"], purpose="beat", now=timezone.now())
    assert payload == {"s": session.pk, "u": cast.worker.pk, "d": 600_000}
    assert 0 < answer["expires_in"] <= 900


def test_the_page_renews_its_own_sitting_and_learns_when_another_took_the_lease(
    cast: Cast, film: Lesson, sign_in: SignIn
) -> None:
    client, url = sign_in(cast.worker), f"/learn/{film.pk}/session/"
    first = client.post(url).json()
    again = client.post(url, {"uid": first["uid"]}).json()
    assert again["uid"] == first["uid"] and again["lost"] is False
    second = sign_in(cast.worker).post(url).json()
    assert client.post(url, {"uid": first["uid"]}).json()["lost"] is True
    assert client.post(url, {"uid": second["uid"]}).json()["lost"] is False
    assert client.post(url, {"uid": "nonsense"}).status_code == 422
    assert LearningSession.objects.filter(closed_at=None).count() == 1


def test_nobody_renews_the_sitting_of_another(cast: Cast, film: Lesson, sign_in: SignIn) -> None:
    uid = sign_in(cast.worker).post(f"/learn/{film.pk}/session/").json()["uid"]
    answer = sign_in(cast.other_worker).post(f"/learn/{film.pk}/session/", {"uid": uid}).json()
    assert answer["lost"] is True and "token" not in answer


def test_a_withdrawn_course_stays_open_to_those_enrolled_and_to_nobody_else(
    cast: Cast, film: Lesson, enrolment: Enrolment, sign_in: SignIn
) -> None:
    Course.objects.update(state="withdrawn")
    assert sign_in(cast.worker).get(f"/learn/{film.pk}/").status_code == 200
    assert sign_in(cast.other_worker).get(f"/learn/{film.pk}/").status_code == 404
    assert sign_in(cast.other_worker).post(f"/learn/{film.pk}/session/").status_code == 404


def test_who_is_not_signed_in_is_asked_to(client: Client, film: Lesson) -> None:
    assert client.get(f"/learn/{film.pk}/").status_code == 302
    assert client.post(f"/learn/{film.pk}/session/").status_code == 302
    assert client.get(f"/learn/{film.pk}/session/").status_code in (302, 405)


def test_a_prompt_is_checked_by_the_server(cast: Cast, film: Lesson, course: Course, sign_in: SignIn) -> None:
    client, prompt = sign_in(cast.worker), film.prompts.get()
    url = f"/learn/{film.pk}/prompts/{prompt.pk}/"
    assert client.post(url, {"choice": 1}).json() == {"right": False, "why": ""}
    assert not LessonProgress.objects.filter(prompts_passed=[prompt.pk]).exists()
    for _twice in range(2):
        assert client.post(url, {"choice": 0}).json() == {"right": True, "why": "顺序不能反。"}
    assert LessonProgress.objects.get().prompts_passed == [prompt.pk]
    assert client.post(url, {"choice": ""}, headers={"accept": "application/json"}).status_code == 422
    other = course.lessons.get(position=2)
    assert client.post(f"/learn/{other.pk}/prompts/{prompt.pk}/", {"choice": 0}).status_code == 404


def test_notes_are_private_and_kept_once(cast: Cast, film: Lesson, sign_in: SignIn) -> None:
    client = sign_in(cast.worker)
    for _twice in range(2):
        assert client.post(f"/learn/{film.pk}/notes/", {"note": "先测氧", "at_ms": "5000"}).status_code == 302
    note = LessonNote.objects.get()
    assert (note.at_ms, note.text) == (5000, "先测氧")
    fragment = client.post(
        f"/learn/{film.pk}/notes/", {"note": "再测可燃气", "at_ms": "x"}, headers={"HX-Request": "true"}
    )
    assert "再测可燃气" in fragment.content.decode() and "<html" not in fragment.content.decode()
    assert client.post(f"/learn/{film.pk}/notes/", {"note": "  "}).status_code == 422
    assert client.post(f"/learn/{film.pk}/notes/", {"note": "字" * 501}).status_code == 422
    other = sign_in(cast.manager)
    assert "先测氧。" not in other.get(f"/learn/{film.pk}/").content.decode()
    assert other.post(f"/learn/{film.pk}/notes/{note.pk}/delete/").status_code == 404
    client.post(f"/learn/{film.pk}/notes/{note.pk}/delete/")
    assert not LessonNote.objects.filter(pk=note.pk).exists()


def test_a_question_reaches_the_teacher_once(cast: Cast, film: Lesson, sign_in: SignIn) -> None:
    client = sign_in(cast.worker)
    for _twice in range(2):
        client.post(f"/learn/{film.pk}/questions/", {"question": "为什么先测氧", "at_ms": "9000"})
    question = LessonQuestion.objects.get()
    assert question.at_ms == 9000
    assert list(Notice.objects.values_list("user_id", flat=True)) == [cast.teacher.pk]
    LessonQuestion.objects.update(answer="缺氧最快。", answered_by=cast.teacher, answered_at=timezone.now())
    assert "缺氧最快" in client.get(f"/learn/{film.pk}/").content.decode()


# ---- media addresses


@pytest.fixture
def folder() -> str:
    name = f"lessons/test{timezone.now().timestamp():.0f}"
    for file, content in (("master.m3u8", b"#EXTM3U"), ("seg/s1.ts", bytes(range(256)) * 8), ("audio.m4a", b"m4a")):
        if not default_storage.exists(f"{name}/{file}"):
            default_storage.save(f"{name}/{file}", ContentFile(content))
    return name


def body(response: object) -> bytes:
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


def test_a_token_opens_its_folder_without_asking_the_database(client: Client, folder: str) -> None:
    with CaptureQueriesContext(connection) as caught:
        answer = client.get(f"/media/{media_token(folder)}/master.m3u8")
    assert (answer.status_code, answer["Content-Type"], body(answer)) == (
        200,
        "application/vnd.apple.mpegurl",
        b"#EXTM3U",
    )
    assert len(caught) == 0


@pytest.mark.parametrize(
    ("asked", "status", "span", "length"),
    [("bytes=0-99", 206, "bytes 0-99/2048", 100), ("bytes=2000-", 206, "bytes 2000-2047/2048", 48), ("bytes=-8", 206, "bytes 2040-2047/2048", 8), ("bytes=0-9999", 206, "bytes 0-2047/2048", 2048)],
)  # fmt: skip
def test_ranges_are_answered(client: Client, folder: str, asked: str, status: int, span: str, length: int) -> None:
    answer = client.get(f"/media/{media_token(folder)}/seg/s1.ts", headers={"Range": asked})
    assert (answer.status_code, answer["Content-Range"], answer["Content-Type"]) == (status, span, "video/mp2t")
    assert len(body(answer)) == length == int(answer["Content-Length"])


def test_a_range_beyond_the_end_is_416(client: Client, folder: str) -> None:
    answer = client.get(f"/media/{media_token(folder)}/seg/s1.ts", headers={"Range": "bytes=5000-"})
    assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */2048")


def test_no_token_a_foreign_one_or_a_path_out_of_the_folder_is_404(client: Client, folder: str) -> None:
    now = timezone.now()
    good = media_token(folder)
    tokens = {
        "none": "x",
        "beat": sign({"d": folder}, purpose="beat", expires_at=now + timedelta(hours=1)),
        "expired": media_token(folder, now=now - timedelta(hours=7)),
        "elsewhere": media_token("2026/11"),
        "above": media_token("lessons/../.."),
        "tampered": good[:-3] + ("AAA" if not good.endswith("AAA") else "BBB"),
    }
    for token in tokens.values():
        assert client.get(f"/media/{token}/master.m3u8").status_code == 404
    for name in (
        "../../keys.json",
        "..%2f..%2fkeys.json",
        "/etc/passwd",
        "none.ts",
        "master.m3u8.exe",
        ".hidden.ts",
        "seg/../master.m3u8",
    ):
        assert client.get(f"/media/{good}/{name}").status_code == 404
    assert client.post(f"/media/{good}/master.m3u8").status_code == 405
