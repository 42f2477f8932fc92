"""Opening and closing an agency's or association's sight of a firm, together with what it rests on."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone

from anlan.enterprises.models import Enterprise, Mandate


def open_mandate(
    enterprise: Enterprise, organisation_id: int, kind: str, reason: str, *, since: date, until: date | None
) -> None:
    """Let the organisation see the firm from `since` to `until` (last day; None: without end). Opening again reopens."""
    Mandate.objects.update_or_create(
        enterprise=enterprise, organisation_id=organisation_id, kind=kind, reason=reason,
        defaults={"since": since, "until": until},
    )  # fmt: skip


def close_mandates(*, organisation_id: int, reason: str = "", prefix: str = "") -> int:
    """End the sight at once: the last day is yesterday. One reason, or all with a prefix; return how many."""
    rows = Mandate.objects.open().filter(organisation_id=organisation_id)
    rows = rows.filter(reason=reason) if reason else rows.filter(reason__startswith=prefix)
    return rows.update(until=timezone.localdate() - timedelta(days=1))
