"""A statute, its versions in time, and their provisions."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.conf.locale import LANG_INFO
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class StatuteQuerySet(models.QuerySet["Statute"]):
    """Statutes are public: whoever may read the site may read all of them."""

    def visible_to(self, user: Any) -> StatuteQuerySet:
        """Return all of them: the law is open to everyone, signed in or not."""
        return self.all()


class Statute(models.Model):
    """One norm through all its versions."""

    class Level(models.TextChoices):
        CONSTITUTION = "constitution", _("宪法")
        LAW = "law", _("法律")
        ADMINISTRATIVE = "administrative", _("行政法规")
        SUPERVISORY = "supervisory", _("监察法规")
        JUDICIAL = "judicial", _("司法解释")
        LOCAL = "local", _("地方性法规")
        RULE = "rule", _("部门规章")
        LOCAL_RULE = "local_rule", _("地方政府规章")
        STANDARD = "standard", _("标准")
        DOCUMENT = "document", _("规范性文件")

    RANKS = {
        Level.CONSTITUTION: 100, Level.LAW: 90, Level.ADMINISTRATIVE: 80, Level.SUPERVISORY: 80, Level.JUDICIAL: 75,
        Level.LOCAL: 60, Level.RULE: 60, Level.LOCAL_RULE: 50, Level.STANDARD: 40, Level.DOCUMENT: 30,
    }  # fmt: skip
    """Which norm goes first where several say something (立法法 98–106); only for sorting, never a legal opinion."""

    slug = models.CharField(max_length=120, unique=True, help_text="its place in addresses: the everyday title")
    title = models.CharField(max_length=240, help_text="official: 中华人民共和国安全生产法")
    short = models.CharField(max_length=200, help_text="everyday title: 安全生产法")
    level = models.CharField(max_length=16, choices=Level.choices)
    issuer = models.CharField(max_length=120, blank=True)
    region_code = models.CharField(max_length=24, blank=True, help_text="of local norms; empty: the whole nation")
    field = models.CharField(
        max_length=40, blank=True, help_text="branch of law as the source sorts it: 社会法, 行政法 …"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = StatuteQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["short"]),
            models.Index(fields=["level", "short"]),
            models.Index(fields=["title"]),
        ]

    def __str__(self) -> str:
        return self.short

    def get_absolute_url(self) -> str:
        """The address of the text in force."""
        return reverse("law:statute", args=[self.slug])

    @property
    def rank(self) -> int:
        """100 for the constitution down to 30."""
        return self.RANKS[self.Level(self.level)]


class Alias(models.Model):
    """Another name of a statute: 安法, 工伤条例. Editable; the jump and the recognition of citations read it."""

    statute = models.ForeignKey(Statute, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "statute"], name="one_alias")]
        indexes = [models.Index(fields=["name"])]

    def __str__(self) -> str:
        return self.name


class VersionQuerySet(models.QuerySet["Version"]):
    """Versions in time."""

    def in_force(self, on: date | None = None) -> VersionQuerySet:
        """Return those in force on a day (today in Asia/Shanghai)."""
        day = on or timezone.localdate()
        return self.filter(Q(effective_on__isnull=True) | Q(effective_on__lte=day)).filter(
            Q(ended_on__isnull=True) | Q(ended_on__gt=day)
        )

    def in_order(self) -> VersionQuerySet:
        """Return them from the newest to the oldest."""
        return self.order_by(F("effective_on").desc(nulls_last=True), F("adopted_on").desc(nulls_last=True), "-pk")


class Version(models.Model):
    """The text as adopted, amended or revised at one date. Immutable once imported; a correction is a new import of it."""

    class State(models.TextChoices):
        FUTURE = "future", _("尚未施行")
        FORCE = "force", _("现行有效")
        REPLACED = "replaced", _("已被修改")
        REPEALED = "repealed", _("已废止")

    statute = models.ForeignKey(Statute, on_delete=models.CASCADE, related_name="versions")
    key = models.CharField(max_length=32, help_text="in addresses: the day it was adopted or last amended, 2021-06-10")
    adopted_on = models.DateField(null=True, blank=True, help_text="adopted, or last amended, from the text's header")
    effective_on = models.DateField(null=True, blank=True, help_text="when this version begins to bind")
    ended_on = models.DateField(null=True, blank=True, help_text="first day it no longer binds: replaced or repealed")
    repealed = models.BooleanField(default=False, help_text="ended without a successor")
    ended_words = models.CharField(
        max_length=300, blank=True, help_text="which text ended it, in words: 《…条例》第六十四条"
    )
    ends: Any = models.JSONField(
        default=list, help_text='what this text itself ends: [["title without 中华人民共和国", "ref of the clause"], …]'
    )
    history: Any = models.JSONField(
        default=list, help_text='[{"on": "2002-06-29", "words": "…通过"}, …] from the header'
    )
    preamble = models.TextField(blank=True, help_text="what stands before the first provision")
    source = models.CharField(max_length=400, help_text="where the text came from: collection and path, or address")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the source")
    body_digest = models.CharField(
        max_length=64, blank=True, db_index=True, help_text="of the text that binds, without blanks and punctuation"
    )
    doubts: Any = models.JSONField(
        default=list, help_text="what the import could not settle, in words: contradictory dates …"
    )
    imported_at = models.DateTimeField(auto_now_add=True)
    cited_at = models.DateTimeField(
        null=True, blank=True, help_text="when the citations in its text were last recognised; empty: not yet"
    )

    objects = VersionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["statute", "key"], name="one_version")]
        indexes = [models.Index(fields=["effective_on", "ended_on"])]

    def __str__(self) -> str:
        return f"{self.statute} {self.key}"

    def state_on(self, day: date) -> State:
        """Return how this version stands on a day."""
        if self.effective_on is not None and self.effective_on > day:
            return self.State.FUTURE
        if self.ended_on is not None and self.ended_on <= day:
            return self.State.REPEALED if self.repealed else self.State.REPLACED
        return self.State.FORCE

    @property
    def state(self) -> State:
        """How it stands today."""
        return self.state_on(timezone.localdate())


class Article(models.Model):
    """The identity of an article through renumbering: what guides, citations and permanent links hold on to."""

    statute = models.ForeignKey(Statute, on_delete=models.CASCADE, related_name="articles")
    ref = models.CharField(
        max_length=12, help_text='number in the newest version that has it: "28", "6-1" for 第六条之一'
    )

    class Meta:
        indexes = [models.Index(fields=["statute", "ref"])]

    def __str__(self) -> str:
        return f"{self.statute}:{self.ref}"


class Provision(models.Model):
    """One line of the structure of a version: a part, chapter, section, article, or a stretch without number."""

    class Kind(models.TextChoices):
        PART = "part", _("编")
        SUBPART = "subpart", _("分编")
        CHAPTER = "chapter", _("章")
        SECTION = "section", _("节")
        ARTICLE = "article", _("条")
        CLAUSE = "clause", _("项")
        TEXT = "text", _("正文")
        APPENDIX = "appendix", _("附件")

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="provisions")
    position = models.PositiveIntegerField(help_text="order in the version, from 0")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    ref = models.CharField(
        max_length=12, blank=True, help_text='articles: "28", "6-1"; clauses 一、二、 of documents: "1"'
    )
    label = models.CharField(max_length=40, blank=True, help_text="as written: 第二十八条")
    heading = models.CharField(max_length=200, blank=True, help_text="title of a chapter, 【title】 of an article")
    text = models.TextField(blank=True, help_text="paragraphs 款 by line breaks; items （一） are lines of their own")
    parents = models.CharField(max_length=300, blank=True, help_text="headings above, joined by ' › '")
    article = models.ForeignKey(Article, null=True, blank=True, on_delete=models.SET_NULL, related_name="provisions")
    effective_on = models.DateField(
        null=True, blank=True, help_text="where it begins to bind on another day than the version"
    )
    digest = models.CharField(max_length=16, blank=True, help_text="of the normalised text: equal texts, equal digests")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "position"], name="one_provision_per_position")]
        indexes = [models.Index(fields=["version", "ref"]), models.Index(fields=["article"])]

    def __str__(self) -> str:
        return f"{self.version} {self.label or self.heading}"

    def get_absolute_url(self) -> str:
        """The address of this article in its version (the version in force has the shorter one, see law.urls)."""
        return reverse("law:article_in", args=[self.version.statute.slug, self.version.key, self.ref])


class Translation(models.Model):
    """A provision in another language, beside the original; the Chinese text alone binds."""

    provision = models.ForeignKey(Provision, on_delete=models.CASCADE, related_name="translations")
    language = models.CharField(max_length=12)
    text = models.TextField()
    source = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provision", "language"], name="one_translation")]

    def __str__(self) -> str:
        return f"{self.provision} {self.language}"

    @property
    def language_name(self) -> str:
        """The language as its speakers call it, its code where nobody told us."""
        known = LANG_INFO.get(self.language, {}).get("name_local", self.language)
        return str(dict(settings.LANGUAGES).get(self.language, known))
