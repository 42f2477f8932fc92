"""Hazards and every step of their life (H-03)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import Organisation, User
from anlan.accounts.models.regions import inside
from anlan.enterprises.models import Enterprise, Mandate
from anlan.hazards import life
from anlan.hazards.models import rights
from anlan.hazards.models.checklists import ChecklistVersion
from anlan.hazards.models.inspections import Inspection


class HazardQuerySet(models.QuerySet["Hazard"]):
    """Reads over hazards."""

    def visible_to(self, user: User) -> HazardQuerySet:
        """Return those of one's firm (managers; a worker: what they reported or are to fix), of one's territory, or that
        one's agency or association found or is asked to help cure, while its contract or membership lasts."""
        post = user.post
        if post is None:
            return self.none()
        if post.organisation_id:
            if user.may(powers.SERVE) or user.may(powers.MANAGE_ASSOCIATION):
                ours = Q(found_for_id=post.organisation_id) | Q(helper_id=post.organisation_id)
                return self.filter(ours, enterprise__in=Mandate.objects.open().firms_of(post.organisation_id))
            if user.may(powers.MANAGE_ENTERPRISE):
                return self.filter(enterprise_id=post.organisation_id)
            own = self.filter(enterprise_id=post.organisation_id)
            return own.filter(Q(found_by=user) | Q(fixer=user))
        return (
            self.filter(inside(post.region_code)) if post.is_territorial and user.may(powers.SUPERVISE) else self.none()
        )

    def open(self) -> HazardQuerySet:
        """Return those not yet closed or void."""
        return self.filter(state__in=Hazard.OPEN)


class Hazard(models.Model):
    """One hazard at one firm. Changed only by `actions.hazards`, each by compare-and-set on `version`."""

    class State(models.TextChoices):
        FOUND = "found", _("待落实整改")
        CURING = "curing", _("整改中")
        CURED = "cured", _("待复查")
        PASSED = "passed", _("待销号")
        CLOSED = "closed", _("已闭环")
        VOID = "void", _("已撤销")

    OPEN = (State.FOUND, State.CURING, State.CURED, State.PASSED)

    class Grade(models.TextChoices):
        GENERAL = "general", _("一般隐患")
        MAJOR = "major", _("重大隐患")

    class Level(models.IntegerChoices):
        GRID = 1, _("网格")
        TOWN = 2, _("镇街联合整治")
        COUNTY = 3, _("县区督办")

    class Kind(models.TextChoices):
        FIRE = "fire", _("消防与疏散")
        ELECTRIC = "electric", _("用电")
        MACHINE = "machine", _("机械设备")
        SPECIAL = "special", _("特种设备")
        CHEMICAL = "chemical", _("危险化学品")
        DUST = "dust", _("粉尘涉爆")
        SPACE = "space", _("有限空间")
        HEIGHT = "height", _("高处与临边")
        GAS = "gas", _("燃气")
        HOT = "hot", _("动火作业")
        HEALTH = "health", _("职业健康与防护用品")
        BUILDING = "building", _("建筑与场所")
        MANAGEMENT = "management", _("制度与培训")
        OTHER = "other", _("其他")

    class Source(models.TextChoices):
        PATROL = "patrol", _("网格巡查")
        TOWN = "town", _("镇街检查")
        SELF = "self", _("企业自查")
        REPORT = "report", _("企业报审")
        AGENCY = "agency", _("机构检查")
        ASSOCIATION = "association", _("协会检查")
        PUBLIC = "public", _("群众举报")

    number = models.CharField(max_length=24, unique=True, help_text="YH-410105-26110007: county, month, running number")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="hazards")
    region_code = models.CharField(max_length=24, help_text="of the firm; moves with it while open, kept once closed")
    industry = models.CharField(max_length=8, blank=True, help_text="section and division: C21")
    source = models.CharField(max_length=12, choices=Source.choices)
    inspection = models.ForeignKey(Inspection, null=True, blank=True, on_delete=models.PROTECT, related_name="hazards")
    checklist = models.ForeignKey(ChecklistVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    item = models.CharField(max_length=40, blank=True)
    title = models.CharField(max_length=80, help_text="the fact: 3 号车间东侧安全出口被料架堵住")
    place = models.CharField(max_length=80)
    detail = models.TextField(blank=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    grade = models.CharField(max_length=8, choices=Grade.choices, default=Grade.GENERAL)
    criterion = models.CharField(max_length=200, blank=True, help_text="which criterion makes it a major hazard")
    cite = models.CharField(max_length=200, blank=True, help_text="article or standard that it breaks")
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)

    measure = models.TextField(blank=True, help_text="five musts 1: what is done")
    responsible = models.CharField(max_length=60, blank=True, help_text="2: who answers for it")
    fixer = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    fen = models.BigIntegerField(null=True, blank=True, help_text="3: money, hundredths of a yuan; 0 is an answer")
    deadline = models.DateField(null=True, blank=True, help_text="4: last day; a date, overdue from the next day on")
    contingency = models.TextField(blank=True, help_text="5: what keeps people safe until then")

    state = models.CharField(max_length=8, choices=State.choices, default=State.FOUND)
    level = models.PositiveSmallIntegerField(choices=Level.choices, default=Level.GRID)
    level_since = models.DateTimeField(null=True, blank=True)
    reopened = models.PositiveSmallIntegerField(default=0)
    failed = models.PositiveSmallIntegerField(default=0, help_text="re-inspections that it did not pass")
    found_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    found_for = models.ForeignKey(
        Organisation,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="agency or association that found it",
    )
    found_at = models.DateTimeField()
    helper = models.ForeignKey(
        Organisation,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="agency that cures it for the firm: it may not verify",
    )
    cured_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    cured_at = models.DateTimeField(null=True, blank=True)
    verified_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    overdue_noted = models.DateField(null=True, blank=True, help_text="the deadline whose passing the clock has noted")
    client_id = models.UUIDField(
        null=True, blank=True, unique=True, help_text="given by form or device: a retry is harmless"
    )
    version = models.PositiveIntegerField(default=0)

    objects = HazardQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["region_code", "state", "deadline"]),
            models.Index(fields=["enterprise", "state"]),
            models.Index(fields=["found_for", "state"]),
            models.Index(fields=["region_code", "-id"], name="hazards_by_place"),
            models.Index(
                fields=["region_code", "-id"],
                condition=Q(state__in=["found", "curing", "cured", "passed"]),
                name="hazards_open",
            ),
            models.Index(fields=["deadline"], condition=Q(state__in=["found", "curing"]), name="hazards_ticking"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_major(self) -> bool:
        """Whether it is graded major 重大."""
        return self.grade == self.Grade.MAJOR

    @property
    def is_open(self) -> bool:
        """Whether it still needs somebody: neither closed nor void."""
        return self.state in self.OPEN

    @property
    def days_over(self) -> int:
        """Days since the deadline passed without a cure; 0 while there is time or somebody else's turn."""
        if self.deadline is None or self.state not in (self.State.FOUND, self.State.CURING):
            return 0
        return max(0, (timezone.localdate() - self.deadline).days)

    @property
    def days_left(self) -> int | None:
        """Days until the deadline; None without one or once it is cured."""
        if self.deadline is None or self.state not in (self.State.FOUND, self.State.CURING):
            return None
        return (self.deadline - timezone.localdate()).days

    @property
    def yuan(self) -> str:
        """The money for the cure as people read it: 680, 1,250.50."""
        return f"{(self.fen or 0) / 100:,.2f}".removesuffix(".00")

    def can(self, verb: str, user: User) -> bool:
        """Whether `user` may do `verb` to it now: the table of its life allows it, and the verb is theirs."""
        return life.leads(verb, self.state, self.grade, self.source) and rights.may(verb, self, user)

    def verbs(self, user: User) -> list[str]:
        """Everything that `user` may do to it now."""
        return [verb for verb in life.MOVES if self.can(verb, user)]


class HazardStep(models.Model):
    """One step: who, when, why, from where to where. Never changed."""

    hazard = models.ForeignKey(Hazard, on_delete=models.CASCADE, related_name="steps")
    verb = models.CharField(
        max_length=20, help_text="find, plan, cure, pass, fail, close, reopen, void, escalate, extend, …"
    )
    before = models.CharField(max_length=8, blank=True)
    after = models.CharField(max_length=8)
    level = models.PositiveSmallIntegerField(default=1)
    by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="empty: the clock"
    )
    by_post = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()
    words = models.CharField(max_length=500, blank=True)
    detail = models.JSONField(default=dict, help_text="what changed: {field: [old, new]}")

    class Meta:
        indexes = [models.Index(fields=["hazard", "-id"])]

    def __str__(self) -> str:
        return f"{self.verb} {self.hazard_id}"
