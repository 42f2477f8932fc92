"""A business-registration extract brought by a regulator: 100,000 firms in one file (E-02)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.accounts.models.regions import inside
from anlan.files.models import Blob


class ExtractQuerySet(models.QuerySet["Extract"]):
    """Reads over extracts."""

    def visible_to(self, user: User) -> ExtractQuerySet:
        """Return those brought for a territory inside one's own, to those who manage grids."""
        if user.post is None or not user.post.is_territorial or not user.may(powers.MANAGE_GRIDS):
            return self.none()
        return self.filter(inside(user.post.region_code))


class Extract(models.Model):
    """One import: read into a preview, confirmed, written in batches that can be resumed and undone."""

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

    region_code = models.CharField(max_length=24, help_text="territory of whoever brought it: rows outside are refused")
    file = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    errors_file = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    header_row = models.PositiveIntegerField(default=0)
    columns = models.JSONField(default=dict, help_text="field → column index")
    preview = models.JSONField(default=dict, help_text="titles and the first rows as read, phones masked")
    moves = models.BooleanField(default=False, help_text="firms that the file puts into another town are moved there")
    closes = models.BooleanField(
        default=False, help_text="firms that the file calls deregistered or revoked are closed"
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.CHECKING)
    rows = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    moved = models.PositiveIntegerField(default=0, help_text="of the known firms, those in another town or grid")
    closing = models.PositiveIntegerField(default=0, help_text="of the known firms, those the file calls deregistered")
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0, help_text="what undo left alone, because it was used since")
    problem = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ExtractQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["region_code"],
                condition=Q(state__in=["running", "undoing"]),
                name="one_extract_at_work_per_territory",
            ),
        ]

    def __str__(self) -> str:
        return self.file.name

    @property
    def at_work(self) -> bool:
        """Whether a process reads or writes for it now."""
        return self.state in self.AT_WORK

    @property
    def percent(self) -> int:
        """How far the present work is, 0–100."""
        return min(100, 100 * self.rows_done // self.rows) if self.rows else 0


class ExtractChange(models.Model):
    """What an extract did to one firm: `before` is None for a new one, else {field: [old, new]}."""

    extract = models.ForeignKey(Extract, on_delete=models.CASCADE, related_name="changes")
    enterprise = models.ForeignKey("enterprises.Enterprise", on_delete=models.CASCADE, related_name="+")
    before = models.JSONField(null=True)

    def __str__(self) -> str:
        return f"{self.extract_id}: {self.enterprise_id}"


class ExtractProblem(models.Model):
    """What is wrong with one row, in words for people."""

    extract = models.ForeignKey(Extract, on_delete=models.CASCADE, related_name="problems")
    row = models.PositiveIntegerField(help_text="as numbered in the sheet")
    reason = models.CharField(max_length=500)
    refused = models.BooleanField(default=True)
    candidate = models.ForeignKey(
        "enterprises.Enterprise", null=True, blank=True, on_delete=models.CASCADE, related_name="+",
        help_text="the firm that a row without credit code may be: a person says so, nothing is merged silently",
    )  # fmt: skip
    answer = models.CharField(max_length=4, blank=True, choices=[("same", _("是同一家")), ("new", _("是另一家"))])

    class Meta:
        indexes = [models.Index(fields=["extract", "row"])]

    def __str__(self) -> str:
        return f"第 {self.row} 行：{self.reason}"
