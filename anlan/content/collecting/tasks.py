"""Periodic work of collecting."""

from __future__ import annotations

from typing import Final

from django.utils import timezone

from anlan.content.collecting.crawling import claim, crawl
from anlan.content.collecting.fetching import Fetcher
from anlan.content.models import Source

RUN: Final = 480
"""Seconds after which a run leaves the rest to the next one, ten minutes after it."""


def crawl_due(fetcher: Fetcher | None = None) -> int:
    """Read every source whose hour has come; return how many texts are new. Runs every ten minutes."""
    fetcher = fetcher or Fetcher()
    begun, made = timezone.now(), 0
    for source in Source.objects.due()[:200]:
        if (timezone.now() - begun).total_seconds() > RUN:
            break
        if claim(source):
            made += crawl(source, fetcher)
    return made
