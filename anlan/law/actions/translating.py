"""Translations beside the official text; the Chinese text alone binds."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from anlan.law.actions.guides import cite_guides
from anlan.law.models import Provision, Translation

COLUMNS = ("slug", "key", "ref", "language", "text")


@dataclass
class Taken:
    """What came of a file: rows written, and words about those that were not."""

    written: int = 0
    refused: list[str] = field(default_factory=list)


def take_translations(path: Path, *, source: str = "") -> Taken:
    """Read a CSV (UTF-8, columns slug, key, ref, language, text) and store it; a row that is there is replaced.

    Raises ValueError where columns are missing; rows that name no article are refused and said.
    """
    taken = Taken()
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
            raise ValueError(f"缺少这些列：{'、'.join(missing)}")
        rows = list(reader)
    places: dict[tuple[str, str, str], int] = {}
    found = Provision.objects.filter(
        version__statute__slug__in={row["slug"] for row in rows}, kind=Provision.Kind.ARTICLE
    )
    for pk, slug, key, ref in found.values_list("pk", "version__statute__slug", "version__key", "ref"):
        places.setdefault((slug, key, ref), pk)
    new: dict[tuple[int, str], Translation] = {}
    for number, row in enumerate(rows, 2):
        place = places.get((row["slug"].strip(), row["key"].strip(), row["ref"].strip()))
        language, words = row["language"].strip()[:12], row["text"].strip()
        if place is None or not language or not words:
            taken.refused.append(f"第 {number} 行：{'没有这一条' if place is None else '语言或译文是空的'}")
            continue
        new[place, language] = Translation(provision_id=place, language=language, text=words, source=source[:300])
    with transaction.atomic():
        Translation.objects.bulk_create(
            new.values(), update_conflicts=True, unique_fields=["provision", "language"], update_fields=["text", "source"],
            batch_size=500,
        )  # fmt: skip
        cite_guides()
    taken.written = len(new)
    return taken
