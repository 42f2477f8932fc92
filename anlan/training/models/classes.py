"""Classes: who must learn what by when, and how far each person is."""

from __future__ import annotations

from django.db import models

from anlan.accounts import powers
from anlan.accounts.models import Organisation, User
from anlan.accounts.models.regions import inside
from anlan.training.models.courses import Course


class ClassQuerySet(models.QuerySet["TrainingClass"]):
    """Reads over classes."""

    def visible_to(self, user: User) -> ClassQuerySet:
        """Return the classes of one's organisation (who assigns or teaches), of one's territory (regulators), or one's own."""
        post = user.post
        if post is not None and post.organisation_id and user.may(powers.ASSIGN_TRAINING):
            return self.filter(organisation_id=post.organisation_id)
        if post is not None and post.organisation_id and user.may(powers.TEACH):
            return self.filter(courses__owner_id=post.organisation_id).distinct()
        if post is not None and post.is_territorial and user.may(powers.SUPERVISE):
            return self.filter(inside(post.region_code))
        return self.filter(enrolments__user=user)


class TrainingClass(models.Model):
    """A class task 班级任务: courses, people, deadline, hours and the standard to reach."""

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        OPEN = "open", "进行中"
        CLOSED = "closed", "已结束"
        CANCELLED = "cancelled", "已取消"

    class Kind(models.TextChoices):
        INITIAL = "initial", "新上岗培训"
        ANNUAL = "annual", "年度再培训"
        SPECIAL = "special", "专项培训"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="classes")
    region_code = models.CharField(
        max_length=24, db_index=True, help_text="of the organisation when the class was opened"
    )
    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.ANNUAL)
    courses = models.ManyToManyField(Course, through="ClassCourse", related_name="classes")
    hours = models.DecimalField(
        max_digits=5, decimal_places=1, default=0, help_text="hours to earn in this class; 0 = all lessons once"
    )
    no_skipping = models.BooleanField(default=True, help_text="no seeking ahead on first view")
    certificate = models.BooleanField(default=True, help_text="issue a certificate when the standard is met")
    starts_on = models.DateField()
    deadline = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    batch = models.UUIDField(null=True, blank=True, help_text="classes made together, for one undo")
    version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ClassQuerySet.as_manager()

    def __str__(self) -> str:
        return self.title

    def can_manage(self, user: User) -> bool:
        """Whether the user may change it: those who assign training in its organisation."""
        return (
            user.may(powers.ASSIGN_TRAINING)
            and user.post is not None
            and user.post.organisation_id == self.organisation_id
        )


class ClassCourse(models.Model):
    """A course in a class, in order."""

    training_class = models.ForeignKey(TrainingClass, on_delete=models.CASCADE, related_name="class_courses")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["training_class", "course"], name="course_once_per_class")]

    def __str__(self) -> str:
        return f"{self.training_class_id}: {self.course_id}"


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    """Reads over enrolments."""

    def visible_to(self, user: User) -> EnrolmentQuerySet:
        """Return one's own, and those of the classes one may see as manager, teacher or regulator."""
        if user.may(powers.ASSIGN_TRAINING) or user.may(powers.TEACH) or user.may(powers.SUPERVISE):
            return self.filter(training_class__in=TrainingClass.objects.visible_to(user))
        return self.filter(user=user)


class Enrolment(models.Model):
    """A person in a class, with progress as folded from beats."""

    class State(models.TextChoices):
        ASSIGNED = "assigned", "没开始"
        LEARNING = "learning", "在学"
        LEARNT = "learnt", "已学完"
        PASSED = "passed", "已达标"
        WITHDRAWN = "withdrawn", "已退出"

    training_class = models.ForeignKey(TrainingClass, on_delete=models.CASCADE, related_name="enrolments")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="enrolments")
    enterprise_id = models.BigIntegerField(
        null=True, db_index=True, help_text="the employer for which the person learns"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASSIGNED)
    lessons_total = models.PositiveSmallIntegerField(default=0)
    lessons_done = models.PositiveSmallIntegerField(default=0)
    credited_ms = models.BigIntegerField(default=0)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    learnt_at = models.DateTimeField(null=True, blank=True)
    passed_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["training_class", "user"], name="one_enrolment")]
        indexes = [models.Index(fields=["user", "state"]), models.Index(fields=["training_class", "state"])]

    def __str__(self) -> str:
        return f"{self.user} · {self.training_class}"
