"""Which articles the pages of the site cite, for the law to show and to watch, and as links for the pages themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from django.urls import NoReverseMatch, reverse

from anlan.content.models import SECTION_MODELS, Entry
from anlan.law.actions.citing import Cite
from anlan.law.models import Statute
from anlan.lib.codes import Malformed
from anlan.lib.numerals import article

KINDS: Final = {
    "knowledge": ("knowledge",), "case": ("case",), "faq": ("faq",), "news": ("news", "zone", "download"),
}  # fmt: skip
"""Kind of citation (`law.Citation.Kind`) → sections of the site."""


def citations(kind: str) -> Iterator[Cite]:
    """Yield what the public pages of a kind cite, for `law.actions.citing.take_citations(kind, …)`."""
    for section in KINDS[kind]:
        for page in SECTION_MODELS[section].objects.public().order_by("pk").iterator(chunk_size=500):
            refs = tuple(cites_of(page))
            if refs:
                yield Cite(
                    key=f"{section}:{page.pk}", title=page.title, refs=refs, url=page.get_absolute_url(), is_public=True
                )


@dataclass(frozen=True, slots=True)
class Chip:
    """A citation in words, with the address of the article where the house knows the statute."""

    words: str
    url: str = ""


def split(cite: str) -> tuple[str, str]:
    """ "安全生产法:28" → ("安全生产法", "28"); without an article the second is empty."""
    name, colon, ref = cite.replace("：", ":").rpartition(":")
    return (name.strip().strip("《》"), ref.strip()) if colon else (ref.strip().strip("《》"), "")


def chips(cites: Iterable[str]) -> list[Chip]:
    """Return links for citations, in their order. One query."""
    pairs = [(cite, *split(cite)) for cite in cites]
    slugs = dict(Statute.objects.filter(short__in={name for _cite, name, _ref in pairs}).values_list("short", "slug"))
    return [Chip(words_of(cite), _url(slugs.get(name), ref)) for cite, name, ref in pairs]


def words_of(cite: str) -> str:
    """《安全生产法》第二十八条; what nobody can read stays as it is."""
    try:
        return article(cite)
    except Malformed:
        return cite


def _url(slug: str | None, ref: str) -> str:
    if slug is None:
        return ""
    try:
        return reverse("law:article", args=[slug, ref]) if ref else reverse("law:statute", args=[slug])
    except NoReverseMatch:
        return ""


def cites_of(page: Entry) -> Iterator[str]:
    """Yield every citation of a page once: those of its text and those that a case violated."""
    seen: set[str] = set()
    for cite in (
        *page.cites,
        *getattr(page, "cost_cites", ()),
        *getattr(page, "see", ()),
        *(row.get("cite", "") for row in getattr(page, "violated", [])),
    ):
        if cite and cite not in seen:
            seen.add(cite)
            yield cite
