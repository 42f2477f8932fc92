"""Work done without a network: devices, their signed operation logs, photos on the way, conflicts (design 3.8)."""

from __future__ import annotations

import json
import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import Post, User
from anlan.accounts.models.regions import inside
from anlan.files.models import Blob
from anlan.hazards.models.inspections import Inspection


class Device(models.Model):
    """A phone of one person in one post, known by its public key."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120, blank=True)
    public_key = models.TextField(help_text="JWK, ECDSA P-256")
    vault = models.UUIDField(
        null=True, blank=True, db_index=True, help_text="the store on the phone: one per person, for all posts"
    )
    head = models.CharField(max_length=64, blank=True, help_text="hash of the last operation taken")
    sequence = models.PositiveIntegerField(default=0, help_text="number of the last operation taken")
    clock_error = models.IntegerField(default=0, help_text="seconds ahead of the server when last heard")
    seen_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name or str(self.uid)

    @property
    def key(self) -> dict[str, str]:
        """The public key as a JWK."""
        return json.loads(self.public_key)  # type: ignore[no-any-return]  # written by `register_device`


class OperationQuerySet(models.QuerySet["Operation"]):
    """Reads over operations."""

    def visible_to(self, user: User) -> OperationQuerySet:
        """Return one's own; and those whose firm, or whose device's post, lies in one's territory."""
        post = user.post
        own = self.filter(device__user=user)
        if post is None or not post.is_territorial or not user.may(powers.SUPERVISE):
            return own
        return self.filter(
            Q(device__user=user)
            | inside(post.region_code, "device__post__region_code")
            | inside(post.region_code, "inspection__region_code")
        )

    def in_doubt(self) -> OperationQuerySet:
        """Return what is quarantined and nobody has decided yet."""
        return self.filter(outcome=Operation.Outcome.QUARANTINED, decision="")


class Operation(models.Model):
    """One entry of a device's log, taken exactly once; what became of it is never forgotten."""

    class Outcome(models.TextChoices):
        APPLIED = "applied", _("已生效")
        CONFLICT = "conflict", _("有冲突，等人决定")
        QUARANTINED = "quarantined", _("存疑，已隔离保存")

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="operations")
    client_id = models.UUIDField(help_text="given by the device")
    task = models.UUIDField(help_text="uid of the inspection as the device names it, also where there is none")
    sequence = models.PositiveIntegerField()
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, help_text="SHA-256 of the signed text: what the entry is known by")
    signature = models.TextField()
    kind = models.CharField(max_length=20, help_text="start, answer, note, hazard, sign, finish, …")
    inspection = models.ForeignKey(
        Inspection, null=True, blank=True, on_delete=models.PROTECT, related_name="operations"
    )
    body = models.JSONField()
    done_at = models.DateTimeField(help_text="by the device's clock")
    at = models.DateTimeField(help_text="by the server's, as near as it can be told")
    clock_error = models.IntegerField(default=0, help_text="seconds the device was ahead when it sent this")
    clock_doubt = models.BooleanField(default=False, help_text="off by more than a few minutes, or out of order")
    taken_at = models.DateTimeField(auto_now_add=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    code = models.CharField(
        max_length=20, blank=True, help_text="why it is in doubt: gap, signature, territory, post, …"
    )
    because = models.CharField(max_length=300, blank=True)
    decision = models.CharField(
        max_length=10, blank=True, choices=[("accepted", _("已接收")), ("discarded", _("不采用"))]
    )
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    words = models.CharField(max_length=300, blank=True, help_text="of whoever decided")

    objects = OperationQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "hash"], name="one_operation_per_hash")]
        indexes = [
            models.Index(fields=["device", "sequence"]),
            models.Index(fields=["task"]),
            models.Index(fields=["outcome"], condition=~Q(outcome="applied"), name="operations_in_doubt"),
        ]

    def __str__(self) -> str:
        return f"{self.device_id}#{self.sequence} {self.kind}"


class PhotoUpload(models.Model):
    """A photo on its way: received piece by piece, bound to its place only when whole and its hash right."""

    client_id = models.UUIDField(unique=True)
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="uploads")
    inspection = models.ForeignKey(Inspection, null=True, blank=True, on_delete=models.PROTECT, related_name="uploads")
    operation = models.ForeignKey(
        Operation, on_delete=models.PROTECT, related_name="uploads", help_text="that announced it"
    )
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    received = models.PositiveIntegerField(default=0)
    path = models.CharField(max_length=200, blank=True, help_text="folder of the pieces in the storage")
    about = models.JSONField(
        default=dict, help_text="item, role, taken_at, latitude, longitude, accuracy, caption, hazard"
    )
    blob = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True, help_text="whole, and its hash right")
    bound_at = models.DateTimeField(null=True, blank=True, help_text="became evidence of its inspection")
    dropped_at = models.DateTimeField(
        null=True, blank=True, help_text="the officer took it back before it was evidence"
    )

    class Meta:
        indexes = [models.Index(fields=["inspection"], condition=Q(bound_at__isnull=True), name="photos_on_the_way")]

    def __str__(self) -> str:
        return str(self.client_id)


class ConflictQuerySet(models.QuerySet["Conflict"]):
    """Reads over conflicts."""

    def visible_to(self, user: User) -> ConflictQuerySet:
        """Return those of the inspections that one sees."""
        return self.filter(inspection__in=Inspection.objects.visible_to(user))

    def open(self) -> ConflictQuerySet:
        """Return those that nobody has decided."""
        return self.filter(chosen="")


class Conflict(models.Model):
    """One field that two people answered differently; stays open until a person chooses."""

    inspection = models.ForeignKey(Inspection, on_delete=models.CASCADE, related_name="conflicts")
    field = models.CharField(max_length=120, help_text="checklist version and item, or a field of the inspection")
    present = models.JSONField(help_text="what the server held: {value, by, at}")
    arriving = models.JSONField(help_text="what the device brought: {value, by, at}")
    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="+")
    chosen = models.CharField(
        max_length=8, blank=True, choices=[("present", _("保留现有")), ("arriving", _("采用新到"))]
    )
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = ConflictQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["inspection", "field", "operation"], name="one_conflict_per_field_and_operation"
            ),
        ]
        indexes = [models.Index(fields=["inspection"], condition=Q(chosen=""), name="conflicts_open")]

    def __str__(self) -> str:
        return f"{self.inspection_id} {self.field}"

    def can_decide(self, user: User) -> bool:
        """Whether this person may choose: who inspects there and sees both."""
        seen = Inspection.objects.visible_to(user).filter(pk=self.inspection_id)
        return user.may(powers.INSPECT) and seen.exists()
