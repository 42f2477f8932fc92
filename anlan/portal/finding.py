"""The search box of the signed-in pages. Every group starts at `visible_to`, so search can never show more than lists do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.certificates.models import Certificate
from anlan.enterprises.models import Enterprise, Worker
from anlan.lib.errors import Text
from anlan.training.models import Course, TrainingClass

EACH = 8


@dataclass(frozen=True, slots=True)
class Group:
    """Hits of one kind: (title, second line, address)."""

    title: Text
    icon: str
    hits: list[tuple[str, str, str]]


def find_everything(user: User, words: str) -> list[Group]:
    """Return the non-empty groups of hits for the words, at most eight each."""
    groups = [
        Group(_("人员"), "user", _workers(user, words)),
        Group(_("企业"), "building-factory-2", _enterprises(user, words)),
        Group(_("培训班"), "school", _classes(user, words)),
        Group(_("课程"), "book-2", _courses(user, words)),
        Group(_("证书"), "certificate", _certificates(user, words)),
    ]
    return [group for group in groups if group.hits]


def _workers(user: User, words: str) -> list[tuple[str, str, str]]:
    if not user.may(powers.MANAGE_ENTERPRISE):
        return []
    found = (
        Worker.objects.visible_to(user)
        .working()
        .filter(Q(user__name__icontains=words) | Q(job_title__icontains=words) | Q(department__icontains=words))
    )
    rows = found.select_related("user").order_by("user__name")[:EACH]
    return [(w.user.name, f"{w.department} · {w.job_title}", reverse("enterprises:worker", args=[w.pk])) for w in rows]


def _enterprises(user: User, words: str) -> list[tuple[str, str, str]]:
    if not user.may(powers.SUPERVISE):
        return []
    found = Enterprise.objects.visible_to(user).filter(
        Q(organisation__name__icontains=words) | Q(organisation__credit_code=words.upper())
    )
    rows = found.select_related("organisation").order_by("organisation__name")[:EACH]
    return [
        (e.organisation.name, e.organisation.credit_code or "", reverse("enterprises:detail", args=[e.pk]))
        for e in rows
    ]


def _classes(user: User, words: str) -> list[tuple[str, str, str]]:
    if not (user.may(powers.ASSIGN_TRAINING) or user.may(powers.SUPERVISE)):
        return []
    rows = (
        TrainingClass.objects.visible_to(user)
        .filter(title__icontains=words)
        .select_related("organisation")
        .order_by("-pk")[:EACH]
    )
    return [(c.title, c.organisation.name, reverse("training:class", args=[c.pk])) for c in rows]


def _courses(user: User, words: str) -> list[tuple[str, str, str]]:
    rows: Any = (
        Course.objects.visible_to(user)
        .filter(Q(title__icontains=words) | Q(summary__icontains=words))
        .order_by("title")[:EACH]
    )
    return [(c.title, c.audience, reverse("training:course", args=[c.slug])) for c in rows]


def _certificates(user: User, words: str) -> list[tuple[str, str, str]]:
    number = words.replace(" ", "").replace("-", "").upper()
    rows = (
        Certificate.objects.visible_to(user)
        .filter(Q(number=number) | Q(holder__icontains=words))
        .order_by("-issued_at")[:EACH]
    )
    return [(f"{c.holder} · {c.title}", c.number, reverse("certificates:detail", args=[c.pk])) for c in rows]
