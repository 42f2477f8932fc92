"""The statutes that everybody cites: rows to hold guides and citations before any text is here."""

from __future__ import annotations

from django.db import transaction

from anlan.law.actions.facts import shipped_statutes
from anlan.law.models import Alias, Statute
from anlan.law.parsing.naming import slug_of


@transaction.atomic
def name_statutes() -> int:
    """Create the statutes and aliases of `data/statutes.toml` that are not there yet; return how many statutes are new."""
    rows = shipped_statutes()
    here = set(Statute.objects.values_list("slug", flat=True))
    new = [
        Statute(
            slug=slug_of(short),
            title=row["title"],
            short=short,
            level=row["level"],
            region_code=row.get("region_code", ""),
        )
        for short, row in rows.items()
        if slug_of(short) not in here
    ]
    Statute.objects.bulk_create(new)
    statutes = dict(Statute.objects.filter(slug__in=[slug_of(short) for short in rows]).values_list("slug", "pk"))
    aliases = [
        Alias(statute_id=statutes[slug_of(short)], name=name) for short, row in rows.items() for name in row["aliases"]
    ]
    Alias.objects.bulk_create(aliases, ignore_conflicts=True)
    return len(new)
