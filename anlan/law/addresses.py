"""Where references of the short form lead to, for the apps above: one query for a whole page of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.urls import NoReverseMatch, reverse

from anlan.law.models import Statute
from anlan.lib.numerals import article


def addresses(references: Iterable[str]) -> dict[str, str]:
    """{"安全生产法:28": "/law/安全生产法/28/"} for the references whose statute this house knows. One query."""
    split = {one: one.replace("：", ":").rpartition(":") for one in references}
    names = {name for name, colon, _ref in split.values() if colon and not name[:1].isascii()}
    slugs = dict(Statute.objects.filter(short__in=names).values_list("short", "slug"))
    found = {}
    for one, (name, _colon, ref) in split.items():
        if name in slugs:
            try:
                found[one] = reverse("law:article", args=[slugs[name], ref])
            except NoReverseMatch:  # not written as an article is
                continue
    return found


def linked(references: Iterable[str], known: Mapping[str, str]) -> list[tuple[str, str]]:
    """References as people write them, each with its address or "": [("《安全生产法》第二十八条", "/law/…/28/"), …]."""
    return [(article(one), known.get(one, "")) for one in references]
