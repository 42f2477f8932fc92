"""Training institutions that can be asked, and what firms ask of them (G-03)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import Organisation, User
from anlan.accounts.models.regions import inside
from anlan.enterprises.models import Enterprise


class Topic(models.TextChoices):
    """What people are to be trained for."""

    HEADS = "heads", _("主要负责人和安全管理人员")
    NEW = "new", _("新员工三级教育")
    ANNUAL = "annual", _("全员年度再培训")
    SPECIAL = "special", _("特种作业")
    DRILL = "drill", _("应急与消防演练")
    SPOT = "spot", _("专题（粉尘、有限空间、用电等）")


class Provider(models.Model):
    """What a training institution can do. Without a place or a room it is never proposed."""

    organisation = models.OneToOneField(
        Organisation, on_delete=models.PROTECT, primary_key=True, related_name="provider"
    )
    industries = models.JSONField(default=list, help_text='sections or divisions it knows: ["C33", "F"]')
    topics = models.JSONField(default=list, help_text="codes of Topic it is certified for")
    capacity = models.PositiveIntegerField(default=0, help_text="people in its largest room")
    least = models.PositiveIntegerField(default=1, help_text="fewest people for whom it opens a class")
    on_site = models.BooleanField(default=False, help_text="teaches at the firm")
    address = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    is_open = models.BooleanField(default=True, help_text="takes requests now")
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.organisation.name

    @property
    def topic_words(self) -> list[str]:
        """What it is certified for, in words."""
        return [str(dict(Topic.choices).get(code, code)) for code in self.topics]


class TrainingRequestQuerySet(models.QuerySet["TrainingRequest"]):
    """Reads over training requests."""

    def visible_to(self, user: User) -> TrainingRequestQuerySet:
        """Return one's own firm's, those sent to one's own institution, and those of a regulator's territory."""
        post = user.post
        if post is None:
            return self.none()
        if post.organisation_id:
            if user.may(powers.MANAGE_ENTERPRISE):
                return self.filter(enterprise_id=post.organisation_id)
            return self.filter(institution_id=post.organisation_id) if user.may(powers.TEACH) else self.none()
        if post.is_territorial and user.may(powers.SUPERVISE):
            return self.filter(inside(post.region_code, "enterprise__organisation__region_code"))
        return self.none()


class TrainingRequest(models.Model):
    """A firm asks for training; the platform proposes institutions, the firm chooses, the institution answers."""

    class State(models.TextChoices):
        OPEN = "open", _("待选机构")
        ASKED = "asked", _("等机构答复")
        AGREED = "agreed", _("已约定")
        DONE = "done", _("已开班")
        WITHDRAWN = "withdrawn", _("已撤回")

    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="training_requests")
    topic = models.CharField(max_length=10, choices=Topic.choices)
    people = models.PositiveIntegerField()
    wanted_from = models.DateField()
    wanted_until = models.DateField()
    place = models.CharField(max_length=120, blank=True, help_text="where, as said; empty: at the institution")
    on_site = models.BooleanField(default=False, help_text="wants the teacher to come")
    words = models.CharField(max_length=500, blank=True)
    proposals = models.JSONField(
        default=list, help_text="[{id, name, km, score, reasons}] as shown when it was matched"
    )
    declined = models.JSONField(default=list, help_text="[{id, name, reason}] institutions that said no")
    institution = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    agreed_on = models.DateField(null=True, blank=True, help_text="first day of the training")
    answer = models.CharField(max_length=300, blank=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    matched_at = models.DateTimeField(null=True, blank=True)

    objects = TrainingRequestQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["institution", "state"]), models.Index(fields=["enterprise", "state"])]

    def __str__(self) -> str:
        return f"{self.get_topic_display()} {self.people}"

    def is_firm(self, user: User) -> bool:
        """Whether the user decides for the firm."""
        return (
            user.post is not None
            and user.post.organisation_id == self.enterprise_id
            and user.may(powers.MANAGE_ENTERPRISE)
        )

    def is_institution(self, user: User) -> bool:
        """Whether the user answers for the institution."""
        return user.post is not None and user.post.organisation_id == self.institution_id and user.may(powers.TEACH)
