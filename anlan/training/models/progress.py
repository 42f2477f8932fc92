"""From beats to progress. Beats are what a player says; progress and hours are what the server believes."""

from __future__ import annotations

import uuid

from django.db import models

from anlan.accounts.models import User
from anlan.training.models.classes import Enrolment
from anlan.training.models.courses import Lesson


class LearningSession(models.Model):
    """One sitting of one person at one lesson on one device. Its id is inside the signed beat token."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="learning_sessions")
    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="+")
    enrolment = models.ForeignKey(Enrolment, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    device = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField()
    folded_seq = models.BigIntegerField(default=0, help_text="highest sequence number folded so far")
    counted_until = models.DateTimeField(help_text="server time up to which this session has been credited or refused")
    credited_ms = models.BigIntegerField(default=0)
    refused_ms = models.BigIntegerField(default=0, help_text="media time claimed beyond what the server's clock allows")
    closed_at = models.DateTimeField(null=True, blank=True)

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


class LessonProgress(models.Model):
    """What a person has covered of a lesson, over all sessions."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="progress")
    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="progress")
    covered = models.TextField(default="[]", help_text="flat JSON list of merged media milliseconds")
    covered_ms = models.PositiveIntegerField(default=0)
    position_ms = models.PositiveIntegerField(default=0)
    prompts_passed = models.JSONField(default=list, help_text="ids of in-video questions answered right")
    completed_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "lesson"], name="one_progress")]

    def __str__(self) -> str:
        return f"{self.user_id} · {self.lesson_id}: {self.covered_ms} ms"
