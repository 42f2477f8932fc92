"""What is findable, the words people use for the law's words, and traces of queries without anybody's name."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class Document(models.Model):
    """One public thing that can be found. Written by `index()` in the transaction of the fact; `changed` is the cursor
    by which the engine follows, so an index that fell behind or was deleted catches up by itself."""

    class Kind(models.TextChoices):
        ARTICLE = "article", _("法条")
        STATUTE = "statute", _("法规")
        GUIDE = "guide", _("要义")
        NEWS = "news", _("资讯")
        CASE = "case", _("案例")
        KNOWLEDGE = "knowledge", _("应急知识")
        FAQ = "faq", _("问答")
        ZONE = "zone", _("专区")
        DOWNLOAD = "download", _("下载")
        QUESTION = "question", _("试题")
        COURSE = "course", _("课程")
        SELFCHECK = "selfcheck", _("合规自查")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    key = models.CharField(max_length=120, help_text="of the thing within its kind")
    title = models.CharField(max_length=300)
    heading = models.CharField(
        max_length=400, blank=True, help_text="what stands above it: statute and chapter, zone …"
    )
    text = models.TextField()
    also = models.TextField(blank=True, help_text="other wordings that shall find it: questions people ask, aliases")
    url = models.CharField(max_length=400)
    statute = models.CharField(max_length=120, blank=True, help_text="slug, for articles, guides and statutes")
    ref = models.CharField(max_length=12, blank=True)
    level = models.CharField(max_length=16, blank=True, help_text="law.Statute.Level, for filters")
    rank = models.PositiveSmallIntegerField(default=0, help_text="prior: 100 constitution … 0")
    state = models.CharField(max_length=10, blank=True, help_text="future, force, replaced, repealed")
    region_code = models.CharField(max_length=24, blank=True)
    tags: Any = models.JSONField(default=list)
    day = models.DateField(null=True, blank=True, help_text="in force or published since")
    digest = models.CharField(max_length=32, help_text="of all the above: what did not change is not indexed again")
    changed = models.BigIntegerField(db_index=True, help_text="grows with every change, over all rows")
    gone = models.BooleanField(default=False, help_text="taken out; kept until the engine knows")
    profile = models.BinaryField(default=b"", help_text="what ranking reads of the text at once: see search.profile")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="one_document")]

    def __str__(self) -> str:
        return f"{self.kind} {self.title}"


class Cursor(models.Model):
    """One row: the number of the last change."""

    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)


class Term(models.Model):
    """Lay words and the words of the law for them: 老板 → 主要负责人. Editable; every process reads a change in seconds."""

    class Kind(models.TextChoices):
        SYNONYM = "synonym", _("同义")
        TYPO = "typo", _("错别字")
        WORD = "word", _("词")
        SCENE = "scene", _("情景")

    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.SYNONYM)
    lay: Any = models.JSONField(default=list, help_text="words as people say them")
    formal: Any = models.JSONField(default=list, help_text="words as the law says them; the right word for a typo")
    note = models.CharField(max_length=200, blank=True)
    shipped = models.CharField(max_length=32, blank=True, help_text="digest of the shipped entry; empty: made here")
    is_active = models.BooleanField(default=True)
    updated_by_name = models.CharField(max_length=60, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{'、'.join(self.lay)} → {'、'.join(self.formal)}"


class Posting(models.Model):
    """Which documents hold a term, for houses that search in the database. A block is a full build or one step after it."""

    term = models.CharField(max_length=40)
    block = models.BigIntegerField(help_text="number of the change up to which it was written")
    count = models.PositiveIntegerField()
    ids = models.BinaryField(help_text="keys of the documents, four bytes each, little end first")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["term", "block"], name="one_posting_per_block")]

    def __str__(self) -> str:
        return f"{self.term} ×{self.count}"


class Learned(models.Model):
    """What was learned from all documents together, for every process to read: how often statutes are cited …"""

    name = models.CharField(max_length=20, unique=True)
    body: Any = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name


class Trace(models.Model):
    """A query as it was typed, counted per day. No person, no address, no session; numbers of IDs and phones are cut out."""

    day = models.DateField()
    words = models.CharField(max_length=120)
    count = models.PositiveIntegerField(default=1)
    found = models.PositiveIntegerField(default=0, help_text="results of the last time")
    clicks = models.PositiveIntegerField(default=0)
    rank_sum = models.PositiveIntegerField(default=0, help_text="places of the clicked results, from 1, added up")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "words"], name="one_trace_a_day")]
        indexes = [models.Index(fields=["words"])]

    def __str__(self) -> str:
        return f"{self.day} {self.words} ×{self.count}"
