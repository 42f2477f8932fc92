"""Classes: who must learn what by when, and how far each person is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import Organisation, User
from anlan.accounts.models.regions import inside
from anlan.files.models import Blob
from anlan.training.models.courses import Course


class ClassQuerySet(models.QuerySet["TrainingClass"]):
    """Reads over classes."""

    def visible_to(self, user: User) -> ClassQuerySet:
        """Return the classes of one's organisation (who assigns or teaches), of one's territory (regulators), or one's own."""
        post = user.post
        if post is not None and post.organisation_id and user.may(powers.ASSIGN_TRAINING):
            return self.filter(organisation_id=post.organisation_id)
        if post is not None and post.organisation_id and user.may(powers.TEACH):
            # A subquery, not a join: rows stay single, so that callers may aggregate.
            return self.filter(
                pk__in=ClassCourse.objects.filter(course__owner_id=post.organisation_id).values("training_class_id")
            )
        if post is not None and post.is_territorial and user.may(powers.SUPERVISE):
            return self.filter(inside(post.region_code))
        return self.filter(pk__in=Enrolment.objects.filter(user=user).values("training_class_id"))

    def running(self) -> ClassQuerySet:
        """Return the open classes."""
        return self.filter(state=TrainingClass.State.OPEN)

    def lagging(self) -> ClassQuerySet:
        """Return those in which someone has not yet learnt everything."""
        return self.filter(Exists(Enrolment.objects.lagging().filter(training_class=OuterRef("pk"))))

    def soon(self, now: datetime, days: int = 7) -> ClassQuerySet:
        """Return the running ones that end within `days` and still have laggards."""
        return self.running().filter(deadline__gte=now, deadline__lt=now + timedelta(days=days)).lagging()

    def late(self, now: datetime) -> ClassQuerySet:
        """Return the running ones past their deadline that still have laggards."""
        return self.running().filter(deadline__lt=now).lagging()


class TrainingClass(models.Model):
    """A class task 班级任务: courses, people, deadline, hours and the standard to reach."""

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        OPEN = "open", _("进行中")
        CLOSED = "closed", _("已结束")
        CANCELLED = "cancelled", _("已取消")

    class Kind(models.TextChoices):
        INITIAL = "initial", _("新上岗培训")
        ANNUAL = "annual", _("年度再培训")
        SPECIAL = "special", _("专项培训")

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="classes")
    # While the class is not over it follows an organisation that moves (`actions.following`).
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
    given_by = models.CharField(
        max_length=120, blank=True, help_text="the territory whose regulator gave this class; empty: the firm's own"
    )
    batch = models.UUIDField(null=True, blank=True, help_text="classes made together, for one undo")
    version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ClassQuerySet.as_manager()

    class Meta:
        constraints = [
            # A form carries its batch: sent twice, it meets its own classes instead of making them again.
            models.UniqueConstraint(
                fields=["batch", "organisation", "title"], condition=Q(batch__isnull=False), name="one_class_per_batch"
            )
        ]
        indexes = [
            models.Index(fields=["organisation", "state", "deadline"]),
            models.Index(fields=["state", "deadline"]),
        ]

    def __str__(self) -> str:
        return self.title

    def can_manage(self, user: User) -> bool:
        """Whether the user may change it: those who assign training in its organisation."""
        return (
            user.may(powers.ASSIGN_TRAINING)
            and user.post is not None
            and user.post.organisation_id == self.organisation_id
        )

    def can_undo(self, user: User) -> bool:
        """Whether the user may take it back or cancel it: its managers; one given by a regulator, only that regulator."""
        if self.given_by:
            return self.created_by_id == user.pk and user.may(powers.SUPERVISE)
        return self.can_manage(user)


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


def remindable(now: datetime) -> Q:
    """Enrolments not reminded on the day of `now` (Asia/Shanghai): a person is reminded once a day at most."""
    return not_reminded_since(midnight_of(now))


def midnight_of(now: datetime) -> datetime:
    """The beginning of the day of `now` in Asia/Shanghai."""
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


def not_reminded_since(midnight: Any) -> Q:
    """Enrolments not reminded since a moment."""
    return Q(reminded_at__isnull=True) | Q(reminded_at__lt=midnight)


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    """Reads over enrolments."""

    def visible_to(self, user: User) -> EnrolmentQuerySet:
        """Return one's own, and those of the classes one may see as manager, teacher or regulator."""
        if user.may(powers.ASSIGN_TRAINING) or user.may(powers.TEACH) or user.may(powers.SUPERVISE):
            return self.filter(training_class__in=TrainingClass.objects.visible_to(user))
        return self.filter(user=user)

    def active(self) -> EnrolmentQuerySet:
        """Return those not withdrawn."""
        return self.exclude(state=Enrolment.State.WITHDRAWN)

    def lagging(self) -> EnrolmentQuerySet:
        """Return those who have not yet learnt everything: not begun, or learning."""
        return self.filter(state__in=[Enrolment.State.ASSIGNED, Enrolment.State.LEARNING])

    def begun(self) -> EnrolmentQuerySet:
        """Return those of which anything has been learnt."""
        return self.exclude(state=Enrolment.State.ASSIGNED, last_seen_at__isnull=True, credited_ms=0)


class Enrolment(models.Model):
    """A person in a class, with progress as folded from beats."""

    class State(models.TextChoices):
        ASSIGNED = "assigned", _("没开始")
        LEARNING = "learning", _("在学")
        LEARNT = "learnt", _("已学完")
        PASSED = "passed", _("已达标")
        WITHDRAWN = "withdrawn", _("已退出")

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


class ClassExportQuerySet(models.QuerySet["ClassExport"]):
    """Reads over exports."""

    def visible_to(self, user: User) -> ClassExportQuerySet:
        """Return one's own exports: the file holds what this person could see when asking for it."""
        return self.filter(created_by=user, training_class__in=TrainingClass.objects.visible_to(user))


class ClassExport(models.Model):
    """A class report made in the background, because it is long."""

    class State(models.TextChoices):
        QUEUED = "queued", _("排队中")
        RUNNING = "running", _("正在生成")
        DONE = "done", _("可以下载")
        FAILED = "failed", _("没有成功")

    training_class = models.ForeignKey(TrainingClass, on_delete=models.CASCADE, related_name="exports")
    created_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    rows = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    file = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    beat_at = models.DateTimeField(null=True, blank=True, help_text="last sign of life of the writing process")

    objects = ClassExportQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.training_class} {self.created_at:%Y-%m-%d %H:%M}"
