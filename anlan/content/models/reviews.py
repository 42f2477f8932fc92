"""三审三校: a round through three stages, and the signatures on one exact text."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.models import Revision

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.content.models.pages import Entry

LATE: Final = timedelta(minutes=2)
"""A release that is later than this raises an alarm."""
POWER_OF: Final = {1: powers.REVIEW_FIRST, 2: powers.REVIEW_SECOND, 3: powers.REVIEW_FINAL}
"""The power that each stage asks for."""


class ReviewRoundQuerySet(models.QuerySet["ReviewRound"]):
    """Reads over rounds."""

    def visible_to(self, user: Any) -> ReviewRoundQuerySet:
        """Return all of them for the editors of the site, none for anybody else."""
        return self.all() if user.is_authenticated and user.may(powers.EDIT_CONTENT) else self.none()

    def open(self) -> ReviewRoundQuerySet:
        """Return those that are not at an end: in review, passed, or waiting for their hour."""
        return self.filter(state__in=ReviewRound.OPEN)

    def at_stage_of(self, user: Any) -> ReviewRoundQuerySet:
        """Return those whose present stage asks for a power that the post of `user` holds."""
        stages = [stage for stage, power in POWER_OF.items() if user.may(power)]
        return self.filter(state=ReviewRound.State.REVIEWING, stage__in=stages)

    def overdue_releases(self) -> ReviewRoundQuerySet:
        """Return those that should have been released more than two minutes ago."""
        return self.filter(state=ReviewRound.State.SCHEDULED, release_at__lt=timezone.now() - LATE)


class ReviewRound(models.Model):
    """One way of one text from the author's hand to the site. An edit on the way begins the stages again."""

    class State(models.TextChoices):
        REVIEWING = "reviewing", _("审校中")
        RETURNED = "returned", _("已退回")
        PASSED = "passed", _("待发布")
        SCHEDULED = "scheduled", _("定时发布")
        RELEASED = "released", _("已发布")
        DROPPED = "dropped", _("已撤回")

    class Stage(models.IntegerChoices):
        FIRST = 1, _("初审")
        SECOND = 2, _("复审")
        FINAL = 3, _("终审")

    OPEN: Final = (State.REVIEWING, State.PASSED, State.SCHEDULED)

    page = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveSmallIntegerField(help_text="of the page, from 1")
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    hash = models.CharField(max_length=64, help_text="of the text that is asked for now")
    stage = models.PositiveSmallIntegerField(choices=Stage.choices, default=Stage.FIRST)
    state = models.CharField(max_length=10, choices=State.choices, default=State.REVIEWING)
    due_at = models.DateTimeField(null=True, blank=True, help_text="of the present stage")
    submitted_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    submitted_name = models.CharField(max_length=60)
    submitted_at = models.DateTimeField(auto_now_add=True)
    words = models.TextField(blank=True, help_text="why it was returned or taken back")
    ended_name = models.CharField(max_length=60, blank=True, help_text="who returned it or took it back")
    ended_at = models.DateTimeField(null=True, blank=True)
    release_at = models.DateTimeField(null=True, blank=True, help_text="when it shall be released")
    released_at = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=300, blank=True, help_text="why the last attempt to release it failed")

    objects = ReviewRoundQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["page", "number"], name="one_round_per_number"),
            models.UniqueConstraint(
                fields=["page"],
                condition=Q(state__in=["reviewing", "passed", "scheduled"]),
                name="one_open_round_per_page",
            ),
        ]
        indexes = [models.Index(fields=["state", "stage", "due_at"]), models.Index(fields=["state", "release_at"])]

    def __str__(self) -> str:
        return f"{self.page} 第 {self.number} 次送审"

    @property
    def is_late(self) -> bool:
        """Whether the present stage has passed its day."""
        return self.state == self.State.REVIEWING and self.due_at is not None and self.due_at < timezone.now()

    @property
    def is_release_late(self) -> bool:
        """Whether it should have been released more than two minutes ago."""
        return (
            self.state == self.State.SCHEDULED
            and self.release_at is not None
            and self.release_at < timezone.now() - LATE
        )

    @property
    def proof_words(self) -> str:
        """一校, 二校 or 三校."""
        return str({1: _("一校"), 2: _("二校"), 3: _("三校")}[self.stage])


class Signature(models.Model):
    """One person stands for one exact text at one stage. Void as soon as a word of it changes."""

    class Kind(models.TextChoices):
        REVIEW = "review", _("审")
        PROOF = "proof", _("校")
        BYPASS = "bypass", _("跳过")

    CHECKS: Final = {
        "words": _("文字、标点、数字写法都看过"),
        "cites": _("引用的法名和条号逐条核对过"),
        "facts": _("事实和数字有出处"),
        "rights": _("图片和引文有权使用"),
        "links": _("链接都能打开"),
    }
    """The list of a proof: all must be ticked."""

    round = models.ForeignKey(ReviewRound, on_delete=models.CASCADE, related_name="signatures")
    stage = models.PositiveSmallIntegerField(choices=ReviewRound.Stage.choices)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    person = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=60)
    post = models.CharField(max_length=120, blank=True)
    hash = models.CharField(max_length=64)
    words = models.TextField(blank=True)
    checks: Any = models.JSONField(default=list, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    void_at = models.DateTimeField(null=True, blank=True, help_text="the text was changed after this")

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "stage", "kind"], condition=Q(void_at__isnull=True), name="one_signature_each"
            )
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.name}"

    @property
    def act(self) -> str:
        """初审, 一校 … as the foot of a page names it."""
        if self.kind == self.Kind.PROOF:
            return str({1: _("一校"), 2: _("二校"), 3: _("三校")}[self.stage])
        return str(self.get_stage_display())
