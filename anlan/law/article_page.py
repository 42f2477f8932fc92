"""An article with everything around it, read only as far as its page asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from django.db.models import QuerySet
from django.db.models.functions import Substr
from django.urls import reverse
from django.utils.translation import get_language

from anlan.law.actions.citing import GONE, signature
from anlan.law.actions.guides import own_key
from anlan.law.models import Citation, Guide, Provision, Statute, Translation, Version
from anlan.law.names import known_names
from anlan.law.reading import NUMBERED, Line, Linker, ref_words, statute_path
from anlan.law.recognising import everyday_name, recognise_short
from anlan.lib.codes import Malformed
from anlan.lib.numerals import article as article_words

AROUND: Final = 140
"""Lines before and after an article that are looked at for its chapter and neighbours."""
SHOWN: Final = 12
"""Citing texts of one kind on a page; the rest are counted."""
Kind = Citation.Kind


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An article of the same chapter, or the one before or after."""

    ref: str
    label: str
    title: str
    parents: str
    position: int
    url: str


@dataclass(frozen=True, slots=True)
class Link:
    """An article or text that belongs to this one."""

    words: str
    url: str
    note: str = ""


@dataclass(slots=True)
class Related:
    """Texts of one kind that cite the article: those shown, and how many there are."""

    kind: str
    label: str
    links: list[Link] = field(default_factory=list)
    count: int = 0

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.count - len(self.links)


class ArticlePage:
    """An article in one text of its statute. What the page does not ask for is not read."""

    def __init__(
        self, statute: Statute, versions: list[Version], version: Version | None, ref: str, *, fixed: bool
    ) -> None:
        self.statute, self.versions, self.version, self.ref = statute, versions, version, ref
        self.fixed = fixed
        """Whether the address names the version: then neighbours do too."""
        self.provision = self._provision()

    def _provision(self) -> Provision | None:
        if self.version is None:
            return None
        return self.version.provisions.filter(ref=self.ref, kind__in=NUMBERED).order_by("position").first()

    @property
    def base(self) -> str:
        """Where the articles of this text have their addresses."""
        if self.fixed and self.version is not None:
            return reverse("law:version", args=[self.statute.slug, self.version.key])
        return statute_path(self.statute.slug)

    @property
    def article_id(self) -> int:
        """The identity through renumbering, 0 for none."""
        return (self.provision.article_id if self.provision else None) or 0

    @cached_property
    def citations(self) -> list[tuple[Any, ...]]:
        """(kind, key, title, url, is_public, stale) of what cites the article: at most SHOWN of law, all others."""
        rows = self._citing
        fields = ("kind", "key", "title", "url", "is_public", "stale_since", "digest")
        others = rows.exclude(kind=Kind.PROVISION).order_by("kind", "pk").values_list(*fields)[:400]
        law = rows.filter(kind=Kind.PROVISION).order_by("title", "pk").values_list(*fields)[: SHOWN * 2]
        return [*others, *law]

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many texts of each kind cite it, public or not."""
        keys: dict[str, set[str]] = defaultdict(set)
        for kind, key, *_rest in self.citations:
            if kind not in (Kind.GUIDE, Kind.TRANSLATION):
                keys[kind].add(key)
        counts = {kind: len(found) for kind, found in keys.items()}
        if counts.get(Kind.PROVISION, 0) >= SHOWN:
            counts[Kind.PROVISION] = self._citing.filter(kind=Kind.PROVISION).values("key").distinct().count()
        return counts

    @property
    def _citing(self) -> QuerySet[Citation]:
        if self.article_id:
            return Citation.objects.filter(article=self.article_id)
        return Citation.objects.filter(statute=self.statute, ref=self.ref)

    @cached_property
    def guide(self) -> Guide | None:
        """The guide, also where its article has another number now."""
        ref = self.ref
        if self.article_id:
            prefix = own_key(self.statute.pk, "")
            for kind, key, *_rest in self.citations:
                if kind == Kind.GUIDE and key.startswith(prefix) and not key.endswith(":cost"):
                    ref = key.removeprefix(prefix)
                    break
            else:
                if Citation.objects.filter(
                    kind=Kind.GUIDE, key=own_key(self.statute.pk, ref), article__isnull=False
                ).exists():
                    return None  # the guide of this number belongs to another article now
        guide = Guide.objects.filter(statute=self.statute, ref=ref).first()
        return guide

    @cached_property
    def guide_waits(self) -> bool:
        """Whether the guide speaks of a text that changed since it was read against it, or of another than is shown."""
        if self.guide is None or self.provision is None:
            return False
        key = own_key(self.statute.pk, self.guide.ref)
        for kind, found, _title, _url, _public, stale, digest in self.citations:
            if kind == Kind.GUIDE and found == key:
                shown = signature(self.provision.ref, self.provision.digest)
                return stale is not None or (digest not in ("", GONE) and digest != shown)
        return False

    @cached_property
    def guide_titles(self) -> dict[str, str]:
        """Short titles of the articles of this statute, from the guides."""
        name = "english__title" if get_language() == "en" else "body__title"
        return dict(Guide.objects.filter(statute=self.statute).values_list("ref", name))

    @cached_property
    def window(self) -> list[Neighbour]:
        """The numbered lines around the article, or the guides where no text is here."""
        if self.provision is None or self.version is None:
            refs = sorted(self.guide_titles, key=_by_number)
            return [
                Neighbour(ref, ref_words(ref), self.guide_titles[ref], "", n, f"{self.base}{ref}/")
                for n, ref in enumerate(refs)
            ]
        at = self.provision.position
        rows = self.version.provisions.filter(kind__in=NUMBERED, position__range=(at - AROUND, at + AROUND)).order_by(
            "position"
        )
        return [
            Neighbour(
                ref,
                label or ref_words(ref),
                self.guide_titles.get(ref) or heading or opening(start),
                parents,
                position,
                f"{self.base}{ref}/",
            )
            for ref, label, heading, start, parents, position in rows.values_list(
                "ref", "label", "heading", Substr("text", 1, 26), "parents", "position"
            )
        ]

    @cached_property
    def _place(self) -> int | None:
        at = self.provision.position if self.provision else None
        return next(
            (n for n, row in enumerate(self.window) if (row.position == at if at is not None else row.ref == self.ref)),
            None,
        )

    @property
    def chapter(self) -> list[Neighbour]:
        """The articles of the same chapter."""
        parents = self.provision.parents if self.provision else ""
        rows = [row for row in self.window if row.parents == parents]
        if len(rows) > 60 and self._place is not None:  # a text without chapters: only what is near
            rows = [row for row in rows if abs(self.window.index(row) - self._place) <= 12]
        return rows

    @property
    def before(self) -> Neighbour | None:
        """The article before."""
        return self.window[self._place - 1] if self._place else None

    @property
    def after(self) -> Neighbour | None:
        """The article after."""
        place = self._place
        return self.window[place + 1] if place is not None and place + 1 < len(self.window) else None

    @cached_property
    def linker(self) -> Linker:
        """Links of this text."""
        return Linker(self.statute, self.base)

    @cached_property
    def lines(self) -> list[Line]:
        """The text with its citations as links."""
        if self.provision is None:
            return []
        return self.linker.lines([(self.ref, self.provision.text)])[0]

    @cached_property
    def history(self) -> list[Provision]:
        """The article in every text of the statute, newest first. One query."""
        if not self.article_id:
            return []
        rows = Provision.objects.filter(article=self.article_id).only(
            "version_id", "ref", "label", "digest", "article_id"
        )
        by_version = {row.version_id: row for row in rows}
        found = []
        for version in self.versions:
            if version.pk in by_version:
                row = by_version[version.pk]
                row.version = version
                found.append(row)
        return found

    @cached_property
    def moved(self) -> tuple[Provision, Provision | None] | None:
        """What bore this number in the text before, where that was another article: it, and where it stands now."""
        if self.version is None or self.provision is None or not self.article_id:
            return None
        place = self.versions.index(self.version)
        if place + 1 >= len(self.versions):
            return None
        old = (
            self.versions[place + 1].provisions.filter(ref=self.ref, kind=Provision.Kind.ARTICLE).defer("text").first()
        )
        if old is None or old.article_id in (None, self.article_id):
            return None
        old.version = self.versions[place + 1]
        return old, self.version.provisions.filter(article=old.article_id).defer("text").first()

    @property
    def earlier(self) -> Provision | None:
        """The article as it last read differently, or under another number."""
        if self.provision is None or self.version is None:
            return None
        older = (
            self.history[[row.version_id for row in self.history].index(self.version.pk) + 1 :] if self.history else []
        )
        return next(
            (row for row in older if (row.digest, row.ref) != (self.provision.digest, self.provision.ref)), None
        )

    @cached_property
    def translations(self) -> list[Translation]:
        """Official translations beside the text."""
        return list(self.provision.translations.order_by("language")) if self.provision else []

    @cached_property
    def articles(self) -> list[Link]:
        """Articles that belong to this one: named by the guide, cited in the text."""
        wanted = list((self.guide.body.get("see") or []) if self.guide else [])
        links = self.links(wanted)
        seen = {link.url for link in links}
        _ = self.lines
        for pk, ref in dict.fromkeys(self.linker.outgoing):
            slug = self.statute.slug if pk == self.statute.pk else self.linker.slugs.get(pk, "")
            url = f"{statute_path(slug)}{ref}/" if slug else ""
            if url and url not in seen and ref != self.ref:
                seen.add(url)
                same = pk == self.statute.pk
                words = ref_words(ref) if same else f"《{slug}》{ref_words(ref)}"
                links.append(Link(words, url, self.guide_titles.get(ref, "") if same else ""))
        return links[:16]

    def links(self, cites: Iterable[str]) -> list[Link]:
        """Short references as links. One query for the names the first time."""
        names = known_names()
        rows = [(cite, mention) for cite in cites for mention in recognise_short([cite], known=names)[:1]]
        pks = {names[m.name] for _cite, m in rows if m.name in names} - {self.statute.pk}
        slugs = dict(Statute.objects.filter(pk__in=pks).values_list("pk", "slug")) if pks else {}
        slugs[self.statute.pk] = self.statute.slug
        links = []
        for cite, mention in rows:
            pk = names.get(mention.name)
            slug = slugs.get(pk) if pk else None
            same = pk == self.statute.pk
            words = ref_words(mention.ref) if same else _words(cite)
            url = statute_path(slug) + (f"{mention.ref}/" if mention.ref else "") if slug else ""
            links.append(Link(words, url, self.guide_titles.get(mention.ref, "") if same else ""))
        return links

    @property
    def costs(self) -> list[Link]:
        """The articles that the cost of not doing it rests on."""
        return self.links(self.guide.body.get("cost_cites") or []) if self.guide else []

    @cached_property
    def related(self) -> dict[str, Related]:
        """Public texts that cite the article, by kind."""
        found: dict[str, Related] = {}
        seen: dict[str, set[str]] = defaultdict(set)
        own = own_key(self.statute.pk, self.guide.ref) if self.guide else ""
        labels = dict(Kind.choices)
        for kind, key, title, url, public, _stale, _digest in self.citations:
            name = key.removesuffix(":cost")
            if not public or kind == Kind.TRANSLATION or name == own or name in seen[kind]:
                continue
            seen[kind].add(name)
            group = found.setdefault(kind, Related(kind, str(labels[kind])))
            group.count += 1
            if len(group.links) < SHOWN:
                group.links.append(Link(title, url))
        if Kind.PROVISION in found:
            found[Kind.PROVISION].count = max(found[Kind.PROVISION].count, self.counts.get(Kind.PROVISION, 0))
        return found


def opening(text: str) -> str:
    """The first words of an article, where nobody gave it a title."""
    line = text.split("\n", 1)[0].strip().rstrip("。；：")
    return line if len(line) < 20 else line[:18] + "…"


def _words(cite: str) -> str:
    try:
        return article_words(cite)
    except Malformed:
        return everyday_name(cite)


def _by_number(ref: str) -> tuple[int, int]:
    main, _dash, inserted = ref.partition("-")
    return int(main) if main.isdigit() else 0, int(inserted) if inserted.isdigit() else 0
