"""The plain-language guides 要义: shipped with the product, corrected by editors, never overwritten where they were."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from django.db import transaction

from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.law import findable_guides
from anlan.law.actions.citing import Cite, take_citations
from anlan.law.actions.facts import shipped_statute
from anlan.law.actions.naming import name_statutes
from anlan.law.actions.settling import tell_search
from anlan.law.models import Citation, Guide, Statute, Translation
from anlan.law.parsing.naming import slug_of
from anlan.search.actions import reconcile

FOLDER: Final = Path(__file__).parent.parent / "data" / "guides"
FIELDS: Final = ("title", "who", "duty", "cost", "cost_cites", "example", "see", "audience")
ENGLISH: Final = ("title", "who", "duty", "cost", "example")


def install_guides(folder: Path = FOLDER) -> int:
    """Bring the shipped guides in: what is new or shipped anew, except where an editor changed it. Returns how many.

    Runs after every migration; three queries when nothing changed.
    """
    name_statutes()
    changed = 0
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        changed += _install(place)
    if changed:
        tell_search(Guide.objects.values_list("statute", flat=True).distinct())
        reconcile("guide", findable_guides.documents())
    return changed


@transaction.atomic
def _install(place: Path) -> int:
    statute = Statute.objects.filter(slug=slug_of(place.name)).first()
    if statute is None:
        row = shipped_statute(place.name) or {"title": place.name, "short": place.name, "level": Statute.Level.LAW}
        statute = Statute.objects.create(
            slug=slug_of(place.name), title=row["title"], short=row["short"], level=row["level"]
        )
    here = {guide.ref: guide for guide in Guide.objects.filter(statute=statute).only("ref", "digest", "edited")}
    new, changed = [], []
    for shipped in shipped_guides(place):
        text: dict[str, Any] = {name: shipped[name] for name in FIELDS if name in shipped}
        english: dict[str, Any] = {name: shipped["en"][name] for name in ENGLISH if name in shipped.get("en", {})}
        digest = digest_of(text, english)
        guide = here.get(shipped["article"])
        if guide is None:
            new.append(Guide(statute=statute, ref=shipped["article"], body=text, english=english, digest=digest))
        elif guide.digest != digest and not guide.edited:
            guide.body, guide.english, guide.digest = text, english, digest
            changed.append(guide)
    Guide.objects.bulk_create(new)
    for guide in changed:
        guide.save(update_fields=["body", "english", "digest", "updated_at"])
    return len(new) + len(changed)


def shipped_guides(place: Path) -> Iterator[dict[str, Any]]:
    """Yield the tables of a statute's files in order."""
    for path in sorted(place.glob("*.toml")):
        yield from tomllib.loads(path.read_text("utf-8"))["guide"]


def digest_of(text: dict[str, Any], english: dict[str, Any]) -> str:
    """Of the shipped words."""
    return hashlib.sha256(json.dumps([text, english], ensure_ascii=False, sort_keys=True).encode()).hexdigest()


@transaction.atomic
def rewrite_guide(
    guide: Guide, body: dict[str, Any], english: dict[str, Any], *, by: User | None, signed: Sequence[str]
) -> None:
    """Write a guide anew, once its text has passed the reviews, with who signed it; the old words stay in the record.
    `by` None: the clock."""
    kept = Guide.objects.select_for_update().select_related("statute").get(pk=guide.pk)
    before = {"body": kept.body, "english": kept.english}
    kept.body = {**kept.body, **body, "signed": list(signed)}
    kept.english, kept.edited = {**kept.english, **english}, True
    kept.save(update_fields=["body", "english", "edited", "updated_at"])
    record("edit_guide", kept, by=by, before=before, after={"body": kept.body, "english": kept.english})
    cite_guides()
    reconcile("guide", findable_guides.documents())


def cite_guides() -> int:
    """Hand in what guides and translations cite; return how many citations are new.

    A guide stands under two keys: its own article, and the articles that its costs rest on.
    """
    guides = Guide.objects.select_related("statute").only("ref", "body", "statute__slug", "statute__short")
    new = take_citations(Citation.Kind.GUIDE, _guides(guides))
    rows = Translation.objects.select_related("provision__version__statute").only(
        "language", "provision__ref", "provision__label", "provision__version__key",
        "provision__version__statute__slug", "provision__version__statute__short",
    )  # fmt: skip
    return new + take_citations(Citation.Kind.TRANSLATION, _translations(rows))


def _guides(guides: Any) -> Iterator[Cite]:
    for guide in guides:
        statute, title = guide.statute, guide.body.get("title", "")
        url = f"/law/{statute.slug}/{guide.ref}/#guide"
        own = f"{statute.short}:{guide.ref}"
        name = f"{statute.short} {guide.ref} {title}"
        yield Cite(own_key(statute.pk, guide.ref), name, (own,), url, is_public=True)
        costs = tuple(cite for cite in guide.body.get("cost_cites", ()) if cite != own)
        yield Cite(f"{own_key(statute.pk, guide.ref)}:cost", name, costs, url, is_public=True)


def own_key(statute: int, ref: str) -> str:
    """The key of a guide among citations."""
    return f"{statute}:{ref}"


def _translations(rows: Any) -> Iterator[Cite]:
    for row in rows:
        version = row.provision.version
        statute, ref = version.statute, row.provision.ref
        if ref:
            url = f"/law/{statute.slug}/v/{version.key}/{ref}/"
            title = f"{statute.short} {row.provision.label} {row.language}"
            yield Cite(f"{row.provision_id}:{row.language}", title, (f"{statute.short}:{ref}",), url, is_public=True)
