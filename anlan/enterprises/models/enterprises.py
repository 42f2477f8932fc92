"""The enterprise's file."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import Organisation, User
from anlan.accounts.models.regions import inside
from anlan.lib.fields import EncryptedTextField


class EnterpriseQuerySet(models.QuerySet["Enterprise"]):
    """Reads over enterprises."""

    def visible_to(self, user: User) -> EnterpriseQuerySet:
        """Return one's own firm, or those inside the territory of a regulator."""
        post = user.post
        if post is None:
            return self.none()
        if post.organisation_id:
            return self.filter(pk=post.organisation_id)
        if post.is_territorial and user.may(powers.SUPERVISE):
            return self.filter(inside(post.region_code, "organisation__region_code"))
        return self.none()


class Enterprise(models.Model):
    """The profile of an organisation that is an enterprise. Name, credit code and region live on the organisation."""

    class Size(models.TextChoices):
        MICRO = "micro", _("微型")
        SMALL = "small", _("小型")
        MEDIUM = "medium", _("中型")
        LARGE = "large", _("大型")

    class Risk(models.TextChoices):
        RED = "red", _("重大风险")
        ORANGE = "orange", _("较大风险")
        YELLOW = "yellow", _("一般风险")
        BLUE = "blue", _("低风险")

    organisation = models.OneToOneField(
        Organisation, on_delete=models.PROTECT, primary_key=True, related_name="enterprise"
    )
    industry = models.CharField(
        max_length=6, db_index=True, help_text="GB/T 4754-2017, section letter + up to 4 digits: C3311"
    )
    size = models.CharField(max_length=8, choices=Size.choices, default=Size.MICRO)
    risk = models.CharField(max_length=8, choices=Risk.choices, default=Risk.BLUE)
    high_risk_industry = models.BooleanField(
        default=False, help_text="mines, smelting, construction, transport, hazardous goods, fireworks, …"
    )
    legal_person = models.CharField(max_length=60, blank=True)
    contact_phone = EncryptedTextField(blank=True)
    address = models.CharField(max_length=200, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    headcount = models.PositiveIntegerField(default=0, help_text="as declared; the roster has its own count")
    products = models.CharField(max_length=200, blank=True)
    permit_number = models.CharField(max_length=60, blank=True)
    permit_until = models.DateField(null=True, blank=True)
    updated_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    objects = EnterpriseQuerySet.as_manager()

    def __str__(self) -> str:
        return self.organisation.name

    @property
    def trade(self) -> str:
        """Section and division of the industry, as the counters carry it: C33."""
        return self.industry[:3]

    def can_edit(self, user: User) -> bool:
        """Whether the user may change this file: its own managers."""
        return user.may(powers.MANAGE_ENTERPRISE) and user.post is not None and user.post.organisation_id == self.pk
