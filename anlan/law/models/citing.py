"""Who cites what, the plain-language guides, and what must be read again because the law changed."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.law.models.statutes import Article, Statute


class Guide(models.Model):
    """要义: what an article means for a workshop, in plain words. Ours, never the law itself; served before any import."""

    statute = models.ForeignKey(Statute, on_delete=models.CASCADE, related_name="guides")
    ref = models.CharField(max_length=12)
    body: Any = models.JSONField(
        help_text="title, who, duty [], cost, cost_cites [], example, see [], audience [], signed []"
    )
    english: Any = models.JSONField(default=dict, help_text="title, who, duty [], cost, example")
    digest = models.CharField(max_length=64, help_text="of the shipped text, so that an edit here is not overwritten")
    edited = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["statute", "ref"], name="one_guide")]

    def __str__(self) -> str:
        return f"{self.statute}:{self.ref} 要义"


class CitationQuerySet(models.QuerySet["Citation"]):
    """Citations with their standing."""

    def stale(self) -> CitationQuerySet:
        """Return those whose article changed since the text was last read against it."""
        return self.filter(stale_since__isnull=False)

    def public(self) -> CitationQuerySet:
        """Return those whose citing text everybody may read."""
        return self.filter(is_public=True)


class Citation(models.Model):
    """One text cites one article. The citing side is a value (kind, key), for it lives in any app above."""

    class Kind(models.TextChoices):
        PROVISION = "provision", _("法条")
        GUIDE = "guide", _("要义")
        QUESTION = "question", _("试题")
        CHECK = "check", _("检查项")
        COURSE = "course", _("课程")
        KNOWLEDGE = "knowledge", _("应急知识")
        CASE = "case", _("案例")
        FAQ = "faq", _("问答")
        NEWS = "news", _("文章")
        SELFCHECK = "selfcheck", _("自查题")
        RULE = "rule", _("规则")
        TRANSLATION = "translation", _("译文")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    key = models.CharField(max_length=80, help_text="of the citing text within its kind")
    title = models.CharField(max_length=200, help_text="as a list shows it")
    url = models.CharField(max_length=300, blank=True)
    is_public = models.BooleanField(default=False)
    owner = models.CharField(
        max_length=80, blank=True, help_text="who must read it again: organisation's name or empty"
    )
    statute = models.ForeignKey(Statute, on_delete=models.CASCADE, related_name="citations")
    ref = models.CharField(max_length=12, blank=True, help_text="empty: the statute as a whole")
    paragraph = models.PositiveSmallIntegerField(default=0, help_text="款, from 1; 0: the whole article")
    item = models.PositiveSmallIntegerField(default=0, help_text="项, from 1; 0: the whole paragraph")
    article = models.ForeignKey(Article, null=True, blank=True, on_delete=models.SET_NULL, related_name="citations")
    digest = models.CharField(
        max_length=16, blank=True, help_text="of the article when the text was last read against it"
    )
    stale_since = models.DateTimeField(null=True, blank=True)
    stale_why = models.CharField(max_length=300, blank=True)
    reviewed_by = models.CharField(max_length=80, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)

    objects = CitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "key", "statute", "ref", "paragraph", "item"], name="one_citation")
        ]
        indexes = [
            models.Index(fields=["article", "kind"]),
            models.Index(fields=["statute", "ref"]),
            models.Index(fields=["stale_since"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} → {self.statute}:{self.ref}"
