"""A questionnaire in one version, and a check that was made with it."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils import timezone

from anlan.accounts import powers
from anlan.accounts.models import Organisation, User
from anlan.enterprises.models import Enterprise


def new_key() -> str:
    """An unguessable part of an address: 128 bits."""
    return secrets.token_urlsafe(16)


class Questionnaire(models.Model):
    """One version of a questionnaire. Never changed: new words are a new digest."""

    code = models.SlugField(max_length=40)
    digest = models.CharField(max_length=64)
    body: Any = models.JSONField(help_text="see supervision.selfcheck.questionnaires")
    installed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "digest"], name="one_questionnaire_version")]

    def __str__(self) -> str:
        return str(self.body["title"])


class SelfCheckQuerySet(models.QuerySet["SelfCheck"]):
    """Reads over self-checks."""

    def visible_to(self, user: User | AnonymousUser) -> SelfCheckQuerySet:
        """Return those of the firm that the user manages. Nobody else sees them, regulators included: only who is not
        afraid of the answer answers honestly."""
        if not isinstance(user, User) or user.post is None or not user.may(powers.MANAGE_ENTERPRISE):
            return self.none()
        if user.post.organisation is None or user.post.organisation.kind != Organisation.Kind.ENTERPRISE:
            return self.none()
        return self.filter(enterprise_id=user.post.organisation_id)

    def open_to(self, user: User | AnonymousUser) -> SelfCheckQuerySet:
        """Return what the holder of an address may open: those of the own firm, and those that belong to nobody, which
        their unguessable address alone protects."""
        own = self.visible_to(user).values("pk")
        return self.filter(Q(enterprise=None) | Q(pk__in=own))

    def shared(self) -> SelfCheckQuerySet:
        """Return those whose result has a read-only address: open to whoever has it."""
        return self.filter(share_key__isnull=False, done_at__isnull=False)

    def done(self) -> SelfCheckQuerySet:
        """Return the finished ones, newest first."""
        return self.filter(done_at__isnull=False).order_by("-done_at", "-pk")


class SelfCheck(models.Model):
    """Answers to a questionnaire: of a firm, or of somebody without an account."""

    key = models.CharField(max_length=32, unique=True, help_text="in its address")
    share_key = models.CharField(
        max_length=32, unique=True, null=True, blank=True, help_text="in the read-only address"
    )
    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.PROTECT, related_name="checks")
    enterprise = models.ForeignKey(
        Enterprise, null=True, blank=True, on_delete=models.CASCADE, related_name="self_checks"
    )
    region_code = models.CharField(max_length=24, blank=True, help_text="of the firm, for counts without names")
    made_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    before = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="compared with this one"
    )
    answers: Any = models.JSONField(default=dict, help_text="{question: yes | no | na | unknown}")
    score = models.PositiveSmallIntegerField(null=True, blank=True, help_text="percent, when done")
    gaps: Any = models.JSONField(default=list, help_text="keys of the gaps, when done")
    started_at = models.DateTimeField(auto_now_add=True)
    saved_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)

    objects = SelfCheckQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["enterprise", "-done_at"], name="checks_of_firm"),
            models.Index(fields=["region_code", "-done_at"], name="checks_of_region"),
            models.Index(fields=["enterprise", "saved_at"], name="checks_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.questionnaire} {self.started_at:%Y-%m-%d}"

    @property
    def body(self) -> dict[str, Any]:
        """The questionnaire as it was when this check began."""
        found: dict[str, Any] = self.questionnaire.body
        return found
