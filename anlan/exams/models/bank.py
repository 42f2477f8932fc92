"""The question bank and the blueprints that draw papers from it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import Organisation, User
from anlan.training.models import Course


class QuestionQuerySet(models.QuerySet["Question"]):
    """Reads over the bank. Candidates never read questions here: a paper is drawn without its keys."""

    def visible_to(self, user: User) -> QuestionQuerySet:
        """Return the questions of the teacher's organisation; nobody else sees the bank."""
        if not user.may(powers.TEACH) or user.post is None or user.post.organisation_id is None:
            return self.none()
        return self.filter(owner_id=user.post.organisation_id)

    def live(self) -> QuestionQuerySet:
        """Return those that new papers may draw."""
        return self.filter(state=Question.State.LIVE)


class Question(models.Model):
    """One immutable version of a question; an edit makes a new row with the same `code` and retires the old."""

    class Kind(models.TextChoices):
        SINGLE = "single", _("单选题")
        MULTIPLE = "multiple", _("多选题")
        TRUE_FALSE = "true_false", _("判断题")
        FILL = "fill", _("填空题")
        CASE = "case", _("案例题")

    class State(models.TextChoices):
        DRAFT = "draft", _("待审")
        LIVE = "live", _("在用")
        RETIRED = "retired", _("已停用")

    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="questions")
    course = models.ForeignKey(Course, null=True, blank=True, on_delete=models.SET_NULL, related_name="questions")
    code = models.CharField(max_length=40)
    version = models.PositiveIntegerField(default=1)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    point = models.CharField(max_length=60, help_text="knowledge point")
    difficulty = models.PositiveSmallIntegerField(default=2, help_text="1 easy, 2 medium, 3 hard")
    stem = models.TextField()
    body = models.JSONField(
        default=dict, help_text='what a candidate may see: {"options": […]} or {"parts": [{kind, stem, options}, …]}'
    )
    key = models.JSONField(help_text="what a candidate may not see; shape by kind, see exams.scoring")
    why = models.TextField(blank=True)
    cites = models.JSONField(default=list, help_text='["安全生产法:28", …]')
    state = models.CharField(max_length=8, choices=State.choices, default=State.LIVE)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "code", "version"], name="one_question_version"),
            models.UniqueConstraint(
                fields=["owner", "code"], condition=models.Q(state="live"), name="one_live_version"
            ),
        ]
        indexes = [models.Index(fields=["course", "state"])]

    def __str__(self) -> str:
        return self.stem[:40]

    def can_edit(self, user: User) -> bool:
        """Whether the user may write a new version or retire it: teachers of the owning organisation."""
        return user.may(powers.TEACH) and user.post is not None and user.post.organisation_id == self.owner_id


class ItemStat(models.Model):
    """How a question did in scored sittings; counted again by `exams.tasks.count_items`, never written elsewhere."""

    question = models.OneToOneField(Question, on_delete=models.CASCADE, primary_key=True, related_name="stat")
    drawn = models.PositiveIntegerField(default=0)
    right = models.PositiveIntegerField(default=0)
    discrimination = models.FloatField(
        null=True,
        help_text="right rate of the best 27 % of sittings less that of the last 27 %; null below 10 sittings",
    )
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.question_id}: {self.right}/{self.drawn}"

    @property
    def percent(self) -> int:
        """Percent of answers that were right."""
        return round(100 * self.right / self.drawn) if self.drawn else 0


class BlueprintQuerySet(models.QuerySet["Blueprint"]):
    """Reads over blueprints."""

    def visible_to(self, user: User) -> BlueprintQuerySet:
        """Return those of the teacher's organisation; published ones also to whoever assigns training."""
        if user.may(powers.TEACH) and user.post is not None:
            return self.filter(owner_id=user.post.organisation_id)
        return self.filter(is_public=True) if user.may(powers.ASSIGN_TRAINING) else self.none()


class Blueprint(models.Model):
    """An immutable version of how a paper is drawn. `pools` freezes the candidates of every rule, so that version + seed
    is the paper, for ever."""

    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="blueprints")
    course = models.ForeignKey(Course, null=True, blank=True, on_delete=models.SET_NULL, related_name="blueprints")
    code = models.CharField(max_length=40)
    version = models.PositiveIntegerField(default=1)
    title = models.CharField(max_length=120)
    rules = models.JSONField(
        help_text="[{kind, point, difficulty, count, points}, …]; point and difficulty may be empty"
    )
    pools = models.JSONField(default=list, help_text="question ids per rule, ascending")
    minutes = models.PositiveSmallIntegerField(default=60)
    pass_mark = models.PositiveSmallIntegerField(default=80, help_text="percent of the full score")
    is_public = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BlueprintQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "code", "version"], name="one_blueprint_version")]

    def __str__(self) -> str:
        return self.title
