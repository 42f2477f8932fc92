"""The second person (P-06): a sensitive change waits here until somebody else of the same scope approves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models.regions import inside

if TYPE_CHECKING:
    from anlan.accounts.models.users import User


class ApprovalQuerySet(models.QuerySet["Approval"]):
    """Reads over approvals."""

    def visible_to(self, user: User) -> ApprovalQuerySet:
        """Return one's own requests and, with the power to approve, those inside one's territory."""
        own = self.filter(asked_by_id=user.pk)
        if user.post is None or not user.post.is_territorial or not user.may(powers.APPROVE):
            return own
        return own | self.filter(inside(user.post.region_code))

    def open(self) -> ApprovalQuerySet:
        """Return those that wait for a decision."""
        return self.filter(state=Approval.State.ASKED)


class Approval(models.Model):
    """A change asked for. Its `kind` names the action that runs when it is approved (`accounts.approving`)."""

    class State(models.TextChoices):
        ASKED = "asked", _("待审批")
        APPROVED = "approved", _("已批准")
        REFUSED = "refused", _("未批准")
        WITHDRAWN = "withdrawn", _("已撤回")

    kind = models.CharField(max_length=40)
    subject_kind = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=64)
    subject_name = models.CharField(max_length=200)
    region_code = models.CharField(max_length=24)
    payload = models.JSONField(default=dict, help_text="arguments of the action; no ID numbers, no phones")
    because = models.CharField(max_length=500)
    state = models.CharField(max_length=12, choices=State.choices, default=State.ASKED)
    asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey("accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    words = models.CharField(max_length=500, blank=True, help_text="reason of the decision")

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_kind", "subject_id"],
                condition=Q(state="asked"),
                name="one_open_approval_per_subject",
            ),
        ]
        indexes = [models.Index(fields=["state", "region_code"])]

    def __str__(self) -> str:
        return f"{self.subject_name}：{self.kind}"

    def can_decide(self, user: User) -> bool:
        """Whether `user` may be the second person: open, in their territory, and not their own request."""
        return (
            self.state == self.State.ASKED
            and user.pk != self.asked_by_id
            and user.may(powers.APPROVE)
            and user.post is not None
            and user.post.is_territorial
            and self.region_code.startswith(user.post.region_code)
        )
