"""Templates and their versions. A published version never changes: entries stay readable as they were written."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.enterprises.models import Enterprise


def uppers(code: str) -> list[str]:
    """The region code and those above it: 410105018G07 → 41, 4101, …; the empty one is the platform."""
    return ["", *(code[:n] for n in (2, 4, 6, 9) if n < len(code)), *(code[:n] for n in range(10, len(code))), code]


class TemplateQuerySet(models.QuerySet["Template"]):
    """Reads over templates."""

    def visible_to(self, user: User) -> TemplateQuerySet:
        """Return the platform's, those of the regions above and inside one's territory, and those of one's own firm."""
        post = user.post
        if post is None:
            return self.none()
        if post.organisation is not None:
            above = Q(enterprise=None, region_code__in=uppers(post.organisation.region_code))
            return self.filter(above | Q(enterprise_id=post.organisation_id))
        if not post.is_territorial or not user.may(powers.SUPERVISE):
            return self.none()
        code = post.region_code
        inside = Q(enterprise=None) & (Q(region_code__in=uppers(code)) | Q(region_code__startswith=code))
        return self.filter(inside | Q(enterprise__in=Enterprise.objects.visible_to(user)))

    def manageable_by(self, user: User) -> TemplateQuerySet:
        """Return those that the user may change: of one's own territory with SET_RULES, of one's own firm."""
        post = user.post
        if post is None:
            return self.none()
        if post.organisation_id:
            return (
                self.filter(enterprise_id=post.organisation_id) if user.may(powers.MANAGE_ENTERPRISE) else self.none()
            )
        if not post.is_territorial or not user.may(powers.SET_RULES):
            return self.none()
        return self.filter(enterprise=None, region_code=post.region_code)

    def for_firm(self, firm: Enterprise) -> TemplateQuerySet:
        """Return the live ones that this firm may fill in: published, of the platform, of its regions, its own."""
        above = Q(enterprise=None, region_code__in=uppers(firm.organisation.region_code))
        return self.filter(above | Q(enterprise=firm), retired_at=None, current__isnull=False)


class Template(models.Model):
    """A ledger that firms fill in. Its owner is the platform (`region_code` empty), a territory, or one firm."""

    class Category(models.TextChoices):
        SIGNS = "signs", _("警示标志")
        ACCIDENTS = "accidents", _("事故事件")
        PERMITS = "permits", _("危险作业")
        PROCEDURES = "procedures", _("操作规程")
        PPE = "ppe", _("劳动防护")
        DRILLS = "drills", _("应急演练")
        TRAINING = "training", _("教育培训")
        EQUIPMENT = "equipment", _("设备设施")
        HAZARDS = "hazards", _("隐患治理")
        OTHER = "other", _("其他")

    class Rhythm(models.TextChoices):
        NONE = "", _("随时记")
        MONTH = "month", _("每月一次")
        QUARTER = "quarter", _("每季度一次")
        HALF = "half", _("每半年一次")
        YEAR = "year", _("每年一次")

    code = models.CharField(
        max_length=40, blank=True, help_text="of a ready template, to find it again; empty otherwise"
    )
    name = models.CharField(max_length=60)
    about = models.CharField(max_length=300, blank=True, help_text="what it is for, in one sentence")
    source = models.CharField(max_length=200, blank=True, help_text="articles or standards it rests on, ; between them")
    prefix = models.CharField(max_length=4, default="TZ", help_text="letters that begin the numbers of its entries")
    category = models.CharField(max_length=12, choices=Category.choices, default=Category.OTHER)
    rhythm = models.CharField(max_length=8, choices=Rhythm.choices, blank=True)
    by_workers = models.BooleanField(default=False, help_text="workers without power over the firm may enter, too")
    region_code = models.CharField(max_length=24, blank=True)
    enterprise = models.ForeignKey(Enterprise, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    next_key = models.PositiveIntegerField(
        default=1, help_text="keys of fields and columns are given once, never again"
    )
    current = models.ForeignKey("TemplateVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    retired_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TemplateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code"], condition=~Q(code=""), name="one_ready_template_per_code"),
        ]
        indexes = [models.Index(fields=["region_code", "category"])]

    def __str__(self) -> str:
        return self.name

    @property
    def sources(self) -> list[str]:
        """The articles and standards, one by one."""
        return [each.strip() for each in self.source.split(";") if each.strip()]

    def can_manage(self, user: User) -> bool:
        """Whether the user may change this template."""
        return Template.objects.manageable_by(user).filter(pk=self.pk).exists()


class VersionQuerySet(models.QuerySet["TemplateVersion"]):
    """Reads over versions."""

    def visible_to(self, user: User) -> VersionQuerySet:
        """Return the published ones of visible templates, and drafts of those one may change."""
        shown = Q(template__in=Template.objects.visible_to(user), published_at__isnull=False)
        return self.filter(shown | Q(template__in=Template.objects.manageable_by(user)))


class TemplateVersion(models.Model):
    """The fields of a template as they were published; the one without `published_at` is the draft being built.

    `fields`: see `ledgers.fields`. `permit`: {} or {"steps": [{"name", "who": person|manager|head, "must", "when"}],
    "hours": {"field": key, "by": {option: hours}, "else": hours}, "source": "GB 30871-2022"}.
    """

    class Source(models.TextChoices):
        BUILDER = "builder", _("在线编制")
        XLSFORM = "xlsform", _("由 XLSForm 导入")
        READY = "ready", _("平台自带")

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    fields: Any = models.JSONField(default=list)
    permit: Any = models.JSONField(default=dict, blank=True)
    source = models.CharField(max_length=8, choices=Source.choices, default=Source.BUILDER)
    changed = models.CharField(max_length=200, blank=True, help_text="what is new, in words of whoever published it")
    edits = models.PositiveIntegerField(default=0, help_text="compare-and-set: grows with every change of the draft")
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="one_version_per_number"),
            models.UniqueConstraint(fields=["template"], condition=Q(published_at=None), name="one_draft_per_template"),
        ]

    def __str__(self) -> str:
        return f"{self.template} 第 {self.number} 版"

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The approval chain, empty when entries need none."""
        return list(self.permit.get("steps", []))

    def by_key(self, key: str) -> dict[str, Any] | None:
        """The definition of one field."""
        return next((field for field in self.fields if field["key"] == key), None)
