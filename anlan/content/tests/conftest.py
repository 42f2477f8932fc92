"""Texts and helpers that the tests of the site share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from anlan.accounts.models import User
from anlan.content.actions import create_page, release, sign, submit_page
from anlan.content.models import Entry, ReviewRound, Signature
from anlan.operations.demo.cast import Cast

CHECKS = list(Signature.CHECKS)
BOTH = (Signature.Kind.REVIEW, Signature.Kind.PROOF)
Write = Callable[..., Entry]


@pytest.fixture
def write(cast: Cast) -> Write:
    """Begin a piece of news by the editor."""

    def _write(title: str = "叉车怎么停", by: User | None = None, **more: Any) -> Entry:
        values = {
            "title": title,
            "summary": "停稳、落叉、拔钥匙",
            "body": "先停稳，再落叉，最后拔钥匙。",
            "kind": "expert",
            "level": "local",
        }
        return create_page("news", {**values, **more}, by=by or cast.editor)

    return _write


@pytest.fixture
def sign_all(cast: Cast) -> Callable[..., ReviewRound]:
    """Sign a round through its stages (or the first `stages` of them) by the three reviewers."""

    def _sign_all(current: ReviewRound, stages: int = 3) -> ReviewRound:
        for person in (cast.reviewer, cast.head_editor, cast.chief_editor)[:stages]:
            for kind in BOTH:
                sign(current, kind, by=person, seen=current.hash, checks=CHECKS)
        current.refresh_from_db()
        return current

    return _sign_all


@pytest.fixture
def publish(cast: Cast, write: Write, sign_all: Callable[..., ReviewRound]) -> Write:
    """A piece of news that went through everything and is public."""

    def _publish(title: str = "叉车怎么停", **more: Any) -> Entry:
        page = write(title, **more)
        release(sign_all(submit_page(page, by=cast.editor)), by=cast.chief_editor)
        return Entry.objects.get(pk=page.pk).own

    return _publish
