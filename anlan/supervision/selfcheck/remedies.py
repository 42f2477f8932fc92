"""What closes a gap: a course to assign, a ledger to write, a checklist to walk. All names in three queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.enterprises.models import Enterprise
from anlan.hazards.models import Checklist
from anlan.ledgers.models import Template
from anlan.training.models import Course


@dataclass(frozen=True, slots=True)
class Remedy:
    """One way to close a gap. Without a `url` it is named only: whoever reads has no firm to do it for."""

    kind: str
    icon: str
    title: str
    does: str
    url: str = ""


def remedies(
    gaps: Iterable[dict[str, Any]], user: User | AnonymousUser, firm: Enterprise | None
) -> dict[str, list[Remedy]]:
    """Per key of a gap what closes it, as links for whoever may do it and as names for everyone else.

    `firm`: the firm that the user manages. What a house does not have (a course withdrawn, a template retired) is left out.
    """
    rows = list(gaps)
    wanted = {kind: {row[kind] for row in rows if row[kind]} for kind in ("course", "ledger", "checklist")}
    courses = {one.slug: one for one in Course.objects.visible_to(None).filter(slug__in=wanted["course"])}
    ledgers = Template.objects.filter(code__in=wanted["ledger"], retired_at=None, current__isnull=False)
    ledgers = ledgers.for_firm(firm) if firm is not None else ledgers.filter(enterprise=None, region_code="")
    templates = {one.code: one for one in ledgers.order_by("region_code")}
    lists = {one.code: one for one in Checklist.objects.in_use().filter(code__in=wanted["checklist"])}
    signed_in = user.is_authenticated
    assigns = isinstance(user, User) and firm is not None and user.may(powers.ASSIGN_TRAINING)
    found: dict[str, list[Remedy]] = {}
    for row in rows:
        ways = found.setdefault(row["key"], [])
        if (course := courses.get(row["course"])) is not None:
            url = reverse("training:course", args=[course.slug])
            if assigns:
                url = f"{reverse('training:class-new')}?course={course.pk}"
            ways.append(Remedy("course", "school", course.title, _("派这门课") if assigns else _("学这门课"), url))
        if (template := templates.get(row["ledger"])) is not None:
            url = reverse("ledgers:entries", args=[template.pk]) if firm is not None else ""
            ways.append(Remedy("ledger", "notebook", template.name, _("记这本台账"), url))
        if (checklist := lists.get(row["checklist"])) is not None:
            url = reverse("hazards:checklist", args=[checklist.pk]) if signed_in else ""
            ways.append(Remedy("checklist", "list-check", checklist.name, _("拿这张表去查"), url))
    return found
