"""An index of its own for every test, and a small invented body of law."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from anlan.search import learning, names, suggesting
from anlan.search.actions import Found, index, index_many, tracing
from anlan.search.engine import engine
from anlan.search.engine.database import DatabaseEngine
from anlan.search.models import Document
from anlan.search.thesaurus import current

STATUTES = {
    "山川劳作法": ("law", 90, ["劳作法", "山劳法"]),
    "云溪省劳作条例": ("local", 60, []),
    "驮马通行规则": ("rule", 60, []),
}
"""Invented: official title 中华人民共和国X for laws, level, rank, aliases."""
ARTICLES = {
    "山川劳作法:1": "为了保护劳作的人，制定本法。",
    "山川劳作法:2": "雇主应当在每月最后一日支付约定的酬金，不得克扣或者无故拖欠。",
    "山川劳作法:3": "雇主未订立书面约书的，自第二个月起支付双倍酬金。",
    "山川劳作法:4": "从事登崖作业的人，应当系好绳索；未经教习不得登崖。",
    "山川劳作法:4-1": "雇主强令登崖的，劳作的人有权拒绝。",
    "山川劳作法:5": "违反本法规定，拖欠酬金的，处五千钱以上一万钱以下罚款。",
    "山川劳作法:6": "劳作的人在往返住处的途中受到非本人过错的驮马伤害，视为劳作伤害。",
    "云溪省劳作条例:2": "本省雇主应当支付酬金，拖欠酬金的由县府催告。",
    "驮马通行规则:1": "驮马应当靠右行走，夜间悬灯。",
    "驮马通行规则:2": "驮马撞伤行人的，主人应当赔偿。",
}


def statute(slug: str) -> Found:
    """An invented statute as the law app says it."""
    level, rank, aliases = STATUTES[slug]
    official = f"中华人民共和国{slug}" if level == "law" else slug
    return Found(
        key=slug, title=slug, text=official, also="\n".join(aliases), url=f"/law/{slug}/", statute=slug, level=level,
        rank=rank, state="force",
    )  # fmt: skip


def article(key: str, text: str, **more: str) -> Found:
    """An invented article as the law app says it."""
    slug, _, ref = key.partition(":")
    level, rank, _aliases = STATUTES[slug]
    return Found(
        key=key, title=f"{slug} 第{ref}条", text=text, heading=slug, url=f"/law/{slug}/{ref}/", statute=slug, ref=ref,
        level=level, rank=rank, **{"state": "force", **more},
    )  # fmt: skip


def forget_everything() -> None:
    """What the process keeps of the last test."""
    names.forget()
    suggesting.forget()
    learning.forget()
    current(at_once=True)
    if isinstance(engine(), DatabaseEngine):
        engine()._known.clear()  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _own_index(settings: Any, tmp_path: Path, db: None) -> Iterator[None]:
    settings.ANLAN_SEARCH_URL = f"tantivy:{tmp_path}/index"
    Document.objects.all().delete()  # the shipped guides are found from the first day on; these tests have a law of their own
    tracing.flush()
    forget_everything()
    yield
    tracing.flush()


@pytest.fixture
def law() -> None:
    """The invented body of law, indexed, followed and learned from."""
    index_many("statute", (statute(slug) for slug in STATUTES))
    index_many("article", (article(key, text) for key, text in ARTICLES.items()))
    index(
        "knowledge",
        Found(
            key="fall",
            title="登崖摔伤",
            text="先止血，再固定，喊人抬走。",
            also="从山上掉下来了怎么办\n摔断腿",
            url="/knowledge/fall/",
        ),
    )
    index(
        "faq",
        Found(
            key="pay", title="雇主一直不给钱怎么办", text="先催告，再请县府催告。", url="/faq/#pay", tags=("山川劳作法:2",)
        ),
    )  # fmt: skip
    catch_up()


@pytest.fixture
def add_term() -> Callable[..., None]:
    """Add an entry to the thesaurus, known at once."""
    from anlan.search.models import Term

    def _add(lay: list[str], formal: list[str], kind: str = "synonym") -> None:
        Term.objects.create(kind=kind, lay=lay, formal=formal)
        current(at_once=True)

    return _add


def catch_up() -> int:
    """Let the engine follow and every reader see it now."""
    taken = engine().follow()
    engine()._looked = 0.0  # type: ignore[attr-defined]  # readers look once a second
    learning.learn()
    forget_everything()
    return taken


def keys(kind: str = "article") -> dict[int, str]:
    """Documents by primary key."""
    return dict(Document.objects.filter(kind=kind).values_list("pk", "key"))
