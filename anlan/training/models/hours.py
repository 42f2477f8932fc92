"""Hours: the rules as versioned data, and the ledger that explains every minute."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.accounts.models.regions import inside
from anlan.enterprises.models import Worker
from anlan.training.models.classes import TrainingClass
from anlan.training.models.courses import Lesson
from anlan.training.models.progress import LearningSession


class HourRule(models.Model):
    """How many hours whom a rule asks for. The strictest rule that applies wins, and the product says why."""

    class Need(models.TextChoices):
        INITIAL = "initial", gettext_lazy("初次培训")
        ANNUAL = "annual", gettext_lazy("每年再培训")

    class Trust(models.TextChoices):
        VERIFIED = "V", "已核对条文"
        OFFICIAL = "G", "官方页面"
        SECONDARY = "S", "二手来源，待核对"
        POLICY = "P", "本省政策"

    code = models.CharField(max_length=40)
    version = models.PositiveIntegerField(default=1)
    region_code = models.CharField(max_length=24, blank=True, help_text="empty = the whole country")
    need = models.CharField(max_length=8, choices=Need.choices)
    category = models.CharField(max_length=16, blank=True, help_text="Worker.Category; empty = everyone")
    high_risk = models.BooleanField(null=True, help_text="null = whatever the industry")
    risk = models.CharField(max_length=8, blank=True, help_text="Enterprise.risk that it speaks of; empty = any grade")
    hours = models.DecimalField(max_digits=5, decimal_places=1)
    source = models.CharField(max_length=120)
    article = models.CharField(max_length=60)
    trust = models.CharField(max_length=1, choices=Trust.choices)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "version"], name="one_rule_version")]

    def __str__(self) -> str:
        return f"{self.source} {self.article}: {self.hours}"

    @property
    def who(self) -> str:
        """Whom the rule binds, in words."""
        return str(Worker.Category(self.category).label) if self.category else _("全体从业人员")


class HourQuerySet(models.QuerySet["HourEntry"]):
    """Reads over the ledger."""

    def visible_to(self, user: User) -> HourQuerySet:
        """Return one's own hours, those earned in one's firm (managers) or in one's territory (regulators)."""
        post = user.post
        own = Q(user=user)
        if post is not None and post.organisation_id and user.may(powers.MANAGE_ENTERPRISE):
            return self.filter(own | Q(enterprise_id=post.organisation_id))
        if post is not None and post.is_territorial and user.may(powers.SUPERVISE):
            return self.filter(own | inside(post.region_code))
        return self.filter(own)


class HourEntry(models.Model):
    """A stretch of time that earned hours: lesson, server time from–to, media covered, and why it counts."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="hours")
    lesson = models.ForeignKey(Lesson, on_delete=models.PROTECT, related_name="+")
    session = models.ForeignKey(LearningSession, null=True, on_delete=models.PROTECT, related_name="hours")
    training_class = models.ForeignKey(TrainingClass, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    enterprise_id = models.BigIntegerField(null=True, db_index=True)
    region_code = models.CharField(max_length=24, blank=True)
    day = models.DateField(help_text="server day in Asia/Shanghai")
    from_at = models.DateTimeField()
    to_at = models.DateTimeField()
    covered_ms = models.PositiveIntegerField(help_text="new media time covered")
    credited_ms = models.PositiveIntegerField(help_text="min(server time, new media time)")

    objects = HourQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "day"], name="one_entry_per_session_and_day")]
        indexes = [models.Index(fields=["user", "day"]), models.Index(fields=["enterprise_id", "day"])]

    def __str__(self) -> str:
        return f"{self.user_id} {self.day}: {self.credited_ms} ms"


def learnt_from(lessons: models.QuerySet[Lesson]) -> models.QuerySet[Lesson]:
    """Return those of the lessons that someone has progress in or hours from: they explain hours, so they must stay."""
    hours = HourEntry.objects.filter(lesson=models.OuterRef("pk"))
    return lessons.filter(models.Q(progress__isnull=False) | models.Exists(hours)).distinct()
