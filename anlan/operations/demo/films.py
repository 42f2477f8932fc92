"""Short films of the demo: a case and an article that people can watch. Drawn and spoken by the media worker, then
carried through the three reviews like any other change; until then the pages show their words."""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path
from typing import Any, Final

from django.core.files.base import ContentFile, File
from django.db import transaction
from django_tasks import task

from anlan.content.actions import create_page, save_page
from anlan.content.models import Entry
from anlan.files.actions import store
from anlan.files.models import Blob
from anlan.operations.demo.cast import Cast, lay_cast
from anlan.operations.demo.content import carry
from anlan.training.media import slides

FILMS: Final[dict[str, dict[str, Any]]] = tomllib.loads(
    Path(__file__).with_name("films.toml").read_text(encoding="utf-8")
)
FIELDS: Final = ("title", "summary", "tags", "cites", "body")


def lay_films(cast: Cast) -> None:
    """Queue the films that are not there yet. Safe to run again."""
    for name in FILMS:
        if not _is_there(name):
            film.enqueue(name)


@task(queue_name="media")
def film(name: str) -> bool:
    """Make one of them and release it; return whether it was still missing."""
    if _is_there(name):
        return False
    cast, row = lay_cast(outsiders=True), FILMS[name]
    with tempfile.TemporaryDirectory(prefix="anlan-film-") as folder:
        target = Path(folder) / "film.mp4"
        slides.render_recording([{"title": row["over"], "slides": row["slides"]}], target, course=row["foot"])
        with target.open("rb") as made, transaction.atomic():
            _release(name, _keep(File(made), f"{name}.mp4", cast), cast)
    return True


def _release(name: str, video: Blob, cast: Cast) -> None:
    row = FILMS[name]
    poster = slides.draw(row["slides"][:1], course=row["foot"], over=row["over"], pages=len(row["slides"]))[0]
    values = {
        "video": video, "video_words": "\n\n".join(slide["narration"] for slide in row["slides"]),
        "cover": _keep(ContentFile(poster), f"{name}.png", cast), "cover_words": f"短片的第一页。{row['foot']}",
    }  # fmt: skip
    page = Entry.objects.filter(section=row["section"], slug=name).first()
    if page is None:
        own = {field: row[field] for field in FIELDS}
        page = create_page(row["section"], {**own, **values, "kind": "video", "level": "national"}, by=cast.editor)
    else:
        save_page(page, values, by=cast.editor)
    carry(page, cast.editor, (cast.reviewer, cast.head_editor, cast.chief_editor), release_it=True)


def _is_there(name: str) -> bool:
    return Blob.objects.filter(name=f"{name}.mp4", owner_kind="content.entry").exists()


def _keep(content: File[Any], name: str, cast: Cast) -> Blob:
    return store(content, name=name, owner=("content.entry", ""), by_id=cast.editor.pk, max_mb=50)
