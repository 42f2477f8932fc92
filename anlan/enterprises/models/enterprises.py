"""The enterprise's file."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import Organisation, User
from anlan.accounts.models.regions import inside
from anlan.lib.fields import EncryptedTextField


class EnterpriseQuerySet(models.QuerySet["Enterprise"]):
    """Reads over enterprises."""

    def visible_to(self, user: User) -> EnterpriseQuerySet:
        """Return one's own firm, those inside a regulator's territory, or those that gave one's agency or association a mandate."""
        post = user.post
        if post is None:
            return self.none()
        if post.organisation_id:
            if user.may(powers.SERVE) or user.may(powers.MANAGE_ASSOCIATION):
                mandates = Mandate.objects.open().filter(organisation_id=post.organisation_id)
                return self.filter(pk__in=mandates.values("enterprise_id"))
            return self.filter(pk=post.organisation_id)
        if post.is_territorial and user.may(powers.SUPERVISE):
            return self.filter(inside(post.region_code, "organisation__region_code"))
        return self.none()


    def active(self) -> EnterpriseQuerySet:
        """Return the firms that are neither closed nor merged into another."""
        return self.filter(status=Enterprise.Status.ACTIVE)


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

    class Status(models.TextChoices):
        ACTIVE = "active", _("在业")
        CLOSED = "closed", _("已注销")
        MERGED = "merged", _("已并入")

    class Integrity(models.TextChoices):
        UNRATED = "", _("未评")
        A = "A", _("A 级")
        B = "B", _("B 级")
        C = "C", _("C 级")
        D = "D", _("D 级")

    class Standard(models.TextChoices):
        NONE = "", _("未达标")
        ONE = "1", _("一级")
        TWO = "2", _("二级")
        THREE = "3", _("三级")
        MICRO = "micro", _("小微达标")

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
    address = models.CharField(max_length=200, blank=True, help_text="where the work is done")
    registered_address = models.CharField(max_length=200, blank=True, help_text="as on the business licence")
    licence_number = models.CharField(max_length=40, blank=True, help_text="business licence, older than the credit code")
    floor_area = models.PositiveIntegerField(null=True, blank=True, help_text="square metres")
    meter_number = models.CharField(max_length=40, blank=True, help_text="three-phase electricity meter")
    exits = models.PositiveSmallIntegerField(null=True, blank=True, help_text="emergency exits")
    special_operations = models.CharField(max_length=200, blank=True, help_text="hot work, confined space, … as said")
    has_chemicals = models.BooleanField(null=True, blank=True, help_text="None: nobody has said yet")
    has_special_equipment = models.BooleanField(null=True, blank=True)
    has_special_operations = models.BooleanField(null=True, blank=True)
    has_dust = models.BooleanField(null=True, blank=True, help_text="combustible dust")
    has_confined_space = models.BooleanField(null=True, blank=True)
    has_dormitory = models.BooleanField(null=True, blank=True, help_text="people sleep in the building of the workshop")
    revenue = models.PositiveIntegerField(null=True, blank=True, help_text="last year's, 10,000 yuan, for the size class")
    integrity = models.CharField(max_length=1, choices=Integrity.choices, blank=True)
    standard = models.CharField(max_length=8, choices=Standard.choices, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    headcount = models.PositiveIntegerField(default=0, help_text="as declared; the roster has its own count")
    products = models.CharField(max_length=200, blank=True)
    permit_number = models.CharField(max_length=60, blank=True)
    permit_until = models.DateField(null=True, blank=True)
    custom = models.JSONField(default=dict, help_text="values of the fields that an administrator added, by their code")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ACTIVE)
    status_on = models.DateField(null=True, blank=True)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="absorbed")
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    verify_by = models.DateField(null=True, blank=True, help_text="the file is old after this day and wants a look")
    graded_at = models.DateTimeField(null=True, blank=True, help_text="when the risk policy last computed `risk`")
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


class MandateQuerySet(models.QuerySet["Mandate"]):
    """Reads over mandates."""

    def open(self) -> MandateQuerySet:
        """Return those in force today."""
        today = timezone.localdate()
        return self.filter(since__lte=today).filter(Q(until__isnull=True) | Q(until__gte=today))


class Mandate(models.Model):
    """An agency or association may see and serve this firm: written by whoever holds the contract or the membership."""

    class Kind(models.TextChoices):
        CONTRACT = "contract", _("服务合同")
        MEMBERSHIP = "membership", _("协会会员")

    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="mandates")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="mandates")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    since = models.DateField()
    until = models.DateField(null=True, blank=True, help_text="last day; empty while open")
    reason = models.CharField(max_length=64, blank=True, help_text="what it rests on: agencies.contract:17")

    objects = MandateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["enterprise", "organisation", "kind", "reason"], name="one_mandate_per_reason"),
        ]
        indexes = [models.Index(fields=["organisation", "enterprise"])]

    def __str__(self) -> str:
        return f"{self.organisation} → {self.enterprise}"


class Placement(models.Model):
    """Where a firm lay from when to when: past figures keep their old grid."""

    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="placements")
    region_code = models.CharField(max_length=24)
    since = models.DateField()
    until = models.DateField(null=True, blank=True)
    because = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["enterprise"], condition=Q(until__isnull=True), name="one_present_place"),
        ]

    def __str__(self) -> str:
        return f"{self.region_code} {self.since}"
