"""Organisations of every kind; enterprises and agencies extend this row with their own profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models.regions import inside

if TYPE_CHECKING:
    from anlan.accounts.models.users import User


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    """Reads over organisations."""

    def visible_to(self, user: User) -> OrganisationQuerySet:
        """Return the user's own organisation, or those inside the territory of a regulator."""
        post = user.post
        if post is None:
            return self.none()
        if post.organisation_id:
            return self.filter(pk=post.organisation_id)
        return self.filter(inside(post.region_code)) if post.is_territorial else self.none()


class Organisation(models.Model):
    """A legal body that acts in the product."""

    class Kind(models.TextChoices):
        REGULATOR = "regulator", _("监管部门")
        ENTERPRISE = "enterprise", _("企业")
        AGENCY = "agency", _("社会化服务机构")
        ASSOCIATION = "association", _("协会")
        INSTITUTION = "institution", _("培训机构")
        PLATFORM = "platform", _("平台")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    name = models.CharField(max_length=120)
    credit_code = models.CharField(max_length=18, null=True, blank=True, unique=True, help_text="GB 32100")
    region_code = models.CharField(max_length=24, db_index=True)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["kind", "region_code"]), models.Index(fields=["name"])]

    def __str__(self) -> str:
        return self.name
