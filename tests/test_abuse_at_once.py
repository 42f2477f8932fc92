"""Forms sent several times at the same moment, by threads with their own connections: each has its effect once."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connections
from django.test import Client

from anlan.accounts.actions import install_roles
from anlan.accounts.models import Post, User
from anlan.exams.models import Question
from anlan.operations.demo.cast import lay_cast
from anlan.training.models import Course, Lesson, LessonNote, LessonQuestion

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 5


def at_once(clients: list[Client], url: str, data: dict[str, object]) -> list[int]:
    """Send the same form from all clients together; return the sorted statuses."""
    found: list[int] = []
    gate = threading.Barrier(len(clients))

    def send(client: Client) -> None:
        try:
            gate.wait()
            found.append(client.post(url, data).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(found)


def test_every_form_has_its_effect_once(sign_in: Callable[[User], Client]) -> None:
    install_roles()
    cast = lay_cast()
    course = Course.objects.create(owner=cast.school, slug="x", title="课", state="published", teacher=cast.teacher)
    lesson = Lesson.objects.create(course=course, position=1, title="讲", kind="document", text="甲" * 600)

    def several(user: User) -> list[Client]:
        clients = [sign_in(user) for _ in range(TIMES)]
        for client in clients:
            client.raise_request_exception = False
        return clients

    question = {
        "kind": "true_false",
        "stem": "判",
        "point": "点",
        "difficulty": "1",
        "truth": "true",
        "cites": "安全生产法:28",
    }
    asked = [
        at_once(several(cast.worker), f"/learn/{lesson.pk}/notes/", {"note": "记", "at_ms": "1"}),
        at_once(several(cast.worker), f"/learn/{lesson.pk}/questions/", {"question": "问", "at_ms": "1"}),
        at_once(several(cast.teacher), "/bank/new/", question),
        at_once(several(cast.teacher), f"/teach/courses/{course.pk}/lessons/new/", {"title": "节", "text": "正文"}),
    ]
    assert asked == [[302] * TIMES] * 4
    assert [model.objects.count() for model in (LessonNote, LessonQuestion, Question)] == [1, 1, 1]
    assert list(Lesson.objects.order_by("position").values_list("position", flat=True)) == [1, 2]
    person = {"name": "新人", "phone": "10000099001", "role": "safety_manager", "title": ""}
    assert at_once(several(cast.boss), "/people/grant/", person) == [302] + [422] * (TIMES - 1)
    assert (Post.objects.filter(user__name="新人").count(), User.objects.filter(name="新人").count()) == (1, 1)
    visitors = [Client(raise_request_exception=False) for _ in range(TIMES)]
    statuses = at_once(visitors, "/accounts/signup/", {"name": "重", "phone": "10000099003"})
    assert statuses[0] == 302 and set(statuses) <= {302, 429}
