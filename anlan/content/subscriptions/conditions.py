"""What a text is about and what a reader asks for, as marks (facet, value) that can be compared. Pure but for the reads.

Within a facet one value is enough; of the facets that a reader names, all must be met. A text without a region or a trade
concerns everybody, but it is not what a reader who names one asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.content.models import SECTION_MODELS, SITE_SECTIONS, Entry
from anlan.law.models import Version
from anlan.lib.errors import Text

Mark = tuple[str, str]
KINDS: Final[dict[str, Text]] = {
    "law": _("法规修改和施行"),
    "news:policy": _("政策解读"),
    "news:expert": _("专家文章"),
    "news:video": _("视频"),
    "news:notice": _("通知公告"),
    "case": _("事故案例"),
    "knowledge": _("应急知识"),
    "faq": _("问答"),
    "download": _("下载"),
}
FACETS: Final[dict[str, Text]] = {
    "kind": _("类型"), "tag": _("标签"), "region": _("地区"), "industry": _("行业"), "law": _("法律法规"),
}  # fmt: skip
ESTIMATE_DAYS: Final = 30
_SECTIONS: Final = (
    ("A", 1, 5), ("B", 6, 12), ("C", 13, 43), ("D", 44, 46), ("E", 47, 50), ("F", 51, 52), ("G", 53, 60), ("H", 61, 62),
    ("I", 63, 65), ("J", 66, 69), ("K", 70, 70), ("L", 71, 72), ("M", 73, 75), ("N", 76, 79), ("O", 80, 82), ("P", 83, 83),
    ("Q", 84, 85), ("R", 86, 90), ("S", 91, 96), ("T", 97, 97),
)  # fmt: skip
"""Sections and divisions of GB/T 4754-2017."""


def marks_of(page: Entry) -> set[Mark]:
    """Return what a page, as its own kind, is about."""
    kind = getattr(page, "kind", "") if page.section == Entry.Section.NEWS else ""
    marks: set[Mark] = {("kind", f"{page.section}:{kind}" if kind else str(page.section))}
    marks |= {("tag", tag) for tag in page.tags}
    marks |= {mark for code in page.regions for mark in region_marks(code)}
    marks |= {mark for code in page.industries for mark in industry_marks(code)}
    cites = [*page.cites, *(row.get("cite", "") for row in getattr(page, "violated", []))]
    return marks | {mark for cite in cites for mark in cite_marks(cite)}


def region_marks(code: str) -> set[Mark]:
    """The territory and all above it by length of code; `region*` stands for all within it."""
    above = {("region", code[:n]) for n in (2, 4, 6, 9) if n < len(code)}
    return above | {("region", code), ("region*", code)}


def industry_marks(code: str) -> set[Mark]:
    """A trade, the section above it, or all divisions of a section."""
    digits = code.lstrip("ABCDEFGHIJKLMNOPQRST")
    if not digits:
        return {
            ("industry", code),
            *(("industry", f"{n:02d}") for s, a, b in _SECTIONS if s == code for n in range(a, b + 1)),
        }
    section = next((s for s, a, b in _SECTIONS if a <= int(digits[:2]) <= b), "") if digits.isdigit() else ""
    return {("industry", digits), ("industry", digits[:2])} | ({("industry", section)} if section else set())


def cite_marks(cite: str) -> set[Mark]:
    """ "安全生产法:28" → that article, and the statute."""
    neat = cite.replace("：", ":").replace("《", "").replace("》", "").strip()
    return {("law", neat), ("law", neat.partition(":")[0])} if neat else set()


def satisfies(terms: Iterable[Mark], marks: set[Mark]) -> bool:
    """Whether a text with `marks` is what `terms` ask for; the same rule as `SubscriptionQuerySet.matching`."""
    asked: dict[str, list[str]] = {}
    for facet, value in terms:
        asked.setdefault(facet, []).append(value)
    return bool(asked) and all(
        any(
            (facet, value) in marks
            or (facet == "region" and any(f == "region*" and value.startswith(code) for f, code in marks))
            for value in values
        )
        for facet, values in asked.items()
    )


def estimate(terms: Iterable[Mark], days: int = ESTIMATE_DAYS) -> int:
    """Return how many texts of the past days a subscription would have brought. At most seven queries."""
    wanted = list(terms)
    since = timezone.now() - timedelta(days=days)
    n = 0
    for section in SITE_SECTIONS:
        rows: Any = SECTION_MODELS[section].objects.public().filter(first_published_at__gte=since).defer("body")[:2000]
        n += sum(satisfies(wanted, marks_of(page)) for page in rows)
    return n + sum(satisfies(wanted, marks) for marks in _law_marks(since.date()))


def _law_marks(since: Any) -> Iterable[set[Mark]]:
    today = timezone.localdate()
    rows = Version.objects.filter(Q(adopted_on__gte=since) | Q(effective_on__gte=since, effective_on__lte=today))
    fields = rows.values_list("statute__short", "statute__region_code", "adopted_on", "effective_on")
    for short, region, adopted, effective in fields[:2000]:
        marks = {("kind", "law"), ("law", short)} | (region_marks(region) if region else set())
        for day in (adopted, effective):
            if day is not None and since <= day <= today:
                yield marks


def from_mapping(values: Mapping[str, Iterable[str]]) -> list[Mark]:
    """{facet: values} as terms, each once, known facets only."""
    return [(facet, value) for facet in FACETS for value in dict.fromkeys(values.get(facet, ())) if value]
