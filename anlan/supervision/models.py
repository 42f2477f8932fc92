"""Performance of the people who do the work 工作考评 (G-04): weights, monthly snapshots, scores, appeals."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import Organisation, User
from anlan.accounts.models.regions import inside

APPEAL_DAYS: Final = 15
"""So long after the first publication of a month may the person concerned object (requirement G-04)."""
PROVISIONAL: Final = 0
"""The version of a month that is not over: replaced by every computation, never final."""
TOWN_DIGITS: Final = 9


class Kind(models.TextChoices):
    """Whose work is scored. A later app adds its kind here and its indicators in `performance.indicators`."""

    OFFICER = "officer", _("网格员")
    TOWN = "town", _("镇街")
    AGENCY = "agency", _("服务机构")
    ENGINEER = "engineer", _("工程师")


def sets_rules(user: User, region_code: str) -> bool:
    """Whether the user sets the weights and answers the appeals of this county."""
    post = user.post
    return (
        post is not None
        and post.is_territorial
        and user.may(powers.SET_RULES)
        and region_code.startswith(post.region_code)
    )


class SchemeQuerySet(models.QuerySet["Scheme"]):
    """Reads over weights."""

    def visible_to(self, user: User) -> SchemeQuerySet:
        """Return those that hold in the territory of a supervising post: its own, those above and those below."""
        post = user.post
        if post is None or not post.is_territorial or not user.may(powers.SUPERVISE):
            return self.none()
        above = [post.region_code[:n] for n in range(len(post.region_code) + 1)]
        return self.filter(Q(region_code__in=above) | inside(post.region_code))

    def in_force(self, kind: str, region_code: str, month: date) -> Scheme | None:
        """Return the weights of a month: of the nearest territory that set any by then, the latest; None: the defaults."""
        above = [region_code[:n] for n in range(2, len(region_code) + 1)]
        rows = self.filter(kind=kind, region_code__in=above, valid_from__lte=month)
        return max(rows, key=lambda row: (len(row.region_code), row.valid_from, row.pk), default=None)


class Scheme(models.Model):
    """Weights of one kind in one territory from a month on. Never changed: a later row replaces it from its own month on."""

    region_code = models.CharField(max_length=24)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    valid_from = models.DateField(help_text="first day of the first month")
    weights = models.JSONField(help_text="{indicator: percent}, sum 100")
    because = models.CharField(max_length=300)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    objects = SchemeQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["kind", "region_code", "valid_from"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.region_code} {self.valid_from:%Y-%m}"


class SnapshotQuerySet(models.QuerySet["Snapshot"]):
    """Reads over snapshots."""

    def visible_to(self, user: User) -> SnapshotQuerySet:
        """Return those with a score that the user sees, and all of a county to whoever supervises it as a whole."""
        post = user.post
        if post is None:
            return self.none()
        mine = Q(pk__in=Score.objects.visible_to(user).values("snapshot"))
        if post.is_territorial and user.may(powers.SUPERVISE):
            mine |= inside(post.region_code)
        return self.filter(mine)

    def newest(self, kind: str, region_code: str, month: date) -> Snapshot | None:
        """Return the newest version of a month."""
        return self.filter(kind=kind, region_code=region_code, month=month).order_by("-version").first()


class Snapshot(models.Model):
    """The scores of one kind in one county and month. Final versions are never changed; a correction is the next version."""

    kind = models.CharField(max_length=10, choices=Kind.choices)
    region_code = models.CharField(max_length=24, help_text="the county within which is ranked")
    month = models.DateField()
    version = models.PositiveSmallIntegerField(help_text="0 while provisional, then 1, 2, …")
    weights = models.JSONField(help_text="as they were in force: {indicator: percent}")
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="empty: the clock"
    )
    because = models.CharField(max_length=300, blank=True, help_text="why this version corrects the one before")
    published_at = models.DateTimeField(default=timezone.now, help_text="of version 1: appeals run from then")

    objects = SnapshotQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "region_code", "month", "version"], name="one_snapshot_per_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.region_code} {self.month:%Y-%m}"

    @property
    def is_provisional(self) -> bool:
        """Whether the month is not over yet 暂估."""
        return self.version == PROVISIONAL

    @property
    def appeals_until(self) -> datetime:
        """The moment after which nobody appeals any more."""
        return self.published_at + timedelta(days=APPEAL_DAYS)


class ScoreQuerySet(models.QuerySet["Score"]):
    """Reads over scores."""

    def visible_to(self, user: User) -> ScoreQuerySet:
        """Return one's own; an agency's and its engineers' to whoever manages it; all of a territory to its supervisor.

        A grid's officer supervises firms, not officers: whoever held the grid before is none of their business.
        """
        post = user.post
        if post is None:
            return self.none()
        own = Q(user_id=user.pk)
        if post.organisation_id:
            if user.may(powers.MANAGE_AGENCY):
                own |= Q(organisation_id=post.organisation_id)
            elif user.may(powers.SERVE):
                own |= Q(organisation_id=post.organisation_id, subject_kind=Kind.AGENCY)
        elif post.is_territorial and user.may(powers.SUPERVISE) and len(post.region_code) <= TOWN_DIGITS:
            own |= inside(post.region_code)
        return self.filter(own)


class Score(models.Model):
    """One person, town or agency in one snapshot, with the figures and the records that made them."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="scores")
    subject_kind = models.CharField(max_length=10, choices=Kind.choices)
    subject_id = models.CharField(max_length=24, help_text="person, town code, organisation or engineer")
    name = models.CharField(max_length=120, help_text="at the time")
    place = models.CharField(max_length=120, blank=True, help_text="grid, county or agency, at the time")
    region_code = models.CharField(max_length=24)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    cells = models.JSONField(default=dict, help_text="{indicator: {part, whole, value, points}}")
    total = models.FloatField(null=True, blank=True, help_text="0 to 100; empty: nothing to count")
    rank = models.PositiveIntegerField(null=True, blank=True, help_text="empty: too few records, not ranked")
    sample = models.PositiveIntegerField(default=0, help_text="records counted")

    objects = ScoreQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["snapshot", "subject_kind", "subject_id"], name="one_score_per_subject"),
        ]
        indexes = [
            models.Index(fields=["snapshot", "rank"]),
            models.Index(fields=["user", "-id"]),
            models.Index(fields=["organisation", "-id"]),
        ]

    def __str__(self) -> str:
        return self.name

    def is_own(self, user: User) -> bool:
        """Whether it judges this user: the person; for an agency, who manages it; for a town, its safety officers."""
        post = user.post
        if self.user_id is not None:
            return self.user_id == user.pk
        if post is None:
            return False
        if self.organisation_id is not None:
            return post.organisation_id == self.organisation_id and user.may(powers.MANAGE_AGENCY)
        return post.is_territorial and post.region_code == self.region_code and user.may(powers.COORDINATE)

    def can_appeal(self, user: User) -> bool:
        """Whether the user may object today: concerned, final, within the days after publication."""
        shot = self.snapshot
        return self.is_own(user) and not shot.is_provisional and timezone.now() <= shot.appeals_until


class Evidence(models.Model):
    """The very records behind a score: {indicator: [[id, value], …]}; value 1 or 0, days, or a rating. Apart, for it is long."""

    score = models.OneToOneField(Score, on_delete=models.CASCADE, primary_key=True, related_name="evidence")
    cases = models.JSONField(default=dict)

    def __str__(self) -> str:
        return str(self.score)


class AppealQuerySet(models.QuerySet["Appeal"]):
    """Reads over appeals."""

    def visible_to(self, user: User) -> AppealQuerySet:
        """Return one's own, and those of the territory to whoever answers them."""
        post, own = user.post, Q(by=user)
        if post is not None and post.is_territorial and user.may(powers.SET_RULES):
            own |= inside(post.region_code, "score__snapshot__region_code")
        return self.filter(own)

    def open(self) -> AppealQuerySet:
        """Return those that wait for an answer."""
        return self.filter(state=Appeal.State.OPEN)


class Appeal(models.Model):
    """The person concerned says which records should not have counted, and why; the county answers once."""

    class State(models.TextChoices):
        OPEN = "open", _("待答复")
        UPHELD = "upheld", _("已更正")
        REFUSED = "refused", _("维持原结果")

    score = models.ForeignKey(Score, on_delete=models.PROTECT, related_name="appeals")
    indicator = models.CharField(max_length=20)
    cases = models.JSONField(help_text="ids of the records objected to")
    words = models.CharField(max_length=500)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=500, blank=True)
    correction = models.ForeignKey(Snapshot, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = AppealQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["score", "indicator"], condition=Q(state="open"), name="one_open_appeal_per_figure"
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"])]

    def __str__(self) -> str:
        return str(self.score)

    def can_answer(self, user: User) -> bool:
        """Whether the user may answer: the county's rules are theirs, and neither the appeal nor the score is their own."""
        own = self.by_id == user.pk or self.score.is_own(user)
        return self.state == self.State.OPEN and not own and sets_rules(user, self.score.snapshot.region_code)


from anlan.supervision.pack.models import Pack as Pack  # noqa: E402  # Django looks for models here
from anlan.supervision.selfcheck.models import Questionnaire as Questionnaire  # noqa: E402
from anlan.supervision.selfcheck.models import SelfCheck as SelfCheck  # noqa: E402
