"""The inbox: one row per message and person; what each person wants beside it, and what became of it."""

from __future__ import annotations

from datetime import time
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import User
from anlan.lib.fields import EncryptedTextField
from anlan.lib.prepared import Prepared
from anlan.notifications.kinds import group_of, name_of


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Reads over notices."""

    def visible_to(self, user: User) -> NoticeQuerySet:
        """Return the person's own notices."""
        return self.filter(user=user)

    def unread(self) -> NoticeQuerySet:
        """Return those not yet read."""
        return self.filter(read_at__isnull=True)


class Notice(models.Model):
    """A message to one person. `key` makes a repeated reason harmless: one open notice per person and key."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=120)
    text = models.TextField(blank=True)
    url = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)
    routed_at = models.DateTimeField(null=True, blank=True, help_text="when the worker decided on other channels")

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_notice_per_reason")]
        indexes = [
            models.Index(fields=["user", "-id"]),
            models.Index(fields=["key"]),
            models.Index(fields=["created_at"]),
            models.Index(fields=["user"], condition=models.Q(read_at__isnull=True), name="notice_unread"),
            models.Index(fields=["id"], condition=models.Q(routed_at__isnull=True), name="notice_unrouted"),
        ]

    def __str__(self) -> str:
        return self.title


_unread: Prepared[tuple[int]] = Prepared(
    lambda user: (
        Notice.objects.filter(user=user).unread().values("user").annotate(n=models.Count("pk")).values_list("n")
    ),
    user=models.BigIntegerField(),
)


def unread_of(user: User) -> int:
    """Return how many notices a person has not read; asked on every page."""
    found = _unread.first(user=user.pk)
    return found[0] if found else 0


class Rhythm(models.TextChoices):
    """How often a group of messages comes by e-mail."""

    NEVER = "never", _("不发")
    INSTANT = "instant", _("随时发")
    DAILY = "daily", _("每天一封汇总")
    WEEKLY = "weekly", _("每周一一封汇总")


class Preference(models.Model):
    """What a person wants beside the inbox. Whoever has none gets urgent messages by SMS and no e-mail."""

    NIGHT: Final = (time(22), time(7))

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="preference")
    sms = models.JSONField(default=list, help_text="groups of which every message comes by SMS; urgent ones always may")
    sms_urgent = models.BooleanField(default=True)
    mail = models.JSONField(default=dict, help_text="{group: rhythm}; groups not named: never")
    email = EncryptedTextField(blank=True)
    email_confirmed_at = models.DateTimeField(null=True, blank=True)
    quiet_from = models.TimeField(default=NIGHT[0])
    quiet_until = models.TimeField(default=NIGHT[1])
    wake = models.BooleanField(default=False, help_text="urgent messages may come in the quiet hours")
    digested_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.user_id)

    @property
    def mails(self) -> bool:
        """Whether e-mail can reach this person: an address that they have confirmed."""
        return bool(self.email) and self.email_confirmed_at is not None

    def rhythm(self, group: str) -> str:
        """How the group comes by e-mail."""
        return str(self.mail.get(group, Rhythm.NEVER)) if self.mails else str(Rhythm.NEVER)


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Reads over deliveries."""

    def visible_to(self, user: User) -> DeliveryQuerySet:
        """Return what went to the person."""
        return self.filter(user=user)


class Delivery(models.Model):
    """A message on its way by SMS, e-mail or WeChat: made once per person, channel and key, sent once, its outcome kept."""

    class Channel(models.TextChoices):
        SMS = "sms", _("短信")
        MAIL = "mail", _("电子邮件")
        WECHAT = "wechat", _("微信")

    class State(models.TextChoices):
        QUEUED = "queued", _("等待发送")
        SENDING = "sending", _("正在发送")
        SENT = "sent", _("已发出")
        FAILED = "failed", _("没有发出")
        SKIPPED = "skipped", _("没有发")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    key = models.CharField(max_length=60, help_text="notice:17, digest:2026-11-22, confirm:…")
    notice = models.ForeignKey(Notice, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries")
    letter = models.JSONField(default=dict, help_text="what no notice holds: title, lines [[title, text, url], …]")
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    because = models.CharField(max_length=200, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    sent_id = models.CharField(max_length=120, blank=True, help_text="what the gateway calls it")
    created_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "channel", "key"], name="one_delivery")]
        indexes = [
            models.Index(
                fields=["next_at"], condition=models.Q(state__in=["queued", "sending"]), name="deliveries_due"
            ),
            models.Index(fields=["state", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.key}"

    @property
    def about(self) -> str:
        """The group of messages that it belongs to: no names, no figures."""
        return name_of(group_of(self.notice.kind)) if self.notice else str(_("汇总与确认信"))

    @property
    def title(self) -> str:
        """What it says."""
        return self.notice.title if self.notice else str(self.letter.get("title", ""))
