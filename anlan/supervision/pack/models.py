"""A pack being made for somebody."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import Post, User
from anlan.enterprises.models import Enterprise
from anlan.files.models import Blob


class PackQuerySet(models.QuerySet["Pack"]):
    """Reads over packs."""

    def visible_to(self, user: User) -> PackQuerySet:
        """Return those the user asked for in the post they act in now, of firms whose file they still read."""
        if user.post is None:
            return self.none()
        return self.filter(created_by=user, post=user.post, enterprise__in=Enterprise.objects.with_file_for(user))


class Pack(models.Model):
    """One zip of a firm's papers over a period, as far as its asker may see them."""

    class State(models.TextChoices):
        RUNNING = "running", _("正在打包")
        DONE = "done", _("已完成")
        FAILED = "failed", _("没有完成")

    created_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="+")
    since = models.DateField()
    until = models.DateField(help_text="last day")
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    steps_done = models.PositiveSmallIntegerField(default=0)
    file = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    files = models.PositiveIntegerField(default=0, help_text="files inside")
    problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    beat_at = models.DateTimeField(auto_now_add=True)

    objects = PackQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["created_by"], condition=models.Q(state="running"), name="one_running_pack_per_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} {self.since}—{self.until}"
