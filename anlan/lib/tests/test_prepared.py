"""Prepared querysets find what the querysets find, and find it anew each time."""

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection
from django.db.models import BigIntegerField, CharField, Count, DateTimeField
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anlan.accounts.models import Post, User
from anlan.lib.prepared import Prepared
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast

posts: Prepared[Post] = Prepared(
    lambda user: Post.objects.filter(user=user).select_related("role", "organisation").order_by("pk"),
    user=BigIntegerField(),
)


def test_instances_are_those_of_the_queryset(cast: Cast) -> None:
    for user in (cast.manager, cast.city, cast.worker):
        wanted = list(Post.objects.filter(user=user).select_related("role", "organisation").order_by("pk"))
        with CaptureQueriesContext(connection) as queries:
            found = posts.rows(user=user.pk)
            assert [(p.pk, p.since, p.role.powers, p.organisation) for p in found] == [
                (p.pk, p.since, p.role.powers, p.organisation) for p in wanted
            ]
        assert len(queries) == 1


def test_nothing_read_is_remembered(cast: Cast) -> None:
    (post,) = posts.rows(user=cast.worker.pk)
    Post.objects.filter(pk=post.pk).update(title="改过")
    assert [one.title for one in posts.rows(user=cast.worker.pk)] == ["改过"]
    Post.objects.filter(pk=post.pk).delete()
    assert posts.rows(user=cast.worker.pk) == []


def test_tuples_and_annotations_and_moments_are_converted(cast: Cast) -> None:
    now = timezone.now()
    Notice.objects.create(user=cast.worker, kind="x", title="一", key="1", read_at=now)
    read: Prepared[tuple[str, object]] = Prepared(
        lambda user, since: Notice.objects.filter(user=user, read_at__gte=since).values_list("title", "read_at"),
        user=BigIntegerField(),
        since=DateTimeField(),
    )
    assert read.rows(user=cast.worker.pk, since=now) == [("一", now)]
    assert read.rows(user=cast.worker.pk, since=now + timedelta(seconds=1)) == []
    counted: Prepared[User] = Prepared(
        lambda name: User.objects.filter(name=name).annotate(n=Count("notices")), name=CharField()
    )
    (person,) = counted.rows(name=cast.worker.name)
    assert (person, person.n, person.phone) == (cast.worker, 1, cast.worker.phone)  # type: ignore[attr-defined]


def test_values_are_parameters_and_never_sql(cast: Cast) -> None:
    named: Prepared[User] = Prepared(lambda name: User.objects.filter(name=name), name=CharField())
    assert named.rows(name="' OR 1=1 --") == []


def test_a_slot_takes_no_none() -> None:
    with pytest.raises(ValueError, match="user"):
        posts.rows(user=None)


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_over_its_own_connection() -> None:
    user = User.objects.create_user(name="甲")
    Post.objects.create(user=user, role_id=_role())
    found: list[list[Post]] = []

    def ask() -> None:
        found.append(posts.rows(user=user.pk))
        connection.close()

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(rows) for rows in found] == [1, 1, 1, 1]


def _role() -> str:
    from anlan.accounts.models import Role

    return Role.objects.create(code="prepared", name="试").pk
