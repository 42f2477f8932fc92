"""What hangs on an enterprise's file: who said which value, permits, chemicals, equipment, photos, tags, spending."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Final, Self, TypeVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.accounts.models.regions import inside
from anlan.enterprises.models.enterprises import Enterprise
from anlan.files.models import Blob

_M = TypeVar("_M", bound=models.Model)


class OfFirmQuerySet(models.QuerySet[_M]):
    """Reads over whatever belongs to one firm's file."""

    def visible_to(self, user: User) -> Self:
        """Return the rows of the firms whose file the user may see."""
        return self.filter(enterprise__in=Enterprise.objects.with_file_for(user))


class FileValue(models.Model):
    """One value of one field as somebody said it. The newest per field is what the file shows."""

    class Source(models.TextChoices):
        ENTERPRISE = "enterprise", _("企业填报")
        OFFICER = "officer", _("网格员采集")
        REGULATOR = "regulator", _("监管部门")
        AGENCY = "agency", _("服务机构采集")
        EXTRACT = "extract", _("工商登记导入")
        OCR = "ocr", _("证照识别")

    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="said")
    field = models.CharField(max_length=60, help_text="name of the field; custom fields as custom.CODE")
    value = models.JSONField(help_text="as stored; phones masked")
    source = models.CharField(max_length=12, choices=Source.choices)
    said_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    said_as = models.CharField(max_length=120, blank=True, help_text="post at the time")
    said_at = models.DateTimeField()
    verified_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    verified_at = models.DateTimeField(null=True, blank=True)
    doubt = models.CharField(max_length=200, blank=True, help_text="why the officer did not confirm it")

    objects = OfFirmQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["enterprise", "field", "-id"])]

    def __str__(self) -> str:
        return f"{self.field}={self.value}"


PERMIT_DAYS: Final = 60
"""A permit that ends within so many days is worth a word: renewing one takes about a month."""


class PermitQuerySet(OfFirmQuerySet["Permit"]):
    """Reads over permits."""

    def held(self) -> PermitQuerySet:
        """Return those neither replaced nor given up."""
        return self.filter(withdrawn_on__isnull=True)

    def ending(self, days: int = PERMIT_DAYS) -> PermitQuerySet:
        """Return those held that have ended or end within so many days."""
        return self.held().filter(until__lte=timezone.localdate() + timedelta(days=days))


class Permit(models.Model):
    """A licence or permit of the firm: name, number, validity, picture; read by OCR, confirmed by a person."""

    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="permits")
    name = models.CharField(max_length=80, help_text="安全生产许可证")
    number = models.CharField(max_length=80, blank=True)
    issued_by = models.CharField(max_length=120, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    until = models.DateField(null=True, blank=True, help_text="last day; empty: no end")
    photo = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    original = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_on = models.DateField(null=True, blank=True, help_text="replaced or no longer held")
    said_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    said_at = models.DateTimeField(auto_now=True)
    verified_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    verified_at = models.DateTimeField(null=True, blank=True)

    objects = PermitQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["until"], condition=Q(withdrawn_on__isnull=True), name="permit_ends")]

    def __str__(self) -> str:
        return f"{self.name} {self.number}".strip()


class Reading(models.Model):
    """A licence or permit that was photographed: read by the machine, then confirmed or corrected by a person."""

    class Kind(models.TextChoices):
        LICENCE = "licence", _("营业执照")
        PERMIT = "permit", _("许可证")

    class State(models.TextChoices):
        RUNNING = "running", _("正在识别")
        READ = "read", _("待核对")
        UNREAD = "unread", _("没有认出来")
        USED = "used", _("已写入档案")
        DROPPED = "dropped", _("已放弃")

    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="readings")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    original = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    shown = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    fields = models.JSONField(default=dict, help_text="{field: text} as understood; dates as 2026-11-22")
    lines = models.JSONField(default=list, help_text="[text, …] as read, top to bottom")
    problem = models.CharField(max_length=200, blank=True)
    permit = models.ForeignKey(Permit, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    beat_at = models.DateTimeField(null=True, blank=True, help_text="last sign of life of the reading process")

    objects = OfFirmQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["state", "beat_at"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.enterprise}"


class Chemical(models.Model):
    """A hazardous chemical kept or used."""

    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="chemicals")
    name = models.CharField(max_length=80)
    cas = models.CharField(max_length=20, blank=True, help_text="CAS number, check digit verified")
    most = models.DecimalField(
        max_digits=10, decimal_places=3, null=True, blank=True, help_text="largest stock, tonnes"
    )
    place = models.CharField(max_length=120, blank=True)
    said_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    said_at = models.DateTimeField(auto_now=True)

    objects = OfFirmQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class Equipment(models.Model):
    """Special equipment (boilers, pressure vessels, lifts, cranes, forklifts): kind, number, next inspection."""

    class Kind(models.TextChoices):
        BOILER = "boiler", _("锅炉")
        VESSEL = "vessel", _("压力容器")
        PIPE = "pipe", _("压力管道")
        LIFT = "lift", _("电梯")
        CRANE = "crane", _("起重机械")
        VEHICLE = "vehicle", _("场内专用机动车辆")
        OTHER = "other", _("其他")

    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="equipment")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=80)
    number = models.CharField(max_length=60, blank=True, help_text="registration code")
    inspect_by = models.DateField(null=True, blank=True, help_text="next periodic inspection, last day")
    said_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    said_at = models.DateTimeField(auto_now=True)

    objects = OfFirmQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class FirmPhoto(models.Model):
    """A picture of the firm for its file."""

    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="photos")
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    original = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    caption = models.CharField(max_length=80, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True, help_text="by the camera")
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    taken_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects = OfFirmQuerySet.as_manager()

    def __str__(self) -> str:
        return self.caption or self.blob.name


class FirmTag(models.Model):
    """A label that the regulators of a territory put on firms: 涉氨制冷, 三合一场所."""

    name = models.CharField(max_length=30)
    region_code = models.CharField(max_length=24, help_text="territory that shares it")
    enterprises = models.ManyToManyField(Enterprise, related_name="tags", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "region_code"], name="one_firm_tag_per_territory")]

    def __str__(self) -> str:
        return self.name


class CustomFieldQuerySet(models.QuerySet["CustomField"]):
    """Reads over the fields that administrators added."""

    def visible_to(self, user: User) -> CustomFieldQuerySet:
        """Return, to those who set rules, the fields of their territory: their own, those below and those above."""
        post = user.post
        if post is None or not post.is_territorial or not user.may(powers.SET_RULES):
            return self.none()
        above = ["", *(post.region_code[:n] for n in range(2, len(post.region_code)))]
        return self.filter(inside(post.region_code) | Q(region_code__in=above))

    def asked_in(self, region_code: str) -> CustomFieldQuerySet:
        """Return those that a firm at this place answers, in order."""
        above = ["", *(region_code[:n] for n in range(2, len(region_code) + 1))]
        return self.filter(region_code__in=above, retired_on__isnull=True)


class CustomField(models.Model):
    """A field of the file that an administrator adds without code. Its code never changes; values live in `custom`."""

    class Kind(models.TextChoices):
        TEXT = "text", _("文字")
        NUMBER = "number", _("数字")
        DATE = "date", _("日期")
        CHOICE = "choice", _("单选")
        CHOICES = "choices", _("多选")
        YES = "yes", _("是否")

    code = models.SlugField(max_length=30, unique=True)
    label = models.CharField(max_length=40)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    choices = models.JSONField(default=list, blank=True, help_text="[label, …]")
    hint = models.CharField(max_length=120, blank=True)
    required = models.BooleanField(default=False)
    region_code = models.CharField(max_length=24, help_text="firms of this territory have it")
    position = models.PositiveSmallIntegerField(default=0)
    retired_on = models.DateField(null=True, blank=True, help_text="no longer asked; old values stay readable")

    objects = CustomFieldQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.label

    def can_edit(self, user: User) -> bool:
        """Whether the user may change it: whoever sets the rules of its territory, not of a part of it."""
        post = user.post
        return (
            user.may(powers.SET_RULES)
            and post is not None
            and post.is_territorial
            and self.region_code.startswith(post.region_code)
        )


class Spending(models.Model):
    """Money for safety and training in one year: a budget, or an invoice against it (E-08)."""

    class Kind(models.TextChoices):
        BUDGET = "budget", _("预算")
        INVOICE = "invoice", _("支出")

    class Purpose(models.TextChoices):
        TRAINING = "training", _("教育培训")
        PROTECTION = "protection", _("劳动防护用品")
        EQUIPMENT = "equipment", _("安全设施设备")
        CURE = "cure", _("隐患治理")
        INSPECTION = "inspection", _("检测评价咨询")
        DRILL = "drill", _("应急演练与物资")
        OTHER = "other", _("其他安全支出")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, help_text="given by the form: a second tap writes nothing")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="spending")
    year = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    fen = models.BigIntegerField(help_text="hundredths of a yuan")
    on = models.DateField(null=True, blank=True)
    invoice_number = models.CharField(max_length=40, blank=True)
    note = models.CharField(max_length=200, blank=True)
    file = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects = OfFirmQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise", "year", "purpose"], condition=Q(kind="budget"), name="one_budget_per_purpose"
            ),
            models.UniqueConstraint(
                fields=["enterprise", "invoice_number"],
                condition=Q(kind="invoice") & ~Q(invoice_number=""),
                name="one_spending_per_invoice",
            ),
        ]
        indexes = [models.Index(fields=["enterprise", "year"])]

    def __str__(self) -> str:
        return f"{self.year} {self.get_purpose_display()} {self.fen / 100:.2f}"
