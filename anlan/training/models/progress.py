"""From beats to progress. Beats are what a player says; progress and hours are what the server believes."""

from __future__ import annotations

import uuid

from django.db import models

from anlan.accounts.models import User
from anlan.training.models.classes import Enrolment
from anlan.training.models.courses import Lesson


class LearningSessionQuerySet(models.QuerySet["LearningSession"]):
    """Reads over sessions."""

    def visible_to(self, user: User) -> LearningSessionQuerySet:
        """Return one's own: nobody else has any business in a session."""
        return self.filter(user=user)


class LearningSession(models.Model):
    """One sitting of one person at one lesson on one device. Its id is inside the signed beat token.

    What folding needs to know of the person's employer is copied here when the sitting starts: an hour belongs to the
    firm and region for which it was learnt, whatever happens to either later.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="learning_sessions")
    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="+")
    enrolment = models.ForeignKey(Enrolment, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    progress = models.ForeignKey(
        "training.LessonProgress", null=True, blank=True, on_delete=models.CASCADE, related_name="sessions"
    )
    device = models.CharField(max_length=64, blank=True)
    year = models.PositiveSmallIntegerField(default=0, help_text="the year for which the progress counts")
    enterprise_id = models.BigIntegerField(null=True, blank=True)
    region_code = models.CharField(max_length=24, blank=True)
    industry = models.CharField(max_length=8, blank=True, help_text="letter and two digits, for tallies")
    pace = models.PositiveSmallIntegerField(
        default=150, help_text="fastest play that counts, percent of the server's clock"
    )
    started_at = models.DateTimeField()
    folded_seq = models.BigIntegerField(default=0, help_text="highest sequence number folded so far")
    counted_until = models.DateTimeField(
        help_text="server time not earlier than which this session may still claim: it follows the server's clock"
    )
    credited_ms = models.BigIntegerField(default=0)
    refused_ms = models.BigIntegerField(default=0, help_text="media time claimed beyond what the server's clock allows")
    closed_at = models.DateTimeField(
        null=True, blank=True, help_text="a newer session took the lease: nothing received from then on counts"
    )

    objects = LearningSessionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["user", "-id"])]

    def __str__(self) -> str:
        return f"{self.user_id} · {self.lesson_id}"


class Lease(models.Model):
    """The one session of a person that may earn hours now: the newest takes it over, the older earns nothing from then."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="lease")
    session = models.ForeignKey(LearningSession, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user_id} → {self.session_id}"


class Beat(models.Model):
    """An envelope as received: intervals of media really played. Written only by the group commit of `training.live`."""

    session_id = models.BigIntegerField()
    seq = models.BigIntegerField()
    received_at = models.DateTimeField()
    spans = models.TextField(help_text="flat JSON list of media milliseconds: [a0, b0, a1, b1, …]")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session_id", "seq"], name="beat_once")]

    def __str__(self) -> str:
        return f"{self.session_id}#{self.seq}"


class LessonProgressQuerySet(models.QuerySet["LessonProgress"]):
    """Reads over progress."""

    def visible_to(self, user: User) -> LessonProgressQuerySet:
        """Return one's own. Managers read enrolments and hours, not who watched which second."""
        return self.filter(user=user)


class LessonProgress(models.Model):
    """What a person has covered of a lesson in a year, over all sessions. Only folding writes what is covered."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="progress")
    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="progress")
    year = models.PositiveSmallIntegerField(
        default=0, help_text="of the class, else of the sitting: annual training may be learnt anew each year"
    )
    covered = models.TextField(default="[]", help_text="flat JSON list of merged media milliseconds")
    covered_ms = models.PositiveIntegerField(default=0)
    credited_ms = models.PositiveIntegerField(default=0, help_text="earned on this lesson by the server's clock")
    position_ms = models.PositiveIntegerField(default=0)
    prompts_passed = models.JSONField(default=list, help_text="ids of in-video questions answered right")
    completed_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = LessonProgressQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "lesson", "year"], name="one_progress")]

    def __str__(self) -> str:
        return f"{self.user_id} · {self.lesson_id}: {self.covered_ms} ms"
