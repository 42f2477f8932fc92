"""Which statute a name means: everyday titles, official titles, aliases."""

from __future__ import annotations

from typing import Final
from uuid import uuid4

from django.core.cache import cache

from anlan.law.models import Alias, Statute
from anlan.law.recognising import everyday_name

KEPT_SECONDS: Final = 60


def read_names() -> dict[str, int]:
    """Return name → statute. Of namesakes the higher norm counts, then the nation's before a region's. Two queries."""
    rows = Statute.objects.values_list("pk", "title", "short", "level", "region_code")
    ranked = sorted(rows, key=lambda row: (Statute.RANKS[Statute.Level(row[3])], not row[4], -row[0]))
    names: dict[str, int] = {}
    for name, pk in Alias.objects.values_list("name", "statute_id"):
        names[name] = pk
    for pk, title, short, _level, _region in ranked:
        names[everyday_name(title)] = names[everyday_name(short)] = pk
    return names


_kept: dict[str, dict[str, int]] = {}
"""The last table of this process under the token that the cache holds: unpickling 8,000 names on every page is too dear."""


def known_names() -> dict[str, int]:
    """The same, up to a minute old: for pages that only draw links."""
    token: str | None = cache.get("law:names")
    if token is None or token not in _kept:
        names = read_names()
        token = token or uuid4().hex
        _kept.clear()
        _kept[token] = names
        cache.set("law:names", token, KEPT_SECONDS)
        return names
    return _kept[token]
