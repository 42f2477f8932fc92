"""What of the site can be found."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone

from anlan.content.models import SECTION_MODELS, CasePage, Entry, KnowledgeCard
from anlan.content.rendering import plain_text
from anlan.search.actions import Found


def documents(section: str) -> Iterator[Found]:
    """Yield every public page of a section (`Entry.Section`, which are kinds of documents too)."""
    for page in SECTION_MODELS[section].objects.public().iterator(chunk_size=500):
        yield found_of(page)


def found_of(page: Entry) -> Found:
    """A page, as its own kind, as search shows it."""
    parts = [page.summary]
    if isinstance(page, KnowledgeCard):
        parts += [f"{step['title']}：{step['text']}" for step in page.steps] + list(page.never)
    if isinstance(page, CasePage):
        parts += [row["text"] for row in page.timeline]
        parts += [*page.causes_direct, *page.causes_indirect, *page.lessons]
    parts.append(plain_text(page.body))
    day = timezone.localtime(page.first_published_at).date() if page.first_published_at else None
    return Found(
        key=page.slug[:120],
        title=page.title[:300],
        heading=page.mark_words,
        text="\n".join(part for part in parts if part),
        also="\n".join(page.also),
        url=page.get_absolute_url(),
        region_code=page.regions[0] if len(page.regions) == 1 else "",
        tags=(*page.tags, *page.cites),  # search leads from an answer to the articles it cites
        level=getattr(page, "level", ""),
        day=day,
    )
