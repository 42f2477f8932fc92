"""When an article changes, every text that cites it waits until somebody has read it again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.law.actions.citing import GONE, hold_articles, signature
from anlan.law.actions.versions import Part, difference
from anlan.law.models import Citation, Provision, Version
from anlan.lib.errors import Refused

Kind = Citation.Kind
BY_TEACHERS: Final = frozenset({Kind.QUESTION, Kind.COURSE})
BY_RULES: Final = frozenset({Kind.CHECK, Kind.RULE, Kind.SELFCHECK})
"""Which kinds are read again by whom; everything else, and what the house itself owns, by editors."""


@dataclass(frozen=True, slots=True)
class Newest:
    """An article as the newest text of its statute has it; `ref` is empty where that text has it no longer."""

    version: Version
    ref: str
    digest: str
    text: str

    @property
    def signature(self) -> str:
        """What a citation read against this is kept with."""
        return signature(self.ref, self.digest) if self.ref else GONE


def newest_of(articles: Iterable[int], *, with_text: bool = False) -> dict[int, Newest]:
    """Return how each article stands in the newest text of its statute, in force or still to come."""
    wanted = set(articles)
    rows = (
        Provision.objects.filter(article__in=wanted)
        if len(wanted) < 500
        else Provision.objects.filter(
            article__in=Citation.objects.exclude(kind=Kind.PROVISION).filter(article__isnull=False).values("article")
        )
    )
    statutes = dict(rows.values_list("article", "version__statute"))
    tops: dict[int, Version] = {}
    for version in (
        Version.objects.filter(statute__in=set(statutes.values()))
        .in_order()
        .defer("preamble", "history", "doubts", "ends")
    ):
        tops.setdefault(version.statute_id, version)
    in_top = rows.filter(version__in=[version.pk for version in tops.values()])
    text = "text" if with_text else "label"
    found = {row[0]: row[1:] for row in in_top.values_list("article", "ref", "digest", text)}
    return {
        article: Newest(tops[statute], *found.get(article, ("", "", "")))
        for article, statute in statutes.items()
        if article in wanted
    }


@transaction.atomic
def mark_stale(version: Version | None = None) -> int:
    """Flag every citation whose article reads differently in the newest text than when it was last read against it.

    After an import of a version: those of its statute; None: all of them, which is safe to repeat. Citations between
    statutes are never flagged: nobody of ours can rewrite them. Returns how many are new.
    """
    hold_articles()
    rows = Citation.objects.exclude(kind=Kind.PROVISION).filter(article__isnull=False)
    if version is not None:
        rows = rows.filter(statute=version.statute_id)
    citations = list(rows)
    newest = newest_of(c.article_id for c in citations if c.article_id)
    changed, new = [], 0
    for c in citations:
        now = newest.get(c.article_id or 0)
        if now is None:
            continue
        if now.signature == c.digest:
            if c.stale_since is not None:  # the citing text was put right, or the import was corrected
                c.stale_since, c.stale_why = None, ""
                changed.append(c)
            continue
        why = _why(c, now)
        if c.stale_since is None or c.stale_why != why:
            new += c.stale_since is None
            c.stale_since, c.stale_why = c.stale_since or timezone.now(), why
            changed.append(c)
    Citation.objects.bulk_update(changed, ["stale_since", "stale_why"], batch_size=500)
    return new


def _why(citation: Citation, now: Newest) -> str:
    begins = now.version.effective_on
    since = f"{begins:%Y-%m-%d} 起施行的文本" if begins else f"{now.version.key} 的文本"
    if not now.ref:
        return f"{since}里没有这一条了"
    if now.ref != citation.ref:
        same = signature(citation.ref, now.digest) == citation.digest
        return f"{since}里它是第 {now.ref} 条，{'文字没有变' if same else '文字也改了'}"
    return f"{since}改了这一条"


def waiting_for(user: User) -> QuerySet[Citation]:
    """Return the citations that this person may read again and sign: by kind, and by whose text it is."""
    rows = Citation.objects.stale()
    mine = Q(pk__in=[])
    if user.may(powers.EDIT_CONTENT):
        mine |= Q(owner="") | ~Q(kind__in=BY_TEACHERS | BY_RULES)
    if user.may(powers.TEACH) and user.post is not None and user.post.organisation is not None:
        mine |= Q(kind__in=BY_TEACHERS, owner=user.post.organisation.name[:80])
    if user.may(powers.SET_RULES):
        mine |= Q(kind__in=BY_RULES)
    return rows.filter(mine)


def review_citation(citation: Citation, *, by: User, seen: str) -> Citation:
    """Sign that the citing text was read against the article as it stands now. `seen`: the signature that the page showed,
    so that nobody signs a text they have not had before them."""
    with transaction.atomic():
        kept = waiting_for(by).select_for_update().filter(pk=citation.pk).first()
        if kept is None:
            raise Refused(_("这条引用不在待复核的清单里，可能已有人复核。"), code="not_stale", status=404)
        now = newest_of([kept.article_id or 0]).get(kept.article_id or 0)
        if now is None or now.signature != seen:
            raise Refused(_("条文刚刚又变了，没有记下复核。请看过新的条文再复核。"), code="changed", status=409)
        kept.digest, kept.stale_since, kept.stale_why = now.signature, None, ""
        kept.reviewed_by, kept.reviewed_at = by.name[:80], timezone.now()
        kept.save(update_fields=["digest", "stale_since", "stale_why", "reviewed_by", "reviewed_at"])
        record("review_citation", kept, by=by, kind=kept.kind, key=kept.key, article=f"{kept.statute}:{kept.ref}")
    return kept


@dataclass(frozen=True, slots=True)
class Waiting:
    """A stale citation with what changed."""

    citation: Citation
    now: Newest
    old: Provision | None
    parts: list[Part]


def with_changes(citations: list[Citation]) -> list[Waiting]:
    """Return each with the article as it was read and as it reads now. Four queries for any number."""
    newest = newest_of([c.article_id or 0 for c in citations], with_text=True)
    rows = (
        Provision.objects.filter(article__in=newest)
        .select_related("version")
        .defer("version__preamble", "version__ends")
    )
    read = {(row.article_id, signature(row.ref, row.digest)): row for row in rows}
    found = []
    for c in citations:
        now = newest.get(c.article_id or 0)
        if now is None:
            continue
        old = read.get((c.article_id, c.digest))
        found.append(Waiting(c, now, old, difference(old.text if old else "", now.text)))
    return found


def counts(rows: QuerySet[Citation]) -> tuple[int, object]:
    """How many wait, and since when the longest."""
    found = rows.aggregate(n=Count("pk"), since=Min("stale_since"))
    return found["n"], found["since"]
