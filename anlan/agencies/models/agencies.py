"""Agencies for safety services: their account, the places where they work, their registered engineers (P-05, G-02)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import Organisation, User
from anlan.accounts.models.regions import inside
from anlan.files.models import Blob
from anlan.lib.codes import mask_phone
from anlan.lib.fields import EncryptedTextField


class Kind(models.TextChoices):
    """What an agency does for a firm."""

    RISK = "risk", _("风险辨识")
    INSPECTION = "inspection", _("隐患排查")
    TRAINING = "training", _("安全培训")
    DRILL = "drill", _("应急演练")
    CONSULTING = "consulting", _("安全咨询")


def kind_names(codes: list[str]) -> list[str]:
    """Return the words for codes of `Kind`; unknown ones stay as they are."""
    return [str(dict(Kind.choices).get(code, code)) for code in codes]


class AgencyQuerySet(models.QuerySet["Agency"]):
    """Reads over agencies."""

    def active(self) -> AgencyQuerySet:
        """Return those that may work."""
        return self.filter(state=Agency.State.ACTIVE)

    def visible_to(self, user: User) -> AgencyQuerySet:
        """Return whom a firm, a regulator or an association may find (active ones), one's own, and those in one's charge."""
        post = user.post
        if post is None:
            return self.none()
        if post.organisation_id and (user.may(powers.SERVE) or user.may(powers.MANAGE_AGENCY)):
            return self.filter(pk=post.organisation_id)
        if user.may(powers.MANAGE_AGENCIES):
            return self.filter(Q(state=Agency.State.ACTIVE) | inside(post.region_code, "organisation__region_code"))
        if user.may(powers.MANAGE_ENTERPRISE) or user.may(powers.SUPERVISE) or user.may(powers.MANAGE_ASSOCIATION):
            return self.active()
        return self.none()

    def managed_by(self, user: User) -> AgencyQuerySet:
        """Return those whose account the user opens, suspends and closes."""
        if user.post is None or not user.post.is_territorial or not user.may(powers.MANAGE_AGENCIES):
            return self.none()
        return self.filter(inside(user.post.region_code, "organisation__region_code"))


class Agency(models.Model):
    """The profile and account of an organisation that serves firms under contract."""

    class State(models.TextChoices):
        APPLIED = "applied", _("待审核")
        ACTIVE = "active", _("正常")
        SUSPENDED = "suspended", _("已暂停")
        REFUSED = "refused", _("未通过")
        CLOSED = "closed", _("已关闭")

    organisation = models.OneToOneField(Organisation, on_delete=models.PROTECT, primary_key=True, related_name="agency")
    state = models.CharField(max_length=10, choices=State.choices, default=State.APPLIED)
    state_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    state_at = models.DateTimeField(null=True, blank=True)
    state_because = models.CharField(max_length=500, blank=True)
    applicant = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    intro = models.TextField(blank=True)
    qualifications = models.CharField(max_length=300, blank=True, help_text="certificates the agency holds, as said")
    registration_number = models.CharField(
        max_length=60, blank=True, help_text="number of the qualification certificate"
    )
    kinds = models.JSONField(default=list, help_text="codes of Kind that it offers")
    phone = models.CharField(max_length=20, blank=True, help_text="the agency's public number")
    score = models.FloatField(default=3.5, help_text="agencies.scoring, kept here for sorting")
    ratings = models.PositiveIntegerField(default=0)
    passed = models.PositiveIntegerField(default=0, help_text="re-inspections of cures it helped with that passed")
    failed = models.PositiveIntegerField(default=0)
    suspended_posts = models.JSONField(default=list, help_text="posts that the suspension ended, for the resumption")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AgencyQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["state", "-score"])]

    def __str__(self) -> str:
        return self.organisation.name

    @property
    def is_active(self) -> bool:
        """Whether it may work today."""
        return self.state == self.State.ACTIVE

    @property
    def kind_words(self) -> list[str]:
        """What it offers, in words."""
        return kind_names(self.kinds)

    def can_edit(self, user: User) -> bool:
        """Whether the user may change profile, points and engineers: its own administrators, while it is active."""
        own = user.post is not None and user.post.organisation_id == self.pk
        return own and user.may(powers.MANAGE_AGENCY) and self.is_active

    def can_manage(self, user: User) -> bool:
        """Whether the user may open, suspend and close this account."""
        post = user.post
        return (
            user.may(powers.MANAGE_AGENCIES)
            and post is not None
            and post.is_territorial
            and self.organisation.region_code.startswith(post.region_code)
        )


class ServicePoint(models.Model):
    """A place from which an agency serves."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="points")
    name = models.CharField(max_length=60)
    address = models.CharField(max_length=200)
    latitude = models.FloatField()
    longitude = models.FloatField()
    phone = models.CharField(max_length=20, blank=True)
    region_code = models.CharField(max_length=24)

    class Meta:
        indexes = [models.Index(fields=["latitude", "longitude"]), models.Index(fields=["region_code"])]

    def __str__(self) -> str:
        return self.name


class EngineerQuerySet(models.QuerySet["Engineer"]):
    """Reads over engineers."""

    def visible_to(self, user: User) -> EngineerQuerySet:
        """Return all of one's own agency and of those in one's charge; of others, the verified ones of agencies one sees."""
        seen = self.filter(agency__in=Agency.objects.visible_to(user))
        if user.post is None:
            return self.none()
        if user.post.organisation_id and user.may(powers.MANAGE_AGENCY):
            return seen
        shown = seen.filter(state=Engineer.State.VERIFIED)
        return (
            (shown | self.filter(agency__in=Agency.objects.managed_by(user)))
            if user.may(powers.MANAGE_AGENCIES)
            else shown
        )

    def assignable(self) -> EngineerQuerySet:
        """Return those who may serve today: verified, with a registration that has not ended."""
        return self.filter(state=Engineer.State.VERIFIED, valid_until__gte=timezone.localdate())


class Engineer(models.Model):
    """A registered safety engineer of an agency. Name and number are said by the agency and verified by the county."""

    class State(models.TextChoices):
        SUBMITTED = "submitted", _("待核验")
        VERIFIED = "verified", _("已核验")
        REFUSED = "refused", _("未通过")
        SUSPENDED = "suspended", _("已暂停")
        CLOSED = "closed", _("已停用")

    class Category(models.TextChoices):
        COAL = "coal", _("煤矿安全")
        MINE = "mine", _("金属非金属矿山安全")
        CHEMICAL = "chemical", _("化工安全")
        SMELTING = "smelting", _("金属冶炼安全")
        BUILDING = "building", _("建筑施工安全")
        ROAD = "road", _("道路运输安全")
        OTHER = "other", _("其他安全")

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="engineers")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="engineer_of")
    name = models.CharField(max_length=60)
    phone = EncryptedTextField(blank=True)
    number = models.CharField(max_length=40, help_text="registration number of the engineer")
    category = models.CharField(max_length=10, choices=Category.choices, default=Category.OTHER)
    valid_until = models.DateField()
    certificate = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.SUBMITTED)
    because = models.CharField(max_length=300, blank=True)
    submitted_at = models.DateTimeField(auto_now_add=True)
    verified_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    verified_at = models.DateTimeField(null=True, blank=True)

    objects = EngineerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["number"],
                condition=Q(state__in=["submitted", "verified", "suspended"]),
                name="one_agency_per_engineer",
            ),
        ]
        indexes = [models.Index(fields=["agency", "state"])]

    def __str__(self) -> str:
        return self.name

    @property
    def expired(self) -> bool:
        """Whether the registration has ended."""
        return self.valid_until < timezone.localdate()

    @property
    def phone_masked(self) -> str:
        """138****0417."""
        return mask_phone(self.phone)
