"""Employment: one person working in one enterprise."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.accounts.models.regions import inside
from anlan.enterprises.models.enterprises import Enterprise


class WorkerQuerySet(models.QuerySet["Worker"]):
    """Reads over workers."""

    def visible_to(self, user: User) -> WorkerQuerySet:
        """Return the workers of one's firm (managers), of one's territory (regulators), or one's own rows."""
        post = user.post
        if post is not None and post.organisation_id and user.may(powers.MANAGE_ENTERPRISE):
            return self.filter(enterprise_id=post.organisation_id)
        if post is not None and post.is_territorial and user.may(powers.SUPERVISE):
            return self.filter(inside(post.region_code, "enterprise__organisation__region_code"))
        return self.filter(user=user)

    def working(self) -> WorkerQuerySet:
        """Return those employed now."""
        return self.filter(left_on__isnull=True)


class Worker(models.Model):
    """A person's employment in a firm; the person (`user`) may work in two firms at once."""

    class Category(models.TextChoices):
        HEAD = "head", "主要负责人"
        SAFETY_MANAGER = "safety_manager", "安全生产管理人员"
        SPECIAL = "special", "特种作业人员"
        OTHER = "other", "其他从业人员"

    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="workers")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="jobs")
    job_title = models.CharField(max_length=60, blank=True)
    department = models.CharField(max_length=60, blank=True)
    staff_number = models.CharField(max_length=40, blank=True)
    category = models.CharField(max_length=16, choices=Category.choices, default=Category.OTHER)
    hired_on = models.DateField(null=True, blank=True)
    left_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = WorkerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise", "user"], condition=Q(left_on__isnull=True), name="one_open_job_per_firm"
            ),
        ]
        indexes = [models.Index(fields=["enterprise", "job_title"]), models.Index(fields=["user"])]

    def __str__(self) -> str:
        return f"{self.user.name} · {self.job_title}"
