"""One policy per enterprise (E-05): rules as versioned data, the grade with its reasons, the firm's own risk points."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.accounts.models.regions import inside
from anlan.enterprises.models.enterprises import Enterprise
from anlan.enterprises.models.file import OfFirmQuerySet
from anlan.files.models import Blob


class RiskPolicyQuerySet(models.QuerySet["RiskPolicy"]):
    """Reads over policies."""

    def visible_to(self, user: User) -> RiskPolicyQuerySet:
        """Return, to those who set rules, what is published above, in and below their territory, and the drafts in and below it."""
        post = user.post
        if post is None or not post.is_territorial or not user.may(powers.SET_RULES):
            return self.none()
        above = [post.region_code[:n] for n in range(len(post.region_code) + 1)]
        return self.filter(inside(post.region_code) | Q(region_code__in=above, published_at__isnull=False))

    def published(self, day: date) -> RiskPolicyQuerySet:
        """Return the versions that count on a day, the one that decides first within each territory."""
        return self.filter(published_at__isnull=False, valid_from__lte=day).order_by(
            "region_code", "-valid_from", "-number"
        )

    def in_force(self, day: date) -> dict[str, RiskPolicy]:
        """Return {region code: the version that decides there on a day}; one query."""
        found: dict[str, RiskPolicy] = {}
        for policy in self.published(day):
            found.setdefault(policy.region_code, policy)
        return found


def nearest(policies: dict[str, Any], region_code: str) -> Any:
    """Return what belongs to the smallest territory around a place; None when there is nothing, not even for all."""
    return next(
        (policies[code] for n in range(len(region_code), -1, -1) if (code := region_code[:n]) in policies), None
    )


class RiskPolicy(models.Model):
    """One version of the rules of a territory. Published versions never change; the newest valid one applies."""

    region_code = models.CharField(max_length=24)
    number = models.PositiveIntegerField()
    rules = models.JSONField(help_text="[{key, label, fact, op, value, points | grade, source, way_out}, …]")
    thresholds = models.JSONField(help_text="{red, orange, yellow}: least points of each grade")
    duties = models.JSONField(help_text="{grade: {patrol_days, training_hours, remind_days}}")
    note = models.CharField(max_length=300, blank=True)
    valid_from = models.DateField()
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = RiskPolicyQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["region_code", "number"], name="one_policy_per_number")]

    def __str__(self) -> str:
        return f"{self.region_code} 第 {self.number} 版"

    @property
    def is_draft(self) -> bool:
        """Whether it still changes and counts for nothing."""
        return self.published_at is None

    def can_edit(self, user: User) -> bool:
        """Whether the user may change or publish it: a draft of just the territory whose rules the user sets."""
        post = user.post
        own = post is not None and post.is_territorial and post.region_code == self.region_code
        return self.is_draft and own and user.may(powers.SET_RULES)


class RiskGrade(models.Model):
    """A grade as it was computed: policy, points, the rules that met, line by line. A new row only when something changed."""

    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="grades")
    policy = models.ForeignKey(RiskPolicy, on_delete=models.PROTECT, related_name="+")
    risk = models.CharField(max_length=8, choices=Enterprise.Risk.choices)
    points = models.IntegerField()
    reasons = models.JSONField(help_text="[{key, label, seen, points, source, way_out}, …]")
    at = models.DateTimeField(auto_now_add=True)

    objects = OfFirmQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["enterprise", "-id"])]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.risk}"


class FloorPlan(models.Model):
    """A drawing of the firm on which risk points are placed: the four-colour map."""

    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="plans")
    name = models.CharField(max_length=60)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    width = models.PositiveIntegerField(help_text="pixels")
    height = models.PositiveIntegerField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects = OfFirmQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class RiskPoint(models.Model):
    """A risk of the firm graded by LEC (D = L·E·C) or by the matrix (R = L·S), with its control and its card."""

    class Method(models.TextChoices):
        LEC = "lec", _("作业条件危险性分析 LEC")
        MATRIX = "matrix", _("风险矩阵 LS")

    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="risk_points")
    name = models.CharField(max_length=80, help_text="木工车间除尘系统")
    place = models.CharField(max_length=80)
    accident = models.CharField(max_length=80, help_text="what could happen: 粉尘爆炸")
    method = models.CharField(max_length=8, choices=Method.choices)
    likelihood = models.DecimalField(max_digits=5, decimal_places=1)
    exposure = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    consequence = models.DecimalField(max_digits=5, decimal_places=1)
    score = models.DecimalField(max_digits=8, decimal_places=1)
    risk = models.CharField(max_length=8, choices=Enterprise.Risk.choices)
    measures = models.TextField(help_text="one measure per line")
    emergency = models.TextField(blank=True, help_text="what to do when it happens, one step per line")
    responsible = models.CharField(max_length=60)
    basis = models.CharField(max_length=200, blank=True, help_text="article or standard")
    plan = models.ForeignKey(FloorPlan, null=True, blank=True, on_delete=models.SET_NULL, related_name="points")
    x = models.FloatField(null=True, blank=True, help_text="share of the plan's width, 0–1")
    y = models.FloatField(null=True, blank=True)
    graded_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    graded_at = models.DateTimeField(auto_now=True)
    retired_on = models.DateField(null=True, blank=True)

    objects = OfFirmQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["enterprise"], condition=Q(retired_on__isnull=True), name="risk_points_now")]

    def __str__(self) -> str:
        return self.name
