"""What surrounds a hazard: more time, numbers, notices to the firm, workbooks, penalties, the official calendar."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import Post, User
from anlan.accounts.models.regions import inside
from anlan.enterprises.models import Enterprise
from anlan.files.models import Blob
from anlan.hazards.models.hazards import Hazard

if TYPE_CHECKING:
    from collections.abc import Mapping


class Extension(models.Model):
    """More time asked for, and the answer. One open request per hazard."""

    hazard = models.ForeignKey(Hazard, on_delete=models.CASCADE, related_name="extensions")
    until = models.DateField()
    because = models.CharField(max_length=300)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    granted = models.BooleanField(null=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    words = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hazard"], condition=Q(granted__isnull=True), name="one_open_extension"),
        ]

    def __str__(self) -> str:
        return f"{self.hazard_id} → {self.until}"


class Series(models.Model):
    """The last running number given out under a prefix (YH-410105-2611)."""

    prefix = models.CharField(max_length=20, primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.prefix}{self.last:04d}"


class OrderQuerySet(models.QuerySet["Order"]):
    """Reads over rectification orders."""

    def visible_to(self, user: User) -> OrderQuerySet:
        """Return those to one's own firm, or those of one's territory."""
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


class Order(models.Model):
    """A rectification notice 整改通知书 to one firm over one or several hazards, as it was printed."""

    number = models.CharField(max_length=24, unique=True, help_text="ZG-410105-26110003")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="orders")
    region_code = models.CharField(max_length=24)
    hazards = models.ManyToManyField(Hazard, related_name="orders")
    deadline = models.DateField(help_text="the earliest of its hazards")
    file = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    by_post = models.CharField(max_length=120)
    at = models.DateTimeField(auto_now_add=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["enterprise", "-id"]), models.Index(fields=["region_code", "-id"])]

    def __str__(self) -> str:
        return self.number


class HazardExportQuerySet(models.QuerySet["HazardExport"]):
    """Reads over exports."""

    def visible_to(self, user: User) -> HazardExportQuerySet:
        """Return those the user asked for in the post they act in now."""
        return self.filter(created_by=user, post=user.post) if user.post is not None else self.none()


class HazardExport(models.Model):
    """One workbook of the hazards that matched `conditions` (a query string), within the scope of `post`."""

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

    objects = HazardExportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["created_by"], condition=Q(state="running"), name="one_running_hazard_export"
            ),
        ]

    def __str__(self) -> str:
        return f"隐患清单 {self.created_at:%Y-%m-%d}"


class PenaltyQuerySet(models.QuerySet["Penalty"]):
    """Reads over penalties."""

    def visible_to(self, user: User) -> PenaltyQuerySet:
        """Return those of one's own firm, or those of firms in one's territory."""
        post = user.post
        if post is None:
            return self.none()
        if post.organisation_id:
            return (
                self.filter(enterprise_id=post.organisation_id) if user.may(powers.MANAGE_ENTERPRISE) else self.none()
            )
        if post.is_territorial and user.may(powers.SUPERVISE):
            return self.filter(inside(post.region_code, "enterprise__organisation__region_code"))
        return self.none()


class Penalty(models.Model):
    """An administrative penalty for hazards of a firm: what article 113 counts (three in 180 days, four in a year)."""

    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="penalties")
    hazard = models.ForeignKey(Hazard, null=True, blank=True, on_delete=models.PROTECT, related_name="penalties")
    decided_on = models.DateField()
    document = models.CharField(max_length=80, help_text="number of the decision")
    article = models.CharField(max_length=80)
    fen = models.BigIntegerField(default=0)
    stopped = models.BooleanField(default=False, help_text="production stopped")
    file = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects = PenaltyQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["enterprise", "document"], name="one_penalty_per_document")]

    def __str__(self) -> str:
        return self.document

    @property
    def yuan(self) -> str:
        """The fine as people read it; a dash where there was none."""
        return f"{self.fen / 100:,.2f}".removesuffix(".00") if self.fen else "—"


class HolidayQuerySet(models.QuerySet["Holiday"]):
    """Reads over the official days. They are public."""

    def visible_to(self, user: User) -> HolidayQuerySet:
        """Return all of them: a calendar is no secret."""
        return self.all()

    def overrides(self) -> Mapping[date, bool]:
        """Return {day: whether it is worked}, as `workdays` takes it. One query."""
        return dict(self.values_list("day", "works"))


class Holiday(models.Model):
    """A day that differs from its weekday: a public holiday, or a weekend day that is worked. Official, per year."""

    day = models.DateField(primary_key=True)
    works = models.BooleanField()
    name = models.CharField(max_length=40)
    source = models.CharField(max_length=120)

    objects = HolidayQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
