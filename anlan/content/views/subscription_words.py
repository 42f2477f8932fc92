"""Conditions in words."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from anlan.accounts.models import Region
from anlan.content.models import Subscription
from anlan.content.subscriptions.conditions import KINDS
from anlan.content.views.site import TRADES
from anlan.lib.codes import Malformed
from anlan.lib.numerals import article


def words_of(rows: Iterable[Subscription]) -> dict[int, str]:
    """ "政策解读、事故案例　标签：有限空间　地区：郑州市" for each, by key. Terms must be prefetched; one query for regions."""
    found = list(rows)
    codes = {term.value for row in found for term in row.terms.all() if term.facet == "region"}
    regions = dict(Region.objects.filter(pk__in=codes).values_list("pk", "name")) if codes else {}
    named = {"tag": _("标签"), "region": _("地区"), "industry": _("行业"), "law": _("法规")}
    result = {}
    for row in found:
        parts: dict[str, list[str]] = {}
        for term in sorted(row.terms.all(), key=lambda one: one.pk):
            parts.setdefault(term.facet, []).append(_one(term.facet, term.value, regions))
        result[row.pk] = "　".join(
            (f"{named[facet]}：" if facet in named else "") + "、".join(values) for facet, values in parts.items()
        )
    return result


def _one(facet: str, value: str, regions: dict[str, str]) -> str:
    if facet == "kind":
        return str(KINDS.get(value, value))
    if facet == "region":
        return regions.get(value, value)
    if facet == "industry":
        return str(TRADES.get(value, value))
    if facet == "law":
        try:
            return article(value) if ":" in value else f"《{value}》"
        except Malformed:
            return value
    return value
