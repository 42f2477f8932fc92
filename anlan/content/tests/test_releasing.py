"""Release at an hour, alarms for late ones, taking a page off the site."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from anlan.audit.models import Record
from anlan.content import tasks
from anlan.content.actions import cancel_release, release, submit_page, withdraw_page
from anlan.content.due import due_for
from anlan.content.models import Entry, ReviewRound
from anlan.content.tests.conftest import Write
from anlan.lib.dates import SHANGHAI
from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.search.models import Document

SignAll = Callable[..., ReviewRound]
MIDNIGHT = datetime(2030, 3, 1, 0, 0, tzinfo=SHANGHAI)
"""16:00 of the day before in UTC."""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[datetime], None]]:
    """Set the time of the house."""

    def _set(at: datetime) -> None:
        monkeypatch.setattr("django.utils.timezone.now", lambda: at)

    yield _set


def planned(cast: Cast, write: Write, sign_all: SignAll, title: str = "叉车怎么停") -> ReviewRound:
    current = sign_all(submit_page(write(title), by=cast.editor))
    return release(current, by=cast.chief_editor, at=MIDNIGHT)


def test_a_release_at_midnight_of_shanghai_comes_out_at_midnight_of_shanghai(
    cast: Cast, write: Write, sign_all: SignAll, clock: Callable[[datetime], None]
) -> None:
    clock(MIDNIGHT - timedelta(hours=30))
    current = planned(cast, write, sign_all)
    for before in (
        timedelta(hours=8),
        timedelta(seconds=1),
    ):  # midnight in UTC of the day, and a second before the hour
        clock(MIDNIGHT - before)
        assert tasks.publish_due() == 0
    clock(MIDNIGHT)
    assert tasks.publish_due() == 1
    page = Entry.objects.public().get(pk=current.page_id)
    assert timezone.localtime(page.first_published_at).date() == MIDNIGHT.date()
    assert Document.objects.get(kind="news", key=page.slug, gone=False).day == MIDNIGHT.date()
    assert tasks.publish_due() == 0
    assert not Notice.objects.filter(kind="release_late").exists()


def test_a_stopped_worker_raises_the_alarm_once_and_catches_up(
    cast: Cast, write: Write, sign_all: SignAll, clock: Callable[[datetime], None], sign_in: Callable[..., Client]
) -> None:
    clock(MIDNIGHT - timedelta(hours=3))
    current = planned(cast, write, sign_all)
    clock(MIDNIGHT + timedelta(minutes=1))
    assert tasks.watch_releases() == 0
    clock(MIDNIGHT + timedelta(minutes=9))
    assert tasks.watch_releases() == 1
    assert tasks.watch_releases() == 1
    assert {notice.user_id for notice in Notice.objects.filter(kind="release_late")} == {
        cast.operator.pk,
        cast.chief_editor.pk,
    }
    assert Record.objects.filter(verb="release_late").count() == 1
    assert "还没有发布" in sign_in(cast.head_editor).get("/editing/reviews/").content.decode()
    assert any("到点" in str(due.title) for due in due_for(cast.chief_editor))
    assert tasks.publish_due() == 1
    assert Entry.objects.public().filter(pk=current.page_id).exists()
    assert Record.objects.filter(verb="release_late").count() == 1
    assert tasks.watch_releases() == 0


def test_a_worker_that_comes_back_late_says_so_even_if_nobody_watched(
    cast: Cast, write: Write, sign_all: SignAll, clock: Callable[[datetime], None]
) -> None:
    clock(MIDNIGHT - timedelta(hours=3))
    planned(cast, write, sign_all)
    clock(MIDNIGHT + timedelta(hours=6))
    assert tasks.publish_due() == 1
    assert "晚了 360 分钟" in Notice.objects.get(kind="release_late", user=cast.operator).title


def test_a_release_that_fails_stops_no_other_and_says_why(
    cast: Cast, write: Write, sign_all: SignAll, clock: Callable[[datetime], None]
) -> None:
    clock(MIDNIGHT - timedelta(hours=3))
    bad, good = planned(cast, write, sign_all, "坏的"), planned(cast, write, sign_all, "好的")
    bad.signatures.filter(stage=1).delete()
    clock(MIDNIGHT + timedelta(seconds=1))
    assert tasks.publish_due() == 1
    bad.refresh_from_db()
    assert bad.trouble
    assert Entry.objects.public().filter(pk=good.page_id).exists()
    assert not Entry.objects.public().filter(pk=bad.page_id).exists()


def test_an_hour_gone_by_is_refused_and_a_planned_hour_can_be_taken_back(
    cast: Cast, write: Write, sign_all: SignAll
) -> None:
    current = sign_all(submit_page(write(), by=cast.editor))
    with pytest.raises(Refused) as refused:
        release(current, by=cast.chief_editor, at=timezone.now() - timedelta(minutes=1))
    assert refused.value.code == "past"
    release(current, by=cast.chief_editor, at=MIDNIGHT)
    with pytest.raises(Refused):
        cancel_release(current, by=cast.head_editor)
    cancel_release(current, by=cast.chief_editor)
    with pytest.raises(Refused):
        cancel_release(current, by=cast.chief_editor)


def test_the_form_reads_the_hour_as_shanghai(
    cast: Cast, write: Write, sign_all: SignAll, sign_in: Callable[..., Client]
) -> None:
    current = sign_all(submit_page(write(), by=cast.editor))
    client = sign_in(cast.chief_editor)
    url = f"/editing/{current.page_id}/release/"
    assert client.post(url, {"how": "at", "day": "2030-03-01"}).status_code == 422
    assert client.post(url, {"how": "at", "day": "2030-03-01", "hour": "00:00"}).status_code == 302
    current.refresh_from_db()
    assert current.release_at == MIDNIGHT


def test_a_page_taken_off_says_why_and_comes_back_only_through_review(
    cast: Cast, publish: Write, client: Client, sign_all: SignAll
) -> None:
    page = publish()
    url = page.get_absolute_url()
    with pytest.raises(Refused):
        withdraw_page(page, by=cast.editor, words="写错了一个数字")
    with pytest.raises(Refused):
        withdraw_page(page, by=cast.head_editor, words="")
    withdraw_page(page, by=cast.head_editor, words="写错了一个数字")
    gone = client.get(url)
    assert gone.status_code == 410
    assert "写错了一个数字" in gone.content.decode()
    assert "叉车怎么停" not in client.get("/news/").content.decode()
    assert Document.objects.get(kind="news", key=page.slug).gone
    with pytest.raises(Refused):
        withdraw_page(page, by=cast.head_editor, words="写错了一个数字")
    release(sign_all(submit_page(page, by=cast.editor)), by=cast.chief_editor)
    assert client.get(url).status_code == 200


def test_reviewers_are_reminded_on_the_day_and_after_it(cast: Cast, write: Write) -> None:
    current = submit_page(write(), by=cast.editor)
    ReviewRound.objects.filter(pk=current.pk).update(due_at=timezone.now() + timedelta(hours=3))
    assert tasks.remind_reviews() == 1
    assert tasks.remind_reviews() == 0
    ReviewRound.objects.filter(pk=current.pk).update(due_at=timezone.now() - timedelta(hours=3))
    assert tasks.remind_reviews() == 2  # the reviewer, and the chief editor
    assert [str(due.title) for due in due_for(cast.reviewer)] == ["有稿件等您初审"]
    assert due_for(cast.editor) == []
    assert due_for(cast.manager) == []
