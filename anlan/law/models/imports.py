"""Imports of statute texts: what was read, what was new, what was doubtful."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.law.models.statutes import Version


class Import(models.Model):
    """One run over a folder, a file, or a source on the network. `report` lists every doubt with its file."""

    class State(models.TextChoices):
        RUNNING = "running", _("导入中")
        DONE = "done", _("已完成")
        FAILED = "failed", _("已中断")

    source = models.CharField(max_length=400)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    total = models.PositiveIntegerField(default=0, help_text="texts found")
    done = models.PositiveIntegerField(default=0, help_text="texts read")
    added = models.PositiveIntegerField(default=0, help_text="new versions")
    same = models.PositiveIntegerField(default=0, help_text="versions that were here already")
    report: Any = models.JSONField(default=list, help_text='[{"file", "what", "words"}, …]')
    skipped = models.PositiveIntegerField(default=0, help_text="files that hold no statute")
    words = models.CharField(max_length=300, blank=True, help_text="why it failed, for people")
    path = models.CharField(max_length=400, blank=True, help_text="folder or file on this machine that is read")
    blob_uid = models.CharField(max_length=40, blank=True, help_text="of an uploaded file")
    beat_at = models.DateTimeField(default=timezone.now, help_text="when the process last said that it lives")
    by_id = models.BigIntegerField(null=True, blank=True)
    by_name = models.CharField(max_length=60, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.source} {self.started_at:%Y-%m-%d}"

    @property
    def percent(self) -> int:
        """How far it is, 0 to 100."""
        return 100 if self.state == self.State.DONE else self.done * 100 // self.total if self.total else 0


class Source(models.Model):
    """A file that was read: by its digest it is known again, so importing twice adds nothing."""

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="sources")
    place = models.CharField(max_length=400, help_text="collection and path, or address")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the bytes")
    agrees = models.BooleanField(default=True, help_text="whether its text is that of the version")
    words = models.CharField(max_length=300, blank=True, help_text="where it differs")
    read_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["place"])]

    def __str__(self) -> str:
        return self.place
