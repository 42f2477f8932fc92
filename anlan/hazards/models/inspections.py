"""Inspections: patrols of the grid, visits of agencies and associations, re-inspections, self-inspections."""

from __future__ import annotations

import uuid
from datetime import datetime, time

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import Organisation, User
from anlan.accounts.models.regions import inside
from anlan.enterprises.models import Enterprise, Mandate
from anlan.files.models import Blob
from anlan.hazards.models.checklists import ChecklistVersion


class InspectionQuerySet(models.QuerySet["Inspection"]):
    """Reads over inspections."""

    def visible_to(self, user: User) -> InspectionQuerySet:
        """Return those of one's firm, of one's territory, or that one's agency or association makes, while its contract lasts."""
        post = user.post
        if post is None:
            return self.none()
        if post.organisation_id:
            if user.may(powers.SERVE) or user.may(powers.MANAGE_ASSOCIATION):
                firms = Mandate.objects.open().firms_of(post.organisation_id)
                return self.filter(organisation_id=post.organisation_id, enterprise__in=firms)
            if user.may(powers.MANAGE_ENTERPRISE):
                return self.filter(enterprise_id=post.organisation_id)
            return self.none()
        return (
            self.filter(inside(post.region_code)) if post.is_territorial and user.may(powers.SUPERVISE) else self.none()
        )

    def open(self) -> InspectionQuerySet:
        """Return those that still have to be made."""
        return self.filter(state__in=Inspection.OPEN)

    def overdue(self) -> InspectionQuerySet:
        """Return those open whose last day has passed."""
        return self.open().filter(due_on__lt=timezone.localdate())


class Inspection(models.Model):
    """One visit to one firm. A patrol that is due is `planned`; the officer's device and the page do the same one."""

    class Kind(models.TextChoices):
        PATROL = "patrol", _("网格巡查")
        TOWN = "town", _("镇街检查")
        AGENCY = "agency", _("机构检查")
        ASSOCIATION = "association", _("协会检查")
        SELF = "self", _("企业自查")

    class State(models.TextChoices):
        PLANNED = "planned", _("待检查")
        DOING = "doing", _("正在检查")
        DONE = "done", _("已完成")
        CANCELLED = "cancelled", _("已取消")

    OPEN = (State.PLANNED, State.DOING)

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="inspections")
    region_code = models.CharField(
        max_length=24, help_text="of the firm when the visit was planned; moves with it while open"
    )
    industry = models.CharField(max_length=8, blank=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    organisation = models.ForeignKey(
        Organisation,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="agency or association",
    )
    inspector = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    plan = models.CharField(max_length=500, blank=True, help_text="what it is about and why")
    period = models.CharField(max_length=16, blank=True, help_text="2026Q4: one planned patrol per firm and period")
    due_on = models.DateField(null=True, blank=True)
    checklists = models.ManyToManyField(ChecklistVersion, related_name="+")
    started_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    accuracy = models.FloatField(null=True, blank=True, help_text="metres")
    accompanied_by = models.CharField(max_length=60, blank=True, help_text="who of the firm went along")
    no_position = models.CharField(max_length=120, blank=True, help_text="why there is no position")
    words = models.TextField(blank=True)
    signed_as = models.CharField(max_length=60, blank=True, help_text="name under the inspector's signature")
    firm_signed_as = models.CharField(max_length=60, blank=True, help_text="name under the firm's signature")
    unsigned_because = models.CharField(max_length=120, blank=True, help_text="why nobody of the firm signed")
    signature = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    firm_signature = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    cancelled_because = models.CharField(max_length=200, blank=True)
    version = models.PositiveIntegerField(default=0, help_text="compare-and-set: grows with every write")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = InspectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise", "period"],
                condition=Q(kind="patrol") & ~Q(period=""),
                name="one_patrol_per_firm_and_period",
            ),
        ]
        indexes = [
            models.Index(fields=["region_code", "state", "due_on"]),
            models.Index(fields=["enterprise", "-id"]),
            models.Index(fields=["organisation", "state"]),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} · {self.get_kind_display()}"

    @property
    def is_open(self) -> bool:
        """Whether it still has to be made."""
        return self.state in self.OPEN

    @property
    def days_over(self) -> int:
        """Days since its last day passed; 0 while there is time, once it is made, or without one."""
        return max(0, (timezone.localdate() - self.due_on).days) if self.due_on and self.is_open else 0

    @property
    def due_at(self) -> datetime | None:
        """The end of its last day."""
        return timezone.make_aware(datetime.combine(self.due_on, time(23, 59, 59))) if self.due_on else None

    @property
    def is_signed(self) -> bool:
        """Whether the inspector signed, and the firm did or the record says why not."""
        return bool(self.signed_as) and bool(self.firm_signed_as or self.unsigned_because)

    def can_inspect(self, user: User) -> bool:
        """Whether the user may make this inspection: INSPECT in the territory, or of the agency or association it belongs to;
        a self-inspection by the managers of the firm."""
        post = user.post
        if post is None:
            return False
        if self.kind == self.Kind.SELF:
            return user.may(powers.MANAGE_ENTERPRISE) and post.organisation_id == self.enterprise_id
        if not user.may(powers.INSPECT):
            return False
        if self.kind in (self.Kind.AGENCY, self.Kind.ASSOCIATION):
            return post.organisation_id is not None and post.organisation_id == self.organisation_id
        return post.is_territorial and self.region_code.startswith(post.region_code)

    def can_direct(self, user: User) -> bool:
        """Whether the user may assign or cancel it: COORDINATE in the territory, the office that planned it, or its inspector."""
        if not self.can_inspect(user):
            return False
        return user.may(powers.COORDINATE) or self.inspector_id == user.pk or self.organisation_id is not None


class Finding(models.Model):
    """The answer to one item of one inspection; a later answer replaces it, the steps of both stay in the operation log."""

    class Result(models.TextChoices):
        OK = "ok", _("符合")
        FAIL = "fail", _("不符合")
        NA = "na", _("不涉及")

    inspection = models.ForeignKey(Inspection, on_delete=models.CASCADE, related_name="findings")
    checklist = models.ForeignKey(ChecklistVersion, on_delete=models.PROTECT, related_name="+")
    item = models.CharField(max_length=40, help_text="key of the item")
    result = models.CharField(max_length=4, choices=Result.choices)
    note = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(help_text="moment on the server's clock, as near as the device lets us tell")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["inspection", "checklist", "item"], name="one_finding_per_item"),
        ]

    def __str__(self) -> str:
        return f"{self.item}: {self.result}"

    @property
    def mark(self) -> str:
        """What a page remembers of the answer that it showed."""
        return f"{self.result}:{self.at.timestamp():.3f}"


class Photo(models.Model):
    """A picture as evidence: the original is kept and hashed; what pages show is a turned and shrunk copy."""

    class Role(models.TextChoices):
        BEFORE = "before", _("整改前")
        AFTER = "after", _("整改后")
        SCENE = "scene", _("现场")
        PAPER = "paper", _("资料")

    client_id = models.UUIDField(default=uuid.uuid4, unique=True, help_text="given by the device: a retry is harmless")
    inspection = models.ForeignKey(Inspection, null=True, blank=True, on_delete=models.PROTECT, related_name="photos")
    hazard = models.ForeignKey("Hazard", null=True, blank=True, on_delete=models.PROTECT, related_name="photos")
    step = models.ForeignKey("HazardStep", null=True, blank=True, on_delete=models.PROTECT, related_name="photos")
    item = models.CharField(max_length=40, blank=True, help_text="item of the checklist it shows")
    role = models.CharField(max_length=8, choices=Role.choices)
    original = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    shown = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64, help_text="of the original")
    caption = models.CharField(max_length=120, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True, help_text="by the device")
    clock_error = models.IntegerField(null=True, blank=True, help_text="seconds the device's clock was ahead at upload")
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    accuracy = models.FloatField(null=True, blank=True, help_text="metres")
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.caption or self.original.name
