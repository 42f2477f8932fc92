"""The short films of the demo: drawn, carried through the reviews, watched by everybody; a new film asks for it again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

from anlan.accounts.models import User
from anlan.content.actions import save_page, submit_page
from anlan.content.actions.ready import install_ready
from anlan.content.models import CasePage, Entry, NewsPage, ReviewRound
from anlan.files.actions import store
from anlan.files.models import Blob
from anlan.operations.demo.cast import Cast
from anlan.operations.demo.films import FILMS, film, lay_films
from anlan.training.media import ffmpeg

pytestmark = pytest.mark.django_db
HEAD = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"


def keep(content: bytes) -> Blob:
    """An invented film: the head of an MP4 and something after it."""
    return store(ContentFile(HEAD + content), name="film.mp4", owner=("content.entry", ""), by_id=None)


def body(response: Any) -> bytes:
    """The whole of a file that is sent in pieces."""
    return b"".join(response.streaming_content)


def played(client: Client, page: Entry) -> bytes:
    """What a browser gets that follows the page's film."""
    html = client.get(page.get_absolute_url()).content.decode()
    return body(client.get(html.split('<video controls preload="none" src="', 1)[1].split('"', 1)[0]))


def test_a_film_is_made_reviewed_three_times_and_plays(cast: Cast, client: Client, tmp_path: Path) -> None:
    assert film.func("hot-work") is True
    page = NewsPage.objects.public().get(title=FILMS["hot-work"]["title"])
    signatures = ReviewRound.objects.get(page=page).signatures.filter(void_at__isnull=True)
    assert signatures.count() == 6
    assert cast.editor.pk not in signatures.values_list("person_id", flat=True)
    made = tmp_path / "film.mp4"
    made.write_bytes(played(client, page))
    assert 30_000 < ffmpeg.probe(made).duration_ms < 120_000
    assert "火星会往下掉" in client.get(page.get_absolute_url()).content.decode()
    assert film.func("hot-work") is False
    lay_films(cast)
    assert DBTaskResult.objects.get(queue_name="media").args_kwargs["args"] == ["sewage-pit"]


@pytest.fixture
def case(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> CasePage:
    """The shipped case with its film, whose pictures are not drawn here."""
    install_ready(demo=True)
    monkeypatch.setattr(
        "anlan.training.media.slides.render_recording", lambda _c, target, **_k: target.write_bytes(HEAD + b"first")
    )
    film.func("sewage-pit")
    found: CasePage = CasePage.objects.public().get(slug="sewage-pit")
    return found


def test_a_shipped_case_gets_its_film(case: CasePage, client: Client) -> None:
    assert played(client, case).endswith(b"first")
    assert case.cover is not None


def test_another_film_voids_the_signatures_and_reviewers_see_it_before_the_public(
    cast: Cast, case: CasePage, client: Client, sign_in: Callable[[User], Client]
) -> None:
    save_page(case, {"video": keep(b"second")}, by=cast.editor)
    current = submit_page(case, by=cast.editor)
    before = current.hash
    third = keep(b"third")
    save_page(case, {"video": third}, by=cast.editor)
    current.refresh_from_db()
    assert current.hash != before
    assert played(client, case).endswith(b"first")
    address = f"{reverse('content:film', args=[case.pk])}?v={third.sha256[:12]}"
    assert body(client.get(address)).endswith(b"first")
    reviewer = sign_in(cast.reviewer)
    assert address in reviewer.get(reverse("content:draft", args=[case.pk])).content.decode()
    assert body(reviewer.get(address)).endswith(b"third")
