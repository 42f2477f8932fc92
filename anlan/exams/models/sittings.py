"""A candidate at an exam, and the answers as they arrived."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import User
from anlan.exams.models.exams import Exam, in_charge
from anlan.lib.prepared import Prepared


class SittingQuerySet(models.QuerySet["Sitting"]):
    """Reads over sittings."""

    def visible_to(self, user: User) -> SittingQuerySet:
        """Return one's own; those of one's organisation, of one's blueprints (teachers), or of one's territory."""
        return self.filter(Q(user=user) | in_charge(user, "exam__"))

    def lean(self) -> SittingQuerySet:
        """Return with exam and blueprint, but without the blueprint's pools, which are held in memory."""
        return self.select_related("exam", "exam__blueprint").defer("exam__blueprint__pools", "exam__blueprint__rules")


class Sitting(models.Model):
    """One attempt. The paper is a pure function of the exam's blueprint and `seed`."""

    class State(models.TextChoices):
        PREPARED = "prepared", _("未开始")
        RUNNING = "running", _("考试中")
        SUBMITTED = "submitted", _("已交卷")
        SCORED = "scored", _("已出分")

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
    extra_minutes = models.PositiveSmallIntegerField(default=0, help_text="given by the invigilator")
    leaves = models.PositiveSmallIntegerField(default=0, help_text="how often the page was left")
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

    @property
    def ticket(self) -> str:
        """The candidate's number at this exam 准考号."""
        return f"{self.exam.opens_at:%Y-%m}-{self.pk:06d}"

    def can_see_keys(self, user: User) -> bool:
        """Whether the user may see right answers of this paper.

        Papers share a bank: so nobody who sits a paper that counts sees any, be it of a mock exam or of somebody else,
        and whoever is in charge of the exam but is to sit it too sees none before the own result.
        """
        own = Sitting.objects.filter(user=user)
        if _counting.first(user=user.pk) is not None:
            return False
        if self.user_id == user.pk:
            return self.exam.show_key
        waits = Exam.objects.for_candidate(user).filter(pk=self.exam_id).exists()
        return not waits or own.filter(exam_id=self.exam_id, state=Sitting.State.SCORED).exists()

    @staticmethod
    def counting_now(user: User) -> bool:
        """Whether the user sits a paper that counts at this moment."""
        return _counting.first(user=user.pk) is not None

    @property
    def percent(self) -> int:
        """The score in percent of the full score, cut off and never rounded up to a pass."""
        return int(100 * self.score / self.full_score) if self.score is not None and self.full_score else 0


_counting: Prepared[tuple[int]] = Prepared(
    lambda user: (
        Sitting.objects.filter(user=user, state=Sitting.State.RUNNING)
        .exclude(exam__kind=Exam.Kind.MOCK)
        .values_list("pk")[:1]
    ),
    user=models.BigIntegerField(),
)  # the sitting under way that counts


class SittingEvent(models.Model):
    """What happened at a sitting besides answers: left the page, extended, ended. Evidence, never changed."""

    class Kind(models.TextChoices):
        STARTED = "started", _("开始答题")
        LEFT = "left", _("离开页面")
        EXTENDED = "extended", _("延长时间")
        WARNED = "warned", _("监考提醒")
        ENDED = "ended", _("监考收卷")
        SUBMITTED = "submitted", _("交卷")
        SWEPT = "swept", _("到时收卷")

    sitting = models.ForeignKey(Sitting, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField()
    seconds = models.PositiveIntegerField(default=0, help_text="how long the page was left, or minutes × 60 given")
    words = models.CharField(max_length=200, blank=True)
    by_name = models.CharField(max_length=60, blank=True)
    client_id = models.CharField(max_length=36, blank=True, help_text="made by the browser; a retry is the same event")

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["sitting", "client_id"], condition=~models.Q(client_id=""), name="event_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.sitting_id} {self.kind}"


class AppealQuerySet(models.QuerySet["Appeal"]):
    """Reads over appeals."""

    def visible_to(self, user: User) -> AppealQuerySet:
        """Return one's own, and those over sittings that one is in charge of."""
        return self.filter(Q(sitting__user=user) | in_charge(user, "sitting__exam__"))


class Appeal(models.Model):
    """A candidate's objection to a result, and its answer."""

    class State(models.TextChoices):
        OPEN = "open", _("待答复")
        ANSWERED = "answered", _("已答复")

    sitting = models.ForeignKey(Sitting, on_delete=models.CASCADE, related_name="appeals")
    number = models.PositiveSmallIntegerField(null=True, blank=True, help_text="the question meant; empty = the whole")
    text = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    answer = models.CharField(max_length=500, blank=True)
    answered_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AppealQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sitting"], condition=models.Q(state="open"), name="one_open_appeal")
        ]

    def __str__(self) -> str:
        return self.text[:40]


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
