"""Employment: one person working in one enterprise."""

from __future__ import annotations

import unicodedata
from contextlib import suppress

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.accounts.models.regions import inside
from anlan.accounts.models.users import id_index, phone_index
from anlan.enterprises.models.enterprises import Enterprise
from anlan.lib.codes import Malformed, id_number, phone


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

    def search(self, words: str) -> WorkerQuerySet:
        """Return those whose name, job, department or staff number contains the words, or whose phone or ID they are."""
        plain = unicodedata.normalize("NFKC", words).strip()
        if not plain:
            return self
        found = Q(user__name__icontains=plain) | Q(job_title__icontains=plain) | Q(department__icontains=plain)
        found |= Q(staff_number__iexact=plain)
        with suppress(Malformed):
            found |= Q(user__phone_index=phone_index(phone(plain, allow_demo=True)))
        with suppress(Malformed):
            found |= Q(user__id_index=id_index(id_number(plain, allow_demo=True)))
        return self.filter(found)


class Worker(models.Model):
    """A person's employment in a firm; the person (`user`) may work in two firms at once."""

    class Category(models.TextChoices):
        HEAD = "head", _("主要负责人")
        SAFETY_MANAGER = "safety_manager", _("安全生产管理人员")
        SPECIAL = "special", _("特种作业人员")
        OTHER = "other", _("其他从业人员")

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
        return f"{self.user.name} · {self.job_title}" if self.job_title else self.user.name

    def can_edit(self, user: User) -> bool:
        """Whether the user may change this job: the managers of the firm."""
        return (
            user.may(powers.MANAGE_ENTERPRISE)
            and user.post is not None
            and user.post.organisation_id == self.enterprise_id
        )
