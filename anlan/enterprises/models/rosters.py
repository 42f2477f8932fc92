"""A roster brought by a personnel office: file, mapping, outcome, and what undo needs."""

from __future__ import annotations

from django.db import models

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.enterprises.models.enterprises import Enterprise
from anlan.enterprises.models.workers import Worker
from anlan.files.models import Blob


class RosterQuerySet(models.QuerySet["Roster"]):
    """Reads over rosters."""

    def visible_to(self, user: User) -> RosterQuerySet:
        """Return the rosters of one's own firm, to its managers."""
        if user.post is None or not user.post.organisation_id or not user.may(powers.MANAGE_ENTERPRISE):
            return self.none()
        return self.filter(enterprise_id=user.post.organisation_id)


class Roster(models.Model):
    """One import. It is read once into a preview, then written in batches that can be resumed and undone."""

    class State(models.TextChoices):
        READ = "read", "待确认"
        RUNNING = "running", "正在导入"
        DONE = "done", "已导入"
        FAILED = "failed", "中断"
        UNDONE = "undone", "已撤回"

    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="rosters")
    file = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    errors_file = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    header_row = models.PositiveIntegerField(default=0)
    columns = models.JSONField(default=dict, help_text="field → column index, as mapped and then confirmed")
    state = models.CharField(max_length=8, choices=State.choices, default=State.READ)
    rows = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0, help_text="resume point: source rows already committed")
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    beat_at = models.DateTimeField(null=True, blank=True, help_text="last sign of life of the importing process")
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = RosterQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.file.name} → {self.enterprise}"


class RosterChange(models.Model):
    """What a roster did to one worker: `before` is None for a new one, else the overwritten values."""

    roster = models.ForeignKey(Roster, on_delete=models.CASCADE, related_name="changes")
    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="+")
    new_user = models.BooleanField(default=False)
    before = models.JSONField(null=True)

    def __str__(self) -> str:
        return f"{self.roster_id}: {self.worker_id}"
