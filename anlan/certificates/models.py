"""Certificates and the append-only public log that proves none was back-dated or altered."""

from __future__ import annotations

from django.db import models

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.accounts.models.regions import inside
from anlan.exams.models import Sitting
from anlan.files.models import Blob
from anlan.training.models import TrainingClass


class CertificateQuerySet(models.QuerySet["Certificate"]):
    """Reads over certificates. Verification by number is public and goes through `verify()`, not through here."""

    def visible_to(self, user: User) -> CertificateQuerySet:
        """Return one's own, those of one's firm (managers), or of one's territory (regulators)."""
        post = user.post
        if post is not None and post.organisation_id and user.may(powers.MANAGE_ENTERPRISE):
            return self.filter(enterprise_id=post.organisation_id)
        if post is not None and post.is_territorial and user.may(powers.SUPERVISE):
            return self.filter(inside(post.region_code))
        return self.filter(user=user)


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

    objects = CertificateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "training_class"],
                condition=models.Q(revoked_at__isnull=True),
                name="one_certificate_per_class",
            )
        ]
        indexes = [models.Index(fields=["valid_until"])]

    def __str__(self) -> str:
        return self.number

    def can_revoke(self, user: User) -> bool:
        """Whether the user may revoke it: regulators of its territory (a second person approves, P-06)."""
        return user.may(powers.REVOKE_CERTIFICATES) and Certificate.objects.visible_to(user).filter(pk=self.pk).exists()


class Revocation(models.Model):
    """A request to revoke, in force once a second person approves."""

    certificate = models.ForeignKey(Certificate, on_delete=models.CASCADE, related_name="revocations")
    because = models.CharField(max_length=200)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    approved = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["certificate"], condition=models.Q(approved__isnull=True), name="one_open_revocation"
            )
        ]

    def __str__(self) -> str:
        return f"{self.certificate}: {self.because}"


class LogEntry(models.Model):
    """A leaf of the public log (RFC 6962 hashing): an issue or a revocation, as canonical JSON without personal data."""

    position = models.BigIntegerField(unique=True, help_text="0-based leaf index")
    kind = models.CharField(max_length=8, choices=[("issue", "签发"), ("revoke", "注销")])
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="log_entries")
    body = models.TextField(help_text="canonical JSON; personal data only as salted hashes")
    leaf = models.CharField(max_length=64)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.position} {self.kind}"


class TreeHead(models.Model):
    """A signed root of the log at a size; never two roots for one size."""

    size = models.BigIntegerField(unique=True)
    root = models.CharField(max_length=64)
    at = models.DateTimeField()
    signature = models.TextField()

    def __str__(self) -> str:
        return f"{self.size}: {self.root[:12]}"
