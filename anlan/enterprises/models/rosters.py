"""A roster brought by a personnel office: file, mapping, outcome, and what undo needs."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

import orjson
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.enterprises.models.enterprises import Enterprise
from anlan.enterprises.models.workers import Worker
from anlan.files.actions import open_blob
from anlan.files.models import Blob
from anlan.lib.fields import EncryptedTextField
from anlan.lib.xlsx import read_rows


class RosterQuerySet(models.QuerySet["Roster"]):
    """Reads over rosters."""

    def visible_to(self, user: User) -> RosterQuerySet:
        """Return the rosters of one's own firm, to its managers."""
        if user.post is None or not user.post.organisation_id or not user.may(powers.MANAGE_ENTERPRISE):
            return self.none()
        return self.filter(enterprise_id=user.post.organisation_id)


class Roster(models.Model):
    """One import. It is read once into a preview, then written in batches that can be resumed and undone.

    While it is `checking` or `read` the counts are a forecast; afterwards they are what happened.
    """

    class State(models.TextChoices):
        CHECKING = "checking", _("正在核对")
        READ = "read", _("待确认")
        RUNNING = "running", _("正在导入")
        DONE = "done", _("已导入")
        FAILED = "failed", _("中断")
        UNDOING = "undoing", _("正在撤回")
        UNDONE = "undone", _("已撤回")
        DROPPED = "dropped", _("已放弃")

    AT_WORK = (State.CHECKING, State.RUNNING, State.UNDOING)

    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="rosters")
    file = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    errors_file = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    header_row = models.PositiveIntegerField(default=0, help_text="as numbered in the sheet; 0: there is none")
    columns = models.JSONField(default=dict, help_text="field → column index, as mapped and then confirmed")
    preview_text = EncryptedTextField(blank=True, help_text="JSON: titles of the columns and the first rows as read")
    state = models.CharField(max_length=8, choices=State.choices, default=State.READ)
    rows = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0, help_text="resume point: source rows already committed")
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0, help_text="what undo left alone, because it was used since")
    problem = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True, help_text="last sign of life of the importing process")
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = RosterQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise"], condition=Q(state__in=["running", "undoing"]), name="one_roster_at_work_per_firm"
            ),
        ]
        indexes = [models.Index(fields=["state", "beat_at"])]

    def __str__(self) -> str:
        return f"{self.file.name} → {self.enterprise}"

    @property
    def preview(self) -> dict[str, Any]:
        """`titles` and `rows` (list of lists of text) of the file's beginning."""
        return orjson.loads(self.preview_text) if self.preview_text else {"titles": [], "rows": []}

    def file_rows(self) -> list[list[object]]:
        """All rows of the file. Raises `Malformed` when it can no longer be read."""
        with open_blob(self.file) as content:
            return list(read_rows(cast(BinaryIO, content), self.file.name))

    @property
    def at_work(self) -> bool:
        """Whether a process reads or writes for it now."""
        return self.state in self.AT_WORK

    @property
    def percent(self) -> int:
        """How far the present work is, 0–100."""
        return min(100, 100 * self.rows_done // self.rows) if self.rows else 0


class RosterChange(models.Model):
    """What a roster did to one worker: `before` is None for a new job, else {field: [old, new]} of what it overwrote.

    Values of the person's phone and ID number are sealed inside `before`.
    """

    roster = models.ForeignKey(Roster, on_delete=models.CASCADE, related_name="changes")
    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="+")
    new_user = models.BooleanField(default=False)
    before = models.JSONField(null=True)

    def __str__(self) -> str:
        return f"{self.roster_id}: {self.worker_id}"


class RosterProblem(models.Model):
    """What is wrong with one row, in words for people. A row that is not `refused` was imported all the same."""

    roster = models.ForeignKey(Roster, on_delete=models.CASCADE, related_name="problems")
    row = models.PositiveIntegerField(help_text="as numbered in the sheet")
    reason = models.CharField(max_length=500)
    refused = models.BooleanField(default=True)

    class Meta:
        indexes = [models.Index(fields=["roster", "row"])]

    def __str__(self) -> str:
        return f"第 {self.row} 行：{self.reason}"
