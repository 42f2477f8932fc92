"""Telling of the law: a version that is new, the day on which it begins to bind. Reads the law by a cursor, no signals."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from django.db import transaction
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.content.models import LawCursor
from anlan.content.subscriptions.conditions import Mark, region_marks
from anlan.content.subscriptions.tell import announce
from anlan.law.models import Provision, Version
from anlan.lib.dates import cn_date

NEWS: Final = timedelta(days=60)
"""A text adopted longer ago is no news when it is imported: the first import of a library tells nobody anything."""


def tell_law(today: date | None = None) -> int:
    """Announce versions that came since the last run, and those that begin to bind; return how many announcements."""
    today = today or timezone.localdate()
    with transaction.atomic():
        cursor, _new = LawCursor.objects.select_for_update().get_or_create(pk=1)
        fresh = list(
            Version.objects.filter(pk__gt=cursor.version_id).order_by("pk").values_list("pk", flat=True)[:5000]
        )
        since = cursor.reached_on or today - timedelta(days=1)
        news = Version.objects.filter(pk__in=fresh, adopted_on__gte=today - NEWS).select_related("statute")
        starts = Version.objects.filter(
            effective_on__gt=since, effective_on__lte=today, adopted_on__lt=today, repealed=False
        ).select_related("statute")  # fmt: skip
        told = [_adopted(version, today) for version in news] + [_starts(version, today) for version in starts]
        cursor.version_id, cursor.reached_on = fresh[-1] if fresh else cursor.version_id, today
        cursor.save()
    return len(told)


def _adopted(version: Version, today: date) -> str:
    changed = changed_refs(version)
    name = version.statute.short
    title = (
        _("《%(name)s》有新文本") % {"name": name}
        if changed is not None
        else _("新法规《%(name)s》公布") % {"name": name}
    )
    words = []
    if version.effective_on:
        words.append(_("%(day)s起施行") % {"day": cn_date(version.effective_on, today)})
    if changed:
        words.append(_("改了 %(n)d 条") % {"n": len(changed)})
    return _tell(f"law:{version.pk}", title, "，".join(words), version, changed or [])


def _starts(version: Version, today: date) -> str:
    day = cn_date(version.effective_on, today) if version.effective_on else ""
    title = _("《%(name)s》%(day)s起施行") % {"name": version.statute.short, "day": day}
    return _tell(f"law-start:{version.pk}", title, "", version, changed_refs(version) or [])


def _tell(key: str, title: str, text: str, version: Version, refs: list[str]) -> str:
    statute = version.statute
    marks: set[Mark] = {("kind", "law"), ("law", statute.short)} | {("law", f"{statute.short}:{ref}") for ref in refs}
    if statute.region_code:
        marks |= region_marks(statute.region_code)
    announce(key, title=title, text=text, url=_url(version), marks=marks)
    return key


def _url(version: Version) -> str:
    try:
        return reverse("law:version", args=[version.statute.slug, version.key])
    except NoReverseMatch:
        return "/law/"


def changed_refs(version: Version) -> list[str] | None:
    """Articles whose words are not those of the version before, new and dropped ones included; None for a first version."""
    if version.adopted_on is None:
        return None
    older = Version.objects.filter(statute=version.statute_id, adopted_on__lt=version.adopted_on).exclude(pk=version.pk)
    before = older.order_by("-adopted_on").first()
    if before is None:
        return None
    old, new = _articles(before), _articles(version)
    changed = [new[key][0] for key in new if key not in old or old[key][1] != new[key][1]]
    return changed + [old[key][0] for key in old if key not in new]


def _articles(version: Version) -> dict[object, tuple[str, str]]:
    """{identity: (number, digest)}: by the identity through renumbering where there is one, else by number."""
    rows = version.provisions.filter(kind=Provision.Kind.ARTICLE).order_by("position")
    return {article or ref: (ref, digest) for article, ref, digest in rows.values_list("article_id", "ref", "digest")}
