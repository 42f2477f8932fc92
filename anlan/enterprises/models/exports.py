"""A table of enterprises being written for somebody."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import Post, User
from anlan.files.models import Blob


class ExportQuerySet(models.QuerySet["Export"]):
    """Reads over exports."""

    def visible_to(self, user: User) -> ExportQuerySet:
        """Return those the user asked for in the post they act in now."""
        return self.filter(created_by=user, post=user.post) if user.post is not None else self.none()


class Export(models.Model):
    """One xlsx of the enterprises that matched `conditions` (a query string), within the territory of `post`."""

    class State(models.TextChoices):
        RUNNING = "running", _("正在导出")
        DONE = "done", _("已完成")
        FAILED = "failed", _("没有完成")

    created_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+")
    conditions = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    rows = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    file = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    beat_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["created_by"], condition=models.Q(state="running"), name="one_running_export_per_person"
            ),
        ]

    def __str__(self) -> str:
        return f"企业名单 {self.created_at:%Y-%m-%d}"
