"""The frame and the home page: what is kept in memory shows nobody what is no longer theirs."""

from collections.abc import Callable
from uuid import uuid4

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anlan.accounts.models import Post, Role, User
from anlan.enterprises.models import Enterprise
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.training.actions.classes import create_classes
from anlan.training.selection import Selection
from anlan.training.tests.making import make_course, plan_for

SignIn = Callable[[User], Client]


def _page(client: Client, path: str = "/home/") -> str:
    return client.get(path).content.decode()


def test_the_bars_follow_the_powers_of_the_present_post_at_once(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    assert 'href="/classes/"' in _page(client)
    Post.objects.filter(user=cast.manager).update(until=timezone.localdate())
    assert 'href="/classes/"' not in _page(client)  # the same session, the next request
    Post.objects.filter(user=cast.manager).update(until=None)
    assert 'href="/classes/"' in _page(client)


def test_the_bars_follow_a_changed_role_at_once(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    assert 'href="/classes/"' in _page(client)
    Role.objects.filter(post__user=cast.manager).update(powers=[])
    assert 'href="/classes/"' not in _page(client)


def test_the_bars_mark_the_page_one_is_on_and_speak_its_language(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.worker)
    home, learn = _page(client), _page(client, "/learn/")
    assert '<a href="/home/" aria-current="page">' in home and '<a href="/home/" aria-current="page">' not in learn
    assert '<a href="/learn/" aria-current="page">' in learn
    client.cookies["django_language"] = "en"
    english = _page(client)
    assert "主导航" in home and "主导航" not in english
    assert _page(sign_in(cast.worker)) != english


def test_the_search_box_keeps_its_words_and_the_bell_counts_anew(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.worker)
    assert 'value="叉车"' in _page(client, "/home/?q=叉车") and 'value="叉车"' not in _page(client)
    Notice.objects.filter(user=cast.worker).delete()
    assert "0 条未读" in _page(client)
    Notice.objects.create(user=cast.worker, kind="x", title="一", key="1")
    assert "1 条未读" in _page(client)


def test_home_shows_a_new_class_at_once_and_asks_at_most_15_queries(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.worker)
    assert "新班一" not in _page(client)
    worker = cast.worker.jobs.first()
    for n, name in enumerate(("新班一", "新班二", "新班三")):
        course = make_course(cast, f"course-{n}")
        course.lessons.update(media_dir="ready")
        plan = plan_for(course, title=name)
        create_classes(
            Enterprise.objects.filter(pk=worker.enterprise_id),
            Selection("picked", workers=(worker.pk,)), by=cast.manager, plan=plan, batch=uuid4(), again=True,
        )  # fmt: skip
        assert name in _page(client)
    with CaptureQueriesContext(connection) as queries:
        _page(client)
    assert len(queries) <= 15
