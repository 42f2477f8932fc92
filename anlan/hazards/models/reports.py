"""Monthly safety reports and quarterly self-inspections (H-04, H-05)."""

from __future__ import annotations

from datetime import datetime, time

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.accounts.models.regions import inside
from anlan.enterprises.models import Enterprise
from anlan.hazards.models.checklists import ChecklistVersion


class ReportQuerySet(models.QuerySet["SafetyReport"]):
    """Reads over safety reports."""

    def visible_to(self, user: User) -> ReportQuerySet:
        """Return those of one's own firm, or of one's territory."""
        post = user.post
        if post is None:
            return self.none()
        if post.organisation_id:
            return (
                self.filter(enterprise_id=post.organisation_id) if user.may(powers.MANAGE_ENTERPRISE) else self.none()
            )
        return (
            self.filter(inside(post.region_code)) if post.is_territorial and user.may(powers.SUPERVISE) else self.none()
        )


class SafetyReport(models.Model):
    """One firm's report of one period; opened by the clock, written by the firm, passed or returned by the officer."""

    class Kind(models.TextChoices):
        MONTHLY = "monthly", _("月度报审")
        QUARTERLY = "quarterly", _("季度自查自报")

    class State(models.TextChoices):
        OPEN = "open", _("待填报")
        SUBMITTED = "submitted", _("待审核")
        RETURNED = "returned", _("退回重报")
        PASSED = "passed", _("已通过")

    WRITABLE = (State.OPEN, State.RETURNED)

    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="reports")
    region_code = models.CharField(max_length=24)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    period = models.DateField(help_text="first day of the month or quarter")
    due_on = models.DateField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    checklist = models.ForeignKey(ChecklistVersion, on_delete=models.PROTECT, related_name="+")
    answers = models.JSONField(default=dict, help_text="{item: {result, note}}: the draft, and what was last submitted")
    rounds = models.PositiveSmallIntegerField(default=0)
    submitted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField(null=True, blank=True)
    first_submitted_at = models.DateTimeField(null=True, blank=True, help_text="decides on time or late")
    reviewed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    saved_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = ReportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["enterprise", "kind", "period"], name="one_report_per_period"),
        ]
        indexes = [models.Index(fields=["region_code", "state", "due_on"])]

    def __str__(self) -> str:
        return f"{self.enterprise} {self.get_kind_display()} {self.period:%Y-%m}"

    @property
    def title(self) -> str:
        """2026 年 11 月 · 月度报审."""
        when = _("%(y)d 年 %(m)d 月") % {"y": self.period.year, "m": self.period.month}
        if self.kind == self.Kind.QUARTERLY:
            when = _("%(y)d 年第 %(q)d 季度") % {"y": self.period.year, "q": (self.period.month + 2) // 3}
        return f"{when}{self.get_kind_display()}"

    @property
    def due_at(self) -> datetime:
        """The end of its last day."""
        return timezone.make_aware(datetime.combine(self.due_on, time(23, 59, 59)))

    @property
    def is_writable(self) -> bool:
        """Whether the firm may write: not while the officer reads it, never once it has passed."""
        return self.state in self.WRITABLE

    @property
    def days_over(self) -> int:
        """Days since its last day passed without a submission; 0 otherwise."""
        if self.first_submitted_at or not self.is_writable:
            return 0
        return max(0, (timezone.localdate() - self.due_on).days)

    @property
    def was_late(self) -> bool:
        """Whether it was first submitted after its last day."""
        first = self.first_submitted_at
        return first is not None and timezone.localdate(first) > self.due_on

    def can_write(self, user: User) -> bool:
        """Whether the user writes for this firm."""
        return (
            user.may(powers.MANAGE_ENTERPRISE)
            and user.post is not None
            and user.post.organisation_id == self.enterprise_id
        )

    def can_review(self, user: User) -> bool:
        """Whether the user may pass or return it: INSPECT over the firm's place, by nobody of the firm."""
        post = user.post
        return (
            user.may(powers.INSPECT)
            and post is not None
            and post.is_territorial
            and self.region_code.startswith(post.region_code)
            and not user.belongs_to(self.enterprise_id)
        )


class ReportRound(models.Model):
    """One submission as it was, and what the officer answered."""

    report = models.ForeignKey(SafetyReport, on_delete=models.CASCADE, related_name="history")
    number = models.PositiveSmallIntegerField()
    answers = models.JSONField()
    submitted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField()
    passed = models.BooleanField(null=True)
    reviewed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    words = models.CharField(max_length=500, blank=True, help_text="reason of the return")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "number"], name="one_report_round")]

    def __str__(self) -> str:
        return f"{self.report_id} #{self.number}"
