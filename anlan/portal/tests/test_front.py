"""The public home page: from the facts, in few queries, kept by browsers, and whole when nothing is there."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from anlan.accounts.models import User
from anlan.content.models import Entry
from anlan.law.models import Statute, Version
from anlan.operations.demo.cast import Cast


def _page(client: Client | None = None) -> str:
    return (client or Client()).get("/").content.decode()


def _publish(section: str, count: int, by: User) -> None:
    from anlan.content.actions import create_page
    from anlan.content.models import SECTION_MODELS

    for n in range(count):
        page = create_page(section, {"title": f"{section}第{n}篇", "summary": "一句话"}, by=by)
        now = timezone.now() - timedelta(minutes=n)
        rows = SECTION_MODELS[section].objects.filter(pk=page.pk)
        rows.update(
            live=True, first_published_at=now, last_published_at=now, title=f"{section}第{n}篇", summary="一句话"
        )


def _version(name: str, days: int) -> Version:
    statute, _made = Statute.objects.get_or_create(
        slug=name, defaults={"title": f"中华人民共和国{name}", "short": name, "level": "law"}
    )
    on = timezone.localdate() + timedelta(days=days)
    return Version.objects.create(statute=statute, key=on.isoformat(), effective_on=on, source="编的", digest="0" * 64)


def test_an_empty_house_shows_a_whole_page(db: None) -> None:
    text = _page()
    assert "干活之前" in text
    assert "还没有发布的文章" in text
    assert "先打 120 或者 119" in text
    assert 'href="/selfcheck/"' in text
    assert 'href="/mock/"' in text


def test_statutes_to_come_and_lately_in_force_stand_first(db: None) -> None:
    _version("将来法", 11)
    _version("新近法", -30)
    _version("老法", -4000)
    text = _page()
    assert "还有 11 天准备" in text
    assert "新近法" in text
    assert "老法" not in text


def test_a_browser_keeps_the_page_until_something_changes(db: None) -> None:
    client = Client()
    first = client.get("/")
    assert first["Cache-Control"] == "public, no-cache"
    again = client.get("/", headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304
    _version("新近法", -1)
    assert client.get("/", headers={"if-none-match": first["ETag"]}).status_code == 200
    client.cookies["elder"] = "on"
    assert client.get("/")["ETag"] != first["ETag"]


def test_nobody_keeps_the_page_of_whoever_is_signed_in(cast: Cast, sign_in: object) -> None:
    answer = sign_in(cast.worker).get("/")  # type: ignore[operator]
    assert "private" in answer["Cache-Control"]
    assert "ETag" not in answer


def test_the_page_costs_at_most_fifteen_queries_and_as_many_for_two_as_for_twenty(cast: Cast) -> None:
    counts = []
    for count in (2, 18):
        _publish("news", count, cast.editor)
        _publish("knowledge", count, cast.editor)
        _publish("case", count, cast.editor)
        for n in range(count):
            _version(f"新法{count}之{n}", -n)
        with CaptureQueriesContext(connection) as seen:
            text = _page()
        counts.append(len(seen))
    assert "news第0篇" in text
    assert "case第0篇" in text
    assert counts[0] == counts[1]
    assert counts[1] <= 15
    assert Entry.objects.public().count() == 60


def test_the_box_sends_a_certificate_number_to_verification_and_words_to_the_search(db: None) -> None:
    assert Client().get("/go/", {"q": "AL2 6ABCDEFGHJ"})["Location"].startswith("/verify/")
    where = Client().get("/go/", {"q": "有限空间"})["Location"]
    assert where.startswith(("/search/", "/courses/"))
    assert "q=" in where
