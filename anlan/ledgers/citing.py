"""Which articles the ledger templates of the platform rest on, for the law to show and to watch."""

from collections.abc import Iterator

from django.urls import reverse

from anlan.law.actions.citing import Cite
from anlan.ledgers.models import Template


def citations() -> Iterator[Cite]:
    """Every template of the platform or a territory that is in use."""
    rows = Template.objects.filter(enterprise__isnull=True, retired_at__isnull=True).exclude(source="")
    for row in rows:
        yield Cite(
            f"ledger:{row.pk}", f"台账：{row.name}", tuple(row.sources), reverse("ledgers:template", args=[row.pk])
        )
