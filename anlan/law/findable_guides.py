"""What search may find of the plain-language guides; they also lead it to their article."""

from __future__ import annotations

from collections.abc import Iterator

from anlan.law.models import Guide
from anlan.lib.numerals import article
from anlan.search.actions import Found


def documents() -> Iterator[Found]:
    """Yield every guide as a document of its own, in plain words."""
    for guide in Guide.objects.select_related("statute").iterator(chunk_size=500):
        body, statute = guide.body, guide.statute
        parts = [body.get("who", ""), *body.get("duty", ()), body.get("cost", ""), body.get("example", "")]
        label = article(f"x:{guide.ref}").partition("》")[2]
        yield Found(
            key=f"{statute.slug}:{guide.ref}"[:120], title=body.get("title", "")[:300], heading=f"{statute.short} {label}",
            text="\n".join(part for part in parts if part), url=f"/law/{statute.slug}/{guide.ref}/", statute=statute.slug,
            ref=guide.ref, level="", rank=statute.rank, state="force",
        )  # fmt: skip
