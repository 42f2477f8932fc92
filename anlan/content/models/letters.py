"""What readers write: what is missing, what is wrong; and the corrections that come of it."""

from __future__ import annotations

from typing import Any, Final

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import User


class LetterQuerySet(models.QuerySet["Letter"]):
    """Reads over letters."""

    def visible_to(self, user: Any) -> LetterQuerySet:
        """Return all of them for editors, one's own for everybody else who is signed in."""
        if not user.is_authenticated:
            return self.none()
        return self.all() if user.may(powers.EDIT_CONTENT) else self.filter(writer=user)

    def open(self) -> LetterQuerySet:
        """Return those without an answer."""
        return self.filter(state__in=Letter.OPEN)

    def late(self) -> LetterQuerySet:
        """Return those without an answer past their day."""
        return self.open().filter(due_at__lt=timezone.now())


class Letter(models.Model):
    """A reader's letter. The receipt (number and secret) opens the answer; no account is needed."""

    class Kind(models.TextChoices):
        ERROR = "error", _("内容有错")
        MISSING = "missing", _("缺少内容")
        UNLAWFUL = "unlawful", _("违法或不良信息")
        OTHER = "other", _("其他建议")

    class State(models.TextChoices):
        NEW = "new", _("待处理")
        WORKING = "working", _("处理中")
        ANSWERED = "answered", _("已答复")
        CORRECTED = "corrected", _("已更正")
        DECLINED = "declined", _("未采纳")

    OPEN: Final = (State.NEW, State.WORKING)
    MOST: Final = 2000
    """Characters of a letter."""

    number = models.CharField(max_length=16, unique=True, help_text="as the receipt shows it: L20261122-0007")
    secret = models.CharField(max_length=64, help_text="SHA-256 of the code on the receipt")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    about = models.CharField(max_length=300, blank=True, help_text="path of the page it speaks of")
    quote = models.CharField(max_length=500, blank=True, help_text="the words that are wrong")
    text = models.TextField()
    source = models.CharField(max_length=300, blank=True, help_text="what the reader gives as proof")
    writer = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    sender = models.CharField(max_length=32, blank=True, help_text="blind index of the address, of that day only")
    language = models.CharField(max_length=12, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW)
    due_at = models.DateTimeField()
    assigned_to = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    answer = models.TextField(blank=True)
    answered_name = models.CharField(max_length=60, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = LetterQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["state", "due_at"]),
            models.Index(fields=["sender", "created_at"]),
            models.Index(fields=["writer"]),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return self.state in self.OPEN

    @property
    def is_late(self) -> bool:
        """Whether it should have been answered."""
        return self.is_open and self.due_at < timezone.now()

    @property
    def tone(self) -> str:
        """How the state is coloured."""
        if self.is_late:
            return "late"
        return "live" if self.is_open else "done" if self.state != self.State.DECLINED else ""

    def can_answer(self, user: Any) -> bool:
        """Whether `user` may handle it now."""
        return self.is_open and bool(user.may(powers.EDIT_CONTENT))


class CorrectionQuerySet(models.QuerySet["Correction"]):
    """Reads over corrections."""

    def visible_to(self, user: Any) -> CorrectionQuerySet:
        """Return the public ones; editors see those taken back, too."""
        if user is not None and user.is_authenticated and user.may(powers.EDIT_CONTENT):
            return self.all()
        return self.filter(withdrawn_at__isnull=True)


class Correction(models.Model):
    """What was wrong, what is right now. Public, and stays."""

    letter = models.OneToOneField(Letter, null=True, blank=True, on_delete=models.SET_NULL, related_name="correction")
    title = models.CharField(max_length=120, help_text="of the page")
    url = models.CharField(max_length=300, blank=True, help_text="path of the page")
    wrong = models.CharField(max_length=500)
    right = models.CharField(max_length=500)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=60)
    published_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        ordering = ["-published_at", "-pk"]
        indexes = [models.Index(fields=["url"], condition=Q(withdrawn_at__isnull=True), name="corrections_of_page")]

    def __str__(self) -> str:
        return self.title
