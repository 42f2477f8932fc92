"""The inbox."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from anlan.accounts.models import User
from anlan.notifications.actions import notify, notify_all, retract_notices
from anlan.notifications.models import Notice
from anlan.notifications.tasks import purge
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]


def tell(user: User, n: int = 1, url: str = "/home/") -> list[Notice]:
    for number in range(n):
        notify([user], "class", f"第 {number} 条", key=f"test:{url}:{number}", url=url)
    return list(Notice.objects.filter(user=user).order_by("pk"))


def test_unread_messages_come_first_grouped_by_day(cast: Cast, sign_in: SignIn) -> None:
    first, second = tell(cast.worker, 2)
    Notice.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(days=1))
    page = sign_in(cast.worker).get(reverse("notifications:inbox"))
    assert [[n.pk for n in notices] for _day, notices in page.context["days"]] == [[second.pk], [first.pk]]
    assert "2 条消息没看" in page.content.decode()


def test_opening_marks_as_read_and_goes_there(cast: Cast, sign_in: SignIn) -> None:
    (notice,) = tell(cast.worker)
    client = sign_in(cast.worker)
    assert client.post(reverse("notifications:open", args=[notice.pk])).url == "/home/"
    notice.refresh_from_db()
    assert notice.read_at is not None
    assert "消息都看过了" in client.get(reverse("notifications:inbox")).content.decode()
    assert "第 0 条" in client.get(reverse("notifications:inbox"), {"show": "all"}).content.decode()


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example/x", "javascript:alert(1)", ""])
def test_an_address_outside_the_house_is_not_followed(cast: Cast, sign_in: SignIn, url: str) -> None:
    (notice,) = tell(cast.worker, url=url)
    answer = sign_in(cast.worker).post(reverse("notifications:open", args=[notice.pk]))
    assert answer.url == reverse("notifications:inbox")
    answer = sign_in(cast.worker).post(reverse("notifications:read", args=[notice.pk]), {"next": url})
    assert answer.url == reverse("notifications:inbox")


def test_one_or_all_are_marked_as_read(cast: Cast, sign_in: SignIn) -> None:
    notices = tell(cast.worker, 3)
    client = sign_in(cast.worker)
    client.post(reverse("notifications:read", args=[notices[0].pk]))
    assert Notice.objects.unread().count() == 2
    client.post(reverse("notifications:read-all"))
    assert Notice.objects.unread().count() == 0


def test_the_messages_of_others_stay_theirs(cast: Cast, sign_in: SignIn) -> None:
    (notice,) = tell(cast.worker)
    client = sign_in(cast.manager)
    assert "第 0 条" not in client.get(reverse("notifications:inbox"), {"show": "all"}).content.decode()
    assert client.post(reverse("notifications:open", args=[notice.pk])).status_code == 404
    assert client.post(reverse("notifications:read", args=[notice.pk])).status_code == 404
    client.post(reverse("notifications:read-all"))
    notice.refresh_from_db()
    assert notice.read_at is None


def test_reading_wants_a_post(cast: Cast, sign_in: SignIn) -> None:
    (notice,) = tell(cast.worker)
    client = sign_in(cast.worker)
    for name, args in (("open", [notice.pk]), ("read", [notice.pk]), ("read-all", [])):
        assert client.get(reverse(f"notifications:{name}", args=args)).status_code == 405
    assert client.post(reverse("notifications:inbox")).status_code == 405
    assert Notice.objects.unread().count() == 1


def test_an_empty_inbox_says_what_will_come(cast: Cast, sign_in: SignIn) -> None:
    assert "还没有收到过消息" in sign_in(cast.worker).get(reverse("notifications:inbox")).content.decode()


def test_the_inbox_costs_the_same_for_two_and_twenty(cast: Cast, sign_in: SignIn) -> None:
    client, url = sign_in(cast.worker), reverse("notifications:inbox")
    tell(cast.worker, 2)
    client.get(url)
    with CaptureQueriesContext(connection) as two:
        client.get(url)
    tell(cast.worker, 20)
    with CaptureQueriesContext(connection) as twenty:
        client.get(url)
    assert len(two) == len(twenty)


def test_strangers_are_asked_to_sign_in(client: Client, db: None) -> None:
    assert "/accounts/login" in client.get(reverse("notifications:inbox")).url


def test_the_same_reason_reaches_a_person_once(cast: Cast) -> None:
    everyone = User.objects.filter(pk__in=[cast.worker.pk, cast.boss.pk])
    assert notify([cast.worker], "x", "标题", key="k") == 1
    assert notify_all(everyone, "pk", "x", "标题", key="k", text="正文", url="/home/") == 1
    assert notify_all(everyone, "pk", "x", "标题", key="k") == 0
    assert Notice.objects.filter(key="k").count() == 2
    assert Notice.objects.get(user=cast.boss).created_at is not None


def test_only_what_nobody_saw_is_taken_back(cast: Cast) -> None:
    notify([cast.worker, cast.boss], "x", "标题", key="k")
    Notice.objects.filter(user=cast.boss).update(read_at=timezone.now())
    assert retract_notices(["k"]) == 1
    assert Notice.objects.get().user == cast.boss


def test_messages_go_after_two_years(cast: Cast) -> None:
    old, new = tell(cast.worker, 2)
    Notice.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=731))
    assert purge() == 1
    assert list(Notice.objects.all()) == [new]
