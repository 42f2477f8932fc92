"""A ledger with its photos being packed for somebody."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import Post, User
from anlan.enterprises.models import Enterprise
from anlan.files.models import Blob
from anlan.ledgers.models.templates import Template


class LedgerExportQuerySet(models.QuerySet["LedgerExport"]):
    """Reads over exports."""

    def visible_to(self, user: User) -> LedgerExportQuerySet:
        """Return those the user asked for in the post they act in now."""
        return self.filter(created_by=user, post=user.post) if user.post is not None else self.none()


class LedgerExport(models.Model):
    """One zip (xlsx and photos) of the entries that matched `conditions` in one ledger of one firm."""

    class State(models.TextChoices):
        RUNNING = "running", _("正在打包")
        DONE = "done", _("已完成")
        FAILED = "failed", _("没有完成")

    created_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="+")
    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="+")
    conditions: Any = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    rows = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    file = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    beat_at = models.DateTimeField(auto_now_add=True)

    objects = LedgerExportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["created_by"], condition=models.Q(state="running"), name="one_running_ledger_export"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.created_at:%Y-%m-%d}"
