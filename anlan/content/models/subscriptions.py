"""Who wants to hear of what: conditions as rows, so that one statement finds everybody whom a page concerns."""

from __future__ import annotations

from typing import Any, Final

from django.db import models
from django.db.models import Count, F, Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import User
from anlan.lib.fields import EncryptedTextField


class Visitor(models.Model):
    """Somebody without an account, known by an e-mail address that they have confirmed."""

    email = EncryptedTextField()
    email_index = models.CharField(max_length=32, unique=True, help_text="blind index")
    language = models.CharField(max_length=12, blank=True)
    asked_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.pk)


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    """Reads over subscriptions."""

    def visible_to(self, user: Any) -> SubscriptionQuerySet:
        """Return one's own."""
        return self.filter(user=user) if user.is_authenticated else self.none()

    def live(self) -> SubscriptionQuerySet:
        """Return those that may be served: switched on; of visitors only after they confirmed."""
        return self.filter(active=True).filter(Q(visitor__isnull=True) | Q(visitor__confirmed_at__isnull=False))

    def matching(self, marks: set[tuple[str, str]]) -> SubscriptionQuerySet:
        """Return the live ones that `marks` (facet, value) satisfy: in every facet that one names, one value at least."""
        fits = Q(pk__in=())
        by_facet: dict[str, set[str]] = {}
        for facet, value in marks:
            by_facet.setdefault(facet, set()).add(value)
        for facet, values in by_facet.items():
            if facet == "region*":  # all that lies within
                for code in values:
                    fits |= Q(facet="region", value__startswith=code)
            else:
                fits |= Q(facet=facet, value__in=values)
        hit = Term.objects.filter(fits).values("subscription").annotate(n=Count("facet", distinct=True))
        return self.live().filter(pk__in=hit.filter(n=F("subscription__facets")).values("subscription"))


class Subscription(models.Model):
    """What one reader wants to hear of, how soon, and where."""

    class Rhythm(models.TextChoices):
        NOW = "now", _("一发布就告诉我")
        DAILY = "daily", _("每天一份汇总")
        WEEKLY = "weekly", _("每周一一份汇总")

    CHANNELS: Final = {"mail": _("电子邮件"), "sms": _("短信"), "wechat": _("微信")}
    """Beside the inbox, which always has it."""
    MOST: Final = 20
    """Subscriptions of one reader."""

    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="subscriptions")
    visitor = models.ForeignKey(Visitor, null=True, blank=True, on_delete=models.CASCADE, related_name="subscriptions")
    rhythm = models.CharField(max_length=8, choices=Rhythm.choices, default=Rhythm.DAILY)
    channels: Any = models.JSONField(default=list, blank=True)
    facets = models.PositiveSmallIntegerField(default=0, help_text="how many facets its terms name")
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, visitor__isnull=True) | Q(user__isnull=True, visitor__isnull=False),
                name="one_subscriber",
            )
        ]
        indexes = [models.Index(fields=["rhythm", "active"])]

    def __str__(self) -> str:
        return f"{self.user_id or self.visitor_id} {self.rhythm}"


class Term(models.Model):
    """One condition: facet kind, tag, region, industry or law (a statute, an article of it), and its value."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="terms")
    facet = models.CharField(max_length=8)
    value = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscription", "facet", "value"], name="one_term")]
        indexes = [models.Index(fields=["facet", "value", "subscription"])]

    def __str__(self) -> str:
        return f"{self.facet}:{self.value}"


class Announcement(models.Model):
    """What subscribers were told of, once: a page that was released, a statute that changed."""

    key = models.CharField(max_length=120, unique=True, help_text="page:17, law:安全生产法:2021-06-10")
    title = models.CharField(max_length=200)
    text = models.CharField(max_length=300, blank=True)
    url = models.CharField(max_length=300)
    marks: Any = models.JSONField(default=list, help_text="[[facet, value], …]")
    at = models.DateTimeField(auto_now_add=True)
    told_at = models.DateTimeField(null=True, blank=True, help_text="when everybody was told")
    told = models.PositiveIntegerField(default=0, help_text="how many, digests included")

    class Meta:
        indexes = [models.Index(fields=["told_at"])]

    def __str__(self) -> str:
        return self.key


class Heard(models.Model):
    """What waits for the next digest of a subscription."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="+")
    announcement = models.ForeignKey(Announcement, on_delete=models.CASCADE, related_name="+")
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscription", "announcement"], name="heard_once")]
        indexes = [models.Index(fields=["subscription"], condition=Q(sent_at__isnull=True), name="heard_waiting")]

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.announcement_id}"


class VisitorLetter(models.Model):
    """A letter to a visitor on its way: made once per key, sent once, its outcome kept."""

    class State(models.TextChoices):
        QUEUED = "queued", _("等待发送")
        SENDING = "sending", _("正在发送")
        SENT = "sent", _("已发出")
        FAILED = "failed", _("没有发出")

    visitor = models.ForeignKey(Visitor, on_delete=models.CASCADE, related_name="letters")
    key = models.CharField(max_length=120)
    letter: Any = models.JSONField(help_text="title, lines [[title, text, url], …]")
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    because = models.CharField(max_length=200, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["visitor", "key"], name="one_letter_to_visitor")]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(state__in=["queued", "sending"]), name="visitor_letters_due")
        ]

    def __str__(self) -> str:
        return self.key


class LawCursor(models.Model):
    """How far the versions of statutes were read for subscribers: one row."""

    version_id = models.BigIntegerField(default=0)
    reached_on = models.DateField(null=True, blank=True, help_text="days of commencement up to here were told")

    def __str__(self) -> str:
        return str(self.version_id)


class Reading(models.Model):
    """What a signed-in reader, who agreed to it, reads: tags with counts, no pages, no times."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="reading")
    on = models.BooleanField(default=False)
    tags: Any = models.JSONField(default=dict, help_text="{tag: times}")
    since = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.user_id)
