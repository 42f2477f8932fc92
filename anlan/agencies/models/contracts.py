"""From what a firm asks to what an agency delivered and what the firm said of it (G-02, H-06)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TypeVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.accounts.models.regions import inside
from anlan.agencies.models.agencies import Agency, Engineer, Kind, kind_names
from anlan.enterprises.models import Enterprise
from anlan.files.models import Blob

M = TypeVar("M", bound=models.Model)
EDITABLE_DAYS = 7
"""So long may a firm change its rating."""


class BetweenQuerySet(models.QuerySet[M]):
    """Reads over what lies between one firm and one agency (`enterprise`, `agency`)."""

    def visible_to(self, user: User) -> BetweenQuerySet[M]:
        """Return one's own firm's or agency's, and those in a regulator's territory by the firm's place."""
        post = user.post
        if post is None:
            return self.none()
        if post.organisation_id:
            if user.may(powers.SERVE):
                return self.filter(agency_id=post.organisation_id, agency__state=Agency.State.ACTIVE)
            return (
                self.filter(enterprise_id=post.organisation_id) if user.may(powers.MANAGE_ENTERPRISE) else self.none()
            )
        if post.is_territorial and user.may(powers.SUPERVISE):
            return self.filter(inside(post.region_code, "enterprise__organisation__region_code"))
        return self.none()


class Between(models.Model):
    """A row that belongs to one firm and one agency."""

    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True

    def is_firm(self, user: User) -> bool:
        """Whether the user decides for the firm."""
        return (
            user.post is not None
            and user.post.organisation_id == self.enterprise_id
            and user.may(powers.MANAGE_ENTERPRISE)
        )

    def is_agency(self, user: User) -> bool:
        """Whether the user works for the agency."""
        return user.post is not None and user.post.organisation_id == self.agency_id and user.may(powers.SERVE)

    def is_head(self, user: User) -> bool:
        """Whether the user signs for the agency."""
        return self.is_agency(user) and user.may(powers.MANAGE_AGENCY)


class ServiceRequest(Between):
    """A firm asks an agency for services."""

    class State(models.TextChoices):
        OPEN = "open", _("等机构答复")
        OFFERED = "offered", _("已报合同")
        DECLINED = "declined", _("机构没有接")
        WITHDRAWN = "withdrawn", _("已撤回")

    kinds = models.JSONField(default=list)
    words = models.CharField(max_length=500, blank=True)
    wanted_by = models.DateField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    answer = models.CharField(max_length=300, blank=True)

    objects = BetweenQuerySet["ServiceRequest"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise", "agency"], condition=Q(state="open"), name="one_open_request_per_agency"
            ),
        ]
        indexes = [models.Index(fields=["agency", "state"])]

    def __str__(self) -> str:
        return f"{self.enterprise}：{'、'.join(self.kind_words)}"

    @property
    def kind_words(self) -> list[str]:
        """What is asked for, in words."""
        return kind_names(self.kinds)


class ContractQuerySet(BetweenQuerySet["Contract"]):
    """Reads over contracts."""

    def running(self, on: date | None = None) -> ContractQuerySet:
        """Return those in force on a day (default today)."""
        day = on or timezone.localdate()
        return self.filter(state=Contract.State.ACCEPTED, since__lte=day, until__gte=day)


class Contract(Between):
    """A contract: the agency signs by offering it, the firm by accepting."""

    class State(models.TextChoices):
        OFFERED = "offered", _("等企业签")
        ACCEPTED = "accepted", _("履行中")
        DECLINED = "declined", _("企业没有签")
        WITHDRAWN = "withdrawn", _("机构已撤回")
        ENDED = "ended", _("已到期")
        TERMINATED = "terminated", _("已终止")

    request = models.ForeignKey(ServiceRequest, null=True, blank=True, on_delete=models.PROTECT, related_name="offers")
    number = models.CharField(max_length=60)
    kinds = models.JSONField(default=list)
    since = models.DateField()
    until = models.DateField(help_text="last day")
    fee_fen = models.BigIntegerField(default=0, help_text="whole fee, hundredths of a yuan")
    plan = models.JSONField(default=list, help_text='[["inspection", "2026-11-20"], …]: becomes services when accepted')
    words = models.CharField(max_length=500, blank=True)
    file = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OFFERED)
    offered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    offered_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    because = models.CharField(max_length=300, blank=True, help_text="why declined, withdrawn or terminated")

    objects = ContractQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "number"], name="one_contract_per_number"),
            models.CheckConstraint(condition=Q(until__gte=models.F("since")), name="contract_ends_after_it_begins"),
        ]
        indexes = [
            models.Index(fields=["enterprise", "agency", "state"]),
            models.Index(fields=["agency", "state"]),
            models.Index(fields=["state", "until"]),
        ]

    def __str__(self) -> str:
        return f"{self.agency} · {self.enterprise}"

    @property
    def kind_words(self) -> list[str]:
        """The kinds of service, in words."""
        return kind_names(self.kinds)

    @property
    def fee(self) -> str:
        """The fee in yuan: 12,000.00."""
        return f"{self.fee_fen / 100:,.2f}"

    @property
    def reason(self) -> str:
        """What the mandate rests on."""
        return f"agencies.contract:{self.pk}"

    @property
    def is_running(self) -> bool:
        """Whether work under it may be done today."""
        return self.state == self.State.ACCEPTED and self.since <= timezone.localdate() <= self.until


class ServiceQuerySet(BetweenQuerySet["Service"]):
    """Reads over services."""

    def open(self) -> ServiceQuerySet:
        """Return those that the agency still has to deliver."""
        return self.filter(state__in=[Service.State.PLANNED, Service.State.DOING, Service.State.DISPUTED])


class Service(Between):
    """One piece of work under a contract, from plan to what the firm says of it."""

    class State(models.TextChoices):
        PLANNED = "planned", _("待服务")
        DOING = "doing", _("进行中")
        DELIVERED = "delivered", _("等企业验收")
        ACCEPTED = "accepted", _("已验收")
        DISPUTED = "disputed", _("企业有异议")
        DROPPED = "dropped", _("已取消")

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="services")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    planned_on = models.DateField()
    engineer = models.ForeignKey(Engineer, null=True, blank=True, on_delete=models.PROTECT, related_name="services")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    summary = models.CharField(max_length=1000, blank=True)
    report = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    inspection_uid = models.UUIDField(null=True, blank=True, help_text="the inspection made on this occasion")
    delivered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    delivered_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)
    dispute = models.CharField(max_length=500, blank=True, help_text="the firm's last objection")

    objects = ServiceQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["agency", "state", "planned_on"]),
            models.Index(fields=["enterprise", "state"]),
            models.Index(fields=["engineer", "state"]),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} · {self.get_kind_display()}"

    @property
    def is_late(self) -> bool:
        """Whether the planned day has passed without delivery."""
        return self.state in (self.State.PLANNED, self.State.DOING) and self.planned_on < timezone.localdate()

    @property
    def can_be_rated(self) -> bool:
        """Whether it was delivered and the firm has said yes or no to it."""
        return self.state == self.State.ACCEPTED or (
            self.state == self.State.DISPUTED and self.delivered_at is not None
        )


class RatingQuerySet(models.QuerySet["Rating"]):
    """Reads over ratings: they are shown to whoever sees the agency."""

    def visible_to(self, user: User) -> RatingQuerySet:
        """Return the ratings of the agencies that one sees."""
        return self.filter(service__agency__in=Agency.objects.visible_to(user))


class Rating(models.Model):
    """What the firm says of a delivered service: three aspects from 1 to 5, and words."""

    service = models.OneToOneField(Service, on_delete=models.CASCADE, related_name="rating")
    skill = models.PositiveSmallIntegerField(help_text="found and explained what matters, 1 to 5")
    timeliness = models.PositiveSmallIntegerField()
    effect = models.PositiveSmallIntegerField(help_text="whether it helped, 1 to 5")
    words = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=500, blank=True, help_text="the agency's answer")
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = RatingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(skill__range=(1, 5)) & Q(timeliness__range=(1, 5)) & Q(effect__range=(1, 5)),
                name="rating_is_one_to_five",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mean:.1f}"

    @property
    def mean(self) -> float:
        """The mean of the three aspects."""
        return (self.skill + self.timeliness + self.effect) / 3

    @property
    def can_change(self) -> bool:
        """Whether the firm may still change it."""
        return timezone.now() < self.at + timedelta(days=EDITABLE_DAYS)
