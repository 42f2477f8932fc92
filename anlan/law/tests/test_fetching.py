"""The clients, against a local server that behaves like the sources at their best and at their worst."""

from __future__ import annotations

import hashlib
import io
import json
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from docx import Document

from anlan.law.actions.fetching import fetch_collection, fetch_national
from anlan.law.clients import polite
from anlan.law.clients.polite import Guest, Missed, Stopped
from anlan.law.models import Import, Version
from anlan.law.tests.made_up import LANTERN, PAPER

Page = tuple[int, dict[str, str], bytes]


class Source:
    """A server whose answers a test sets; it keeps what it was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, list[Page]] = {}
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        source = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                source.asked.append((self.command, self.path, dict(self.headers), body))
                pages = source.pages.get(self.path) or [(404, {}, b"")]
                status, headers, content = pages.pop(0) if len(pages) > 1 else pages[0]
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(content))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
                if int(({"Content-Length": str(len(content))} | headers)["Content-Length"]) > len(content):
                    self.close_connection = True

            do_GET = do_POST = answer

            def log_message(self, *_args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True, kwargs={"poll_interval": 0.01}).start()

    def say(self, path: str, *answers: Any) -> None:
        """Answer with these, one after the other, the last for ever: bytes, JSON, or (status, headers, body)."""
        self.pages[path] = [
            a if isinstance(a, tuple) else (200, {}, a if isinstance(a, bytes) else json.dumps(a).encode())
            for a in answers
        ]

    def count(self, path: str) -> int:
        return sum(1 for row in self.asked if row[1] == path)


@pytest.fixture
def source() -> Iterator[Source]:
    found = Source()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def guest(waits: list[float]) -> Guest:
    """A guest who notes the waiting instead of waiting."""
    return Guest(sleep=waits.append)


def word_file(*rows: str) -> bytes:
    document, file = Document(), io.BytesIO()
    for row in rows:
        document.add_paragraph(row)
    document.save(file)
    return file.getvalue()


LAMP = word_file("灯笼安全条例", "（2026年1月5日灯会通过）", "第一条　挂灯。", "第二条　本条例自公布之日起施行。")
LIST, FILE = "/law-search/search/list", "/law-search/download/pc?format=docx&bbbs=ab12&fileId="


def row(**more: Any) -> dict[str, Any]:
    return {
        "bbbs": "ab12",
        "title": "灯笼<em>安全</em>条例",
        "gbrq": "2026-01-05",
        "sxrq": "2026-03-01",
        "sxx": 3,
        "flxz": "行政法规",
        "zdjgName": "灯会",
    } | more


@pytest.fixture
def national(source: Source, settings: Any, tmp_path: Path) -> Source:
    """The national database with one text in it."""
    settings.ANLAN_LAW_NATIONAL_URL, settings.VAR_DIR = source.address, tmp_path
    source.say(LIST, {"code": 200, "total": 1, "rows": [row()]})
    source.say(FILE, {"code": 200, "data": {"url": f"{source.address}/oss/lamp.docx"}})
    source.say("/oss/lamp.docx", LAMP)
    return source


def words(run: Import) -> str:
    return " ".join(entry["words"] for entry in run.report) + run.words


# The guest


def test_requests_are_a_second_apart_and_say_who_asks(source: Source, guest: Guest, waits: list[float]) -> None:
    source.say("/a", b"a")
    guest.get(f"{source.address}/a")
    guest.get(f"{source.address}/a")
    assert len(waits) == 2
    assert all(0.5 < wait <= 1 for wait in waits)
    assert source.asked[-1][2]["User-Agent"].startswith("AnlanBot/")


def test_what_was_fetched_before_is_asked_for_conditionally(source: Source, guest: Guest) -> None:
    source.say("/a", (200, {"ETag": '"1"', "Last-Modified": "Mon, 05 Jan 2026 00:00:00 GMT"}, b"a"), (304, {}, b""))
    first = guest.get(f"{source.address}/a")
    again = guest.get(f"{source.address}/a", etag=first.etag, modified=first.modified)
    assert not again.fresh
    assert source.asked[-1][2]["If-None-Match"] == '"1"'
    assert source.asked[-1][2]["If-Modified-Since"] == "Mon, 05 Jan 2026 00:00:00 GMT"


def test_a_server_that_asks_for_patience_gets_it(source: Source, guest: Guest, waits: list[float]) -> None:
    source.say("/a", (429, {"Retry-After": "7"}, b""), (200, {}, b"a"))
    assert guest.get(f"{source.address}/a").body == b"a"
    assert 7.0 in waits


@pytest.mark.parametrize(
    "answer",
    [
        (429, {"Retry-After": "86400"}, b""),
        (503, {"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}, b""),
        (403, {}, b""),
    ],
)
def test_a_server_that_does_not_want_us_is_left_alone(source: Source, guest: Guest, answer: Page) -> None:
    source.say("/a", answer)
    with pytest.raises(Stopped):
        guest.get(f"{source.address}/a")
    assert source.count("/a") == 1


def test_repeated_errors_end_the_visit(source: Source, guest: Guest) -> None:
    source.say("/a", (500, {}, b""))
    with pytest.raises(Stopped, match="试了"):
        guest.get(f"{source.address}/a")
    assert source.count("/a") == polite.MAX_ERRORS


def test_an_answer_that_is_cut_off_or_trickles_is_tried_again(source: Source, guest: Guest) -> None:
    source.say("/a", (200, {"Content-Length": "99"}, b"cut"), (200, {}, b"whole"))
    assert guest.get(f"{source.address}/a").body == b"whole"


def test_a_slow_server_is_given_up(source: Source, guest: Guest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polite, "DEADLINE", -1)
    source.say("/a", b"a" * 10)
    source.say("/robots.txt", (404, {}, b""))
    with pytest.raises(Stopped, match="太慢"):
        guest.get(f"{source.address}/a")


def test_robots_are_obeyed_and_a_start_page_instead_of_them_is_no_rule(source: Source, guest: Guest) -> None:
    source.say("/robots.txt", b"User-agent: *\nDisallow: /private/\n")
    source.say("/private/a", b"a")
    with pytest.raises(Stopped, match="robots"):
        guest.get(f"{source.address}/private/a")
    assert source.count("/private/a") == 0
    other = Guest(sleep=lambda _seconds: None)
    source.say("/robots.txt", b"<!doctype html><html>Disallow: /</html>")
    assert other.get(f"{source.address}/private/a").body == b"a"


def test_a_page_instead_of_data_is_said(source: Source, guest: Guest) -> None:
    source.say("/a", b"<!doctype html><html></html>")
    with pytest.raises(Missed, match="接口可能改了"):
        guest.get_json(f"{source.address}/a")


def test_what_is_too_large_is_not_read(source: Source, guest: Guest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polite, "MAX_BYTES", 5)
    source.say("/robots.txt", (404, {}, b""))
    source.say("/a", b"123456")
    with pytest.raises(Missed, match="太大"):
        guest.get(f"{source.address}/a")


# The national database


@pytest.mark.django_db
def test_a_new_text_is_fetched_and_imported_with_the_dates_of_the_source(national: Source, guest: Guest) -> None:
    run = fetch_national(["行政法规"], since=date(2026, 1, 1), guest=guest)
    assert (run.state, run.added) == ("done", 1)
    version = Version.objects.get()
    assert (version.key, version.effective_on, version.statute.level) == (
        "2026-01-05",
        date(2026, 3, 1),
        "administrative",
    )
    asked = json.loads(next(body for _m, path, _h, body in national.asked if path == LIST))
    assert asked["flfgCodeId"] == [201, 210, 215]


@pytest.mark.django_db
def test_the_second_day_downloads_nothing_again(national: Source, guest: Guest) -> None:
    fetch_national(["行政法规"], since=date(2026, 1, 1), guest=guest)
    run = fetch_national(["行政法规"], since=date(2026, 1, 1), guest=guest)
    assert national.count("/oss/lamp.docx") == 1
    assert (run.added, run.same) == (0, 1)


@pytest.mark.django_db
def test_what_is_older_than_asked_is_not_downloaded(national: Source, guest: Guest) -> None:
    fetch_national(["行政法规"], since=date(2026, 2, 1), guest=guest)
    assert national.count(FILE) == 0


@pytest.mark.django_db
def test_a_truncated_file_is_missed_today_and_fetched_tomorrow(national: Source, guest: Guest) -> None:
    national.say("/oss/lamp.docx", LAMP[:-200], LAMP)
    run = fetch_national(["行政法规"], since=date(2026, 1, 1), guest=guest)
    assert (run.state, run.added) == ("done", 0)
    assert "下载不完整" in words(run)
    assert fetch_national(["行政法规"], since=date(2026, 1, 1), guest=guest).added == 1


@pytest.mark.django_db
@pytest.mark.parametrize("answer", [b"<html></html>", {"code": 500}, {"rows": "?"}, [1]])
def test_an_interface_that_changed_is_said_and_nothing_breaks(national: Source, guest: Guest, answer: Any) -> None:
    national.say(LIST, answer)
    run = fetch_national(["行政法规"], since=date(2026, 1, 1), guest=guest)
    assert run.added == 0
    assert "接口可能改了" in words(run)


@pytest.mark.django_db
def test_odd_rows_are_passed_over(national: Source, guest: Guest) -> None:
    national.say(
        LIST,
        {"total": 4, "rows": [None, {"bbbs": ""}, {"bbbs": "x", "title": None}, row(gbrq=None, sxrq="?", sxx="3")]},
    )
    assert fetch_national(["行政法规"], since=date(2026, 1, 1), guest=guest).added == 1


@pytest.mark.django_db
def test_without_a_network_the_run_says_so_and_how_to_import(settings: Any, tmp_path: Path, guest: Guest) -> None:
    settings.ANLAN_LAW_NATIONAL_URL, settings.VAR_DIR = "http://127.0.0.1:9", tmp_path
    run = fetch_national(["法律"], guest=guest)
    assert run.state == "failed"
    assert "连接不上" in run.words
    assert "anlan law import" in run.words


# A published collection


def blob(path: str, body: bytes) -> dict[str, str]:
    sha = hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()
    return {"path": path, "type": "blob", "sha": sha}


@pytest.fixture
def collection(source: Source, settings: Any, tmp_path: Path) -> Source:
    """A collection of two texts."""
    settings.VAR_DIR = tmp_path
    settings.ANLAN_LAW_COLLECTION = [f"{source.address}/tree", f"{source.address}/raw/"]
    texts = {"law/lantern.md": LANTERN.encode(), "law/paper.md": PAPER.encode()}
    rows = [
        *(blob(path, body) for path, body in texts.items()),
        {"path": "law", "type": "tree", "sha": "x"},
        blob("../../etc/x.md", b""),
        blob("a.js", b""),
    ]
    source.say("/tree", (200, {"ETag": '"7"'}, json.dumps({"tree": rows}).encode()), (304, {}, b""))
    for path, body in texts.items():
        source.say(f"/raw/{path}", body)
    return source


@pytest.mark.django_db
def test_a_collection_is_fetched_once_and_then_asked_whether_it_changed(
    collection: Source, guest: Guest, tmp_path: Path
) -> None:
    assert fetch_collection(guest=guest).added == 2
    asked = len(collection.asked)
    assert fetch_collection(guest=guest).added == 0
    assert len(collection.asked) == asked + 1
    assert collection.asked[-1][2]["If-None-Match"] == '"7"'
    assert not (tmp_path / "etc").exists()


@pytest.mark.django_db
def test_a_file_that_does_not_match_its_hash_is_asked_for_again(collection: Source, guest: Guest) -> None:
    collection.pages["/tree"] = collection.pages["/tree"][:1]
    collection.say("/raw/law/paper.md", b"cut", PAPER.encode())
    run = fetch_collection(guest=guest)
    assert run.added == 1
    assert "下载不完整" in words(run)
    assert fetch_collection(guest=guest).added == 1


@pytest.mark.django_db
@pytest.mark.parametrize("answer", [b"<html></html>", {"message": "rate limit"}, {"tree": 5}])
def test_a_listing_that_is_none_is_said(collection: Source, guest: Guest, answer: Any) -> None:
    collection.say("/tree", answer)
    run = fetch_collection(guest=guest)
    assert run.state == "failed"
    assert "目录不是预期的样子" in run.words


@pytest.mark.django_db
def test_the_command_fetches_and_fails_with_words(
    national: Source, settings: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(polite, "PAUSE", 0)
    monkeypatch.setattr(Guest.__init__, "__defaults__", (0.0, lambda _seconds: None))
    call_command("law", "fetch", "national", "--kind", "行政法规", "--since", "2026-01-01")
    assert "新增 1 个版本" in capsys.readouterr().out
    settings.ANLAN_LAW_NATIONAL_URL = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="anlan law import"):
        call_command("law", "fetch", "national", "--kind", "法律")
