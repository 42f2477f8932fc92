"""Certificates and the append-only public log that proves none was back-dated or altered."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.accounts.models.regions import inside
from anlan.certificates.record import Salts
from anlan.exams.models import Sitting
from anlan.files.models import Blob
from anlan.lib.codes import mask_name
from anlan.lib.errors import Text
from anlan.lib.fields import EncryptedTextField
from anlan.training.models import TrainingClass

EXPIRING_DAYS = 60
"""How long before its end a certificate is said to end soon."""


class CertificateQuerySet(models.QuerySet["Certificate"]):
    """Reads over certificates. Verification by number is public and shows masks only: see `views.public`."""

    def in_charge_of(self, user: User) -> CertificateQuerySet:
        """Return those of one's firm (managers) or territory (regulators), not one's own."""
        post = user.post
        if post is not None and post.organisation_id and user.may(powers.MANAGE_ENTERPRISE):
            return self.filter(enterprise_id=post.organisation_id)
        if post is not None and post.is_territorial and user.may(powers.SUPERVISE):
            return self.filter(inside(post.region_code))
        return self.none()

    def visible_to(self, user: User) -> CertificateQuerySet:
        """Return one's own and those one is in charge of."""
        post = user.post
        own = models.Q(user=user)
        if post is not None and post.organisation_id and user.may(powers.MANAGE_ENTERPRISE):
            return self.filter(own | models.Q(enterprise_id=post.organisation_id))
        if post is not None and post.is_territorial and user.may(powers.SUPERVISE):
            return self.filter(own | inside(post.region_code))
        return self.filter(own)

    def in_force(self, day: date | None = None) -> CertificateQuerySet:
        """Return those neither revoked nor expired on `day` (today)."""
        return self.filter(revoked_at__isnull=True, valid_until__gte=day or timezone.localdate())

    def expiring(self, days: int = EXPIRING_DAYS) -> CertificateQuerySet:
        """Return those in force that end within so many days."""
        return self.in_force().filter(valid_until__lte=timezone.localdate() + timedelta(days=days))

    def expired(self) -> CertificateQuerySet:
        """Return those that ran out and were never revoked."""
        return self.filter(revoked_at__isnull=True, valid_until__lt=timezone.localdate())

    def revoked(self) -> CertificateQuerySet:
        """Return those revoked."""
        return self.filter(revoked_at__isnull=False)


class Certificate(models.Model):
    """A training certificate. Holder, course and firm are kept as they were named on the day of issue."""

    number = models.CharField(max_length=24, unique=True, help_text="AL + year + serial + check character (ISO 7064)")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="certificates")
    sitting = models.OneToOneField(Sitting, null=True, blank=True, on_delete=models.PROTECT, related_name="certificate")
    training_class = models.ForeignKey(
        TrainingClass, null=True, blank=True, on_delete=models.PROTECT, related_name="certificates"
    )
    enterprise_id = models.BigIntegerField(null=True, db_index=True)
    enterprise_name = models.CharField(max_length=120, blank=True)
    region_code = models.CharField(max_length=24, db_index=True)
    issuer = models.CharField(max_length=120, help_text="the body that held the class")
    holder = models.CharField(max_length=60)
    holder_id_masked = models.CharField(max_length=18, blank=True)
    title = models.CharField(max_length=120, help_text="what was learnt")
    hours = models.DecimalField(max_digits=6, decimal_places=1)
    score = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    issued_at = models.DateTimeField()
    valid_until = models.DateField()
    review_by = models.DateField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_because = models.CharField(max_length=200, blank=True)
    revoked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    pdf = models.ForeignKey(
        Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="signed; null while queued"
    )
    salt = EncryptedTextField(help_text="32 bytes, hex: blinds what the public log says of the holder and number")

    objects = CertificateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "training_class"],
                condition=models.Q(revoked_at__isnull=True),
                name="one_certificate_per_class",
            )
        ]
        indexes = [
            models.Index(fields=["valid_until"]),
            models.Index(fields=["user", "-id"]),
            models.Index(fields=["region_code", "-id"]),
            models.Index(fields=["id"], condition=models.Q(pdf__isnull=True), name="certificate_unsigned"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def grouped(self) -> str:
        """The number as people read it aloud: AL 2026 1234 5678 K."""
        n = self.number
        return f"{n[:2]} {n[2:6]} {n[6:10]} {n[10:14]} {n[14:]}"

    @property
    def holder_masked(self) -> str:
        """李*强."""
        return mask_name(self.holder)

    @property
    def verify_url(self) -> str:
        """The full public address behind the QR code."""
        return f"{settings.ANLAN_PUBLIC_URL}{reverse('certificates:verify_number', args=[self.number])}"

    @property
    def salts(self) -> Salts:
        """The blinds of this certificate's log entries."""
        return Salts(self.salt)

    @property
    def state(self) -> str:
        """revoked, expired, expiring (within 60 days) or valid. Whether the PDF is ready is another question."""
        if self.revoked_at is not None:
            return "revoked"
        left = (self.valid_until - timezone.localdate()).days
        return "expired" if left < 0 else "expiring" if left <= 60 else "valid"

    @property
    def state_words(self) -> Text:
        """The state in words, for badges."""
        return {"revoked": _("已注销"), "expired": _("已过期"), "expiring": _("快到期"), "valid": _("有效")}[self.state]

    @property
    def state_tone(self) -> str:
        """The tone of the badge; the word says the same."""
        return {"revoked": "late", "expired": "", "expiring": "live", "valid": "done"}[self.state]

    @property
    def days_left(self) -> int:
        """Days until the last valid day; negative afterwards."""
        return (self.valid_until - timezone.localdate()).days

    def can_revoke(self, user: User) -> bool:
        """Whether the user may revoke it: regulators of its territory (a second person approves, P-06)."""
        return user.may(powers.REVOKE_CERTIFICATES) and Certificate.objects.visible_to(user).filter(pk=self.pk).exists()


class RevocationQuerySet(models.QuerySet["Revocation"]):
    """Reads over requests to revoke."""

    def visible_to(self, user: User) -> RevocationQuerySet:
        """Return those of the territory of a regulator who may revoke."""
        post = user.post
        if post is None or not post.is_territorial or not user.may(powers.REVOKE_CERTIFICATES):
            return self.none()
        return self.filter(inside(post.region_code, "certificate__region_code"))

    def waiting(self) -> RevocationQuerySet:
        """Return those not decided yet."""
        return self.filter(approved__isnull=True)


class Revocation(models.Model):
    """A request to revoke, in force once a second person approves."""

    certificate = models.ForeignKey(Certificate, on_delete=models.CASCADE, related_name="revocations")
    because = models.CharField(max_length=200)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    approved = models.BooleanField(null=True)

    objects = RevocationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["certificate"], condition=models.Q(approved__isnull=True), name="one_open_revocation"
            )
        ]

    def __str__(self) -> str:
        return f"{self.certificate}: {self.because}"

    def can_decide(self, user: User) -> bool:
        """Whether the user may approve: a second person with the same power over the same territory (P-06)."""
        return user.pk != self.asked_by_id and self.certificate.can_revoke(user)


class LogState(models.Model):
    """The growing edge of the log: one row, locked by whoever appends, so that positions have no gaps and no doubles."""

    size = models.BigIntegerField(default=0)
    peaks = models.JSONField(default=list, help_text="roots of the full subtrees, largest first, hex (merkle.Frontier)")
    last_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.size)


class LogEntry(models.Model):
    """A leaf of the public log (RFC 6962 hashing): an issue or a revocation, as canonical JSON without personal data."""

    class Kind(models.TextChoices):
        ISSUE = "issue", _("签发")
        REVOKE = "revoke", _("注销")

    position = models.BigIntegerField(unique=True, help_text="0-based leaf index")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="log_entries")
    body = models.TextField(help_text="canonical JSON; personal data only as salted hashes")
    leaf = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["certificate", "kind"], name="one_leaf_per_fact")]

    def __str__(self) -> str:
        return f"{self.position} {self.kind}"


class LogNode(models.Model):
    """The hash of a full subtree: node `index` of `level` covers leaves index·2^level … (index+1)·2^level − 1.

    Level 0 is `LogEntry.leaf`. With these a proof reads O(log n) rows instead of the whole log.
    """

    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "index"], name="one_node")]

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"


class TreeHead(models.Model):
    """A signed root of the log at a size; never two roots for one size."""

    size = models.BigIntegerField(unique=True)
    root = models.CharField(max_length=64)
    at = models.DateTimeField()
    signature = models.TextField(help_text="Ed25519 over the canonical JSON of log, size, root and at; base64")
    log = models.CharField(max_length=64, help_text="SHA-256 of the public key, hex: which key signed")

    def __str__(self) -> str:
        return f"{self.size}: {self.root[:12]}"


class PrintBatchQuerySet(models.QuerySet["PrintBatch"]):
    """Reads over batches."""

    def visible_to(self, user: User) -> PrintBatchQuerySet:
        """Return one's own batches only."""
        return self.filter(by=user)


class PrintBatch(models.Model):
    """Certificates gathered into one file in the background. What may be in it was decided when it was asked for."""

    LIMIT = 500

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    certificate_ids = models.JSONField(default=list)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    file = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    beat_at = models.DateTimeField(null=True, blank=True, help_text="last sign of life of the process that gathers")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PrintBatchQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.done}/{self.total}"

    def get_absolute_url(self) -> str:
        """Its progress, later its file."""
        return reverse("certificates:batch", args=[self.uid])

    def can_take(self, user: User) -> bool:
        """Whether the user, who asked for it, is in charge of all its certificates now: the post may be another, or gone."""
        mine = Certificate.objects.in_charge_of(user).filter(pk__in=self.certificate_ids)
        return mine.count() == len(set(self.certificate_ids))
