"""A candidate at an exam, and the answers as they arrived."""

from __future__ import annotations

import uuid

from django.db import models

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.accounts.models.regions import inside
from anlan.exams.models.exams import Exam


class SittingQuerySet(models.QuerySet["Sitting"]):
    """Reads over sittings."""

    def visible_to(self, user: User) -> SittingQuerySet:
        """Return one's own; those of one's organisation, of one's blueprints (teachers), or of one's territory."""
        post = user.post
        if post is not None and post.organisation_id and user.may(powers.ASSIGN_TRAINING):
            return self.filter(exam__organisation_id=post.organisation_id)
        if post is not None and post.organisation_id and user.may(powers.TEACH):
            return self.filter(exam__blueprint__owner_id=post.organisation_id)
        if post is not None and post.is_territorial and user.may(powers.SUPERVISE):
            return self.filter(inside(post.region_code, "exam__region_code"))
        return self.filter(user=user)


class Sitting(models.Model):
    """One attempt. The paper is a pure function of the exam's blueprint and `seed`."""

    class State(models.TextChoices):
        PREPARED = "prepared", "未开始"
        RUNNING = "running", "考试中"
        SUBMITTED = "submitted", "已交卷"
        SCORED = "scored", "已出分"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    exam = models.ForeignKey(Exam, on_delete=models.PROTECT, related_name="sittings")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="sittings")
    enterprise_id = models.BigIntegerField(null=True, db_index=True)
    attempt = models.PositiveSmallIntegerField(default=1)
    seed = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PREPARED)
    started_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True, help_text="server time decides")
    submitted_at = models.DateTimeField(null=True, blank=True)
    closed_by_sweep = models.BooleanField(default=False, help_text="time ran out; what had arrived was scored")
    score = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    full_score = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    passed = models.BooleanField(null=True)
    result = models.JSONField(default=dict, help_text="per question and per knowledge point, from exams.scoring")

    objects = SittingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["exam", "user", "attempt"], name="one_sitting_per_attempt"),
            models.UniqueConstraint(
                fields=["exam", "user"], condition=models.Q(state="running"), name="one_running_sitting"
            ),
        ]
        indexes = [models.Index(fields=["state", "ends_at"]), models.Index(fields=["user", "-id"])]

    def __str__(self) -> str:
        return f"{self.exam} · {self.user} · {self.attempt}"


class Answer(models.Model):
    """An answer as received; the last by `seq` counts. Written only by the group commit of `exams.live`."""

    sitting_id = models.BigIntegerField()
    client_id = models.CharField(max_length=36, help_text="made by the browser; a retry is the same write")
    seq = models.BigIntegerField(help_text="order in the browser, so that a late retry never overwrites a newer answer")
    number = models.PositiveSmallIntegerField(help_text="question number on this paper, from 1")
    value = models.TextField(help_text="JSON: option indices as shown, text of blanks, or list per part")
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sitting_id", "client_id"], name="answer_once")]
        indexes = [models.Index(fields=["sitting_id", "number", "-seq"])]

    def __str__(self) -> str:
        return f"{self.sitting_id}#{self.number}"
