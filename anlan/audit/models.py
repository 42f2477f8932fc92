"""The append-only record of who did what. Actors and subjects are plain values: the record outlives both."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from django.db import models
from django.db.models import Q
from django.utils import timezone

from anlan.audit import verbs
from anlan.lib.codes import region_prefix_range

if TYPE_CHECKING:
    from anlan.audit.actions import Actor


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


class RecordQuerySet(models.QuerySet["Record"]):
    """Reads over the record."""

    def visible_to(self, user: Actor) -> RecordQuerySet:
        """Return what the user's post may read: all for the platform, the territory for a region, nothing for a firm."""
        post = user.post
        if post is None or post.organisation_id:
            return self.none()
        if not post.region_code:
            return self
        low, high = region_prefix_range(post.region_code)
        return self.filter(region_code__gte=low, region_code__lt=high)

    def sealed(self) -> RecordQuerySet:
        """Return the records in the chain, in its order."""
        return self.filter(position__isnull=False).order_by("position")

    def unsealed(self) -> RecordQuerySet:
        """Return the records that wait to be sealed, oldest first."""
        return self.filter(position__isnull=True).order_by("id")

    def between(self, first: date | None, last: date | None) -> RecordQuerySet:
        """Return the records of these days, both included, by the clock of the installation."""
        found = self.filter(at__gte=_midnight(first)) if first else self
        return found.filter(at__lt=_midnight(last + timedelta(days=1))) if last else found

    def about(self, words: str) -> RecordQuerySet:
        """Return the records whose subject carries these words in its name, or is this id."""
        return self.filter(Q(subject_name__icontains=words) | Q(subject_id=words)) if words else self


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

    objects = RecordQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "-id"]),
            models.Index(fields=["actor_id", "-id"]),
            models.Index(fields=["region_code", "-id"]),
            models.Index(fields=["verb", "-id"]),
            models.Index(fields=["id"], condition=Q(position__isnull=True), name="audit_unsealed"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.verb} {self.subject_kind} {self.subject_id}"

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: the record is append-only."""
        raise TypeError("audit records are never deleted")

    @property
    def words(self) -> str:
        """What was done, in words for people."""
        return verbs.say(self.verb)

    @property
    def kind_words(self) -> str:
        """What kind of thing it was done to, in words for people."""
        return verbs.kind(self.subject_kind)

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The details as pairs of words, for the page."""
        return verbs.facts(self.detail)


class Head(models.Model):
    """The end of the chain: one row. Sealing locks it, so two processes never seal the same records; a chain whose last
    rows were cut off no longer reaches it."""

    position = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True, help_text="when the whole chain was last verified")
    checked = models.BigIntegerField(default=0)
    broken = models.BigIntegerField(default=0, help_text="first broken position, 0 when intact")
    why = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.position} {self.digest[:12]}"
