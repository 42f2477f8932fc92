"""The enterprise's file."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Case, OuterRef, Q, Subquery, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import Organisation, Region, User
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
            return self.filter(inside(post.region_code))
        return self.none()

    def with_file_for(self, user: User) -> EnterpriseQuerySet:
        """Return those of `visible_to` whose file the user reads: not the workers, who see their firm only in passing."""
        readers = (powers.MANAGE_ENTERPRISE, powers.SUPERVISE, powers.SERVE, powers.MANAGE_ASSOCIATION)
        return self.visible_to(user) if any(user.may(power) for power in readers) else self.none()

    def with_page(self) -> EnterpriseQuerySet:
        """Return them with what the page of a file names: the people of the last change and look, and `region_name`."""
        place = Region.objects.filter(code=OuterRef("organisation__region_code"))
        named = self.select_related("organisation", "updated_by", "verified_by")
        return named.annotate(region_name=Subquery(place.values("full_name")[:1]))

    def active(self) -> EnterpriseQuerySet:
        """Return the firms that are neither closed nor merged into another."""
        return self.filter(status=Enterprise.Status.ACTIVE)


class PlaceField(models.CharField):  # type: ignore[type-arg]
    """The region of the organisation, copied when the firm is made; `relocate` moves both."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Return what is stored: of a new firm always its organisation's region."""
        if add and isinstance(model_instance, Enterprise):
            model_instance.region_code = model_instance.organisation.region_code
        return super().pre_save(model_instance, add)

    def deconstruct(self) -> Any:
        """Migrations know it as what it is to the database."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


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
    region_code = PlaceField(
        max_length=24,
        editable=False,
        default="",
        help_text="of the organisation: lists of firms are found and ordered by one index",
    )
    industry = models.CharField(
        max_length=6, db_index=True, help_text="GB/T 4754-2017, section letter + up to 4 digits: C3311"
    )
    size = models.CharField(max_length=8, choices=Size.choices, default=Size.MICRO)
    risk = models.CharField(max_length=8, choices=Risk.choices, default=Risk.BLUE)
    rank = models.GeneratedField(
        expression=Case(
            When(risk="red", then=Value(0)), When(risk="orange", then=Value(1)), When(risk="yellow", then=Value(2)),
            default=Value(3),
        ),
        output_field=models.SmallIntegerField(), db_persist=True,
        help_text="of the risk grade, highest first: the order in which firms are listed",
    )  # fmt: skip
    high_risk_industry = models.BooleanField(
        default=False, help_text="mines, smelting, construction, transport, hazardous goods, fireworks, …"
    )
    legal_person = models.CharField(max_length=60, blank=True)
    founded_on = models.DateField(null=True, blank=True, help_text="as the registration says")
    registered_by = models.CharField(max_length=80, blank=True, help_text="registration authority")
    contact_phone = EncryptedTextField(blank=True)
    address = models.CharField(max_length=200, blank=True, help_text="where the work is done")
    registered_address = models.CharField(max_length=200, blank=True, help_text="as on the business licence")
    licence_number = models.CharField(
        max_length=40, blank=True, help_text="business licence, older than the credit code"
    )
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
    revenue = models.PositiveIntegerField(
        null=True, blank=True, help_text="last year's, 10,000 yuan, for the size class"
    )
    integrity = models.CharField(max_length=1, choices=Integrity.choices, blank=True)
    standard = models.CharField(max_length=8, choices=Standard.choices, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    headcount = models.PositiveIntegerField(default=0, help_text="as declared; the roster has its own count")
    products = models.CharField(max_length=200, blank=True)
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

    class Meta:
        indexes = [
            models.Index(fields=["status", "rank", "-headcount", "organisation", "region_code"], name="firms_by_risk"),
            models.Index(fields=["status", "-headcount", "organisation", "region_code"], name="firms_by_size"),
            models.Index(fields=["region_code", "status", "rank", "-headcount", "organisation"], name="firms_by_place"),
            models.Index(fields=["latitude", "longitude"], name="firms_on_map"),
            models.Index(fields=["verified_at"], name="firms_by_age"),
        ]

    def __str__(self) -> str:
        return self.organisation.name

    @property
    def trade(self) -> str:
        """Section and division of the industry, as the counters carry it: C33."""
        return self.industry[:3]

    def is_managed_by(self, user: User) -> bool:
        """Whether the user is one of its own managers."""
        return user.may(powers.MANAGE_ENTERPRISE) and user.post is not None and user.post.organisation_id == self.pk

    def is_in_territory_of(self, user: User) -> bool:
        """Whether it lies inside the territory of the user's present post."""
        post = user.post
        return (
            post is not None
            and post.is_territorial
            and self.organisation.region_code.startswith(post.region_code or "")
        )

    def can_edit(self, user: User) -> bool:
        """Whether the user may change this file: its managers, the officers of its place, the agency that serves it."""
        if self.status == self.Status.MERGED:
            return False
        if self.is_managed_by(user) or self.can_verify(user):
            return True
        post = user.post
        return (
            user.may(powers.SERVE)
            and post is not None
            and post.organisation_id is not None
            and Mandate.objects.open().filter(enterprise=self, organisation_id=post.organisation_id).exists()
        )

    def can_verify(self, user: User) -> bool:
        """Whether the user may confirm what the file says: the officers of its place, never the firm or an agency."""
        return user.may(powers.INSPECT) and self.is_in_territory_of(user) and not user.belongs_to(self.pk)

    def can_tag(self, user: User) -> bool:
        """Whether the user may label it: whoever inspects or coordinates there."""
        return (user.may(powers.INSPECT) or user.may(powers.COORDINATE)) and self.is_in_territory_of(user)


class MandateQuerySet(models.QuerySet["Mandate"]):
    """Reads over mandates."""

    def open(self) -> MandateQuerySet:
        """Return those in force today."""
        today = timezone.localdate()
        return self.filter(since__lte=today).filter(Q(until__isnull=True) | Q(until__gte=today))

    def firms_of(self, organisation_id: int) -> models.QuerySet[Mandate, int]:
        """Return the keys of the firms that gave a mandate to this organisation, as a subquery."""
        return self.filter(organisation_id=organisation_id).values_list("enterprise_id", flat=True)


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
            models.UniqueConstraint(
                fields=["enterprise", "organisation", "kind", "reason"], name="one_mandate_per_reason"
            ),
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
