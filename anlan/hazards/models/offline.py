"""Work done without a network: devices, their signed operation logs, photos on the way, conflicts (design 3.8)."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import Post, User
from anlan.files.models import Blob
from anlan.hazards.models.inspections import Inspection


class Device(models.Model):
    """A phone of one person in one post, known by its public key."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120, blank=True)
    public_key = models.TextField(help_text="JWK, ECDSA P-256")
    head = models.CharField(max_length=64, blank=True, help_text="hash of the last operation taken")
    sequence = models.PositiveIntegerField(default=0, help_text="number of the last operation taken")
    clock_error = models.IntegerField(default=0, help_text="seconds ahead of the server when last heard")
    seen_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name or str(self.uid)


class Operation(models.Model):
    """One entry of a device's log, taken exactly once; what became of it is never forgotten."""

    class Outcome(models.TextChoices):
        APPLIED = "applied", _("已生效")
        CONFLICT = "conflict", _("有冲突，等人决定")
        QUARANTINED = "quarantined", _("存疑，已隔离保存")

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="operations")
    client_id = models.UUIDField(unique=True)
    sequence = models.PositiveIntegerField()
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)
    signature = models.TextField()
    kind = models.CharField(max_length=20, help_text="start, answer, note, hazard, sign, finish, …")
    inspection = models.ForeignKey(Inspection, null=True, blank=True, on_delete=models.PROTECT, related_name="operations")
    body = models.JSONField()
    done_at = models.DateTimeField(help_text="by the device's clock")
    taken_at = models.DateTimeField(auto_now_add=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    because = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "sequence"], name="one_operation_per_sequence")]
        indexes = [models.Index(fields=["outcome"], condition=~Q(outcome="applied"), name="operations_in_doubt")]

    def __str__(self) -> str:
        return f"{self.device_id}#{self.sequence} {self.kind}"


class PhotoUpload(models.Model):
    """A photo on its way: received piece by piece, bound to its place only when whole and its hash right."""

    client_id = models.UUIDField(unique=True)
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="uploads")
    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="uploads")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    received = models.PositiveIntegerField(default=0)
    path = models.CharField(max_length=200, blank=True, help_text="of the part file")
    about = models.JSONField(default=dict, help_text="item, role, taken_at, latitude, longitude, accuracy, caption, hazard")
    blob = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.client_id)


class Conflict(models.Model):
    """One field that two people answered differently; stays open until a person chooses."""

    inspection = models.ForeignKey(Inspection, on_delete=models.CASCADE, related_name="conflicts")
    field = models.CharField(max_length=120, help_text="checklist version and item, or a field of the inspection")
    present = models.JSONField(help_text="what the server held: {value, by, at}")
    arriving = models.JSONField(help_text="what the device brought: {value, by, at}")
    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="+")
    chosen = models.CharField(max_length=8, blank=True, choices=[("present", _("保留现有")), ("arriving", _("采用新到"))])
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["inspection"], condition=Q(chosen=""), name="conflicts_open")]

    def __str__(self) -> str:
        return f"{self.inspection_id} {self.field}"
