"""An exam: a blueprint opened for people in a window of time."""

from __future__ import annotations

from django.db import models

from anlan.accounts import powers
from anlan.accounts.models import Organisation, User
from anlan.accounts.models.regions import inside
from anlan.exams.models.bank import Blueprint
from anlan.training.models import Course, TrainingClass


class ExamQuerySet(models.QuerySet["Exam"]):
    """Reads over exams."""

    def visible_to(self, user: User) -> ExamQuerySet:
        """Return mock exams to everyone; others to their candidates, organisation, teachers and territory."""
        post = user.post
        mock = models.Q(kind=Exam.Kind.MOCK)
        if post is not None and post.organisation_id and user.may(powers.ASSIGN_TRAINING):
            return self.filter(mock | models.Q(organisation_id=post.organisation_id))
        if post is not None and post.organisation_id and user.may(powers.TEACH):
            return self.filter(mock | models.Q(blueprint__owner_id=post.organisation_id))
        if post is not None and post.is_territorial and user.may(powers.SUPERVISE):
            return self.filter(mock | inside(post.region_code))
        return self.filter(mock | models.Q(training_class__enrolments__user=user)).distinct()


class Exam(models.Model):
    """When, for whom and under which rules a blueprint is sat."""

    class Kind(models.TextChoices):
        PRE = "pre", "训前测试"
        POST = "post", "训后测试"
        FINAL = "final", "结业考试"
        MOCK = "mock", "模拟考试"

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

    def __str__(self) -> str:
        return self.title

    def can_manage(self, user: User) -> bool:
        """Whether the user may change it: those who assign training or teach in its organisation."""
        return (
            (user.may(powers.ASSIGN_TRAINING) or user.may(powers.TEACH))
            and user.post is not None
            and user.post.organisation_id == self.organisation_id
        )
