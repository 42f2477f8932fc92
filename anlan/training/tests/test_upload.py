"""Uploads: said before they start, resumed after a cut, counted once, refused in words."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

from anlan.accounts.models import User
from anlan.audit.models import Record
from anlan.operations.demo.cast import Cast
from anlan.training.actions import recordings as actions
from anlan.training.models import Course, Recording
from anlan.training.tests.making import make_course

SignIn = Callable[[User], Client]


@pytest.fixture
def course(cast: Cast) -> Course:
    return make_course(cast)


def begin(client: Client, course: Course, size: int, name: str = "下池前.mp4") -> dict[str, object]:
    answer = client.post(reverse("training:desk-upload", args=[course.pk]), {"name": name, "size": size})
    assert answer.status_code == 200, answer.content
    return dict(json.loads(answer.content))


def send(client: Client, begun: dict[str, object], offset: int, data: bytes) -> tuple[int, dict[str, object]]:
    answer = client.post(f"{begun['chunk']}?offset={offset}", data, content_type="application/octet-stream")
    return answer.status_code, dict(json.loads(answer.content))


def test_a_cut_upload_goes_on_where_it_stopped(cast: Cast, course: Course, sign_in: SignIn) -> None:
    client = sign_in(cast.teacher)
    begun = begin(client, course, 10)
    assert send(client, begun, 0, b"01234")[1]["uploaded"] == 5
    again = begin(sign_in(cast.teacher), course, 10)  # another day, the same file
    assert again["uploaded"] == 5
    status, state = send(client, again, 5, b"56789")
    assert (status, state["state"]) == (200, "queued")
    recording = Recording.objects.get()
    assert actions.part_of(recording).read_bytes() == b"0123456789"
    assert DBTaskResult.objects.filter(queue_name="media").count() == 1
    assert Record.objects.filter(verb="finish_upload").count() == 1


def test_a_chunk_sent_twice_counts_once(cast: Cast, course: Course, sign_in: SignIn) -> None:
    client = sign_in(cast.teacher)
    begun = begin(client, course, 10)
    send(client, begun, 0, b"01234")
    status, state = send(client, begun, 0, b"01234")
    assert (status, state["code"], state["uploaded"]) == (409, "offset", 5)
    status, state = send(client, begun, 7, b"789")
    assert (status, state["uploaded"]) == (409, 5)


def test_more_than_was_announced_is_not_taken(cast: Cast, course: Course, sign_in: SignIn) -> None:
    client = sign_in(cast.teacher)
    assert send(client, begin(client, course, 4), 0, b"01234")[0] == 422
    assert Recording.objects.get().uploaded == 0


@pytest.mark.parametrize(("size", "words"), [(0, "空的"), (3 * 1024 * 1024, "最大 2 MB")])
def test_the_limit_is_said_before_anything_is_sent(
    cast: Cast, course: Course, sign_in: SignIn, settings: Any, size: int, words: str
) -> None:
    settings.ANLAN_MAX_UPLOAD_MB = 2
    client = sign_in(cast.teacher)
    url = reverse("training:desk-upload", args=[course.pk])
    assert "最大 2 MB" in client.get(url).content.decode()
    answer = client.post(url, {"name": "a.mp4", "size": size}, headers={"Accept": "application/json"})
    assert answer.status_code == 422
    assert words in answer.json()["message"]
    assert not Recording.objects.exists()


def test_a_full_disk_is_said_before_anything_is_sent(
    cast: Cast, course: Course, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil
    from collections import namedtuple

    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(10, 9, 1))
    answer = sign_in(cast.teacher).post(
        reverse("training:desk-upload", args=[course.pk]),
        {"name": "a.mp4", "size": 10},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 507
    assert "磁盘空间不够" in answer.json()["message"]


def test_without_script_the_file_comes_in_one_request(cast: Cast, course: Course, sign_in: SignIn) -> None:
    file = SimpleUploadedFile("整段.mp4", b"x" * 3000, content_type="video/mp4")
    answer = sign_in(cast.teacher).post(reverse("training:desk-upload", args=[course.pk]), {"file": file})
    recording = Recording.objects.get()
    assert answer.headers["Location"] == reverse("training:desk-recording", args=[recording.pk])
    assert (recording.state, recording.uploaded) == ("queued", 3000)
    page = sign_in(cast.teacher).get(answer.headers["Location"]).content.decode()
    assert "轮到时自动开始" in page
    assert "data-cuts" not in page
    empty = SimpleUploadedFile("空.mp4", b"", content_type="video/mp4")
    assert (
        sign_in(cast.teacher).post(reverse("training:desk-upload", args=[course.pk]), {"file": empty}).status_code
        == 422
    )


def test_outsiders_find_nothing(cast: Cast, course: Course, sign_in: SignIn) -> None:
    begun = begin(sign_in(cast.teacher), course, 10)
    for person in (cast.worker, cast.manager, cast.county, cast.operator):
        client = sign_in(person)
        assert client.get(reverse("training:desk-upload", args=[course.pk])).status_code == 404
        assert client.get(str(begun["chunk"])).status_code == 404
        assert (
            client.post(f"{begun['chunk']}?offset=0", b"01234", content_type="application/octet-stream").status_code
            == 404
        )
        assert client.get(str(begun["page"])).status_code == 404
    assert sign_in(cast.teacher).put(str(begun["chunk"])).status_code == 405


def test_a_forgotten_upload_is_removed_with_its_bytes(cast: Cast, course: Course, sign_in: SignIn) -> None:
    client = sign_in(cast.teacher)
    send(client, begin(client, course, 10), 0, b"01234")
    recording = Recording.objects.get()
    part: Path = actions.part_of(recording)
    assert actions.drop_forgotten_uploads() == 0
    Recording.objects.update(beat_at="2020-01-01T00:00:00Z")
    assert actions.drop_forgotten_uploads() == 1
    assert not part.exists()
