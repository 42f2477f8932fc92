"""The append-only record of who did what. Actors and subjects are plain values: the record outlives both."""

from typing import Any, NoReturn

from django.db import models
from django.db.models import Q


class Record(models.Model):
    """One thing done or looked at.

    A row is written inside the transaction of its fact; `position`, `previous` and `digest` are set afterwards by the
    one sealing process, so that a hash chain never makes writers wait for each other (docs/decisions/0004).
    """

    at = models.DateTimeField(db_index=True)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=80)
    actor_post = models.CharField(max_length=120, blank=True)
    verb = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=64)
    subject_name = models.CharField(max_length=200, blank=True)
    region_code = models.CharField(max_length=24, blank=True)
    detail = models.JSONField(default=dict)
    address = models.CharField(max_length=45, blank=True)
    position = models.BigIntegerField(null=True, unique=True)
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "-id"]),
            models.Index(fields=["actor_id", "-id"]),
            models.Index(fields=["region_code", "-id"]),
            models.Index(fields=["id"], condition=Q(position__isnull=True), name="audit_unsealed"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.verb} {self.subject_kind} {self.subject_id}"

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: the record is append-only."""
        raise TypeError("audit records are never deleted")
