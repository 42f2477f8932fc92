"""An exam: a blueprint opened for people in a window of time."""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import Organisation, User
from anlan.accounts.models.regions import inside
from anlan.exams.models.bank import Blueprint
from anlan.training.models import Course, Enrolment, TrainingClass


class ExamQuerySet(models.QuerySet["Exam"]):
    """Reads over exams."""

    def visible_to(self, user: User) -> ExamQuerySet:
        """Return mock exams and those one may sit to everyone; others to their organisation, teachers and territory."""
        return self.filter(Q(kind=Exam.Kind.MOCK) | _is_candidate(user) | in_charge(user))

    def for_candidate(self, user: User) -> ExamQuerySet:
        """Return the exams of the classes that the person is enrolled in; mock exams are found by themselves."""
        return self.filter(_is_candidate(user), cancelled_at__isnull=True).exclude(kind=Exam.Kind.MOCK)

    def run_by(self, user: User) -> ExamQuerySet:
        """Return those that the user runs, teaches or supervises: the list of the workbench."""
        return self.filter(in_charge(user))


def _is_candidate(user: User) -> Exists:
    mine = Enrolment.objects.filter(training_class_id=OuterRef("training_class_id"), user=user)
    return Exists(mine.exclude(state=Enrolment.State.WITHDRAWN))


def in_charge(user: User, prefix: str = "") -> Q:
    """Exams (or sittings, by `prefix`) under the present post: its organisation's, its blueprints', its territory's."""
    post, found = user.post, Q(pk__in=[])
    if post is None:
        return found
    if post.organisation_id:
        if user.may(powers.ASSIGN_TRAINING):
            found |= Q(**{f"{prefix}organisation_id": post.organisation_id})
        if user.may(powers.TEACH):
            found |= Q(**{f"{prefix}blueprint__owner_id": post.organisation_id})
    elif post.is_territorial and user.may(powers.SUPERVISE):
        found |= inside(post.region_code, f"{prefix}region_code")
    return found


class Exam(models.Model):
    """When, for whom and under which rules a blueprint is sat."""

    class Kind(models.TextChoices):
        PRE = "pre", _("训前测试")
        POST = "post", _("训后测试")
        FINAL = "final", _("结业考试")
        MOCK = "mock", _("模拟考试")

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="exams")
    region_code = models.CharField(max_length=24, db_index=True)
    blueprint = models.ForeignKey(Blueprint, on_delete=models.PROTECT, related_name="exams")
    training_class = models.ForeignKey(
        TrainingClass, null=True, blank=True, on_delete=models.CASCADE, related_name="exams"
    )
    course = models.ForeignKey(Course, null=True, blank=True, on_delete=models.CASCADE, related_name="exams")
    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.FINAL)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField()
    pass_mark = models.PositiveSmallIntegerField()
    attempts = models.PositiveSmallIntegerField(default=3)
    needs_learnt = models.BooleanField(default=True, help_text="only who has learnt the class may sit")
    show_key = models.BooleanField(
        default=True, help_text="show right answers with the result, once the sitting is scored"
    )
    cancelled_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ExamQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["organisation", "-id"]), models.Index(fields=["kind", "closes_at"])]

    def __str__(self) -> str:
        return self.title

    @property
    def is_mock(self) -> bool:
        """Whether anyone may sit it, as often as they like."""
        return self.kind == self.Kind.MOCK

    @property
    def is_open(self) -> bool:
        """Whether it may be started now."""
        return self.cancelled_at is None and self.opens_at <= timezone.now() < self.closes_at

    @property
    def phase(self) -> str:
        """cancelled, before, open or over."""
        if self.cancelled_at is not None:
            return "cancelled"
        now = timezone.now()
        return "before" if now < self.opens_at else ("open" if now < self.closes_at else "over")

    def can_manage(self, user: User) -> bool:
        """Whether the user may change it: those who assign training or teach in its organisation."""
        return (
            (user.may(powers.ASSIGN_TRAINING) or user.may(powers.TEACH))
            and user.post is not None
            and user.post.organisation_id == self.organisation_id
        )

    def can_invigilate(self, user: User) -> bool:
        """Whether the user may watch, extend and end sittings: who manages it, or teaches where the paper comes from."""
        return self.can_manage(user) or (
            user.may(powers.TEACH) and user.post is not None and user.post.organisation_id == self.blueprint.owner_id
        )
