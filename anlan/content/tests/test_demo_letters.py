"""The demo of letters and collecting: every state once, and nothing twice."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from anlan.accounts.models import User
from anlan.content.models import Collected, Correction, Entry, Letter, Source, Subscription
from anlan.operations.demo.cast import Cast
from anlan.operations.demo.letters import lay_letters


def test_every_state_is_shown_and_laying_again_adds_nothing(
    cast: Cast, publish: Callable[..., Entry], sign_in: Callable[[User], Client]
) -> None:
    publish("叉车怎么停")
    lay_letters(cast)
    lay_letters(cast)
    assert set(Letter.objects.values_list("state", flat=True)) == set(Letter.State.values)
    assert Correction.objects.count() == 2 and Source.objects.broken().count() == 1
    assert set(Collected.objects.values_list("state", flat=True)) >= {"new", "dropped", "duplicate"}
    assert Subscription.objects.count() == 3
    client = sign_in(cast.editor)
    for path in (
        "/editing/letters/",
        "/editing/letters/?view=done",
        "/editing/collected/",
        "/editing/sources/",
        "/editing/links/",
        "/corrections/",
    ):
        assert client.get(path).status_code == 200
    assert "1 封来信逾期未答" in client.get("/editing/letters/").content.decode()
    assert "1 个来源连续采不到" in client.get("/editing/sources/").content.decode()
    assert "标准" not in sign_in(cast.manager).get("/subscriptions/").content.decode()
