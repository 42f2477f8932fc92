"""Numbers that moved: who types an article's number from memory may mean an older version's."""

from __future__ import annotations

from django.utils.translation import gettext as _

from anlan.law.models import Provision, Version
from anlan.lib.numerals import article


def moved(slug: str, ref: str) -> list[tuple[str, str]]:
    """Return (older version, where its article of this number stands today), newest first; empty when nothing moved."""
    present = Version.objects.filter(statute__slug=slug).in_force().in_order().first()
    if present is None:
        return []
    older = {
        row.article_id: row
        for row in Provision.objects.filter(version__statute__slug=slug, ref=ref, article__isnull=False)
        .exclude(version=present)
        .filter(version__effective_on__lt=present.effective_on or present.imported_at.date())
        .select_related("version")
        .order_by("version__effective_on")
    }
    today = Provision.objects.filter(version=present, article__in=older).exclude(ref=ref).select_related("version")
    found = [(older[row.article_id].version, row.ref) for row in today]
    found.sort(key=lambda pair: pair[0].key, reverse=True)
    return [
        (_("%(year)s 年的文本") % {"year": version.key[:4]}, article(f"x:{now}").partition("》")[2])
        for version, now in found
    ]
