"""Links that lead out of the site: hosts we vouch for, and addresses that must be looked at every week."""

from __future__ import annotations

from typing import Any, Final

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.content.models.pages import Entry

STRIKES: Final = 2
"""Failures in a row after which a link counts as dead: one may be the network."""


class AllowedHost(models.Model):
    """A host that texts may link to directly, and why."""

    host = models.CharField(_("域名"), max_length=120, unique=True)
    subdomains = models.BooleanField(_("包括下级域名"), default=False)
    reason = models.CharField(_("为什么允许"), max_length=200)
    by_name = models.CharField(max_length=60, blank=True)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["host"]

    def __str__(self) -> str:
        return self.host


class LinkQuerySet(models.QuerySet["Link"]):
    """Reads over links."""

    def visible_to(self, user: Any) -> LinkQuerySet:
        """Return all of them for editors, none for anybody else."""
        return self.all() if user.is_authenticated and user.may(powers.EDIT_CONTENT) else self.none()

    def due(self) -> LinkQuerySet:
        """Return those in use whose week is over, the longest waiting first."""
        return self.filter(next_at__lte=timezone.now(), uses__isnull=False).distinct().order_by("next_at", "pk")


class Link(models.Model):
    """One address outside, however many pages lead there."""

    class State(models.TextChoices):
        NEW = "new", _("还没查")
        OK = "ok", _("正常")
        SHAKY = "shaky", _("一次没打开")
        BROKEN = "broken", _("打不开")

    url = models.CharField(max_length=600)
    key = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the address")
    host = models.CharField(max_length=120, db_index=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.NEW)
    strikes = models.PositiveSmallIntegerField(default=0)
    status = models.PositiveSmallIntegerField(default=0, help_text="HTTP; 0: no answer")
    words = models.CharField(max_length=200, blank=True, help_text="what is wrong, in plain words")
    checked_at = models.DateTimeField(null=True, blank=True)
    broken_at = models.DateTimeField(null=True, blank=True)
    next_at = models.DateTimeField(default=timezone.now)

    objects = LinkQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["state", "host"]), models.Index(fields=["next_at"])]

    def __str__(self) -> str:
        return self.url

    @property
    def tone(self) -> str:
        """How the state is coloured."""
        return {"ok": "done", "broken": "late"}.get(self.state, "")


class LinkUse(models.Model):
    """A public page that leads there."""

    link = models.ForeignKey(Link, on_delete=models.CASCADE, related_name="uses")
    page = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="+")
    words = models.CharField(max_length=120, blank=True, help_text="what the reader presses")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["link", "page"], name="one_use_of_link")]

    def __str__(self) -> str:
        return f"{self.page_id} → {self.link_id}"
