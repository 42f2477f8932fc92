"""After texts came in: who replaces whom, what a later text repealed, which number an article has now, what search must know."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from typing import Final

from django.db import transaction

from anlan.law import findable
from anlan.law.models import Article, Provision, Statute, Version
from anlan.law.parsing.naming import everyday, slug_of
from anlan.search.actions import index_many, unindex

_FIELDS: Final = ("ended_on", "repealed", "ended_words")


def settle_dates() -> set[int]:
    """Set the end of every version: the day its successor binds, or the day another text repealed it.

    Works on the whole library at once (four thousand versions in memory), so it may run at any time and again.
    Returns the statutes of versions that changed.
    """
    with transaction.atomic():
        wanted = ("pk", "statute_id", "key", "adopted_on", "effective_on", "ends", *_FIELDS)
        lines: dict[int, list[Version]] = {}
        for version in Version.objects.only(*wanted):
            lines.setdefault(version.statute_id, []).append(version)
        names: dict[str, list[int]] = {}
        shorts: dict[int, str] = {}
        for pk, short in Statute.objects.values_list("pk", "short"):
            shorts[pk] = short
            names.setdefault(slug_of(short), []).append(pk)
        before = {v.pk: tuple(getattr(v, name) for name in _FIELDS) for line in lines.values() for v in line}
        for line in lines.values():
            _replace(line)
        _repeal(lines, names, shorts)
        changed = [
            v for line in lines.values() for v in line if before[v.pk] != tuple(getattr(v, name) for name in _FIELDS)
        ]
        Version.objects.bulk_update(changed, list(_FIELDS), batch_size=200)
        return {version.statute_id for version in changed}


def _order(version: Version) -> tuple[date, date, int]:
    return version.effective_on or date.min, version.adopted_on or date.min, version.pk


def _replace(line: list[Version]) -> None:
    line.sort(key=_order)
    for version, following in pairwise(line):
        version.ended_on = following.effective_on
        version.repealed, version.ended_words = False, ""
    last = line[-1]
    # What a source says about the last version stands; what another text did to it is found again below.
    if not last.ended_words.startswith("来源"):
        last.ended_on, last.repealed, last.ended_words = None, False, ""


def _repeal(lines: dict[int, list[Version]], names: dict[str, list[int]], shorts: dict[int, str]) -> None:
    for statute, line in lines.items():
        for version in line:
            if version.effective_on is None:
                continue
            for title, ref in version.ends:
                for target in names.get(slug_of(everyday(title)), ()):
                    if target == statute or target not in lines:
                        continue
                    last = lines[target][-1]
                    if (last.adopted_on or date.min) < (version.adopted_on or version.effective_on) and (
                        last.ended_on is None or last.ended_on > version.effective_on
                    ):
                        last.ended_on, last.repealed = version.effective_on, True
                        last.ended_words = f"《{shorts[statute]}》{'第' + ref + '条' if ref else ''}"[:300]


def settle_refs(statutes: Iterable[int]) -> None:
    """Give every article of these statutes the number of the newest version that has it."""
    several = [pk for pk in statutes if Version.objects.filter(statute=pk).count() > 1]
    for pk in several:
        with transaction.atomic():
            numbers: dict[int, str] = {}
            order = [
                v.pk
                for v in sorted(Version.objects.filter(statute=pk).only("pk", "effective_on", "adopted_on"), key=_order)
            ]
            rows = Provision.objects.filter(version__in=order, article__isnull=False).values_list(
                "version", "article", "ref"
            )
            for _version, pk_of_article, ref in sorted(rows, key=lambda row: order.index(row[0])):
                numbers[pk_of_article] = ref
            changed = []
            for article in Article.objects.filter(statute=pk):
                if article.pk in numbers and numbers[article.pk] != article.ref:
                    article.ref = numbers[article.pk]
                    changed.append(article)
            Article.objects.bulk_update(changed, ["ref"], batch_size=500)


def tell_search(statutes: Iterable[int]) -> int:
    """Put the documents of these statutes into the index as they stand today; return how many changed."""
    changed = 0
    ordered = sorted(statutes)
    for start in range(0, len(ordered), 200):
        batch = ordered[start : start + 200]
        for kind in ("statute", "article"):
            rows = list(findable.documents(kind, batch))
            changed += index_many(kind, rows)
            gone = findable.keys_here(kind, batch) - {row.key for row in rows}
            if gone:
                unindex(kind, *gone)
    return changed
